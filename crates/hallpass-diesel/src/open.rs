//! From a URL or a pool to a store: which database it is, its migrations, its pool.

use std::fmt::Display;
use std::num::NonZeroU32;
use std::sync::Arc;

use hallpass::{AttemptLimiter, UserStore};

use crate::attempts::store::AttemptStore;
use crate::connection::engine::Engine;
use crate::connection::error::{ConnectionError, OpenError};
use crate::connection::pool::{Connections, Pool};
use crate::connection::url::{DatabaseUrl, Scheme};
use crate::schema::migrations::{self, MigrationError, Migrations};
use crate::schema::own_tables::OwnTables;
use crate::schema::schema_table::SchemaTable;
use crate::users::store::DieselStore;

const WITHOUT_SESSIONS: [SchemaTable; 1] = [SchemaTable::Users];
const WITH_SESSIONS: [SchemaTable; 2] = [SchemaTable::Users, SchemaTable::Sessions];
const ATTEMPTS: [SchemaTable; 1] = [SchemaTable::LoginAttempts];

/// Evaluates `$open` for the kind of database that the URL is one of, with the function that opens one
/// which may have to be made first.
macro_rules! with_engine {
    ($url:expr, $create:ident => $open:expr) => {
        match $url.scheme() {
            #[cfg(feature = "sqlite")]
            Scheme::Sqlite => {
                let $create = crate::connection::engine::sqlite::create;
                $open
            }
            #[cfg(feature = "postgres")]
            Scheme::Postgres => {
                let $create = diesel::PgConnection::connect;
                $open
            }
            #[cfg(feature = "mysql")]
            Scheme::Mysql => {
                let $create = diesel::MysqlConnection::connect;
                $open
            }
            #[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql")))]
            _ => unreachable!("a URL whose feature is off is refused by DatabaseUrl::parse"),
        }
    };
}

/// Opens the database at `url`, runs or checks the migrations of the table `users`, and returns the
/// store of its users. Where migrations may be run, an SQLite file that is not there is created.
///
/// The pool holds up to `pool_size` connections; by default 8, and 4 to an SQLite file.
///
/// # Errors
/// [`OpenError`] when it can't be reached, a migration fails, or the schema is not this version's.
///
/// ```
/// use hallpass_diesel::{DatabaseUrl, Migrations};
///
/// let directory = tempfile::tempdir().unwrap();
/// let path = directory.path().join("app.db");
/// let url = DatabaseUrl::parse(path.to_str().unwrap()).unwrap();
/// let store = hallpass_diesel::open(&url, Migrations::Run, None).unwrap();
/// assert!(store.is_id("1"));
/// ```
pub fn open(
    url: &DatabaseUrl,
    migrations: Migrations,
    pool_size: Option<NonZeroU32>,
) -> Result<Arc<dyn UserStore>, OpenError> {
    let pool_size = pool_size.unwrap_or(default_pool_size(url.scheme()));
    with_engine!(url, create => {
        Ok(one_per_user(pooled(url, &WITHOUT_SESSIONS, migrations, pool_size, create)?))
    })
}

/// As [`open`], with up to `max` sessions for each user in a table `sessions`, whose migrations are run
/// or checked as well.
///
/// # Errors
/// As [`open`].
///
/// ```
/// use hallpass::Sessions;
/// use hallpass_diesel::{DatabaseUrl, Migrations};
///
/// let directory = tempfile::tempdir().unwrap();
/// let path = directory.path().join("app.db");
/// let url = DatabaseUrl::parse(path.to_str().unwrap()).unwrap();
/// let store = hallpass_diesel::open_per_device(&url, 20, Migrations::Run, None).unwrap();
/// assert_eq!(store.sessions(), Sessions::PerDevice { max: 20 });
/// ```
pub fn open_per_device(
    url: &DatabaseUrl,
    max: u32,
    migrations: Migrations,
    pool_size: Option<NonZeroU32>,
) -> Result<Arc<dyn UserStore>, OpenError> {
    let pool_size = pool_size.unwrap_or(default_pool_size(url.scheme()));
    with_engine!(url, create => {
        per_device(pooled(url, &WITH_SESSIONS, migrations, pool_size, create)?, max)
    })
}

/// Opens the database at `url`, runs or checks the migrations of the table `login_attempts`, and returns
/// what counts attempts in it, for all servers on that database.
///
/// The pool holds up to `pool_size` connections, by default 4. It is one of its own, so that a storm of
/// logins takes no connection that a refresh needs.
///
/// # Errors
/// As [`open`].
///
/// ```
/// use hallpass::{AttemptKey, LoginLimits, Timestamp, Verdict};
/// use hallpass_diesel::{DatabaseUrl, Migrations};
///
/// let directory = tempfile::tempdir().unwrap();
/// let path = directory.path().join("app.db");
/// let url = DatabaseUrl::parse(path.to_str().unwrap()).unwrap();
/// let limiter = hallpass_diesel::open_limiter(&url, Migrations::Run, None).unwrap();
/// let policy = LoginLimits::default().account;
/// let verdict = limiter.take(&AttemptKey::of_login("ada"), policy, Timestamp::MAX);
/// assert_eq!(verdict.unwrap(), Verdict::Allowed);
/// ```
pub fn open_limiter(
    url: &DatabaseUrl,
    migrations: Migrations,
    pool_size: Option<NonZeroU32>,
) -> Result<Arc<dyn AttemptLimiter>, OpenError> {
    const FOUR: NonZeroU32 = NonZeroU32::new(4).expect("it is not zero");
    let pool_size = pool_size.unwrap_or(FOUR);
    with_engine!(url, create => {
        Ok(Arc::new(AttemptStore::new(pooled(url, &ATTEMPTS, migrations, pool_size, create)?)))
    })
}

