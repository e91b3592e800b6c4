//! Step-up: the password once more, for an access token that says when it was given (RFC 9470).

use std::net::IpAddr;

use crate::event::{AuthEvent, AuthEventKind, LoginRefusal};
use crate::password::typed::TypedPassword;
use crate::password::{PasswordHash, PasswordText};
use crate::service::permits::{HashLane, Permits};
use crate::service::service::event;
use crate::service::throttle::{Attempt, Throttleable};
use crate::service::{Service, Throttled, UseCase};
use crate::store::StoreError;
use crate::time::Timestamp;
use crate::token::access::AccessGrant;
use crate::token::{AccessClaims, AccessToken, IssueError};
use crate::user::User;

type Outcome = Result<FreshAccess, ReauthenticateError>;

/// What a client gets for its password: an access token of the session it has.
#[derive(Debug)]
#[non_exhaustive]
pub struct FreshAccess {
    /// For the `Authorization` header. Its `auth_time` is now.
    pub access_token: AccessToken,
    /// Its lifetime from now, in seconds: what was left of the presented one's.
    pub access_expires_in: u64,
}

/// Why there is no fresh access token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReauthenticateError {
    /// The password is not the user's, or they are disabled. Which, the client is not told.
    #[error("the password is refused")]
    Refused(#[from] LoginRefusal),
    /// There were too many attempts, for the user or for the user from the address.
    #[error("the reauthentication is throttled")]
    Throttled(#[from] Throttled),
    /// The session of the access token has ended: this is no way around a logout.
    #[error("the session has ended")]
    SessionEnded,
    /// The access token expired while the password was verified: there is nothing left of it to hand
    /// out. After a refresh, the password has to be given once more.
    #[error("the access token expired at {expired_at}, now is {now}")]
    Expired {
        /// Its `exp`.
        expired_at: Timestamp,
        /// When the password was verified.
        now: Timestamp,
    },
    /// The store, or the limiter of attempts, could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There was no access token to be had.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

impl Throttleable for ReauthenticateError {
    fn is_guess(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

/// One step-up on its way.
struct Reauthentication {
    service: Service,
    presented: AccessClaims,
    password: Option<TypedPassword>,
    client_address: Option<IpAddr>,
}

impl Service {
    /// Returns a new access token for whoever presents one and knows the password. It says when the
    /// password was given, and ends when the presented one does: so no chain of them outlives the
    /// session.
    ///
    /// Nothing is written: the session and its refresh token are what they were, and after a refresh
    /// `auth_time` is the time of login again.
    ///
    /// # Errors
    /// [`ReauthenticateError::Refused`] for a wrong password and for a disabled user,
    /// [`ReauthenticateError::Throttled`] after too many of these,
    /// [`ReauthenticateError::SessionEnded`] when the token's session is not the user's, the
    /// others when something was unavailable.
    pub fn reauthenticate(
        &self,
        presented: AccessClaims,
        password: PasswordText,
        client_address: Option<IpAddr>,
    ) -> UseCase<Outcome> {
        let attempt = Attempt::in_session(&presented, client_address);
        let password = TypedPassword::parse(password).ok();
        let service = self.clone();
        let reauthentication = Reauthentication { service, presented, password, client_address };
        UseCase::new(|permits| async move {
            let service = reauthentication.service.clone();
            service.throttled(attempt, reauthentication.run(&permits)).await
        })
    }
}

impl Reauthentication {
    async fn run(self, permits: &Permits) -> Outcome {
        let user = self.user_of_session().map_err(|error| self.observed(error))?;
        let permit = permits.enter(HashLane::Password).await;
        let proven = self.service.prove_password(Some(user), self.password.as_ref(), &permit);
        drop(permit);
        match proven {
            Ok((user, _)) => self.grant(&user.password_hash),
            Err((_, refusal)) => self.refuse(refusal),
        }
    }

    fn observed(&self, error: ReauthenticateError) -> ReauthenticateError {
        if matches!(error, ReauthenticateError::SessionEnded) {
            self.observe(AuthEventKind::EndedSessionPresented);
        }
        error
    }

    fn user_of_session(&self) -> Result<User, ReauthenticateError> {
        let (user_id, session_id) = (self.presented.user_id(), self.presented.session_id());
        let user = self.service.store().load_in_session(user_id, session_id)?;
        user.filter(|user| user.is_in_session(session_id)).ok_or(ReauthenticateError::SessionEnded)
    }

    /// Looks at the row once more: a logout, another password or a disabling that came while this one
    /// waited for its turn to hash counts.
    fn grant(&self, verified: &PasswordHash) -> Outcome {
        let user = self.user_of_session().map_err(|error| self.observed(error))?;
        if user.password_hash != *verified {
            return self.refuse(LoginRefusal::PasswordChanged);
        }
        if user.is_disabled {
            return self.refuse(LoginRefusal::UserDisabled);
        }
        let (expired_at, now) = (self.presented.expires_at(), self.service.now());
        if now >= expired_at {
            return Err(ReauthenticateError::Expired { expired_at, now });
        }
        let access_token = self.issue(&user, now)?;
        self.observe(AuthEventKind::Reauthenticated);
        let access_expires_in = now.seconds_until(access_token.expires_at());
        Ok(FreshAccess { access_token, access_expires_in })
    }

    /// By the `now` at which the presented token was still valid: by another reading of the clock, the new
    /// one could end before it begins.
    fn issue(&self, user: &User, now: Timestamp) -> Result<AccessToken, IssueError> {
        let service = &self.service;
        let grant = AccessGrant {
            user_id: &user.id,
            session_id: self.presented.session_id(),
            auth_time: now,
            expires_at: service.0.access_tokens.expiry(now, self.presented.expires_at()),
            scope: &user.scope,
            app_claims: &service.app_claims(user)?,
        };
        service.0.access_tokens.issue(&grant, now, service.random())
    }

    fn refuse(&self, refusal: LoginRefusal) -> Outcome {
        self.observe(AuthEventKind::ReauthenticationRefused(refusal.clone()));
        Err(refusal.into())
    }

    fn observe(&self, kind: AuthEventKind) {
        self.service.observe(&AuthEvent {
            user_id: Some(self.presented.user_id().clone()),
            session_id: Some(self.presented.session_id().clone()),
            ..event(kind, self.client_address)
        });
    }
}

#[cfg(test)]
mod tests;
