//! A store with somebody at the door: something may happen before each verb.

use std::fmt;
use std::sync::Arc;

use crate::{
    LoginName, NewUser, PasswordHash, Rotation, SessionId, SessionStart, StoreError, Timestamp,
    User, UserId, UserStore,
};

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
    before: Box<dyn Fn(Verb) -> Result<(), StoreError> + Send + Sync>,
}

/// A verb of [`UserStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verb {
    /// [`UserStore::load`].
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
    /// [`UserStore::set_password`].
    SetPassword,
}

impl InterposedStore {
    /// Returns `store` with `before` called ahead of each verb; its error is the verb's.
    #[must_use]
    pub fn new(
        store: Arc<dyn UserStore>,
        before: impl Fn(Verb) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self { store, before: Box::new(before) }
    }
}

impl UserStore for InterposedStore {
    fn is_id(&self, text: &str) -> bool {
        self.store.is_id(text)
    }

    fn load(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        (self.before)(Verb::Load)?;
        self.store.load(id)
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
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        (self.before)(Verb::EndSession)?;
        self.store.end_session(user_id, session_id, now)
    }

    fn set_password(
        &self,
        user_id: &UserId,
        password_hash: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        (self.before)(Verb::SetPassword)?;
        self.store.set_password(user_id, password_hash, now)
    }
}

impl fmt::Debug for InterposedStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InterposedStore(…)")
    }
}
