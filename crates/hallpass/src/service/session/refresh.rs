//! Refresh: a refresh token for its successor and a new access token.
//!
//! Load the row, decide, prove, swap. What is decided, and why, is in `rotation.rs`.

use std::net::IpAddr;

use crate::event::AuthEventKind;
use crate::password::bcrypt::HashMatch;
use crate::password::bcrypt::salt::Salt;
use crate::random::RandomUnavailable;
use crate::service::service::{event, session_event};
use crate::service::{HashLane, Service, Step, TokenPair};
use crate::session::rotation::{Attempt, Claim, Decision, Look};
use crate::session::{EndReason, RefreshRefusal, Session, rotation};
use crate::store::{Rotation, StoreError};
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
    lost_swaps: u32,
}

impl Service {
    /// Exchanges a refresh token for its successor and a new access token.
    ///
    /// The same token again within grace gets the same successor: a retry after a lost reply
    /// writes nothing. What is not authentic or expired ends here, without SQL or bcrypt.
    ///
    /// # Errors
    /// The steps end in [`RefreshError::Refused`] with the row of the state machine that says no,
    /// in [`RefreshError::Conflict`] after three lost swaps, in the others when something was
    /// unavailable. After any of the latter the same token may be sent again.
    pub fn refresh(&self, token: &str, client_address: Option<IpAddr>) -> Step<Outcome> {
        let presented = match self.authentic_refresh_token(token) {
            Ok(presented) => presented,
            Err(error) => {
                let refusal = RefreshRefusal::NotAuthentic(error);
                let kind = AuthEventKind::RefreshRefused(refusal.clone());
                self.observe(&event(kind, client_address));
                return Step::Done(Err(refusal.into()));
            }
        };
        let service = self.clone();
        let received_at = self.now();
        let refresh = Refresh { service, presented, client_address, received_at, lost_swaps: 0 };
        let policy = &self.0.session_policy;
        match rotation::check_lifetime(&refresh.presented, policy, received_at) {
            Ok(()) => refresh.load(),
            Err(refusal) => refresh.refuse(refusal),
        }
    }

    /// Row 0: everything that can be told from the token alone, but for its age.
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
    fn load(self) -> Step<Outcome> {
        Step::store(move || {
            let RefreshClaims { user_id, session_id, .. } = &self.presented;
            match self.service.store().load_in_session(user_id, session_id) {
                Ok(user) => self.decide(user.as_ref()),
                Err(error) => Step::Done(Err(error.into())),
            }
        })
    }

    /// Runs inside a store step, so that a stolen session is ended before anything else happens.
    fn decide(self, user: Option<&User>) -> Step<Outcome> {
        let policy = &self.service.0.session_policy;
        let now = self.service.now();
        let look = Look { attempt: self.attempt(), received_at: self.received_at, now };
        match rotation::decide(&self.presented, user, look, policy) {
            Decision::Refuse(refusal) => self.refuse(refusal),
            Decision::EndSession => self.end_session(now),
            Decision::Prove(claim, user, session) => {
                let (user, session) = (user.clone(), session.clone());
                Step::hash(HashLane::RefreshToken, move || self.prove(claim, session, user))
            }
        }
    }

    fn attempt(&self) -> Attempt {
        if self.lost_swaps == 0 { Attempt::First } else { Attempt::AfterLostSwap }
    }

    fn prove(self, claim: Claim, session: Session, user: User) -> Step<Outcome> {
        match claim {
            Claim::Current => self.prove_current(&session, user),
            Claim::Predecessor => self.prove_predecessor(session, &user),
        }
    }

