//! The verbs of a [`UserStore`] over a table and a pool. Their statements are in `statements.rs`.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::time::{Duration, Instant};

use diesel::Connection as _;
use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use hallpass::{
    DeviceSession, EndReason, LoginName, NewUser, PasswordChange, Rotation, SessionId,
    SessionStart, Sessions, SessionsToEnd, StoreError, Timestamp, User, UserId, UserStore,
};

use crate::connection::error::OpenError;
use crate::connection::pool::Connections;
use crate::connection::retry::{is_refused, no_if_lost, run_on};
use crate::users::change::{Find, InRowChange, UserChange};
use crate::users::row::UserRow;
use crate::users::statements::UserStatements;

/// The users in a table that Diesel knows, with one session each in columns of that table. Made by
/// [`open`](crate::open) for the table that hallpass brings, and by
/// [`UsersTable::store`](crate::UsersTable::store) for a table of your own. Cheap to clone.
pub struct DieselStore<T, P> {
    pool: P,
    table: PhantomData<fn() -> T>,
}

impl<T, P> DieselStore<T, P>
where
    P: Connections,
    T: UserStatements<P::Connection>,
{
    pub(crate) fn new(pool: P) -> Self {
        Self { pool, table: PhantomData }
    }

    /// Returns the store once its table has answered.
    pub(crate) fn over(pool: P) -> Result<Self, OpenError> {
        let store = Self::new(pool);
        store.look_up(&plain_name()).map_err(OpenError::Table)?;
        Ok(store)
    }

    /// Returns the store's connections, to watch them.
    #[must_use]
    pub fn pool(&self) -> &P {
        &self.pool
    }

    /// Runs one statement, as [`run_on`] does.
    pub(crate) fn run<R>(
        &self,
        statement: impl Fn(&mut P::Connection) -> QueryResult<R>,
    ) -> Result<R, StoreError> {
        run_on(&self.pool, statement)
    }

    /// As [`DieselStore::run`], about the user with this id; returns `absent` if no user can have it.
    pub(crate) fn run_for<R>(
        &self,
        id: &UserId,
        absent: R,
        statement: impl Fn(&mut P::Connection, &T::Id) -> QueryResult<R>,
    ) -> Result<R, StoreError> {
        let Some(id) = id.parse::<T::Id>() else { return Ok(absent) };
        self.run(|connection| statement(connection, &id))
    }

    /// Runs an update of the row with this id; returns whether there was one to update.
    fn update(
        &self,
        id: &UserId,
        statement: impl Fn(&mut P::Connection, &T::Id) -> QueryResult<usize>,
    ) -> Result<bool, StoreError> {
        self.run_for(id, 0, statement).map(|rows| rows == 1)
    }

    fn change(&self, id: &UserId, change: UserChange<'_>) -> Result<bool, StoreError> {
        self.update(id, |connection, id| T::change(connection, id, change))
    }

    fn change_session(&self, id: &UserId, change: InRowChange<'_>) -> Result<bool, StoreError> {
        self.update(id, |connection, id| T::change_session(connection, id, change))
    }

    /// Refuses to disable users of a table that does not say how.
    pub(crate) fn refuse_undeclared(&self) -> Result<(), StoreError> {
        if T::CAN_DISABLE {
            return Ok(());
        }
        Err(StoreError::Unsupported("`users_table!` has no line `set_enabled`"))
    }

    fn look_up(&self, login: &LoginName) -> Result<Vec<UserRow<T::Id>>, StoreError> {
        self.run(|connection| T::find(connection, Find::Login(login)))
    }

    /// Returns whether the database refuses to compare its login names with this one, although it
    /// compares them with another: the column, or the database, has a character set that lacks some of
    /// its letters, so no user has that name. Looks up again, since the first refusal may have had another
    /// cause.
    fn lacks_letters_of(&self, login: &LoginName) -> bool {
        !login.as_str().is_ascii()
            && self.look_up(&plain_name()).is_ok()
            && self.look_up(login).is_err_and(|error| is_refused(&error, Duration::ZERO))
    }

    pub(crate) fn user(&self, row: Option<UserRow<T::Id>>) -> Result<Option<User>, StoreError> {
        row.map(|row| row.into_user(&T::NAMES)).transpose()
    }
}

