//! What hallpass asks of a database: seven atomic verbs about a `users` table.

use std::error::Error;

use crate::{LoginName, PasswordHash, RefreshTokenHash, Scope, Session, SessionId, Timestamp};
use crate::{User, UserId};

/// The users and their sessions. Synchronous: it is called where blocking is allowed.
///
/// `Ok(None)` and `Ok(false)` say no; `Err` says that the store could not tell. A verb takes and
/// gives back its own connection: none is held while bcrypt runs. No verb inserts a session
/// where there was none but [`UserStore::start_session`], so a session that was ended stays so.
///
/// To keep users elsewhere:
///
/// 1. implement this trait, each verb as one statement with the old value in its `WHERE`;
/// 2. in a test, with the feature `testing`, implement `hallpass::testing::conformance::Subject`
///    for it and call `hallpass::testing::conformance::run`, races and all;
/// 3. hand it to `actix_hallpass::Auth::builder().store(…)`.
///
/// `hallpass::testing::MemoryStore` is the shortest example, `hallpass_diesel::DieselStore` the
/// complete one.
pub trait UserStore: Send + Sync {
    /// Returns whether `text` is the canonical text of an id of this store, without looking
    /// whether a user has it: `"7"` is one of an `i64` key, `"07"` and `"+7"` are not.
    fn is_id(&self, text: &str) -> bool;

    /// Returns the user with this id, `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not tell, or the row makes no sense.
    fn load(&self, id: &UserId) -> Result<Option<User>, StoreError>;

    /// Returns the user with this login name, `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not tell, or the row makes no sense.
    fn load_by_login(&self, login: &LoginName) -> Result<Option<User>, StoreError>;

    /// Adds a user without a session and returns their id, `None` if the login name is taken.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not do it.
    fn create(&self, user: &NewUser) -> Result<Option<UserId>, StoreError>;

    /// Starts a session, replacing the one there is, if the user still exists, is not disabled,
    /// and has the password hash that was verified; returns whether it did.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not do it.
    fn start_session(&self, start: &SessionStart) -> Result<bool, StoreError>;

    /// Puts the successor's hash in the place of its predecessor's and counts the generation up
    /// by one, if the user is not disabled and session and hash are still the ones that were
    /// verified; returns whether it did.
    ///
    /// A transaction that the database gave up in favour of another one is a `false`.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not do it.
    fn rotate(&self, rotation: &Rotation) -> Result<bool, StoreError>;

    /// Ends the session `session_id` of the user, if it is still theirs; returns whether it did.
    ///
    /// Hash, session id and rotation time become NULL, the generation 0.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not do it.
    fn end_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Sets the password hash and ends the user's session in the same statement; returns whether
    /// there is such a user.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not do it.
    fn set_password(
        &self,
        user_id: &UserId,
        password_hash: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}

/// A user to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Their login name, unique.
    pub login: LoginName,
    /// The hash of their password.
    pub password_hash: PasswordHash,
    /// What they may do.
    pub scope: Scope,
    /// When they are added.
    pub created_at: Timestamp,
}

/// The start of a session at login.
#[derive(Clone, Debug)]
pub struct SessionStart {
    /// Whose session it is.
    pub user_id: UserId,
    /// The password hash that was verified.
    pub verified_password_hash: PasswordHash,
    /// The hash to put in its place, made at a higher cost.
    pub upgraded_password_hash: Option<PasswordHash>,
    /// The session, at generation 0.
    pub session: Session,
}

/// The replacement of a session's refresh token by its successor.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Whose session it is.
    pub user_id: UserId,
    /// Which session it is.
    pub session_id: SessionId,
    /// The hash that the presented token matched: the version stamp of the row.
    pub verified_hash: RefreshTokenHash,
    /// The hash of its successor.
    pub successor_hash: RefreshTokenHash,
    /// When it is rotated; not before the session's last rotation.
    pub rotated_at: Timestamp,
}

/// Why a store could not tell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database is away, locked, read-only, full, or not what it should be.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The database refuses what was to be written, now and whenever it is tried again: a column of
    /// the application's own may not be NULL, say.
    #[error("the database refuses the row")]
    Constraint(#[source] Box<dyn Error + Send + Sync>),
    /// A row makes no sense.
    #[error("{table}.{column} of id {id} makes no sense: {problem}")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        id: String,
        /// What is wrong, without the value.
        problem: &'static str,
    },
}
