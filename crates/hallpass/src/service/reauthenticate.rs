//! Step-up: the password once more, for an access token that says when it was given (RFC 9470).

use std::net::IpAddr;

use zeroize::Zeroizing;

use super::{Service, event};
use crate::access_token::{AccessGrant, IssueError};
use crate::bcrypt::HashMatch;
use crate::event::LoginRefusal;
use crate::step::{HashLane, Step};
use crate::{
    AccessClaims, AccessToken, AuthEvent, AuthEventKind, ClaimsError, Password, RandomUnavailable,
    StoreError, Timestamp, User,
};

type Outcome = Result<FreshAccess, ReauthenticateError>;

/// What a client gets for its password: an access token of the session it has.
#[derive(Debug)]
#[non_exhaustive]
pub struct FreshAccess {
    /// For the `Authorization` header. Its `auth_time` is now.
    pub access_token: AccessToken,
    /// Its lifetime from now, in seconds.
    pub access_expires_in: u64,
}

/// Why there is no fresh access token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReauthenticateError {
    /// The password is not the user's, or they are disabled. Which, the client is not told.
    #[error("the password is refused")]
    Refused(#[from] LoginRefusal),
    /// The session of the access token has ended: this is no way around a logout.
    #[error("the session has ended")]
    SessionEnded,
    /// The store could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The application's claims could not be had.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// There was no randomness for a token id.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl From<IssueError> for ReauthenticateError {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Claims(error) => error.into(),
            IssueError::Random(error) => error.into(),
        }
    }
}

/// One step-up on its way.
struct Reauthentication {
    service: Service,
    presented: AccessClaims,
    password: Option<Password>,
    client_address: Option<IpAddr>,
}

impl Service {
    /// Returns a new access token for whoever presents one and knows the password. Nothing is written:
    /// the session and its refresh token are what they were, and after a refresh `auth_time` is the
    /// time of login again.
    ///
    /// # Errors
    /// The steps end in [`ReauthenticateError::Refused`] for a wrong password and for a disabled user,
    /// in [`ReauthenticateError::SessionEnded`] when the token's session is not the user's, in the
    /// others when something was unavailable.
    pub fn reauthenticate(
        &self,
        presented: AccessClaims,
        password: Zeroizing<String>,
        client_address: Option<IpAddr>,
    ) -> Step<Outcome> {
        let password = Password::parse(password).ok();
        Reauthentication { service: self.clone(), presented, password, client_address }.load()
    }
}

impl Reauthentication {
    fn load(self) -> Step<Outcome> {
        Step::store(move || match self.service.store().load(self.presented.user_id()) {
            Ok(Some(user)) if self.is_session_of(&user) => {
                Step::hash(HashLane::Password, move || self.verify(user))
            }
            Ok(_) => Step::Done(Err(ReauthenticateError::SessionEnded)),
            Err(error) => Step::Done(Err(error.into())),
        })
    }

    fn is_session_of(&self, user: &User) -> bool {
        user.session.as_ref().is_some_and(|session| session.id == *self.presented.session_id())
    }

    fn verify(self, user: User) -> Step<Outcome> {
        let passwords = &self.service.0.passwords;
        let comparison = passwords.compare(self.password.as_ref(), Some(&user.password_hash));
        let refusal = match comparison.outcome {
            HashMatch::Matches if !user.is_disabled => {
                return Step::store(move || Step::Done(self.grant(&user)));
            }
            HashMatch::Matches => LoginRefusal::UserDisabled,
            HashMatch::Differs => LoginRefusal::WrongPassword,
            HashMatch::Unusable(reason) => LoginRefusal::HashUnusable(reason),
        };
        self.observe(AuthEventKind::ReauthenticationRefused(refusal.clone()));
        Step::Done(Err(refusal.into()))
    }

    fn grant(self, user: &User) -> Outcome {
        let (service, now) = (&self.service, self.service.now());
        let absolute_limit = service.0.session_policy.absolute_limit;
        let session_ends_at =
            self.presented.auth_time().map_or(Timestamp::MAX, |begun| begun.plus(absolute_limit));
        let grant = AccessGrant {
            user_id: &user.id,
            session_id: self.presented.session_id(),
            auth_time: now,
            expires_at: service.0.access_tokens.expiry(now, session_ends_at),
            scope: &user.scope,
            app_claims: &service.app_claims(user)?,
        };
        let access_token = service.0.access_tokens.issue(&grant, now, service.random())?;
        self.observe(AuthEventKind::Reauthenticated);
        let access_expires_in = now.seconds_until(access_token.expires_at());
        Ok(FreshAccess { access_token, access_expires_in })
    }

    fn observe(&self, kind: AuthEventKind) {
        self.service.observe(&AuthEvent {
            user_id: Some(self.presented.user_id().clone()),
            session_id: Some(self.presented.session_id().clone()),
            ..event(kind, self.client_address)
        });
    }
}
