//! What hallpass asks of a database: atomic verbs about users and their sessions.

use crate::session::{DeviceSession, EndReason, SessionId, Sessions};
use crate::store::changes::{NewUser, PasswordChange, Rotation, SessionStart, SessionsToEnd};
use crate::store::error::StoreError;
use crate::time::Timestamp;
use crate::user::{LoginName, User, UserId};

/// The users and their sessions. Synchronous: it is called where blocking is allowed.
///
/// `Ok(None)` and `Ok(false)`: the condition did not hold. `Err`: the store could not determine the
/// answer. A verb takes and returns its own connection: none is held while bcrypt runs. Only
/// [`UserStore::start_session`] inserts a session where there was none, so an ended session stays ended.
///
/// No verb has a default: a store with one session for each user says so in
/// [`sessions`](UserStore::sessions), [`list_sessions`](UserStore::list_sessions) and
/// [`remove_dead_sessions`](UserStore::remove_dead_sessions), which take a line each.
///
/// To keep users elsewhere:
///
/// 1. implement this trait, each verb as one statement with the old value in its `WHERE`, or as one
///    transaction;
/// 2. in a test, with the feature `testing`, implement `hallpass::testing::conformance::Subject`
///    for it and call `hallpass::testing::conformance::run`, which includes races;
/// 3. hand it to `actix_hallpass::Auth::builder().store(…)`.
///
/// `hallpass::testing::MemoryStore` is the shortest example, `hallpass_diesel::DieselStore` the
/// complete one.
pub trait UserStore: Send + Sync {
    /// Returns whether `text` is the canonical text of an id of this store, without checking
    /// whether a user has it: `"7"` is one of an `i64` key, `"07"` and `"+7"` are not.
    fn is_id(&self, text: &str) -> bool;

    /// Returns how many sessions a user may have in this store. It does not change.
    fn sessions(&self) -> Sessions;

    // The user.

    /// Returns the user with this id, `None` if there is none. Of several sessions, it is the one
    /// that was used last.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not tell, or the row makes no sense.
    fn load(&self, id: &UserId) -> Result<Option<User>, StoreError>;

    /// Returns the user with this id, and the session by which a token of `session_id` is to be judged:
    /// that very session while it is alive; where a later login took its place, the one that was used
    /// last; otherwise none.
    ///
    /// Where each user has one session, it is that one, as in [`UserStore::load`].
    ///
    /// # Errors
    /// [`StoreError`] when the database could not tell, or a row makes no sense.
    fn load_in_session(
        &self,
        id: &UserId,
        session_id: &SessionId,
    ) -> Result<Option<User>, StoreError>;

    /// Returns the user with this login name, `None` if there is none. Their session is not looked at.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not tell, or the row makes no sense.
    fn load_by_login(&self, login: &LoginName) -> Result<Option<User>, StoreError>;

    /// Adds a user without a session and returns their id, `None` if the login name is taken.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not do it.
    fn create(&self, user: &NewUser) -> Result<Option<UserId>, StoreError>;

    /// Sets the password hash and ends those of the user's sessions that are to end, all at once; returns
    /// whether it did: not if there is no such user, the password hash is another one meanwhile, or the
    /// session in which it is changed has ended or been rotated meanwhile.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not do it.
    fn set_password(&self, change: &PasswordChange) -> Result<bool, StoreError>;

    /// Lets the user neither log in nor refresh, and ends their sessions, all at once; returns whether
    /// there is such a user.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] when the store has no place for it, the others when the database
    /// could not do it.
    fn disable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError>;

    /// Lets a disabled user log in again; returns whether there is such a user.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] when the store has no place for it, the others when the database
    /// could not do it.
    fn enable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError>;

    /// Deletes the user with their sessions; returns whether there was one. Their id is not given to
    /// anybody else: their access tokens are alive until they expire.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when rows of other tables depend on the user, the others when the
    /// database could not do it.
    fn delete(&self, user_id: &UserId) -> Result<bool, StoreError>;

    // Their sessions.

    /// Starts a session, if the user still exists, is not disabled, and has the password hash that was
    /// verified; returns whether it did.
    ///
    /// It takes the place of the one there is or, where there may be several, of those that were used
    /// least recently and exceed the maximum. Where an upgraded password hash comes with it, the user's
    /// other sessions are bound to that one.
    ///
    /// Where there may be several, it removes the user's sessions that are over beyond
    /// [`Sessions::KEPT_BEYOND_MAXIMUM`], those first that ended or expired first, and
    /// [`Sessions::REMOVED_AT_LOGIN`] at most. A user who logs in very often is then no burden to a look at
    /// their sessions. Remove them after the session is committed: a failed removal must not fail the
    /// login.
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

    /// Ends the session `session_id` of the user, if it is still theirs and alive; returns whether it
    /// did.
    ///
    /// In the user's row, hash, session id and rotation time become NULL, the generation 0. In a table
    /// of sessions, the hash becomes NULL, and the reason is written down.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not do it.
    fn end_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends these sessions of the user, all at once; returns how many were alive.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not do it; none has ended then.
    fn end_sessions(
        &self,
        user_id: &UserId,
        sessions: &SessionsToEnd,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<usize, StoreError>;

    /// Returns the user's sessions that are alive at `now`, the one that was used last first. Where each
    /// user has one session, the list is empty.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not tell, or a row makes no sense.
    fn list_sessions(
        &self,
        user_id: &UserId,
        now: Timestamp,
    ) -> Result<Vec<DeviceSession>, StoreError>;

    /// Removes up to `limit` of the sessions that ended or expired at `before` or earlier, those first
    /// that did so first; returns how many. Fewer than `limit` are the last ones. Whoever waits for the
    /// database waits for one such batch at most. Where each user has one session, there are none: 0.
    ///
    /// # Errors
    /// [`StoreError`] when the database could not do it.
    fn remove_dead_sessions(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError>;
}
