//! The store, watched by the memory of live sessions: what this `Auth` changes of a user's sessions
//! it forgets at once, whatever came of it.

use std::sync::Arc;

use hallpass::{
    DeviceSession, EndReason, LoginName, NewUser, PasswordChange, Rotation, SessionId,
    SessionStart, Sessions, SessionsToEnd, StoreError, Timestamp, User, UserId, UserStore,
};

use crate::guard::live_sessions::LiveSessions;

/// A store that tells [`LiveSessions`] whose sessions to forget. Not of rotations: they end none.
pub(crate) struct WatchedStore {
    store: Arc<dyn UserStore>,
    live_sessions: Arc<LiveSessions>,
}

impl WatchedStore {
    pub(crate) fn new(store: Arc<dyn UserStore>, live_sessions: Arc<LiveSessions>) -> Self {
        Self { store, live_sessions }
    }

    /// Does `change`, and then forgets: what was looked up meanwhile may be older than the change. Also
    /// when it failed, since it may have been done all the same.
    fn forgetting<T>(&self, user_id: &UserId, change: impl FnOnce(&dyn UserStore) -> T) -> T {
        let outcome = change(&*self.store);
        self.live_sessions.forget(user_id);
        outcome
    }
}

impl UserStore for WatchedStore {
    fn is_id(&self, text: &str) -> bool {
        self.store.is_id(text)
    }

    fn sessions(&self) -> Sessions {
        self.store.sessions()
    }

    fn load(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.store.load(id)
    }

    fn load_in_session(
        &self,
        id: &UserId,
        session_id: &SessionId,
    ) -> Result<Option<User>, StoreError> {
        self.store.load_in_session(id, session_id)
    }

    fn load_by_login(&self, login: &LoginName) -> Result<Option<User>, StoreError> {
        self.store.load_by_login(login)
    }

    fn create(&self, user: &NewUser) -> Result<Option<UserId>, StoreError> {
        self.store.create(user)
    }

    fn start_session(&self, start: &SessionStart) -> Result<bool, StoreError> {
        self.forgetting(&start.user_id, |store| store.start_session(start))
    }

    fn rotate(&self, rotation: &Rotation) -> Result<bool, StoreError> {
        self.store.rotate(rotation)
    }

    fn end_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.forgetting(user_id, |store| store.end_session(user_id, session_id, reason, now))
    }

    fn end_sessions(
        &self,
        user_id: &UserId,
        sessions: &SessionsToEnd,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.forgetting(user_id, |store| store.end_sessions(user_id, sessions, reason, now))
    }

    fn set_password(&self, change: &PasswordChange) -> Result<bool, StoreError> {
        self.forgetting(&change.user_id, |store| store.set_password(change))
    }

    fn disable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        self.forgetting(user_id, |store| store.disable(user_id, now))
    }

    fn enable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        self.forgetting(user_id, |store| store.enable(user_id, now))
    }

    fn delete(&self, user_id: &UserId) -> Result<bool, StoreError> {
        self.forgetting(user_id, |store| store.delete(user_id))
    }

    fn list_sessions(
        &self,
        user_id: &UserId,
        now: Timestamp,
    ) -> Result<Vec<DeviceSession>, StoreError> {
        self.store.list_sessions(user_id, now)
    }

    fn remove_dead_sessions(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        self.store.remove_dead_sessions(before, limit)
    }
}
