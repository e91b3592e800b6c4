//! The sessions of access tokens that a test makes without a login.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hallpass::{
    DeviceSession, EndReason, LoginName, NewUser, PasswordChange, PasswordHash, RefreshTokenHash,
    Rotation, Scope, Session, SessionId, SessionStart, Sessions, SessionsToEnd, StoreError,
    Timestamp, User, UserId, UserStore,
};

/// A store that holds sessions beside those of another one, until they are ended. Their users need not exist.
#[derive(Clone)]
pub(crate) struct TestSessions {
    store: Arc<dyn UserStore>,
    alive: Arc<Mutex<HashMap<(UserId, SessionId), Session>>>,
}

impl TestSessions {
    pub(crate) fn new(store: Arc<dyn UserStore>) -> Self {
        Self { store, alive: Arc::default() }
    }

    /// Begins a session; returns whether it was not alive already. It is bound to the user's password, if
    /// there is such a user: another password ends it, also one that the store is given directly, and so does
    /// their deletion.
    pub(crate) fn begin(&self, user_id: &UserId, session_id: &SessionId, now: Timestamp) -> bool {
        let user = self.store.load(user_id).ok().flatten();
        let unbound = RefreshTokenHash::new("", None);
        let hash = user.map_or(unbound.clone(), |user| unbound.bound_to(&user.password_hash));
        let session = Session {
            id: session_id.clone(),
            refresh_token_hash: hash.clone(),
            generation: 0,
            rotated_at: now,
        };
        let earlier = self.alive().insert((user_id.clone(), session_id.clone()), session);
        earlier.is_none_or(|earlier| earlier.refresh_token_hash != hash)
    }

    /// Ends those of the user's sessions that `is_to_end` names; returns how many.
    fn end(&self, user_id: &UserId, is_to_end: impl Fn(&SessionId) -> bool) -> usize {
        let mut alive = self.alive();
        let before = alive.len();
        alive.retain(|(owner, id), _| owner != user_id || !is_to_end(id));
        before - alive.len()
    }

    fn alive(&self) -> MutexGuard<'_, HashMap<(UserId, SessionId), Session>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a user who can't log in.
fn nobody(id: &UserId) -> User {
    User {
        id: id.clone(),
        password_hash: PasswordHash::new("!"),
        scope: Scope::default(),
        is_disabled: false,
        session: None,
    }
}

fn is_among(sessions: &SessionsToEnd) -> impl Fn(&SessionId) -> bool {
    move |id| match sessions {
        SessionsToEnd::All => true,
        SessionsToEnd::AllBut(kept) => id != kept,
    }
}

impl UserStore for TestSessions {
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
        let user = self.store.load_in_session(id, session_id)?;
        let Some(session) = self.alive().get(&(id.clone(), session_id.clone())).cloned() else {
            return Ok(user);
        };
        Ok(Some(User { session: Some(session), ..user.unwrap_or_else(|| nobody(id)) }))
    }

    fn load_by_login(&self, login: &LoginName) -> Result<Option<User>, StoreError> {
        self.store.load_by_login(login)
    }

    fn create(&self, user: &NewUser) -> Result<Option<UserId>, StoreError> {
        self.store.create(user)
    }

    fn start_session(&self, start: &SessionStart) -> Result<bool, StoreError> {
        self.store.start_session(start)
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
        let is_ended = self.store.end_session(user_id, session_id, reason, now)?;
        Ok(self.end(user_id, |id| id == session_id) > 0 || is_ended)
    }

    fn end_sessions(
        &self,
        user_id: &UserId,
        sessions: &SessionsToEnd,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let ended = self.store.end_sessions(user_id, sessions, reason, now)?;
        Ok(ended + self.end(user_id, is_among(sessions)))
    }

    /// The session of the change may be one of ours, which the store does not know.
    fn set_password(&self, change: &PasswordChange) -> Result<bool, StoreError> {
        let mut change = change.clone();
        let is_ours =
            |id: &SessionId| self.alive().contains_key(&(change.user_id.clone(), id.clone()));
        let ours = change.proven_session.take_if(|proven| is_ours(&proven.id));
        if !self.store.set_password(&change)? {
            return Ok(false);
        }
        self.end(&change.user_id, is_among(&change.sessions));
        if let Some(proven) = ours
            && let Some(kept) = self.alive().get_mut(&(change.user_id, proven.id))
        {
            kept.refresh_token_hash = proven.bound_hash;
        }
        Ok(true)
    }

    fn disable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        let is_disabled = self.store.disable(user_id, now)?;
        self.end(user_id, |_| true);
        Ok(is_disabled)
    }

    fn enable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        self.store.enable(user_id, now)
    }

    fn delete(&self, user_id: &UserId) -> Result<bool, StoreError> {
        let is_deleted = self.store.delete(user_id)?;
        self.end(user_id, |_| true);
        Ok(is_deleted)
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

impl fmt::Debug for TestSessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TestSessions(…)")
    }
}
