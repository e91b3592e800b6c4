//! Registration: adds a user. They log in afterwards.

use std::fmt;
use std::net::IpAddr;

use zeroize::Zeroizing;

use super::{Service, event};
use crate::step::{HashLane, Step};
use crate::{
    AuthEvent, AuthEventKind, LoginName, LoginUnacceptable, NewUser, Password,
    PasswordUnacceptable, RandomUnavailable, Scope, StoreError, UserId,
};

type Outcome = Result<UserId, RegisterError>;

/// What a client sends to register.
pub struct RegisterRequest {
    /// The login name, in any spelling.
    pub login: String,
    /// The password.
    pub password: Zeroizing<String>,
}

/// Why a registration added nobody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The login name is none.
    #[error("the login name is unacceptable")]
    Login(#[from] LoginUnacceptable),
    /// The password is none, or too short.
    #[error("the password is unacceptable")]
    Password(#[from] PasswordUnacceptable),
    /// Somebody has this login name.
    #[error("the login name is taken")]
    LoginTaken,
    /// The store could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There was no randomness for a salt.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl Service {
    /// Adds a user with an empty scope and returns their id.
    pub fn register(
        &self,
        request: RegisterRequest,
        client_address: Option<IpAddr>,
    ) -> Step<Outcome> {
        let (login, password) = match self.check_registration(request) {
            Ok(checked) => checked,
            Err(error) => return Step::Done(Err(error)),
        };
        let service = self.clone();
        Step::hash(HashLane::Password, move || {
            match service.0.passwords.hash(&password, service.random()) {
                Ok(password_hash) => {
                    let (scope, created_at) = (Scope::default(), service.now());
                    let user = NewUser { login, password_hash, scope, created_at };
                    Step::store(move || Step::Done(service.create(&user, client_address)))
                }
                Err(error) => Step::Done(Err(error.into())),
            }
        })
    }

    fn check_registration(
        &self,
        request: RegisterRequest,
    ) -> Result<(LoginName, Password), RegisterError> {
        let login = LoginName::parse(&request.login)?;
        let minimum = self.0.password_minimum_characters;
        Ok((login, Password::parse_new(request.password, minimum)?))
    }

    fn create(&self, user: &NewUser, client_address: Option<IpAddr>) -> Outcome {
        let id = self.store().create(user)?.ok_or(RegisterError::LoginTaken)?;
        self.observe(&AuthEvent {
            user_id: Some(id.clone()),
            ..event(AuthEventKind::Registered, client_address)
        });
        Ok(id)
    }
}

impl fmt::Debug for RegisterRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RegisterRequest(…)")
    }
}