impl<T, P> UserStore for DieselStore<T, P>
where
    P: Connections + 'static,
    T: UserStatements<P::Connection> + 'static,
{
    fn is_id(&self, text: &str) -> bool {
        UserId::is_canonical::<T::Id>(text)
    }

    fn sessions(&self) -> Sessions {
        Sessions::OnePerUser
    }

    fn load(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.user(self.run_for(id, None, T::load)?)
    }

    fn load_in_session(&self, id: &UserId, _: &SessionId) -> Result<Option<User>, StoreError> {
        self.load(id)
    }

    #[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
    fn load_by_login(&self, login: &LoginName) -> Result<Option<User>, StoreError> {
        let begin = Instant::now();
        let mut rows = match self.look_up(login) {
            Err(error) if is_refused(&error, begin.elapsed()) && self.lacks_letters_of(login) => {
                return Ok(None);
            }
            rows => rows?,
        };
        rows.retain(|row| row.is_called(login));
        // Which of two users is meant, nobody can tell: to guess would let one in as the other.
        if rows.len() > 1 {
            return Err(rows[0].is_not_the_only_one(&T::NAMES));
        }
        self.user(rows.pop())
    }

    #[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
    fn create(&self, user: &NewUser) -> Result<Option<UserId>, StoreError> {
        let begin = Instant::now();
        let created = self.run(|connection| {
            // Together, so that a user whose id can't be read is not there either.
            let created = connection.transaction(|connection| {
                T::insert(connection, user)?;
                sole(T::find(connection, Find::Login(&user.login))?)
            });
            match created {
                // Taken, if the name is there: other columns may be unique as well.
                Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
                    if !T::find(connection, Find::Login(&user.login))?.is_empty() =>
                {
                    Ok(None)
                }
                Err(DieselError::RollbackTransaction) => Ok(None),
                created => created.map(Some),
            }
        });
        match created {
            Err(error)
                if is_refused(&error, begin.elapsed()) && self.lacks_letters_of(&user.login) =>
            {
                Err(for_good(error))
            }
            created => created,
        }
    }

    fn start_session(&self, start: &SessionStart) -> Result<bool, StoreError> {
        self.change_session(&start.user_id, InRowChange::Start(start))
    }

    fn rotate(&self, rotation: &Rotation) -> Result<bool, StoreError> {
        no_if_lost(self.change_session(&rotation.user_id, InRowChange::Rotate(rotation)))
    }

    fn end_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
        _reason: EndReason,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change_session(user_id, InRowChange::End(session_id, now))
    }

    fn end_sessions(
        &self,
        user_id: &UserId,
        sessions: &SessionsToEnd,
        _reason: EndReason,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.change_session(user_id, InRowChange::EndSeveral(sessions, now)).map(usize::from)
    }

    fn set_password(&self, change: &PasswordChange) -> Result<bool, StoreError> {
        self.update(&change.user_id, |connection, id| {
            let Some(proven) = &change.proven_session else {
                return T::change(connection, id, UserChange::SetPassword(change));
            };
            connection.transaction(|connection| {
                let in_session = UserChange::SetPasswordInSession(change, proven);
                let changed = T::change(connection, id, in_session)?;
                if changed == 1 {
                    let end = InRowChange::EndSeveral(&change.sessions, change.changed_at);
                    T::change_session(connection, id, end)?;
                }
                Ok(changed)
            })
        })
    }

    fn disable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        self.refuse_undeclared()?;
        self.change(user_id, UserChange::Disable(now))
    }

    fn enable(&self, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        self.refuse_undeclared()?;
        self.change(user_id, UserChange::Enable(now))
    }

    fn delete(&self, user_id: &UserId) -> Result<bool, StoreError> {
        self.change(user_id, UserChange::Delete)
    }

    fn list_sessions(&self, _: &UserId, _: Timestamp) -> Result<Vec<DeviceSession>, StoreError> {
        Ok(Vec::new())
    }

    fn remove_dead_sessions(&self, _: Timestamp, _: u32) -> Result<usize, StoreError> {
        Ok(0)
    }
}

/// Returns the error of what the database will refuse every time.
fn for_good(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(error) => StoreError::Constraint(error),
        error @ (StoreError::Constraint(_)
        | StoreError::Unsupported(_)
        | StoreError::Row { .. }) => error,
    }
}

/// A name that every character set can hold. Whether a user has it does not matter.
fn plain_name() -> LoginName {
    LoginName::parse("hallpass").expect("it is short and has no control character")
}

/// Returns the id of the one user with a login name. A second one, which a table without a unique column
/// lets in, is taken back.
fn sole<Id: Display>(mut rows: Vec<UserRow<Id>>) -> QueryResult<UserId> {
    match (rows.pop(), rows.pop()) {
        (Some(row), None) => Ok(row.id()),
        (Some(_), Some(_)) => Err(DieselError::RollbackTransaction),
        (None, _) => Err(DieselError::NotFound),
    }
}

impl<T, P: Clone> Clone for DieselStore<T, P> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), table: PhantomData }
    }
}

impl<T, P: fmt::Debug> fmt::Debug for DieselStore<T, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DieselStore").field("pool", &self.pool).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
