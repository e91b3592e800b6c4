//! The verbs of a [`UserStore`] as SQL: each change is one statement, with the old value in its
//! `WHERE`.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use hallpass::{
    LoginName, NewUser, PasswordHash, Rotation, SessionId, SessionStart, StoreError, Timestamp,
    User, UserId, UserStore,
};

use crate::connection::{self, Pool};
use crate::error::unavailable;
use crate::schema::users;
use crate::user_row::UserRow;
use crate::{DatabaseUrl, Migrations, OpenError, migrations};

/// The users of a Diesel-managed `users` table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DieselStore {
    pool: Pool,
}

impl DieselStore {
    /// Opens the database and runs or checks its migrations. Where they may be run, an SQLite
    /// file that is not there is created.
    ///
    /// # Errors
    /// [`OpenError`] when it can't be reached, a migration fails, or the schema is incomplete.
    ///
    /// ```
    /// use hallpass_diesel::{DatabaseUrl, DieselStore, Migrations};
    ///
    /// let directory = tempfile::tempdir().unwrap();
    /// let path = directory.path().join("app.db");
    /// let url = DatabaseUrl::parse(path.to_str().unwrap()).unwrap();
    /// let store = DieselStore::open(&url, Migrations::Run).unwrap();
    /// assert_eq!(store.pool().connections_in_use(), 0);
    /// ```
    pub fn open(url: &DatabaseUrl, migrations: Migrations) -> Result<Self, OpenError> {
        match migrations {
            Migrations::Run => migrations::run(&mut connection::create(url)?)?,
            Migrations::Check => migrations::check(&mut connection::open(url)?)?,
        }
        Ok(Self { pool: Pool::open(url)? })
    }

    /// Returns the store's connections, to watch them.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Runs `query` on a connection of its own and gives it back.
    fn run<T>(
        &self,
        query: impl FnOnce(&mut SqliteConnection) -> Result<T, DieselError>,
    ) -> Result<T, StoreError> {
        let mut connected = self.pool.get().map_err(unavailable)?;
        let answer = query(&mut connected.connection);
        if let Err(error) = &answer {
            connected.note(error);
        }
        answer.map_err(unavailable)
    }

    /// Runs an update of at most one row; returns whether it found it.
    fn run_update(
        &self,
        update: impl FnOnce(&mut SqliteConnection) -> Result<usize, DieselError>,
    ) -> Result<bool, StoreError> {
        self.run(update).map(|rows| rows == 1)
    }

    fn load_one(
        &self,
        query: impl FnOnce(&mut SqliteConnection) -> Result<Option<UserRow>, DieselError>,
    ) -> Result<Option<User>, StoreError> {
        self.run(query)?.map(User::try_from).transpose()
    }
}

impl UserStore for DieselStore {
    fn is_id(&self, text: &str) -> bool {
        key(&UserId::new(text)).is_some()
    }

    fn load(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let Some(key) = key(id) else { return Ok(None) };
        let query = users::table.find(key).select(UserRow::as_select());
        self.load_one(|connection| query.first(connection).optional())
    }

    fn load_by_login(&self, login: &LoginName) -> Result<Option<User>, StoreError> {
        let query =
            users::table.filter(users::login.eq(login.as_str())).select(UserRow::as_select());
        self.load_one(|connection| query.first(connection).optional())
    }

    fn create(&self, user: &NewUser) -> Result<Option<UserId>, StoreError> {
        let created_at = seconds(user.created_at);
        let row = (
            users::login.eq(user.login.as_str()),
            users::password_hash.eq(user.password_hash.expose_hash()),
            users::scope.eq(user.scope.as_str()),
            users::created_at.eq(created_at),
            users::updated_at.eq(created_at),
        );
        let id = users::table.filter(users::login.eq(user.login.as_str())).select(users::id);
        let created = self.run(|connection| {
            // Together, so that a user whose id can't be read is not there either.
            let created = connection.transaction(|connection| {
                diesel::insert_into(users::table).values(row).execute(connection)?;
                id.first::<i64>(connection)
            });
            match created {
                Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(None),
                created => created.map(Some),
            }
        })?;
        Ok(created.map(UserId::new))
    }

    fn start_session(&self, start: &SessionStart) -> Result<bool, StoreError> {
        let Some(key) = key(&start.user_id) else { return Ok(false) };
        let verified = start.verified_password_hash.expose_hash();
        let stored =
            start.upgraded_password_hash.as_ref().map_or(verified, PasswordHash::expose_hash);
        let row = users::table
            .find(key)
            .filter(users::password_hash.eq(verified))
            .filter(users::disabled_at.is_null());
        let update = diesel::update(row).set((
            users::password_hash.eq(stored),
            users::refresh_token_hash.eq(start.session.refresh_token_hash.expose_hash()),
            users::session_id.eq(start.session.id.as_str()),
            users::refresh_generation.eq(0),
            users::rotated_at.eq(seconds(start.session.rotated_at)),
            users::updated_at.eq(seconds(start.session.rotated_at)),
        ));
        self.run_update(|connection| update.execute(connection))
    }

    fn rotate(&self, rotation: &Rotation) -> Result<bool, StoreError> {
        let Some(key) = key(&rotation.user_id) else { return Ok(false) };
        let row = users::table
            .find(key)
            .filter(users::session_id.eq(rotation.session_id.as_str()))
            .filter(users::refresh_token_hash.eq(rotation.verified_hash.expose_hash()))
            .filter(users::disabled_at.is_null());
        let update = diesel::update(row).set((
            users::refresh_token_hash.eq(rotation.successor_hash.expose_hash()),
            users::refresh_generation.eq(users::refresh_generation + 1),
            users::rotated_at.eq(seconds(rotation.rotated_at)),
            users::updated_at.eq(seconds(rotation.rotated_at)),
        ));
        self.run_update(|connection| update.execute(connection))
    }

    fn end_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(key) = key(user_id) else { return Ok(false) };
        let row = users::table.find(key).filter(users::session_id.eq(session_id.as_str()));
        let update = diesel::update(row).set((no_session(), users::updated_at.eq(seconds(now))));
        self.run_update(|connection| update.execute(connection))
    }

    fn set_password(
        &self,
        user_id: &UserId,
        password_hash: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(key) = key(user_id) else { return Ok(false) };
        let update = diesel::update(users::table.find(key)).set((
            users::password_hash.eq(password_hash.expose_hash()),
            no_session(),
            users::updated_at.eq(seconds(now)),
        ));
        self.run_update(|connection| update.execute(connection))
    }
}

/// The columns of a user who is logged out.
type NoSession = (
    diesel::dsl::Eq<users::refresh_token_hash, Option<String>>,
    diesel::dsl::Eq<users::session_id, Option<String>>,
    diesel::dsl::Eq<users::refresh_generation, i64>,
    diesel::dsl::Eq<users::rotated_at, Option<i64>>,
);

fn no_session() -> NoSession {
    (
        users::refresh_token_hash.eq(None),
        users::session_id.eq(None),
        users::refresh_generation.eq(0),
        users::rotated_at.eq(None),
    )
}

/// Returns the id as the key of the table, `None` when it is not one.
fn key(id: &UserId) -> Option<i64> {
    id.parse()
}

/// Returns the time as its column holds it.
fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_unix_seconds()).expect("the year 9999 fits into an i64")
}

#[cfg(test)]
mod tests;
