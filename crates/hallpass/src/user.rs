//! A user as a store knows them.

use crate::{PasswordHash, Scope, Session, Timestamp, UserId};

/// One row of `users`, as far as hallpass reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// The bcrypt hash of their password. Input like any other: it may be unusable.
    pub password_hash: PasswordHash,
    /// What they may do; goes into every access token at login and refresh.
    pub scope: Scope,
    /// Since when they may neither log in nor refresh, if so.
    pub disabled_at: Option<Timestamp>,
    /// Their session, `None` when logged out.
    pub session: Option<Session>,
}

impl User {
    /// Returns whether they may neither log in nor refresh.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled_at.is_some()
    }
}
