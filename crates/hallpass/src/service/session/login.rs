//! Login: a name and a password for a session.

use crate::event::{AuthEvent, AuthEventKind, LoginRefusal};
use crate::limit::AttemptKey;
use crate::password::PasswordHash;
use crate::password::bcrypt::salt::Salt;
use crate::password::hash::PasswordComparison;
use crate::password::typed::TypedPassword;
use crate::random::RandomUnavailable;
use crate::service::service::{event, session_event};
use crate::service::throttle::{Attempt, Throttleable};
use crate::service::{HashLane, Service, Step, Throttled, TokenPair};
use crate::session::{Device, Session, SessionId};
use crate::store::{SessionStart, StoreError};
use crate::token::IssueError;
use crate::token::refresh::RefreshClaims;
use crate::user::{Credentials, LoginName, User, UserId};

/// How often a password is verified when its hash is replaced meanwhile. It may have been another
/// login's upgrade, so once more is fair; twice is a password change.
const MAXIMUM_ATTEMPTS: u32 = 2;

type Outcome = Result<TokenPair, LoginError>;

/// Why a login gave no tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// Name or password are wrong. Which of them, the client is not told.
    #[error("the credentials are refused")]
    Refused(#[from] LoginRefusal),
    /// There were too many attempts, for the account or from the address. The client is told how long
    /// to wait.
    #[error("the login is throttled")]
    Throttled(#[from] Throttled),
    /// The store, or the limiter of attempts, could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There was no access token to be had.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// There was no randomness for a salt, a session or a refresh token.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl Throttleable for LoginError {
    fn is_guess(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

/// One login on its way.
struct Login {
    service: Service,
    login: Option<LoginName>,
    password: Option<TypedPassword>,
    device: Device,
    attempt: u32,
}

impl Service {
    /// Exchanges a login name and a password for the tokens of a new session, which takes the place of
    /// the user's earlier one or, where there may be several, of the one that was used least recently if
    /// there are too many. `device` may be the client's address alone.
    ///
    /// A name that nobody could have is an unknown user, a password that nobody could have a
    /// wrong one: each refusal of the same text costs the same and says the same.
    ///
    /// Where attempts are counted, those of a name that nobody has are counted as well. Who has none left
    /// is refused before any hash.
    ///
    /// # Errors
    /// The steps end in [`LoginError::Refused`] for a wrong name or password and for a disabled
    /// user, in [`LoginError::Throttled`] after too many of these, in the others when something was
    /// unavailable; nothing is written then.
    pub fn login(&self, credentials: Credentials, device: impl Into<Device>) -> Step<Outcome> {
        let name = LoginName::parse(&credentials.login).ok();
        let account = AttemptKey::of_parsed_login(&credentials.login, name.as_ref());
        let login = Login {
            service: self.clone(),
            login: name,
            password: TypedPassword::parse(credentials.password).ok(),
            device: device.into(),
            attempt: 1,
        };
        let client_address = login.device.client_address();
        let attempt = Attempt::at_login(account, client_address);
        self.throttled(attempt, || login.load())
    }
}

impl Login {
    fn load(self) -> Step<Outcome> {
        let Some(login) = self.login.clone() else {
            return self.verify_later(None);
        };
        Step::store(move || match self.service.store().load_by_login(&login) {
            Ok(user) => self.verify_later(user),
            Err(error) => Step::Done(Err(error.into())),
        })
    }

    fn verify_later(self, user: Option<User>) -> Step<Outcome> {
        Step::hash(HashLane::Password, move || self.verify(user))
    }

    fn verify(self, user: Option<User>) -> Step<Outcome> {
        match self.service.prove_password(user, self.password.as_ref()) {
            Ok((user, comparison)) => self.start_session(user, &comparison),
            Err((user_id, refusal)) => self.refuse(user_id, refusal),
        }
    }

    fn start_session(self, user: User, comparison: &PasswordComparison) -> Step<Outcome> {
        let new = self.upgraded_hash(comparison).and_then(|upgraded| {
            let password_hash = upgraded.as_ref().unwrap_or(&user.password_hash);
            let (token, session) = self.new_session(user.id.clone(), password_hash)?;
            Ok((upgraded, token, session))
        });
        let (upgraded, token, session) = match new {
            Ok(new) => new,
            Err(error) => return Step::Done(Err(error.into())),
        };
        let start = SessionStart {
            user_id: user.id.clone(),
            verified_password_hash: user.password_hash.clone(),
            upgraded_password_hash: upgraded,
            session,
            expires_at: token.expires_at,
            device: self.device.clone(),
        };
        Step::store(move || self.write_session(user, &token, &start))
    }

    fn write_session(
        self,
        user: User,
        token: &RefreshClaims,
        start: &SessionStart,
    ) -> Step<Outcome> {
        let pair = match self.service.token_pair(token, &user, token.issued_at) {
            Ok(pair) => pair,
            Err(error) => return Step::Done(Err(error.into())),
        };
        match self.service.store().start_session(start) {
            Ok(true) => {
                let hasher = &self.service.0.refresh_token_hasher;
                hasher.remember(&start.session.refresh_token_hash, &token.secret);
                self.grant(pair, token, start.upgraded_password_hash.is_some())
            }
            Ok(false) => self.verify_again(user.id),
            Err(error) => Step::Done(Err(error.into())),
        }
    }

    fn upgraded_hash(
        &self,
        comparison: &PasswordComparison,
    ) -> Result<Option<PasswordHash>, RandomUnavailable> {
        match &self.password {
            Some(password) => {
                self.service.0.passwords.upgrade(password, comparison, self.service.random())
            }
            None => Ok(None),
        }
    }

    fn new_session(
        &self,
        user_id: UserId,
        password_hash: &PasswordHash,
    ) -> Result<(RefreshClaims, Session), RandomUnavailable> {
        let (now, random) = (self.service.now(), self.service.random());
        let id = SessionId::generate(random)?;
        let token = self.service.0.refresh_tokens.first(user_id, id.clone(), now, random)?;
        let hasher = &self.service.0.refresh_token_hasher;
        let refresh_token_hash =
            hasher.hash(&token.secret, Salt::generate(random)?).bound_to(password_hash);
        Ok((token, Session { id, refresh_token_hash, generation: 0, rotated_at: now }))
    }

    fn verify_again(mut self, user_id: UserId) -> Step<Outcome> {
        if self.attempt == MAXIMUM_ATTEMPTS {
            return self.refuse(Some(user_id), LoginRefusal::PasswordChanged);
        }
        self.attempt += 1;
        self.load()
    }

    fn grant(
        self,
        pair: TokenPair,
        token: &RefreshClaims,
        is_hash_upgraded: bool,
    ) -> Step<Outcome> {
        let kind = AuthEventKind::LoginSucceeded { is_hash_upgraded };
        self.service.observe(&session_event(kind, token, self.device.client_address()));
        Step::Done(Ok(pair))
    }

    fn refuse(self, user_id: Option<UserId>, refusal: LoginRefusal) -> Step<Outcome> {
        let kind = AuthEventKind::LoginRefused(refusal.clone());
        self.service.observe(&AuthEvent { user_id, ..event(kind, self.device.client_address()) });
        Step::Done(Err(refusal.into()))
    }
}

#[cfg(test)]
mod tests;
