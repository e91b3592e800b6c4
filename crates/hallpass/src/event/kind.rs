//! The kinds of events, each with a name, a severity and, if something was refused, a reason.
//!
//! No match here has a wildcard: a new kind compiles once it has all three.

use std::fmt;

use crate::event::{LoginRefusal, RegistrationRefusal, Severity, Throttle};
use crate::session::RefreshRefusal;
use crate::text::error_chain;

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

impl AuthEventKind {
    /// Returns the kind of a refused refresh.
    pub(crate) fn of_refused_refresh(refusal: RefreshRefusal) -> Self {
        match refusal {
            RefreshRefusal::SecretDiffers | RefreshRefusal::SuccessorDiffers => {
                Self::WrongSecretPresented(refusal)
            }
            RefreshRefusal::NotAuthentic(_)
            | RefreshRefusal::Expired { .. }
            | RefreshRefusal::UnknownUser
            | RefreshRefusal::UserDisabled
            | RefreshRefusal::NoSession
            | RefreshRefusal::Superseded
            | RefreshRefusal::GenerationAhead { .. }
            | RefreshRefusal::HashUnusable(_)
            | RefreshRefusal::PasswordChanged
            | RefreshRefusal::Stale { .. }
            | RefreshRefusal::Reused => Self::RefreshRefused(refusal),
        }
    }

    /// Returns its name: what log lines say and alarms look for.
    ///
    /// ```
    /// use hallpass::AuthEventKind;
    ///
    /// assert_eq!(AuthEventKind::LoggedOut.name(), "logged out");
    /// assert_eq!(AuthEventKind::LoggedOut.to_string(), "logged out");
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::RegistrationRefused(_) => "registration refused",
            Self::LoginSucceeded { .. } => "login succeeded",
            Self::LoginRefused(_) => "login refused",
            Self::Refreshed => "refreshed",
            Self::Retried => "refresh retried",
            Self::RefreshRefused(RefreshRefusal::Superseded) => "session superseded",
            Self::RefreshRefused(_) => "refresh refused",
            Self::WrongSecretPresented(_) => "refresh token with a wrong secret refused",
            Self::RefreshConflicted => "refresh given up, the row changed too often",
            Self::ReuseDetected => "refresh token reuse detected, session ended",
            Self::LoggedOut => "logged out",
            Self::SessionRevoked => "session revoked",
            Self::SessionsEnded { .. } => "sessions ended",
            Self::PasswordChanged => "password changed",
            Self::PasswordAdopted => "password adopted",
            Self::PasswordChangeRefused(_) => "password change refused",
            Self::Throttled(Throttle::Registration) => "registration throttled",
            Self::Throttled(Throttle::Account | Throttle::Address) => "password attempt throttled",
            Self::InvalidAttemptsReplaced { .. } => "invalid count of attempts replaced",
            Self::UserDisabled => "user disabled",
            Self::UserEnabled => "user enabled",
            Self::UserDeleted => "user deleted",
            Self::EndedSessionPresented => "token of an ended session refused",
            Self::Reauthenticated => "reauthenticated",
            Self::ReauthenticationRefused(_) => "reauthentication refused",
        }
    }

    /// Returns how much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::ReuseDetected
            | Self::RefreshConflicted
            | Self::InvalidAttemptsReplaced { .. } => Severity::Warning,
            Self::LoginRefused(refusal)
            | Self::PasswordChangeRefused(refusal)
            | Self::ReauthenticationRefused(refusal) => refusal.severity(),
            Self::RefreshRefused(refusal) | Self::WrongSecretPresented(refusal) => {
                if refusal.is_suspicious() { Severity::Warning } else { Severity::Info }
            }
            Self::Registered
            | Self::RegistrationRefused(_)
            | Self::LoginSucceeded { .. }
            | Self::Refreshed
            | Self::Retried
            | Self::LoggedOut
            | Self::SessionRevoked
            | Self::SessionsEnded { .. }
            | Self::PasswordChanged
            | Self::PasswordAdopted
            | Self::Throttled(_)
            | Self::UserDisabled
            | Self::UserEnabled
            | Self::UserDeleted
            | Self::EndedSessionPresented
            | Self::Reauthenticated => Severity::Info,
        }
    }

    /// Returns why something was refused or replaced, with the causes behind it: for logs, not for
    /// clients.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::RegistrationRefused(refusal) => Some(error_chain(refusal)),
            Self::LoginRefused(refusal)
            | Self::ReauthenticationRefused(refusal)
            | Self::PasswordChangeRefused(refusal) => Some(error_chain(refusal)),
            Self::RefreshRefused(refusal) | Self::WrongSecretPresented(refusal) => {
                Some(error_chain(refusal))
            }
            Self::Throttled(throttle) => Some(throttle.to_string()),
            Self::InvalidAttemptsReplaced { table, column } => {
                Some(format!("{table}.{column} was not a time in Unix seconds"))
            }
            Self::Registered
            | Self::LoginSucceeded { .. }
            | Self::Refreshed
            | Self::Retried
            | Self::RefreshConflicted
            | Self::ReuseDetected
            | Self::LoggedOut
            | Self::SessionRevoked
            | Self::SessionsEnded { .. }
            | Self::PasswordChanged
            | Self::PasswordAdopted
            | Self::UserDisabled
            | Self::UserEnabled
            | Self::UserDeleted
            | Self::EndedSessionPresented
            | Self::Reauthenticated => None,
        }
    }
}

impl fmt::Display for AuthEventKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
