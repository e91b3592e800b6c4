//! Refresh: a refresh token for its successor and a new access token.
//!
//! Load the row, decide, prove, swap. What is decided, and why, is in `session/rotation.rs`.

use std::net::IpAddr;

use crate::event::AuthEventKind;
use crate::password::bcrypt::salt::Salt;
use crate::random::RandomUnavailable;
use crate::service::permits::{HashLane, HashPermit, Permits};
use crate::service::service::{event, session_event};
use crate::service::{Service, TokenPair, UseCase};
use crate::session::rotation::{Attempt, Claim, Decision, Look};
use crate::session::{EndReason, RefreshRefusal, RefreshTokenHash, Session, rotation};
use crate::store::{Rotation, StoreError, UserStore};
use crate::time::Timestamp;
use crate::token::refresh::RefreshClaims;
use crate::token::{IssueError, RefreshTokenError};
use crate::user::User;

/// How often a lost swap, or a retry whose row has changed, is decided again. Two requests that race need
/// two looks; a third one is for a store that gives up a transaction without a winner.
const MAXIMUM_SWAPS: u32 = 3;

type Outcome = Result<TokenPair, RefreshError>;

/// Why a refresh gave no tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// The token is refused.
    #[error("the refresh token is refused")]
    Refused(#[from] RefreshRefusal),
    /// The row changed under three attempts. Trying again is safe.
    #[error("the session changed too often meanwhile")]
    Conflict,
    /// The store could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There was no access token to be had. Trying again is safe.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// There was no randomness for a salt.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

/// One refresh on its way.
struct Refresh {
    service: Service,
    presented: RefreshClaims,
    client_address: Option<IpAddr>,
    received_at: Timestamp,
}

impl Service {
    /// Exchanges a refresh token for its successor and a new access token.
    ///
    /// The same token again within grace gets the same successor: a retry after a lost reply
    /// writes nothing. A token that is not authentic or has expired is answered at once, without SQL or
    /// bcrypt.
    ///
    /// # Errors
    /// [`RefreshError::Refused`] with the case of the state machine that says no,
    /// [`RefreshError::Conflict`] after three lost swaps, the others when something was
    /// unavailable. After any of the latter the same token may be sent again.
    pub fn refresh(&self, token: &str, client_address: Option<IpAddr>) -> UseCase<Outcome> {
        let presented = match self.authentic_refresh_token(token) {
            Ok(presented) => presented,
            Err(error) => {
                let refusal = RefreshRefusal::NotAuthentic(error);
                let kind = AuthEventKind::RefreshRefused(refusal.clone());
                self.observe(&event(kind, client_address));
                return UseCase::Answered(Err(refusal.into()));
            }
        };
        let (service, received_at) = (self.clone(), self.now());
        let refresh = Refresh { service, presented, client_address, received_at };
        let policy = &self.0.session_policy;
        match rotation::check_lifetime(&refresh.presented, policy, received_at) {
            Ok(()) => UseCase::new(|permits| async move { refresh.run(&permits).await }),
            Err(refusal) => UseCase::Answered(Err(refresh.refuse(refusal))),
        }
    }

    /// Everything that the token alone tells, except whether it has expired.
    fn authentic_refresh_token(&self, token: &str) -> Result<RefreshClaims, RefreshTokenError> {
        let presented = self.0.refresh_tokens.authenticate(token)?;
        presented.check_not_before(self.now())?;
        if !self.is_id(&presented.user_id) {
            return Err(RefreshTokenError::Subject);
        }
        Ok(presented)
    }
}

impl Refresh {
    async fn run(&self, permits: &Permits) -> Outcome {
        let mut attempt = Attempt::First;
        for _ in 0..MAXIMUM_SWAPS {
            let user = self.load()?;
            let (claim, user, session) = self.decide(user.as_ref(), attempt)?;
            let permit = permits.enter(HashLane::RefreshToken).await;
            let pair = match claim {
                Claim::Current => self.rotate(session, user, permit)?,
                Claim::Predecessor => self.retry(session, user, permit)?,
            };
            if let Some(pair) = pair {
                return Ok(pair);
            }
            // Another request changed the row: a rotation, a logout, a login. The row says which.
            attempt = Attempt::AfterLostSwap;
        }
        self.observe(AuthEventKind::RefreshConflicted);
        Err(RefreshError::Conflict)
    }

    fn load(&self) -> Result<Option<User>, StoreError> {
        let RefreshClaims { user_id, session_id, .. } = &self.presented;
        self.service.store().load_in_session(user_id, session_id)
    }

    /// Ends a stolen session at once, before anything else happens.
    fn decide<'a>(
        &self,
        user: Option<&'a User>,
        attempt: Attempt,
    ) -> Result<(Claim, &'a User, &'a Session), RefreshError> {
        let now = self.service.now();
        let look = Look { attempt, received_at: self.received_at, now };
        match rotation::decide(&self.presented, user, look, &self.service.0.session_policy) {
            Decision::Prove(claim, user, session) => Ok((claim, user, session)),
            Decision::Refuse(refusal) => Err(self.refuse(refusal)),
            Decision::EndSession => Err(self.end_session(now)),
        }
    }

    /// The current token: proves it, hashes its successor, and swaps the hashes in one statement. Returns
    /// `None` if the swap was lost.
    ///
    /// Makes the answer before it writes: what can't be answered has not happened.
    fn rotate(
        &self,
        session: &Session,
        user: &User,
        permit: HashPermit,
    ) -> Result<Option<TokenPair>, RefreshError> {
        let hasher = &self.service.0.refresh_token_hasher;
        self.prove(Claim::Current, &self.presented, session, user)?;
        let salt = Salt::generate(self.service.random())?;
        let now = self.service.now();
        let rotated_at = session.next_rotation(now);
        let successor = self.successor(rotated_at, salt);
        let hash = hasher.hash(&successor.secret, salt).bound_to(&user.password_hash);
        drop(permit);
        let pair = self.service.token_pair(&successor, user, now)?;
        let rotation = rotation_to(&successor, session, hash, rotated_at);
        if !self.service.store().rotate(&rotation)? {
            return Ok(None);
        }
        hasher.remember(&rotation.successor_hash, &successor.secret);
        hasher.forget(&rotation.verified_hash, &self.presented.secret);
        self.observe(AuthEventKind::Refreshed);
        Ok(Some(pair))
    }

    /// The token that was replaced a moment ago: hands out the same successor again. Returns `None` if
    /// another request changed the row while this one waited for its permit: no swap would find that out.
    fn retry(
        &self,
        session: &Session,
        user: &User,
        permit: HashPermit,
    ) -> Result<Option<TokenPair>, RefreshError> {
        let salt = session.refresh_token_hash.salt();
        let salt = salt.map_err(|unusable| self.refuse(RefreshRefusal::HashUnusable(unusable)))?;
        let successor = self.successor(session.rotated_at, salt);
        self.prove(Claim::Predecessor, &successor, session, user)?;
        drop(permit);
        let Some(user) = self.load()?.filter(|user| is_still_in(session, user)) else {
            return Ok(None);
        };
        let pair = self.service.token_pair(&successor, &user, self.service.now())?;
        self.observe(AuthEventKind::Retried);
        Ok(Some(pair))
    }

    /// Compares the secret of `token` with the stored hash.
    fn prove(
        &self,
        claim: Claim,
        token: &RefreshClaims,
        session: &Session,
        user: &User,
    ) -> Result<(), RefreshError> {
        let hasher = &self.service.0.refresh_token_hasher;
        let outcome = hasher.compare(&session.refresh_token_hash, &token.secret);
        let judged = claim.judge(outcome).and_then(|()| rotation::check_password(user, session));
        judged.map_err(|refusal| self.refuse(refusal))
    }

    /// Ends this session only. The request that ends it reports the theft; later replays find no session.
    fn end_session(&self, now: Timestamp) -> RefreshError {
        let RefreshClaims { user_id, session_id, .. } = &self.presented;
        let reason = EndReason::Reused;
        let end = |store: &dyn UserStore| store.end_session(user_id, session_id, reason, now);
        match self.service.change_sessions(user_id, end) {
            Ok(is_ended) => {
                if is_ended {
                    self.observe(AuthEventKind::ReuseDetected);
                }
                RefreshRefusal::Reused.into()
            }
            Err(error) => error.into(),
        }
    }

    fn refuse(&self, refusal: RefreshRefusal) -> RefreshError {
        self.observe(AuthEventKind::of_refused_refresh(refusal.clone()));
        refusal.into()
    }

    fn observe(&self, kind: AuthEventKind) {
        self.service.observe(&session_event(kind, &self.presented, self.client_address));
    }

    fn successor(&self, rotated_at: Timestamp, salt: Salt) -> RefreshClaims {
        self.service.0.refresh_tokens.successor(&self.presented, rotated_at, salt)
    }
}

fn rotation_to(
    successor: &RefreshClaims,
    session: &Session,
    successor_hash: RefreshTokenHash,
    rotated_at: Timestamp,
) -> Rotation {
    Rotation {
        user_id: successor.user_id.clone(),
        session_id: session.id.clone(),
        verified_hash: session.refresh_token_hash.clone(),
        successor_hash,
        generation: successor.generation,
        rotated_at,
        auth_time: successor.auth_time,
        expires_at: successor.expires_at,
    }
}

/// Whether nothing has happened to the user that a refresh would have to know.
fn is_still_in(session: &Session, user: &User) -> bool {
    let is_same = user.session.as_ref() == Some(session);
    is_same && user.is_in_session(&session.id) && !user.is_disabled
}

#[cfg(test)]
mod tests;
