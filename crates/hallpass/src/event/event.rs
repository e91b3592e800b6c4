//! What happened, for whoever watches: each outcome of a use case.

use std::net::IpAddr;

use crate::password::{PasswordUnacceptable, UnusableHash};
use crate::session::{RefreshRefusal, SessionId};
use crate::user::{LoginUnacceptable, UserId};

/// One outcome. Holds no token, no secret, no password, no hash and no login name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthEvent {
    /// What happened.
    pub kind: AuthEventKind,
    /// To whom, where known.
    pub user_id: Option<UserId>,
    /// In which session, where known.
    pub session_id: Option<SessionId>,
    /// The generation of the presented or started token, where there is one.
    pub generation: Option<u64>,
    /// The client's address, where known. Behind a proxy that is not trusted it is the proxy's.
    pub client_address: Option<IpAddr>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthEventKind {
    /// A user was added.
    Registered,
    /// A registration was refused.
    RegistrationRefused(RegistrationRefusal),
    /// A session began.
    LoginSucceeded {
        /// Whether the password hash was replaced: its cost was too low, or it was made of another
        /// spelling of the password, or of its first 72 bytes alone.
        is_hash_upgraded: bool,
    },
    /// A login was refused, for a reason that the client is not told.
    LoginRefused(LoginRefusal),
    /// A refresh token was replaced by its successor.
    Refreshed,
    /// A refresh token that was replaced a moment ago came again and got the same successor.
    Retried,
    /// A refresh was refused, for another reason than a wrong secret or a reuse.
    RefreshRefused(RefreshRefusal),
    /// An authentic refresh token was refused because its secret is not the stored one: a guess by
    /// a holder of the leaked `REFRESH_TOKEN_SECRET`, a restored backup, or a row edited by hand.
    /// Comes once for each.
    WrongSecretPresented(RefreshRefusal),
    /// A refresh was given up because the row changed under it three times.
    RefreshConflicted,
    /// A replaced refresh token came too late to be a retry: its session was ended. Comes once
    /// for a session.
    ReuseDetected,
    /// A session was ended by its user.
    LoggedOut,
    /// A session was ended by its user from another one.
    SessionRevoked,
    /// Several sessions of a user were ended at once, by themselves or by the application.
    SessionsEnded {
        /// How many.
        count: usize,
    },
    /// A password was changed.
    PasswordChanged,
    /// A hash of another kind, which the application had verified, was replaced by one of hallpass's.
    PasswordAdopted,
    /// A password was not changed because the old one was refused, for a reason that the client is not
    /// told.
    PasswordChangeRefused(LoginRefusal),
    /// A password or a registration was not looked at because there were too many attempts.
    Throttled(Throttle),
    /// The stored attempts of an account or an address were no time: they were replaced by an allowance
    /// without an attempt.
    InvalidAttemptsReplaced {
        /// Where they were stored.
        table: &'static str,
        /// In which column.
        column: &'static str,
    },
    /// A user was disabled by the application.
    UserDisabled,
    /// A disabled user was enabled by the application.
    UserEnabled,
    /// A user was deleted by the application.
    UserDeleted,
    /// An access token outlived its session, and was presented to a route that asks for the session: to
    /// show or end others, to change the password, or to give it once more.
    EndedSessionPresented,
    /// A user of a session gave their password once more.
    Reauthenticated,
    /// A password that was given once more was refused, for a reason that the client is not told.
    ReauthenticationRefused(LoginRefusal),
}

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

/// How much an event matters to an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Everyday.
    Info,
    /// Somebody should look: a theft, a damaged row, a restored backup.
    Warning,
}

impl AuthEventKind {
    /// Returns the kind of a refused refresh.
    pub(crate) fn of_refused_refresh(refusal: RefreshRefusal) -> Self {
        match refusal {
            RefreshRefusal::SecretDiffers | RefreshRefusal::SuccessorDiffers => {
                Self::WrongSecretPresented(refusal)
            }
            _ => Self::RefreshRefused(refusal),
        }
    }

    /// Returns how much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let is_warning = match self {
            Self::ReuseDetected
            | Self::RefreshConflicted
            | Self::InvalidAttemptsReplaced { .. }
            | Self::LoginRefused(LoginRefusal::HashUnusable(_))
            | Self::PasswordChangeRefused(LoginRefusal::HashUnusable(_))
            | Self::ReauthenticationRefused(LoginRefusal::HashUnusable(_)) => true,
            Self::RefreshRefused(refusal) | Self::WrongSecretPresented(refusal) => {
                refusal.is_suspicious()
            }
            _ => false,
        };
        if is_warning { Severity::Warning } else { Severity::Info }
    }
}

/// Is told every [`AuthEvent`]: to write it down, count it, or raise an alarm.
///
/// It is called in the middle of requests, on threads where blocking is allowed, sometimes on
/// the event loop: hand anything slow to a queue.
pub trait AuthObserver: Send + Sync {
    /// Takes note of `event`.
    fn observe(&self, event: &AuthEvent);
}
