//! A row of `users`, and what it means. A row that makes no sense is an error that names table,
//! column and id.

use std::fmt::Display;

use diesel::prelude::*;
use hallpass::{
    LoginName, PasswordHash, RefreshTokenHash, Scope, Session, SessionId, StoreError, Timestamp,
    User, UserId,
};

use crate::declare::value::{Reader, Whole, Words, refresh_token_hash_of};

/// The columns that a [`User`] is made of.
///
/// Neither serialized nor printed: it holds hashes.
#[derive(Queryable)]
#[expect(missing_debug_implementations, reason = "it holds hashes")]
pub struct UserRow<Id> {
    id: Id,
    login: Words,
    password_hash: Words,
    refresh_token_hash: Option<Words>,
    session_id: Option<Words>,
    refresh_generation: Whole,
    rotated_at: Option<Whole>,
    scope: Words,
    is_enabled: bool,
}

/// How a table and those of its columns are called that may make no sense.
#[derive(Clone, Copy, Debug)]
pub struct ColumnNames {
    /// The table.
    pub table: &'static str,
    /// The login name.
    pub login: &'static str,
    /// The session.
    pub session_id: &'static str,
    /// How often it has been refreshed.
    pub refresh_generation: &'static str,
    /// When it was last refreshed.
    pub rotated_at: &'static str,
    /// What the user may do.
    pub scope: &'static str,
}

impl<Id: Display> UserRow<Id> {
    /// Returns the user that the row describes.
    pub(crate) fn into_user(self, names: &'static ColumnNames) -> Result<User, StoreError> {
        let row = Reader { id: self.id.to_string(), table: names.table };
        let session = match self.refresh_token_hash {
            None => None,
            Some(hash) => Some(Session {
                id: SessionId::new(row.filled(names.session_id, self.session_id)?),
                refresh_token_hash: refresh_token_hash_of(&hash.text_or_empty()),
                generation: row.count(names.refresh_generation, self.refresh_generation)?,
                rotated_at: row.time(names.rotated_at, self.rotated_at)?,
            }),
        };
        let scope = row.text(names.scope, self.scope)?;
        let scope = Scope::parse(&scope).ok_or_else(|| {
            row.error(names.scope, "it is not a list of scope tokens of at most 1 KiB")
        })?;
        Ok(User {
            id: UserId::new(self.id),
            password_hash: PasswordHash::new(self.password_hash.text_or_empty()),
            scope,
            is_disabled: !self.is_enabled,
            session,
        })
    }
}

impl<Id> UserRow<Id> {
    /// Returns whether the row's login name is this one, as hallpass compares them. A column may ignore
    /// accents, or more: then each spelling would have attempts of its own at one password.
    pub(crate) fn is_called(&self, login: &LoginName) -> bool {
        let stored = self.login.as_str().and_then(|stored| LoginName::parse(stored).ok());
        stored.as_ref() == Some(login)
    }

    /// Returns when the session in the row was last used, and which it is, if there is one.
    pub(crate) fn into_last_use(self) -> Option<(Option<Timestamp>, SessionId)> {
        let id = self.refresh_token_hash.and(self.session_id)?;
        let last_used_at = self.rotated_at.and_then(Whole::time);
        Some((last_used_at, SessionId::new(id.text_or_empty())))
    }

    /// Returns the hash of the session in the row, if there is one.
    pub(crate) fn refresh_token_hash(self) -> Option<RefreshTokenHash> {
        self.refresh_token_hash.map(|hash| refresh_token_hash_of(&hash.text_or_empty()))
    }
}

impl<Id: Display> UserRow<Id> {
    pub(crate) fn id(&self) -> UserId {
        UserId::new(&self.id)
    }

    /// Returns the error of a row whose login name another one has too.
    pub(crate) fn is_not_the_only_one(&self, names: &'static ColumnNames) -> StoreError {
        let row = Reader { id: self.id.to_string(), table: names.table };
        row.error(names.login, "another user has the same login name")
    }
}
