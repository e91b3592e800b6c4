//! A user as a store knows them.

use crate::{PasswordHash, Scope, Session, UserId};

/// One row of `users`, as far as hallpass reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// The bcrypt hash of their password. Input like any other: it may be unusable.
    pub password_hash: PasswordHash,
    /// What they may do; goes into every access token.
    pub scope: Scope,
    /// Whether they may neither log in nor refresh.
    pub is_disabled: bool,
    /// Their session, `None` when logged out.
    pub session: Option<Session>,
}
