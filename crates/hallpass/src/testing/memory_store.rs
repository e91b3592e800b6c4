//! Users in memory: the shortest store there is.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    LoginName, NewUser, PasswordHash, Rotation, Session, SessionId, SessionStart, StoreError,
    Timestamp, User, UserId, UserStore,
};

/// A store that forgets everything when it is dropped. Ids are `i64`, counted from 1, or of the type
/// that [`MemoryStore::with_ids`] is told.
///
/// ```
/// use hallpass::testing::{MemoryStore, conformance};
///
/// conformance::run(&MemoryStore::default());
/// ```
pub struct MemoryStore {
    table: Mutex<Table>,
    make_id: Box<dyn Fn(u64) -> UserId + Send + Sync>,
    is_id: fn(&str) -> bool,
}

#[derive(Default)]
struct Table {
    last_id: u64,
    rows: BTreeMap<UserId, (LoginName, User)>,
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
            make_id: Box::new(move |number| UserId::new(make(number))),
            is_id: |text| UserId::new(text).parse::<Id>().is_some(),
        }
    }

    /// Lets `change` do to the user's row what an administrator could do by SQL; returns whether
    /// there is one.
    pub fn edit(&self, id: &UserId, change: impl FnOnce(&mut User)) -> bool {
        self.table().rows.get_mut(id).map(|(_, user)| change(user)).is_some()
    }

    /// Deletes the user; returns whether there was one.
    pub fn delete(&self, id: &UserId) -> bool {
        self.table().rows.remove(id).is_some()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the user's row if `condition` holds; returns whether it did.
    fn change_if(
        &self,
        id: &UserId,
        condition: impl FnOnce(&User) -> bool,
        change: impl FnOnce(&mut User),
    ) -> bool {
        match self.table().rows.get_mut(id) {
            Some((_, user)) if condition(user) => {
                change(user);
                true
            }
            _ => false,
        }
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

    fn load(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        Ok(self.table().rows.get(id).map(|(_, user)| user.clone()))
    }

    fn load_by_login(&self, login: &LoginName) -> Result<Option<User>, StoreError> {
        let table = self.table();
        Ok(table.rows.values().find(|(name, _)| name == login).map(|(_, user)| user.clone()))
    }

    fn create(&self, new: &NewUser) -> Result<Option<UserId>, StoreError> {
        let mut table = self.table();
        if table.rows.values().any(|(login, _)| *login == new.login) {
            return Ok(None);
        }
        table.last_id += 1;
        let id = (self.make_id)(table.last_id);
        let user = User {
            id: id.clone(),
            password_hash: new.password_hash.clone(),
            scope: new.scope.clone(),
            is_disabled: false,
            session: None,
        };
        table.rows.insert(id.clone(), (new.login.clone(), user));
        Ok(Some(id))
    }

    fn start_session(&self, start: &SessionStart) -> Result<bool, StoreError> {
        let may_start =
            |user: &User| !user.is_disabled && user.password_hash == start.verified_password_hash;
        Ok(self.change_if(&start.user_id, may_start, |user| {
            if let Some(upgraded) = &start.upgraded_password_hash {
                user.password_hash = upgraded.clone();
            }
            user.session = Some(start.session.clone());
        }))
    }

    fn rotate(&self, rotation: &Rotation) -> Result<bool, StoreError> {
        let is_current = |user: &User| {
            !user.is_disabled
                && user.session.as_ref().is_some_and(|session| {
                    session.id == rotation.session_id
                        && session.refresh_token_hash == rotation.verified_hash
                })
        };
        Ok(self.change_if(&rotation.user_id, is_current, |user| {
            user.session = user.session.take().map(|session| Session {
                refresh_token_hash: rotation.successor_hash.clone(),
                generation: session.generation + 1,
                rotated_at: rotation.rotated_at,
                ..session
            });
        }))
    }

    fn end_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        let is_theirs =
            |user: &User| user.session.as_ref().is_some_and(|session| session.id == *session_id);
        Ok(self.change_if(user_id, is_theirs, |user| user.session = None))
    }

    fn set_password(
        &self,
        user_id: &UserId,
        password_hash: &PasswordHash,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.change_if(
            user_id,
            |_| true,
            |user| {
                user.password_hash = password_hash.clone();
                user.session = None;
            },
        ))
    }
}
