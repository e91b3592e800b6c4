//! Why a session ended, for whoever looks into the table of sessions.

use std::fmt::{self, Display};

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// Its user logged out.
    LoggedOut,
    /// Its user, or the application, ended it from elsewhere.
    Revoked,
    /// A replaced refresh token of it was used again: it was stolen.
    Reused,
    /// A later login took its place.
    Superseded,
    /// The password was changed.
    PasswordChanged,
    /// The user was disabled.
    UserDisabled,
}

impl EndReason {
    /// Returns the word that a store keeps.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Revoked => "revoked",
            Self::Reused => "reused",
            Self::Superseded => "superseded",
            Self::PasswordChanged => "password_changed",
            Self::UserDisabled => "user_disabled",
        }
    }
}

impl Display for EndReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
