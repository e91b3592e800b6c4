//! Registration: adds a user. They log in afterwards.

use std::net::IpAddr;

use crate::event::{AuthEvent, AuthEventKind, RegistrationRefusal};
use crate::password::{Password, PasswordHash};
use crate::random::RandomUnavailable;
use crate::service::account::password_change::RuleViolation;
use crate::service::service::event;
use crate::service::throttle::{Attempt, Throttleable};
use crate::service::{HashLane, Service, Step, Throttled};
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
    /// The steps end in [`RegisterError::Refused`] for an unacceptable or taken name and for an
    /// unacceptable password, in [`RegisterError::Throttled`] after too many of these, in the others when
    /// something was unavailable.
    pub fn register(
        &self,
        credentials: Credentials,
        client_address: Option<IpAddr>,
    ) -> Step<Outcome> {
        match self.check_registration(credentials) {
            Ok((login, password)) => {
                let service = self.clone();
                let registration = Registration { service, login, password, client_address };
                let attempt = Attempt::to_register(client_address);
                self.throttled(attempt, || registration.check_rule())
            }
            Err(refusal) => Step::Done(self.refuse_registration(refusal, client_address)),
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
    /// Asks the application's rule, which may ask another service, where there is one.
    fn check_rule(self) -> Step<Outcome> {
        if self.service.0.ports.password_rule.is_none() {
            return self.hash();
        }
        Step::store(move || match self.service.check_rule(&self.password) {
            Ok(()) => self.hash(),
            Err(RuleViolation::Refused(unacceptable)) => {
                let refusal = RegistrationRefusal::PasswordUnacceptable(unacceptable);
                Step::Done(self.service.refuse_registration(refusal, self.client_address))
            }
            Err(RuleViolation::Unavailable(error)) => Step::Done(Err(error.into())),
        })
    }

    fn hash(self) -> Step<Outcome> {
        Step::hash(HashLane::Password, move || {
            match self.service.0.passwords.hash(&self.password, self.service.random()) {
                Ok(hash) => Step::store(move || Step::Done(self.create(hash))),
                Err(error) => Step::Done(Err(error.into())),
            }
        })
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