/// As [`open`], over a pool of the application's: its connections are used as the application sets
/// them up, and nothing but them.
///
/// # Errors
/// [`OpenError`] when there is no connection, a migration fails, or the schema is not this version's.
///
/// ```
/// use diesel::SqliteConnection;
/// use diesel::r2d2::{ConnectionManager, Pool};
/// use hallpass_diesel::Migrations;
///
/// let directory = tempfile::tempdir().unwrap();
/// let path = directory.path().join("app.db").display().to_string();
/// let pool = Pool::new(ConnectionManager::<SqliteConnection>::new(path)).unwrap();
/// let store = hallpass_diesel::open_over(pool.clone(), Migrations::Run).unwrap();
/// assert!(store.is_id("1"));
/// ```
pub fn open_over<P: Connections + 'static>(
    pool: P,
    migrations: Migrations,
) -> Result<Arc<dyn UserStore>, OpenError> {
    prepare_over(&pool, &WITHOUT_SESSIONS, migrations)?;
    Ok(one_per_user(pool))
}

/// As [`open_per_device`], over a pool of the application's.
///
/// # Errors
/// As [`open_over`].
pub fn open_per_device_over<P: Connections + 'static>(
    pool: P,
    max: u32,
    migrations: Migrations,
) -> Result<Arc<dyn UserStore>, OpenError> {
    prepare_over(&pool, &WITH_SESSIONS, migrations)?;
    per_device(pool, max)
}

/// As [`open_limiter`], over a pool of the application's. Logins then take connections that other
/// requests need.
///
/// # Errors
/// As [`open_over`].
pub fn open_limiter_over<P: Connections + 'static>(
    pool: P,
    migrations: Migrations,
) -> Result<Arc<dyn AttemptLimiter>, OpenError> {
    prepare_over(&pool, &ATTEMPTS, migrations)?;
    Ok(Arc::new(AttemptStore::new(pool)))
}

fn one_per_user<P: Connections + 'static>(pool: P) -> Arc<dyn UserStore> {
    Arc::new(own_users(pool))
}

fn per_device<P: Connections + 'static>(
    pool: P,
    max: u32,
) -> Result<Arc<dyn UserStore>, OpenError> {
    let store = own_users(pool).with_sessions(max).map_err(OpenError::Table)?;
    Ok(Arc::new(store))
}

/// Returns the store of the users in hallpass's own table.
pub(crate) fn own_users<P: Connections>(
    pool: P,
) -> DieselStore<<P::Connection as OwnTables>::Users, P> {
    DieselStore::new(pool)
}

/// SQLite has one writer at a time, so more connections than this only wait for each other there.
fn default_pool_size(scheme: Scheme) -> NonZeroU32 {
    let size = match scheme {
        Scheme::Sqlite => 4,
        Scheme::Postgres | Scheme::Mysql => 8,
    };
    NonZeroU32::new(size).expect("it is not zero")
}

/// Runs or checks the migrations and fills the pool. `create` opens a database that may have to be
/// made first.
pub(crate) fn pooled<C: Engine>(
    url: &DatabaseUrl,
    tables: &[SchemaTable],
    migrations: Migrations,
    pool_size: NonZeroU32,
    create: impl FnOnce(&DatabaseUrl) -> Result<C, ConnectionError>,
) -> Result<Pool<C>, OpenError> {
    let mut connection = match migrations {
        Migrations::Run => create(url)?,
        Migrations::Check => C::connect(url)?,
    };
    prepare(&mut connection, tables, migrations, url)?;
    Ok(Pool::open(url, pool_size)?)
}

fn prepare_over<P: Connections>(
    pool: &P,
    tables: &[SchemaTable],
    migrations: Migrations,
) -> Result<(), OpenError> {
    let place = "of the application's pool";
    let prepared = pool.with(|connection| Ok(prepare(connection, tables, migrations, &place)));
    prepared.map_err(OpenError::Table)?
}

/// Runs or checks the migrations of these tables, in a database that can hold every login name.
fn prepare<C: Engine>(
    connection: &mut C,
    tables: &[SchemaTable],
    migrations: Migrations,
    place: &dyn Display,
) -> Result<(), OpenError> {
    if let Some(encoding) = connection.small_encoding().map_err(MigrationError::Record)? {
        return Err(OpenError::Encoding { database: place.to_string(), encoding });
    }
    match migrations {
        Migrations::Run => migrations::run_tables(connection, tables)?,
        Migrations::Check => migrations::check_tables(connection, tables)?,
    }
    Ok(())
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