    fn prove_current(self, session: &Session, user: User) -> Step<Outcome> {
        let hasher = &self.service.0.refresh_token_hasher;
        let outcome = hasher.compare(&session.refresh_token_hash, &self.presented.secret);
        match judge(Claim::Current, outcome, session, &user) {
            Ok(()) => self.rotate(session, user),
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn prove_predecessor(self, session: Session, user: &User) -> Step<Outcome> {
        let salt = match session.refresh_token_hash.salt() {
            Ok(salt) => salt,
            Err(unusable) => return self.refuse(RefreshRefusal::HashUnusable(unusable)),
        };
        let successor = self.successor(session.rotated_at, salt);
        let hasher = &self.service.0.refresh_token_hasher;
        let outcome = hasher.compare(&session.refresh_token_hash, &successor.secret);
        match judge(Claim::Predecessor, outcome, &session, user) {
            Ok(()) => self.retry(session, successor),
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Row 6: hashes the successor and swaps the hashes in one statement.
    fn rotate(self, session: &Session, user: User) -> Step<Outcome> {
        let salt = match Salt::generate(self.service.random()) {
            Ok(salt) => salt,
            Err(error) => return Step::Done(Err(error.into())),
        };
        let now = self.service.now();
        let rotated_at = session.next_rotation(now);
        let successor = self.successor(rotated_at, salt);
        let hash = self.service.0.refresh_token_hasher.hash(&successor.secret, salt);
        let rotation = Rotation {
            user_id: self.presented.user_id.clone(),
            session_id: session.id.clone(),
            verified_hash: session.refresh_token_hash.clone(),
            successor_hash: hash.bound_to(&user.password_hash),
            generation: successor.generation,
            rotated_at,
            auth_time: successor.auth_time,
            expires_at: successor.expires_at,
        };
        Step::store(move || self.swap(&rotation, &successor, &user, now))
    }

    /// Makes the answer before it writes: what can't be answered has not happened.
    fn swap(
        self,
        rotation: &Rotation,
        successor: &RefreshClaims,
        user: &User,
        now: Timestamp,
    ) -> Step<Outcome> {
        let pair = match self.service.token_pair(successor, user, now) {
            Ok(pair) => pair,
            Err(error) => return Step::Done(Err(error.into())),
        };
        let hasher = &self.service.0.refresh_token_hasher;
        match self.service.store().rotate(rotation) {
            Ok(true) => {
                hasher.remember(&rotation.successor_hash, &successor.secret);
                hasher.forget(&rotation.verified_hash, &self.presented.secret);
                self.grant(AuthEventKind::Refreshed, pair)
            }
            Ok(false) => self.decide_again(),
            Err(error) => Step::Done(Err(error.into())),
        }
    }

    /// Somebody else moved: a rotation, a logout, a login. The row says which.
    fn decide_again(mut self) -> Step<Outcome> {
        self.lost_swaps += 1;
        if self.lost_swaps >= MAXIMUM_SWAPS {
            self.observe(AuthEventKind::RefreshConflicted);
            return Step::Done(Err(RefreshError::Conflict));
        }
        self.load()
    }

    /// Row 8: hands out the same successor again, unless somebody else moved while this one waited for its turn to
    /// hash: no swap would find that out.
    fn retry(self, proven: Session, successor: RefreshClaims) -> Step<Outcome> {
        Step::store(move || {
            let RefreshClaims { user_id, session_id, .. } = &self.presented;
            match self.service.store().load_in_session(user_id, session_id) {
                Ok(Some(user)) if is_still_in(&proven, &user) => self.retry_now(&successor, &user),
                Ok(_) => self.decide_again(),
                Err(error) => Step::Done(Err(error.into())),
            }
        })
    }

    fn retry_now(self, successor: &RefreshClaims, user: &User) -> Step<Outcome> {
        match self.service.token_pair(successor, user, self.service.now()) {
            Ok(pair) => self.grant(AuthEventKind::Retried, pair),
            Err(error) => Step::Done(Err(error.into())),
        }
    }

    fn grant(self, kind: AuthEventKind, pair: TokenPair) -> Step<Outcome> {
        self.observe(kind);
        Step::Done(Ok(pair))
    }

    /// Row 10: ends this session only. Whoever ends it reports the theft; later replays find no
    /// session (row 3).
    fn end_session(self, now: Timestamp) -> Step<Outcome> {
        let RefreshClaims { user_id, session_id, .. } = &self.presented;
        match self.service.store().end_session(user_id, session_id, EndReason::Reused, now) {
            Ok(is_ended) => {
                if is_ended {
                    self.observe(AuthEventKind::ReuseDetected);
                }
                Step::Done(Err(RefreshRefusal::Reused.into()))
            }
            Err(error) => Step::Done(Err(error.into())),
        }
    }

    fn refuse(self, refusal: RefreshRefusal) -> Step<Outcome> {
        self.observe(AuthEventKind::of_refused_refresh(refusal.clone()));
        Step::Done(Err(refusal.into()))
    }

    fn observe(&self, kind: AuthEventKind) {
        self.service.observe(&session_event(kind, &self.presented, self.client_address));
    }

    fn successor(&self, rotated_at: Timestamp, salt: Salt) -> RefreshClaims {
        self.service.0.refresh_tokens.successor(&self.presented, rotated_at, salt)
    }
}

fn judge(
    claim: Claim,
    outcome: HashMatch,
    session: &Session,
    user: &User,
) -> Result<(), RefreshRefusal> {
    claim.judge(outcome)?;
    rotation::check_password(user, session)
}

/// Whether nothing has happened to the user that a refresh would have to know.
fn is_still_in(session: &Session, user: &User) -> bool {
    let is_same = user.session.as_ref() == Some(session);
    is_same && user.is_in_session(&session.id) && !user.is_disabled
}

#[cfg(test)]
mod tests;
