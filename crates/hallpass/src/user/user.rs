//! A user as a store knows them.

use crate::password::PasswordHash;
use crate::session::{Session, SessionId};
use crate::user::{Scope, UserId};

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

impl User {
    /// Returns whether this session of theirs is alive and was begun with their present password, as
    /// loaded by [`UserStore::load_in_session`](crate::store::UserStore::load_in_session). Whether they are
    /// disabled is another question.
    #[must_use]
    pub fn is_in_session(&self, session_id: &SessionId) -> bool {
        self.session.as_ref().is_some_and(|session| {
            session.id == *session_id && session.refresh_token_hash.is_bound_to(&self.password_hash)
        })
    }
}
