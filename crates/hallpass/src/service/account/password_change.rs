//! A new password: by its user, who knows the old one, or by the application.

use std::net::IpAddr;

use zeroize::Zeroizing;

use crate::event::{AuthEvent, AuthEventKind, LoginRefusal};
use crate::password::typed::TypedPassword;
use crate::password::{Password, PasswordHash, PasswordRuleError, PasswordUnacceptable};
use crate::random::RandomUnavailable;
use crate::service::service::event;
use crate::service::throttle::{Attempt, Throttleable};
use crate::service::{HashLane, OwnSessions, Service, Step, Throttled};
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
    /// There is no such user.
    #[error("no such user")]
    UnknownUser,
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
    /// Made once; the work is the same for each attempt.
    new_hash: Option<PasswordHash>,
    client_address: Option<IpAddr>,
    attempt: u32,
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
    /// The steps end in [`PasswordChangeError::Unacceptable`] for the new password, in
    /// [`PasswordChangeError::Refused`] for the old one, in [`PasswordChangeError::Throttled`] after too
    /// many of these, in [`PasswordChangeError::SessionEnded`] when
    /// the token's session is over, in the others when it could not be done; nothing is written then.
    pub fn change_password(
        &self,
        presented: &AccessClaims,
        current: Zeroizing<String>,
        new: Zeroizing<String>,
        ending: OwnSessions,
        client_address: Option<IpAddr>,
    ) -> Step<Outcome> {
        let attempt = Attempt::in_session(presented, client_address);
        let who = Who::User {
            user_id: presented.user_id().clone(),
            session_id: presented.session_id().clone(),
            current: TypedPassword::parse(current).ok(),
            ending,
        };
        match self.checked_change(who, new, client_address) {
            Ok(change) => self.throttled(attempt, || Step::store(|| change.begin())),
            Err(unacceptable) => Step::Done(Err(unacceptable.into())),
        }
    }

    /// Sets the password of a user, without asking for the old one, and ends all their sessions in the
    /// same statement or transaction: for a reset, or for an administrator.
    ///
    /// # Errors
    /// As [`Service::change_password`], and [`PasswordChangeError::UnknownUser`].
    pub fn set_password(&self, user_id: UserId, new: Zeroizing<String>) -> Step<Outcome> {
        match self.checked_change(Who::Application(user_id), new, None) {
            Ok(change) => Step::store(|| change.begin()),
            Err(unacceptable) => Step::Done(Err(unacceptable.into())),
        }
    }

    fn checked_change(
        &self,
        who: Who,
        new: Zeroizing<String>,
        client_address: Option<IpAddr>,
    ) -> Result<Change, PasswordUnacceptable> {
        let new = Password::parse_new(new, self.0.password_minimum_characters)?;
        let service = self.clone();
        Ok(Change { service, who, new, new_hash: None, client_address, attempt: 1 })
    }

    /// Asks the application's rule: for store steps.
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
    fn begin(self) -> Step<Outcome> {
        match (self.user(), &self.who) {
            (Ok(user), Who::User { .. }) => self.prove_later(user),
            (Ok(user), Who::Application(_)) => self.check_rule(user),
            (Err(error), _) => Step::Done(Err(error)),
        }
    }

    /// Asks the application's rule. Once the old password is proven: a rule may ask another service, which
    /// somebody who guesses could call without limit. Outside of a hash step: others wait for its permit.
    fn check_rule(self, user: User) -> Step<Outcome> {
        match self.service.check_rule(&self.new) {
            Ok(()) => Step::hash(HashLane::Password, move || self.hash(user)),
            Err(violation) => Step::Done(Err(violation.into())),
        }
    }

    /// Looks at the row again, after one with the `verified` hash was to be written to.
    fn load_again(mut self, verified: &PasswordHash) -> Step<Outcome> {
        if self.attempt == MAXIMUM_ATTEMPTS {
            return Step::Done(Err(PasswordChangeError::Conflict));
        }
        self.attempt += 1;
        match (self.user(), self.new_hash.clone()) {
            // The old password is proven as long as the row has that hash.
            (Ok(user), Some(hash)) if user.password_hash == *verified && !user.is_disabled => {
                self.write(user, hash)
            }
            (Ok(user), _) => self.prove_later(user),
            (Err(error), _) => Step::Done(Err(error)),
        }
    }

    fn user(&self) -> Result<User, PasswordChangeError> {
        match &self.who {
            Who::User { user_id, session_id, .. } => {
                let user = self.service.user_who_may_change(user_id, session_id);
                if matches!(user, Err(PasswordChangeError::SessionEnded)) {
                    self.observe(user_id.clone(), AuthEventKind::EndedSessionPresented);
                }
                user
            }
            Who::Application(user_id) => {
                let user = self.service.store().load(user_id)?;
                user.ok_or(PasswordChangeError::UnknownUser)
            }
        }
    }

    fn prove_later(self, user: User) -> Step<Outcome> {
        Step::hash(HashLane::Password, move || self.prove(user))
    }

    fn prove(self, user: User) -> Step<Outcome> {
        let proven = match &self.who {
            Who::User { current, .. } => {
                self.service.prove_password(Some(user), current.as_ref()).map(|(user, _)| user)
            }
            Who::Application(_) => Ok(user),
        };
        match proven {
            Ok(user) if self.is_rule_to_be_asked() => Step::store(move || self.check_rule(user)),
            Ok(user) => self.hash(user),
            Err((_, refusal)) => self.refuse(refusal),
        }
    }

    fn is_rule_to_be_asked(&self) -> bool {
        self.new_hash.is_none() && self.service.0.ports.password_rule.is_some()
    }

    fn hash(mut self, user: User) -> Step<Outcome> {
        let made = match self.new_hash.take() {
            Some(hash) => Ok(hash),
            None => self.service.0.passwords.hash(&self.new, self.service.random()),
        };
        match made {
            Ok(hash) => {
                self.new_hash = Some(hash.clone());
                Step::store(move || self.write(user, hash))
            }
            Err(error) => Step::Done(Err(error.into())),
        }
    }

    fn write(self, user: User, password_hash: PasswordHash) -> Step<Outcome> {
        let (proven_session, sessions) = match &self.who {
            Who::User { session_id, ending, .. } => {
                let proven = user.session.map(|session| proven(session, &password_hash));
                (proven, ending.of(session_id))
            }
            Who::Application(_) => (None, SessionsToEnd::All),
        };
        let change = PasswordChange {
            user_id: user.id,
            verified_password_hash: user.password_hash,
            password_hash,
            proven_session,
            sessions,
            changed_at: self.service.now(),
        };
        match self.service.store().set_password(&change) {
            Ok(true) => {
                self.observe(change.user_id, AuthEventKind::PasswordChanged);
                Step::Done(Ok(()))
            }
            Ok(false) => self.load_again(&change.verified_password_hash),
            Err(error) => Step::Done(Err(error.into())),
        }
    }

    fn refuse(self, refusal: LoginRefusal) -> Step<Outcome> {
        if let Who::User { user_id, .. } = &self.who {
            let kind = AuthEventKind::PasswordChangeRefused(refusal.clone());
            self.observe(user_id.clone(), kind);
        }
        Step::Done(Err(refusal.into()))
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
