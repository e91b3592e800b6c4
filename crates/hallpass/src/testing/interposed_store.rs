//! A store with somebody at the door: something may happen before each verb.

use std::fmt;
use std::sync::Arc;

use crate::session::{DeviceSession, EndReason, SessionId, Sessions};
use crate::store::{
    NewUser, PasswordChange, Rotation, SessionStart, SessionsToEnd, StoreError, UserStore,
};
use crate::time::Timestamp;
use crate::user::{LoginName, User, UserId};

/// A store that calls a function before each verb of another one: to fail, to wait, or to do what
/// another server would do at exactly that moment.
///
/// ```
/// use std::sync::Arc;
/// use hallpass::testing::{InterposedStore, MemoryStore, Verb};
/// use hallpass::{StoreError, UserId, UserStore as _};
///
/// let store = InterposedStore::new(Arc::new(MemoryStore::default()), |verb| match verb {
///     Verb::Load => Err(StoreError::Unavailable("the disk is on fire".into())),
///     _ => Ok(()),
/// });
/// assert!(store.load(&UserId::new(1)).is_err());
/// ```
pub struct InterposedStore {
    store: Arc<dyn UserStore>,
    before: Arc<Before>,
}

type Before = dyn Fn(Verb) -> Result<(), StoreError> + Send + Sync;

/// A verb of [`UserStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verb {
    /// [`UserStore::load`] and [`UserStore::load_in_session`].
    Load,
    /// [`UserStore::load_by_login`].
    LoadByLogin,
    /// [`UserStore::create`].
    Create,
    /// [`UserStore::start_session`].
    StartSession,
    /// [`UserStore::rotate`].
    Rotate,
    /// [`UserStore::end_session`].
    EndSession,
    /// [`UserStore::end_sessions`].
    EndSessions,
    /// [`UserStore::set_password`].
    SetPassword,
    /// [`UserStore::disable`].
    Disable,
    /// [`UserStore::enable`].
    Enable,
    /// [`UserStore::delete`].
    Delete,
    /// [`UserStore::list_sessions`].
    ListSessions,
    /// [`UserStore::remove_dead_sessions`].
    RemoveDeadSessions,
}

impl InterposedStore {
    /// Returns `store` with `before` called ahead of each verb; its error is the verb's.
    #[must_use]
    pub fn new(
        store: Arc<dyn UserStore>,
        before: impl Fn(Verb) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self { store, before: Arc::new(before) }
    }
}

impl UserStore for InterposedStore {
    fn is_id(&self, text: &str) -> bool {
        self.store.is_id(text)
    }

    fn sessions(&self) -> Sessions {
        self.store.sessions()
    }

    fn per_device(self: Arc<Self>, max: u32) -> Result<Arc<dyn UserStore>, StoreError> {
        let store = Arc::clone(&self.store).per_device(max)?;
        Ok(Arc::new(Self { store, before: Arc::clone(&self.before) }))
    }

    fn load(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        (self.before)(Verb::Load)?;
        self.store.load(id)
    }

    fn load_in_session(
        &self,
        id: &UserId,
        session_id: &SessionId,
    ) -> Result<Option<User>, StoreError> {
        (self.before)(Verb::Load)?;
        self.store.load_in_session(id, session_id)
    }

    fn load_by_login(&self, login: &LoginName) -> Result<Option<User>, StoreError> {
        (self.before)(Verb::LoadByLogin)?;
        self.store.load_by_login(login)
    }

    fn create(&self, user: &NewUser) -> Result<Option<UserId>, StoreError> {
        (self.before)(Verb::Create)?;
        self.store.create(user)
    }

    fn start_session(&self, start: &SessionStart) -> Result<bool, StoreError> {
        (self.before)(Verb::StartSession)?;
        self.store.start_session(start)
    }

    fn rotate(&self, rotation: &Rotation) -> Result<bool, StoreError> {
        (self.before)(Verb::Rotate)?;
        self.store.rotate(rotation)
    }

    fn end_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        (self.before)(Verb::EndSession)?;
        self.store.end_session(user_id, session_id, reason, now)
    }

    fn end_sessions(
        &self,
        user_id: &UserId,
        sessions: &SessionsToEnd,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        (self.before)(Verb::EndSessions)?;
        self.store.end_sessions(user_id, sessions, reason, now)
    }

    fn set_password(&self, change: &PasswordChange) -> Result<bool, StoreError> {
        (self.before)(Verb::SetPassword)?;
        self.store.set_password(change)
    }

    fn disable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        (self.before)(Verb::Disable)?;
        self.store.disable(user_id, now)
    }

    fn enable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        (self.before)(Verb::Enable)?;
        self.store.enable(user_id, now)
    }

    fn delete(&self, user_id: &UserId) -> Result<bool, StoreError> {
        (self.before)(Verb::Delete)?;
        self.store.delete(user_id)
    }

    fn list_sessions(
        &self,
        user_id: &UserId,
        now: Timestamp,
    ) -> Result<Vec<DeviceSession>, StoreError> {
        (self.before)(Verb::ListSessions)?;
        self.store.list_sessions(user_id, now)
    }

    fn remove_dead_sessions(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        (self.before)(Verb::RemoveDeadSessions)?;
        self.store.remove_dead_sessions(before, limit)
    }
}

impl fmt::Debug for InterposedStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InterposedStore(…)")
    }
}
