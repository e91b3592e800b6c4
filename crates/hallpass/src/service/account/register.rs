//! Registration: adds a user. They log in afterwards.

use std::net::IpAddr;

use crate::event::{AuthEvent, AuthEventKind, RegistrationRefusal};
use crate::password::{Password, PasswordHash};
use crate::random::RandomUnavailable;
use crate::service::account::password_change::RuleViolation;
use crate::service::permits::{HashLane, Permits};
use crate::service::service::event;
use crate::service::throttle::{Attempt, Throttleable};
use crate::service::{Service, Throttled, UseCase};
use crate::store::{NewUser, StoreError};
use crate::user::{Credentials, LoginName, Scope, UserId};

type Outcome = Result<UserId, RegisterError>;

/// Why a registration added nobody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Name or password are unacceptable, or the name is taken.
    #[error("the registration is refused")]
    Refused(#[from] RegistrationRefusal),
    /// Too many registrations from the address were refused. The client is told how long to wait.
    #[error("the registration is throttled")]
    Throttled(#[from] Throttled),
    /// The store, the limiter of attempts or the application's rule failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There was no randomness for a salt.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl Throttleable for RegisterError {
    fn is_guess(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

/// One registration on its way.
struct Registration {
    service: Service,
    login: LoginName,
    password: Password,
    client_address: Option<IpAddr>,
}

impl Service {
    /// Adds a user with an empty scope and returns their id.
    ///
    /// Where attempts are counted, a registration that the application's rule or a taken name refuses is
    /// one of the address: a rule that asks another service can't be called without limit.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] for an unacceptable or taken name and for an
    /// unacceptable password, [`RegisterError::Throttled`] after too many of these, the others when
    /// something was unavailable.
    pub fn register(
        &self,
        credentials: Credentials,
        client_address: Option<IpAddr>,
    ) -> UseCase<Outcome> {
        match self.check_registration(credentials) {
            Ok((login, password)) => {
                let registration =
                    Registration { service: self.clone(), login, password, client_address };
                let attempt = Attempt::to_register(client_address);
                UseCase::new(|permits| async move {
                    let service = registration.service.clone();
                    service.throttled(attempt, registration.add(&permits)).await
                })
            }
            Err(refusal) => UseCase::Answered(self.refuse_registration(refusal, client_address)),
        }
    }

    fn check_registration(
        &self,
        credentials: Credentials,
    ) -> Result<(LoginName, Password), RegistrationRefusal> {
        let login =
            LoginName::parse(&credentials.login).map_err(RegistrationRefusal::LoginUnacceptable)?;
        let minimum = self.0.password_minimum_characters;
        let password = Password::parse_new(credentials.password, minimum)
            .map_err(RegistrationRefusal::PasswordUnacceptable)?;
        Ok((login, password))
    }

    fn refuse_registration(
        &self,
        refusal: RegistrationRefusal,
        client_address: Option<IpAddr>,
    ) -> Outcome {
        let kind = AuthEventKind::RegistrationRefused(refusal.clone());
        self.observe(&event(kind, client_address));
        Err(refusal.into())
    }
}

impl Registration {
    async fn add(self, permits: &Permits) -> Outcome {
        self.check_rule()?;
        let permit = permits.enter(HashLane::Password).await;
        let hash = self.service.0.passwords.hash(&self.password, self.service.random())?;
        drop(permit);
        self.create(hash)
    }

    /// Asks the application's rule without a permit: it may ask another service.
    fn check_rule(&self) -> Result<(), RegisterError> {
        match self.service.check_rule(&self.password) {
            Ok(()) => Ok(()),
            Err(RuleViolation::Refused(unacceptable)) => {
                let refusal = RegistrationRefusal::PasswordUnacceptable(unacceptable);
                self.service.refuse_registration(refusal, self.client_address).map(|_| ())
            }
            Err(RuleViolation::Unavailable(error)) => Err(error.into()),
        }
    }

    fn create(self, password_hash: PasswordHash) -> Outcome {
        let created_at = self.service.now();
        let user =
            NewUser { login: self.login, password_hash, scope: Scope::default(), created_at };
        let Some(id) = self.service.store().create(&user)? else {
            let refusal = RegistrationRefusal::LoginTaken;
            return self.service.refuse_registration(refusal, self.client_address);
        };
        self.service.observe(&AuthEvent {
            user_id: Some(id.clone()),
            ..event(AuthEventKind::Registered, self.client_address)
        });
        Ok(id)
    }
}
