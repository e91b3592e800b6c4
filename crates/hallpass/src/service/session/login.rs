//! Login: a name and a password for a session.

use crate::event::{AuthEvent, AuthEventKind, LoginRefusal};
use crate::limit::AttemptKey;
use crate::password::PasswordHash;
use crate::password::bcrypt::salt::Salt;
use crate::password::hash::PasswordComparison;
use crate::password::typed::TypedPassword;
use crate::random::RandomUnavailable;
use crate::service::permits::{HashLane, HashPermit, Permits};
use crate::service::service::{event, session_event};
use crate::service::throttle::{Attempt, Throttleable};
use crate::service::{Service, Throttled, TokenPair, UseCase};
use crate::session::{Device, Session, SessionId};
use crate::store::{SessionStart, StoreError};
use crate::token::IssueError;
use crate::token::refresh::RefreshClaims;
use crate::user::{Credentials, LoginName, User, UserId};

/// How often a password is verified when its hash is replaced meanwhile. It may have been another
/// login's upgrade, so once more is fair; twice is a password change.
const MAXIMUM_ATTEMPTS: u32 = 2;

type Outcome = Result<LoginAnswer, LoginError>;

/// The answer to a password that was right.
///
/// It is exhaustive on purpose: a caller has to decide about each answer, since one that asks for a second
/// factor must not be taken for a login.
#[derive(Debug)]
pub enum LoginAnswer {
    /// The tokens of a new session.
    LoggedIn(TokenPair),
}

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
}

/// A user whose password is proven, and the session that is about to start.
struct ProvenUser {
    user: User,
    token: RefreshClaims,
    start: SessionStart,
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
    /// [`LoginError::Refused`] for a wrong name or password and for a disabled
    /// user, [`LoginError::Throttled`] after too many of these, the others when something was
    /// unavailable; nothing is written then.
    pub fn login(&self, credentials: Credentials, device: impl Into<Device>) -> UseCase<Outcome> {
        let name = LoginName::parse(&credentials.login).ok();
        let account = AttemptKey::of_parsed_login(&credentials.login, name.as_ref());
        let login = Login {
            service: self.clone(),
            login: name,
            password: TypedPassword::parse(credentials.password).ok(),
            device: device.into(),
        };
        let attempt = Attempt::at_login(account, login.device.client_address());
        UseCase::new(|permits| async move {
            login.service.throttled(attempt, login.log_in(&permits)).await
        })
    }
}

impl Login {
    async fn log_in(&self, permits: &Permits) -> Outcome {
        let mut attempt = 1;
        loop {
            let user = self.load()?;
            let permit = permits.enter(HashLane::Password).await;
            let proven = self.prove(user, permit)?;
            if let Some(pair) = self.start_session(&proven)? {
                return Ok(LoginAnswer::LoggedIn(pair));
            }
            if attempt == MAXIMUM_ATTEMPTS {
                return Err(self.refuse(Some(proven.user.id), LoginRefusal::PasswordChanged));
            }
            attempt += 1;
        }
    }

    fn load(&self) -> Result<Option<User>, StoreError> {
        match &self.login {
            Some(login) => self.service.store().load_by_login(login),
            None => Ok(None),
        }
    }

    /// Runs every hash of a login, under one permit.
    fn prove(&self, user: Option<User>, permit: HashPermit) -> Result<ProvenUser, LoginError> {
        let (user, comparison) = self
            .service
            .prove_password(user, self.password.as_ref(), &permit)
            .map_err(|(user_id, refusal)| self.refuse(user_id, refusal))?;
        let upgraded_password_hash = self.upgraded_hash(&comparison)?;
        let password_hash = upgraded_password_hash.as_ref().unwrap_or(&user.password_hash);
        let (token, session) = self.new_session(user.id.clone(), password_hash)?;
        let start = SessionStart {
            user_id: user.id.clone(),
            verified_password_hash: user.password_hash.clone(),
            upgraded_password_hash,
            session,
            expires_at: token.expires_at,
            device: self.device.clone(),
        };
        Ok(ProvenUser { user, token, start })
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

    /// Returns `None` if the password hash is no longer the one that was verified. Makes the answer before it
    /// writes: what can't be answered has not happened.
    fn start_session(&self, proven: &ProvenUser) -> Result<Option<TokenPair>, LoginError> {
        let ProvenUser { user, token, start } = proven;
        let pair = self.service.token_pair(token, user, token.issued_at)?;
        if !self.service.change_sessions(&user.id, |store| store.start_session(start))? {
            return Ok(None);
        }
        let hasher = &self.service.0.refresh_token_hasher;
        hasher.remember(&start.session.refresh_token_hash, &token.secret);
        let is_hash_upgraded = start.upgraded_password_hash.is_some();
        let kind = AuthEventKind::LoginSucceeded { is_hash_upgraded };
        self.service.observe(&session_event(kind, token, self.device.client_address()));
        Ok(Some(pair))
    }

    fn refuse(&self, user_id: Option<UserId>, refusal: LoginRefusal) -> LoginError {
        let kind = AuthEventKind::LoginRefused(refusal.clone());
        self.service.observe(&AuthEvent { user_id, ..event(kind, self.device.client_address()) });
        refusal.into()
    }
}

#[cfg(test)]
mod tests;
