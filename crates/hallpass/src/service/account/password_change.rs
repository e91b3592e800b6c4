//! A new password: by its user, who knows the old one, or by the application.

use std::net::IpAddr;

use crate::event::{AuthEvent, AuthEventKind, LoginRefusal};
use crate::password::typed::TypedPassword;
use crate::password::{
    Password, PasswordHash, PasswordRuleError, PasswordText, PasswordUnacceptable,
};
use crate::random::RandomUnavailable;
use crate::service::permits::{HashLane, HashPermit, Permits};
use crate::service::service::event;
use crate::service::throttle::{Attempt, Throttleable};
use crate::service::{OwnSessions, Service, Throttled, UseCase};
use crate::session::{Session, SessionId};
use crate::store::{PasswordChange, ProvenSession, SessionsToEnd, StoreError};
use crate::token::AccessClaims;
use crate::user::{User, UserId};

/// How often the new hash is written when the row changes meanwhile: a login upgrades the old hash, or the
/// session is refreshed, over and over by a thief who wants to stop it. Only a changed hash costs another
/// proof of the old password; a refresh has to come between two statements each time.
const MAXIMUM_ATTEMPTS: u32 = 10;

type Outcome = Result<(), PasswordChangeError>;

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordChangeError {
    /// The new one is none, too short, or against the application's rule.
    #[error("the new password is unacceptable")]
    Unacceptable(#[from] PasswordUnacceptable),
    /// The old one is not the user's, or they are disabled. Which, the client is not told.
    #[error("the current password is refused")]
    Refused(#[from] LoginRefusal),
    /// There were too many attempts, for the user or for the user from the address.
    #[error("the change is throttled")]
    Throttled(#[from] Throttled),
    /// The session of the access token has ended: this is no way around a logout.
    #[error("the session has ended")]
    SessionEnded,
    /// The row changed under ten attempts. Trying again is safe.
    #[error("the user's row changed too often meanwhile")]
    Conflict,
    /// The store, the limiter of attempts or the application's rule failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There was no randomness for a salt.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl Throttleable for PasswordChangeError {
    fn is_guess(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

/// One change on its way.
struct Change {
    service: Service,
    who: Who,
    new: Password,
    client_address: Option<IpAddr>,
}

/// Who changes whose password.
enum Who {
    /// The user of an access token, who has to know the old password.
    User {
        user_id: UserId,
        session_id: SessionId,
        current: Option<TypedPassword>,
        ending: OwnSessions,
    },
    /// The application, which ends all sessions of the user.
    Application(UserId),
}

impl Service {
    /// Changes the password of the user of an access token, and ends their sessions, all of them or
    /// all but the token's own, in the same statement or transaction.
    ///
    /// # Errors
    /// [`PasswordChangeError::Unacceptable`] for the new password,
    /// [`PasswordChangeError::Refused`] for the old one, [`PasswordChangeError::Throttled`] after too
    /// many of these, [`PasswordChangeError::SessionEnded`] when
    /// the token's session is over, the others when it could not be done; nothing is written then.
    pub fn change_password(
        &self,
        presented: &AccessClaims,
        current: PasswordText,
        new: PasswordText,
        ending: OwnSessions,
        client_address: Option<IpAddr>,
    ) -> UseCase<Outcome> {
        let attempt = Attempt::in_session(presented, client_address);
        let who = Who::User {
            user_id: presented.user_id().clone(),
            session_id: presented.session_id().clone(),
            current: TypedPassword::parse(current).ok(),
            ending,
        };
        match self.checked_change(who, new, client_address) {
            Ok(change) => UseCase::new(|permits| async move {
                change.service.throttled(attempt, change.run(&permits)).await.map(|_| ())
            }),
            Err(unacceptable) => UseCase::Answered(Err(unacceptable.into())),
        }
    }

    /// Sets the password of a user, without asking for the old one, and ends all their sessions in the
    /// same statement or transaction: for a reset, or for an administrator. Returns whether there is such a
    /// user.
    ///
    /// # Errors
    /// As [`Service::change_password`].
    pub fn set_password(
        &self,
        user_id: UserId,
        new: PasswordText,
    ) -> UseCase<Result<bool, PasswordChangeError>> {
        match self.checked_change(Who::Application(user_id), new, None) {
            Ok(change) => UseCase::new(|permits| async move { change.run(&permits).await }),
            Err(unacceptable) => UseCase::Answered(Err(unacceptable.into())),
        }
    }

    fn checked_change(
        &self,
        who: Who,
        new: PasswordText,
        client_address: Option<IpAddr>,
    ) -> Result<Change, PasswordUnacceptable> {
        let new = Password::parse_new(new, self.0.password_minimum_characters)?;
        Ok(Change { service: self.clone(), who, new, client_address })
    }

    /// Asks the application's rule, which may ask another service: without a permit.
    pub(crate) fn check_rule(&self, password: &Password) -> Result<(), RuleViolation> {
        let Some(rule) = &self.0.ports.password_rule else { return Ok(()) };
        rule.check(password.expose_password()).map_err(|error| match error {
            PasswordRuleError::Refused(reason) => {
                RuleViolation::Refused(PasswordUnacceptable::AgainstRule { reason })
            }
            PasswordRuleError::Unavailable(error) => RuleViolation::Unavailable(error),
        })
    }
}

/// What came of asking the application's rule.
pub(crate) enum RuleViolation {
    Refused(PasswordUnacceptable),
    Unavailable(StoreError),
}

impl From<RuleViolation> for PasswordChangeError {
    fn from(violation: RuleViolation) -> Self {
        match violation {
            RuleViolation::Refused(unacceptable) => unacceptable.into(),
            RuleViolation::Unavailable(error) => error.into(),
        }
    }
}

impl Change {
    /// Proves the old password, makes the new hash once, and writes it, again if the row has changed. Returns
    /// whether there is such a user.
    async fn run(&self, permits: &Permits) -> Result<bool, PasswordChangeError> {
        let Some(user) = self.user()? else { return Ok(false) };
        let (mut user, permit) = self.prove(user, permits).await?;
        let new_hash = self.hash(permit, permits).await?;
        let mut attempt = 1;
        while !self.write(&user, &new_hash)? {
            if attempt == MAXIMUM_ATTEMPTS {
                return Err(PasswordChangeError::Conflict);
            }
            attempt += 1;
            match self.load_again(&user.password_hash, permits).await? {
                Some(loaded) => user = loaded,
                None => return Ok(false),
            }
        }
        self.observe(user.id, AuthEventKind::PasswordChanged);
        Ok(true)
    }

    /// Returns the user once more. The old password stays proven as long as the row has the `verified` hash.
    async fn load_again(
        &self,
        verified: &PasswordHash,
        permits: &Permits,
    ) -> Result<Option<User>, PasswordChangeError> {
        match self.user()? {
            Some(user) if user.password_hash != *verified || user.is_disabled => {
                self.prove(user, permits).await.map(|(user, _)| Some(user))
            }
            user => Ok(user),
        }
    }

    /// Returns `None` if the application names no user.
    fn user(&self) -> Result<Option<User>, PasswordChangeError> {
        match &self.who {
            Who::User { user_id, session_id, .. } => {
                let user = self.service.user_who_may_change(user_id, session_id);
                if matches!(user, Err(PasswordChangeError::SessionEnded)) {
                    self.observe(user_id.clone(), AuthEventKind::EndedSessionPresented);
                }
                user.map(Some)
            }
            Who::Application(user_id) => Ok(self.service.store().load(user_id)?),
        }
    }

    /// Returns the user and the permit of the proof; the application has nothing to prove.
    async fn prove(
        &self,
        user: User,
        permits: &Permits,
    ) -> Result<(User, Option<HashPermit>), PasswordChangeError> {
        let Who::User { current, .. } = &self.who else { return Ok((user, None)) };
        let permit = permits.enter(HashLane::Password).await;
        match self.service.prove_password(Some(user), current.as_ref(), &permit) {
            Ok((user, _)) => Ok((user, Some(permit))),
            Err((_, refusal)) => Err(self.refuse(refusal)),
        }
    }

    /// Makes the new hash, under the permit of the proof where there is no rule to ask: a change whose old
    /// password is proven is not refused for want of a second permit.
    ///
    /// The application's rule is asked without a permit, and only after the proof: it may ask another
    /// service, which a guesser could call without limit.
    async fn hash(
        &self,
        proof: Option<HashPermit>,
        permits: &Permits,
    ) -> Result<PasswordHash, PasswordChangeError> {
        let has_rule = self.service.0.ports.password_rule.is_some();
        let proof = proof.filter(|_| !has_rule);
        self.service.check_rule(&self.new)?;
        let _permit = match proof {
            Some(permit) => permit,
            None => permits.enter(HashLane::Password).await,
        };
        Ok(self.service.0.passwords.hash(&self.new, self.service.random())?)
    }

    /// Returns whether the row was as it had been loaded, and has the new hash now.
    fn write(&self, user: &User, password_hash: &PasswordHash) -> Result<bool, StoreError> {
        let (proven_session, sessions) = match &self.who {
            Who::User { session_id, ending, .. } => {
                let session = user.session.clone();
                (session.map(|it| proven(it, password_hash)), ending.of(session_id))
            }
            Who::Application(_) => (None, SessionsToEnd::All),
        };
        let change = PasswordChange {
            user_id: user.id.clone(),
            verified_password_hash: user.password_hash.clone(),
            password_hash: password_hash.clone(),
            proven_session,
            sessions,
            changed_at: self.service.now(),
        };
        self.service.change_sessions(&user.id, |store| store.set_password(&change))
    }

    fn refuse(&self, refusal: LoginRefusal) -> PasswordChangeError {
        if let Who::User { user_id, .. } = &self.who {
            let kind = AuthEventKind::PasswordChangeRefused(refusal.clone());
            self.observe(user_id.clone(), kind);
        }
        refusal.into()
    }

    fn observe(&self, user_id: UserId, kind: AuthEventKind) {
        let session_id = match &self.who {
            Who::User { session_id, .. } => Some(session_id.clone()),
            Who::Application(_) => None,
        };
        self.service.observe(&AuthEvent {
            user_id: Some(user_id),
            session_id,
            ..event(kind, self.client_address)
        });
    }
}

impl Service {
    /// The user of an access token whose session is alive. That they are disabled comes out when the
    /// password is proven, in the time that a wrong one takes.
    fn user_who_may_change(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
    ) -> Result<User, PasswordChangeError> {
        let user = self.store().load_in_session(user_id, session_id)?;
        user.filter(|user| user.is_in_session(session_id)).ok_or(PasswordChangeError::SessionEnded)
    }
}

/// Returns the session with what it becomes with another password.
fn proven(session: Session, password_hash: &PasswordHash) -> ProvenSession {
    ProvenSession {
        bound_hash: session.refresh_token_hash.bound_to(password_hash),
        id: session.id,
        verified_hash: session.refresh_token_hash,
    }
}

#[cfg(test)]
mod tests;
