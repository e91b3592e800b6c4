//! The verbs of a [`UserStore`] over a table of users and one of their sessions. The statements are in
//! `users/statements.rs` and `statements.rs`.
//!
//! What changes several rows begins with the user's, so that of two changes to one user's sessions the
//! second waits for the first. The exception is ending sessions of a user who has none in their row:
//! that locks only what it ends. A session that began in columns of the user's row stays there until it is
//! rotated: whoever looks for a session or ends it looks there, too, and there first, since sessions move
//! from there to the table and never back.

mod start;

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use diesel::Connection as _;
use diesel::result::{Error as DieselError, QueryResult};
use hallpass::{
    Device, DeviceSession, EndReason, LoginName, NewUser, PasswordChange, Rotation, Session,
    SessionId, SessionStart, Sessions, SessionsToEnd, StoreError, Timestamp, User, UserId,
    UserStore,
};

use crate::connection::pool::Connections;
use crate::connection::retry::no_if_lost;
use crate::declare::value::seconds;
use crate::sessions::change::{Removal, SessionChange, Wanted};
use crate::sessions::row::{NewSession, SessionRow, not_moved_yet};
use crate::sessions::statements::SessionStatements;
use crate::users::change::{InRowChange, UserChange};
use crate::users::row::UserRow;
use crate::users::statements::UserStatements;
use crate::users::store::DieselStore;

/// How often a user and a session are looked at that do not fit each other: twice in a row, somebody
/// would have to log in between the two halves of a look.
const MAXIMUM_LOOKS: u32 = 3;

/// The users in a table that Diesel knows, with several sessions each in another one. Made by
/// [`open_per_device`](crate::open_per_device) for the tables that hallpass brings, and by
/// [`UsersTable::store_per_device`](crate::UsersTable::store_per_device) for tables of your own.
pub struct DeviceStore<T, P>
where
    P: Connections,
    T: UserStatements<P::Connection>,
{
    users: DieselStore<T, P>,
    sessions: &'static dyn SessionStatements<P::Connection, T::Id>,
    max: u32,
    /// From which second on the next batch of dead sessions is looked for. PostgreSQL leaves what was
    /// removed in the index until it is vacuumed, and would read over all of it for every batch.
    removed_up_to: AtomicI64,
}

impl<T, P> DieselStore<T, P>
where
    P: Connections + 'static,
    T: UserStatements<P::Connection> + 'static,
{
    /// Returns a store of the same users with up to `max` sessions each, once the table of sessions has
    /// answered: a column that the database does not have is an error now.
    pub(crate) fn with_sessions(self, max: u32) -> Result<DeviceStore<T, P>, StoreError> {
        let sessions =
            T::SESSIONS.ok_or(StoreError::Unsupported("`users_table!` has no line `sessions`"))?;
        self.run(|connection| sessions.check(connection))?;
        Ok(DeviceStore { users: self, sessions, max, removed_up_to: AtomicI64::new(0) })
    }
}

