//! Why a password, a registration or an attempt was refused, as observers see it.

use crate::event::Severity;
use crate::password::{PasswordUnacceptable, UnusableHash};
use crate::user::LoginUnacceptable;

/// Why a registration was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationRefusal {
    /// The login name is none.
    #[error("the login name is unacceptable")]
    LoginUnacceptable(#[source] LoginUnacceptable),
    /// The password is none, or too short.
    #[error("the password is unacceptable")]
    PasswordUnacceptable(#[source] PasswordUnacceptable),
    /// Somebody has this login name.
    #[error("the login name is taken")]
    LoginTaken,
}

/// Why a password was refused: at login, at a step-up, or where it is changed. The client is told none
/// of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginRefusal {
    /// No user has this login name, or nobody could have.
    #[error("no such user")]
    UnknownUser,
    /// The user is disabled.
    #[error("the user is disabled")]
    UserDisabled,
    /// The password is another one.
    #[error("wrong password")]
    WrongPassword,
    /// The stored hash can't be compared with anything.
    #[error("the stored password hash is unusable")]
    HashUnusable(#[source] UnusableHash),
    /// The password hash was replaced while it was verified; at login, twice.
    #[error("the password changed meanwhile")]
    PasswordChanged,
}

/// Which limit of attempts was reached. The client is told none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Throttle {
    /// The one of the account: one login name, or one user in a session.
    #[error("too many attempts for the account")]
    Account,
    /// The one of the client's address, for its logins.
    #[error("too many attempts from the address")]
    Address,
    /// The one of the client's address, for its registrations.
    #[error("too many refused registrations from the address")]
    Registration,
}

impl LoginRefusal {
    /// Returns how much it matters: an unusable hash is a damaged row.
    pub(crate) fn severity(&self) -> Severity {
        match self {
            Self::HashUnusable(_) => Severity::Warning,
            Self::UnknownUser
            | Self::UserDisabled
            | Self::WrongPassword
            | Self::PasswordChanged => Severity::Info,
        }
    }
}
