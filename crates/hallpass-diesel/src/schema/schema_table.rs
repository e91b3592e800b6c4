//! The tables that hallpass's migrations make.

/// One of hallpass's own tables. Which of them a database needs depends on what is turned on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaTable {
    /// `users`: always.
    Users,
    /// `sessions`: where users have a session for each device.
    Sessions,
    /// `login_attempts`: where attempts to log in are counted in the database.
    LoginAttempts,
}

impl SchemaTable {
    pub(crate) const ALL: [Self; 3] = [Self::Users, Self::Sessions, Self::LoginAttempts];

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Sessions => "sessions",
            Self::LoginAttempts => "login_attempts",
        }
    }

    /// Returns the columns that hallpass reads and writes.
    pub(crate) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Users => &[
                "id",
                "login",
                "password_hash",
                "refresh_token_hash",
                "session_id",
                "refresh_generation",
                "rotated_at",
                "scope",
                "disabled_at",
                "created_at",
                "updated_at",
            ],
            Self::Sessions => &[
                "id",
                "user_id",
                "refresh_token_hash",
                "password_stamp",
                "generation",
                "rotated_at",
                "created_at",
                "last_used_at",
                "expires_at",
                "user_agent",
                "client_address",
                "label",
                "ended_at",
                "end_reason",
            ],
            Self::LoginAttempts => &["key_hash", "full_at"],
        }
    }

    /// Returns the table that a migration is about, which its name ends in.
    pub(crate) fn of_migration(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| name.ends_with(&format!("_hallpass_{}", table.name())))
    }
}