impl<T, P> DeviceStore<T, P>
where
    P: Connections + 'static,
    T: UserStatements<P::Connection> + 'static,
{
    /// Loads the user with the session that `find` finds or, where it finds no row, the one in the user's
    /// row, if that `counts`. Once more if that is not bound to the user's password: another login may
    /// have upgraded the hash between the two looks, and bound all sessions to the new one. What is still
    /// unbound then, is.
    fn load_with_session(
        &self,
        id: &UserId,
        find: impl Fn(&mut P::Connection, &T::Id) -> QueryResult<Option<SessionRow>>,
        counts: impl Fn(&Session) -> bool,
    ) -> Result<Option<User>, StoreError> {
        let mut looks = 1;
        loop {
            let Some((mut user, row)) = self.load_with(id, &find)? else { return Ok(None) };
            user.session = match row {
                Some(row) => row.into_session(self.sessions.name())?,
                None => user.session.filter(&counts),
            };
            let is_bound = user.session.as_ref().is_none_or(|it| user.is_in_session(&it.id));
            if is_bound || looks == MAXIMUM_LOOKS {
                return Ok(Some(user));
            }
            looks += 1;
        }
    }

    /// Loads the user and, with `find`, the row of one of their sessions. The user first: a session that
    /// moves meanwhile is in both then, and in the table as it is now.
    fn load_with(
        &self,
        id: &UserId,
        find: impl Fn(&mut P::Connection, &T::Id) -> QueryResult<Option<SessionRow>>,
    ) -> Result<Option<(User, Option<SessionRow>)>, StoreError> {
        let (user, session) = self.users.run_for(id, (None, None), |connection, id| {
            let user = T::load(connection, id)?;
            Ok((user, find(connection, id)?))
        })?;
        Ok(self.users.user(user)?.map(|user| (user, session)))
    }

    /// Changes several rows together; `false` where there is no such id.
    fn change(
        &self,
        user_id: &UserId,
        statements: impl Fn(&mut P::Connection, &T::Id) -> QueryResult<bool>,
    ) -> Result<bool, StoreError> {
        self.users.run_for(user_id, false, |connection, id| {
            // What is not done to the end is not done at all.
            let changed = connection.transaction(|connection| {
                let is_done = statements(connection, id)?;
                is_done.then_some(()).ok_or(DieselError::RollbackTransaction)
            });
            match changed {
                Err(DieselError::RollbackTransaction) => Ok(false),
                changed => changed.map(|()| true),
            }
        })
    }

    /// Ends these sessions in the user's row and in the table; returns how many were alive.
    fn end_several(
        &self,
        connection: &mut P::Connection,
        id: &T::Id,
        sessions: &SessionsToEnd,
        reason: EndReason,
        now: Timestamp,
    ) -> QueryResult<usize> {
        let in_row = T::change_session(connection, id, InRowChange::EndSeveral(sessions, now))?;
        let end = SessionChange::EndSeveral(sessions, reason, now);
        Ok(in_row + self.sessions.change(connection, id, end)?)
    }

    /// Moves a session from the user's row to the table, one generation further.
    ///
    /// # Security
    /// It keeps the time of login that was listed before, although the token knows the true one: in the list of
    /// sessions, a thief would see the change and with it the second of the owner's refresh.
    fn carry_over(
        &self,
        connection: &mut P::Connection,
        id: &T::Id,
        rotation: &Rotation,
        created_at: Timestamp,
    ) -> QueryResult<bool> {
        if T::change_session(connection, id, InRowChange::Take(rotation))? != 1 {
            return Ok(false);
        }
        let session = Session {
            id: rotation.session_id.clone(),
            refresh_token_hash: rotation.successor_hash.clone(),
            generation: rotation.generation,
            rotated_at: rotation.rotated_at,
        };
        let new = NewSession {
            session: &session,
            created_at,
            expires_at: rotation.expires_at,
            device: &Device::default(),
        };
        self.sessions.insert(connection, id, &new)?;
        Ok(true)
    }
}

