//! Users in memory: the shortest store there is.

mod row;
mod verb;

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use row::Row;
pub use verb::Verb;

use crate::session::{DeviceSession, EndReason, SessionId, Sessions};
use crate::store::{
    NewUser, PasswordChange, Rotation, SessionStart, SessionsToEnd, StoreError, UserStore,
};
use crate::time::Timestamp;
use crate::user::{LoginName, User, UserId};

/// A store that forgets everything when it is dropped. Ids are `i64`, counted from 1, or of the type
/// that [`MemoryStore::with_ids`] is told. Each user has one session, unless
/// [`MemoryStore::with_sessions`] says otherwise.
///
/// ```
/// use hallpass::Sessions;
/// use hallpass::testing::{MemoryStore, conformance};
///
/// conformance::run(&MemoryStore::default());
///
/// let several = MemoryStore::default().with_sessions(Sessions::PerDevice { max: 3 });
/// conformance::run(&several);
/// ```
pub struct MemoryStore {
    table: Mutex<Table>,
    sessions: Sessions,
    make_id: Box<dyn Fn(u64) -> UserId + Send + Sync>,
    is_id: fn(&str) -> bool,
    before: Option<Box<Before>>,
}

type Before = dyn Fn(&MemoryStore, Verb) -> Result<(), StoreError> + Send + Sync;

#[derive(Default)]
struct Table {
    last_id: u64,
    rows: BTreeMap<UserId, Row>,
}

impl MemoryStore {
    /// Returns an empty store whose ids are what `make` makes of 1, 2, 3 and so on.
    ///
    /// ```
    /// use hallpass::UserStore as _;
    /// use hallpass::testing::MemoryStore;
    ///
    /// let store = MemoryStore::with_ids(|number| format!("user-{number}"));
    /// assert!(store.is_id("user-1"));
    /// ```
    pub fn with_ids<Id: FromStr + Display>(
        make: impl Fn(u64) -> Id + Send + Sync + 'static,
    ) -> Self {
        Self {
            table: Mutex::default(),
            sessions: Sessions::default(),
            make_id: Box::new(move |number| UserId::new(make(number))),
            is_id: UserId::is_canonical::<Id>,
            before: None,
        }
    }

    /// Keeps so many sessions for each user.
    #[must_use]
    pub fn with_sessions(self, sessions: Sessions) -> Self {
        Self { sessions, ..self }
    }

    /// Calls `before` ahead of each verb of [`UserStore`]: to fail, to wait, or to do to the rows what another
    /// server would do at exactly that moment. Its error is the verb's.
    ///
    /// ```
    /// use hallpass::testing::{MemoryStore, Verb};
    /// use hallpass::{StoreError, UserId, UserStore as _};
    ///
    /// let store = MemoryStore::default().before(|_, verb| match verb {
    ///     Verb::Load => Err(StoreError::Unavailable("the disk is on fire".into())),
    ///     _ => Ok(()),
    /// });
    /// assert!(store.load(&UserId::new(1)).is_err());
    /// ```
    #[must_use]
    pub fn before(
        self,
        before: impl Fn(&Self, Verb) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self { before: Some(Box::new(before)), ..self }
    }

    /// Lets `change` do to the user's row what an administrator could do by SQL; returns whether
    /// there is one. Of several sessions, it is shown the one that was used last.
    pub fn edit(&self, id: &UserId, change: impl FnOnce(&mut User)) -> bool {
        self.table().rows.get_mut(id).map(|row| row.edit(change)).is_some()
    }

    /// Deletes the user; returns whether there was one.
    pub fn delete(&self, id: &UserId) -> bool {
        self.table().rows.remove(id).is_some()
    }

    /// Adds sessions of the user that a later login took the place of; returns whether there is one.
    pub(super) fn add_ended_sessions(&self, id: &UserId, ended: &[(SessionId, Timestamp)]) -> bool {
        self.table().rows.get_mut(id).map(|row| row.add_ended_sessions(ended)).is_some()
    }