impl<T, P> UserStore for DeviceStore<T, P>
where
    P: Connections + 'static,
    T: UserStatements<P::Connection> + 'static,
{
    fn is_id(&self, text: &str) -> bool {
        self.users.is_id(text)
    }

    fn sessions(&self) -> Sessions {
        Sessions::PerDevice { max: self.max }
    }

    fn load(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.load_with_session(
            id,
            |connection, id| self.sessions.find(connection, id, Wanted::Latest),
            |_| true,
        )
    }

    fn load_in_session(
        &self,
        id: &UserId,
        session_id: &SessionId,
    ) -> Result<Option<User>, StoreError> {
        let find = |connection: &mut P::Connection, id: &T::Id| match self.sessions.find(
            connection,
            id,
            Wanted::Id(session_id),
        )? {
            Some(row) if row.is_superseded() => self.sessions.find(connection, id, Wanted::Latest),
            row => Ok(row),
        };
        self.load_with_session(id, find, |in_row| in_row.id == *session_id)
    }

    fn load_by_login(&self, login: &LoginName) -> Result<Option<User>, StoreError> {
        self.users.load_by_login(login)
    }

    fn create(&self, user: &NewUser) -> Result<Option<UserId>, StoreError> {
        self.users.create(user)
    }

    fn start_session(&self, start: &SessionStart) -> Result<bool, StoreError> {
        let is_started = self.start_with_what_fits(start)?;
        if is_started {
            self.remove_excess(start);
        }
        Ok(is_started)
    }

    fn rotate(&self, rotation: &Rotation) -> Result<bool, StoreError> {
        let rotated = self.users.run_for(&rotation.user_id, 0, |connection, id| {
            self.sessions.change(connection, id, SessionChange::Rotate(rotation))
        });
        let rotated = no_if_lost(rotated.map(|rows| rows == 1))?;
        if rotated {
            return Ok(true);
        }
        // Before the transaction: on SQLite, one that reads first may be refused its write.
        let listed = self.users.run_for(&rotation.user_id, None, T::load)?;
        let listed_at = listed.and_then(UserRow::into_last_use).and_then(|(at, _)| at);
        let created_at = listed_at.unwrap_or(rotation.auth_time);
        let carried_over = self.change(&rotation.user_id, |connection, id| {
            self.carry_over(connection, id, rotation, created_at)
        });
        no_if_lost(carried_over)
    }

    fn end_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let ended = self.users.run_for(user_id, 0, |connection, id| {
            // One statement changes something, so that both may be run again.
            match T::change_session(connection, id, InRowChange::End(session_id, now))? {
                0 => {
                    let end = SessionChange::End(session_id, reason, now);
                    self.sessions.change(connection, id, end)
                }
                in_row => Ok(in_row),
            }
        })?;
        Ok(ended > 0)
    }

    fn end_sessions(
        &self,
        user_id: &UserId,
        sessions: &SessionsToEnd,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.users.run_for(user_id, 0, |connection, id| {
            connection
                .transaction(|connection| self.end_several(connection, id, sessions, reason, now))
        })
    }

    fn set_password(&self, change: &PasswordChange) -> Result<bool, StoreError> {
        let (reason, now) = (EndReason::PasswordChanged, change.changed_at);
        self.change(&change.user_id, |connection, id| {
            let is_set = match &change.proven_session {
                None => T::change(connection, id, UserChange::SetPassword(change))? == 1,
                Some(proven) => {
                    let in_row = UserChange::SetPasswordInSession(change, proven);
                    let bind = SessionChange::BindProven(proven);
                    T::change(connection, id, in_row)? == 1
                        || T::change(connection, id, UserChange::SetPassword(change))? == 1
                            && self.sessions.change(connection, id, bind)? == 1
                }
            };
            if is_set {
                self.end_several(connection, id, &change.sessions, reason, now)?;
            }
            Ok(is_set)
        })
    }

    fn disable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        self.users.refuse_undeclared()?;
        let (all, reason) = (SessionsToEnd::All, EndReason::UserDisabled);
        let disabled = self.users.run_for(user_id, 0, |connection, id| {
            connection.transaction(|connection| {
                let disabled = T::change(connection, id, UserChange::Disable(now))?;
                let end = SessionChange::EndSeveral(&all, reason, now);
                self.sessions.change(connection, id, end)?;
                Ok(disabled)
            })
        })?;
        Ok(disabled == 1)
    }

    fn enable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        self.users.enable(user_id, now)
    }

    /// The sessions before the user, for a table that does not delete them by itself.
    fn delete(&self, user_id: &UserId) -> Result<bool, StoreError> {
        self.change(user_id, |connection, id| {
            if T::change(connection, id, UserChange::LogOut)? != 1 {
                return Ok(false);
            }
            self.sessions.remove(connection, Removal::AllOf(id))?;
            Ok(T::change(connection, id, UserChange::Delete)? == 1)
        })
    }

    fn list_sessions(
        &self,
        user_id: &UserId,
        now: Timestamp,
    ) -> Result<Vec<DeviceSession>, StoreError> {
        let (user, rows) = self.users.run_for(user_id, (None, Vec::new()), |connection, id| {
            let user = T::load(connection, id)?;
            Ok((user, self.sessions.list(connection, id, now)?))
        })?;
        let user = self.users.user(user)?;
        let mut listed = Vec::new();
        for row in rows {
            listed.push(row.into_device_session(self.sessions.name())?);
        }
        let in_row = user.and_then(|user| user.session).map(not_moved_yet);
        let is_new = |session: &DeviceSession| listed.iter().all(|listed| listed.id != session.id);
        if let Some(session) = in_row.filter(is_new) {
            let place = listed.partition_point(|it| it.last_used_at > session.last_used_at);
            listed.insert(place, session);
        }
        Ok(listed)
    }

    fn remove_dead_sessions(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let Some(last) = limit.checked_sub(1) else { return Ok(0) };
        let span = self.removed_up_to.load(Ordering::Relaxed)..=seconds(before);
        let (removed, up_to) = self.users.run(|connection| {
            let first = self.sessions.nth_dead(connection, &span, 0)?;
            let last = self.sessions.nth_dead(connection, &span, last)?;
            match (first, last) {
                (Some(first), Some(last)) => {
                    let removed =
                        self.sessions.remove(connection, Removal::Between(&first, &last))?;
                    Ok((removed, last.expires_at))
                }
                // There are fewer: all of them, and the next time from the beginning.
                _ => Ok((self.sessions.remove(connection, Removal::Dead(&span))?, 0)),
            }
        })?;
        self.removed_up_to.store(up_to, Ordering::Relaxed);
        Ok(removed)
    }
}

impl<T, P> fmt::Debug for DeviceStore<T, P>
where
    P: Connections + fmt::Debug,
    T: UserStatements<P::Connection>,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut store = formatter.debug_struct("DeviceStore");
        store.field("users", &self.users).field("max", &self.max).finish_non_exhaustive()
    }
}