    /// Calls the hook, with no lock held: it may change rows.
    fn begin(&self, verb: Verb) -> Result<(), StoreError> {
        self.before.as_ref().map_or(Ok(()), |before| before(self, verb))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what `work` does to the user's row, and the default where there is none.
    fn with_row<T: Default>(
        &self,
        id: &UserId,
        work: impl FnOnce(&mut Row) -> T,
    ) -> Result<T, StoreError> {
        Ok(self.table().rows.get_mut(id).map(work).unwrap_or_default())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_ids(|number| i64::try_from(number).expect("it counts users"))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl UserStore for MemoryStore {
    fn is_id(&self, text: &str) -> bool {
        (self.is_id)(text)
    }

    fn sessions(&self) -> Sessions {
        self.sessions
    }

    fn load(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.begin(Verb::Load)?;
        Ok(self.table().rows.get(id).map(Row::user))
    }

    fn load_in_session(
        &self,
        id: &UserId,
        session_id: &SessionId,
    ) -> Result<Option<User>, StoreError> {
        self.begin(Verb::Load)?;
        let load = |row: &Row| match self.sessions {
            Sessions::OnePerUser => row.user(),
            Sessions::PerDevice { .. } => row.user_in_session(session_id),
        };
        Ok(self.table().rows.get(id).map(load))
    }

    fn load_by_login(&self, login: &LoginName) -> Result<Option<User>, StoreError> {
        self.begin(Verb::LoadByLogin)?;
        let table = self.table();
        Ok(table.rows.values().find(|row| row.login == *login).map(Row::user))
    }

    fn create(&self, new: &NewUser) -> Result<Option<UserId>, StoreError> {
        self.begin(Verb::Create)?;
        let mut table = self.table();
        if table.rows.values().any(|row| row.login == new.login) {
            return Ok(None);
        }
        table.last_id += 1;
        let id = (self.make_id)(table.last_id);
        table.rows.insert(id.clone(), Row::new(id.clone(), new));
        Ok(Some(id))
    }

    fn start_session(&self, start: &SessionStart) -> Result<bool, StoreError> {
        self.begin(Verb::StartSession)?;
        let max = match self.sessions {
            Sessions::OnePerUser => 1,
            Sessions::PerDevice { max } => max as usize,
        };
        self.with_row(&start.user_id, |row| row.start_session(start, max))
    }

    fn rotate(&self, rotation: &Rotation) -> Result<bool, StoreError> {
        self.begin(Verb::Rotate)?;
        self.with_row(&rotation.user_id, |row| row.rotate(rotation))
    }

    fn end_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.begin(Verb::EndSession)?;
        let ended = |row: &mut Row| row.end_sessions(|id| id == session_id, reason, now);
        self.with_row(user_id, ended).map(|ended| ended > 0)
    }

    fn end_sessions(
        &self,
        user_id: &UserId,
        sessions: &SessionsToEnd,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.begin(Verb::EndSessions)?;
        let is_to_end = |id: &SessionId| match sessions {
            SessionsToEnd::All => true,
            SessionsToEnd::AllBut(kept) => id != kept,
        };
        self.with_row(user_id, |row| row.end_sessions(is_to_end, reason, now))
    }

    fn set_password(&self, change: &PasswordChange) -> Result<bool, StoreError> {
        self.begin(Verb::SetPassword)?;
        self.with_row(&change.user_id, |row| row.set_password(change))
    }

    fn disable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        self.begin(Verb::Disable)?;
        self.with_row(user_id, |row| {
            row.user.is_disabled = true;
            row.end_sessions(|_| true, EndReason::UserDisabled, now);
            true
        })
    }

    fn enable(&self, user_id: &UserId, _now: Timestamp) -> Result<bool, StoreError> {
        self.begin(Verb::Enable)?;
        self.with_row(user_id, |row| {
            row.user.is_disabled = false;
            true
        })
    }

    fn delete(&self, user_id: &UserId) -> Result<bool, StoreError> {
        self.begin(Verb::Delete)?;
        Ok(self.delete(user_id))
    }

    fn list_sessions(
        &self,
        user_id: &UserId,
        now: Timestamp,
    ) -> Result<Vec<DeviceSession>, StoreError> {
        self.begin(Verb::ListSessions)?;
        if self.sessions == Sessions::OnePerUser {
            return Ok(Vec::new());
        }
        self.with_row(user_id, |row| row.list_sessions(now))
    }

    fn remove_dead_sessions(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        self.begin(Verb::RemoveDeadSessions)?;
        if self.sessions == Sessions::OnePerUser {
            return Ok(0);
        }
        let mut removed = 0;
        for row in self.table().rows.values_mut() {
            removed += row.remove_dead_sessions(before, limit as usize - removed);
        }
        Ok(removed)
    }
}
