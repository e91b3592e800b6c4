//! From a URL to a store: which database it is, its migrations, its pool.

use std::num::NonZeroU32;
use std::sync::Arc;

use hallpass::{AttemptLimiter, UserStore};

use crate::attempts::store::AttemptStore;
use crate::connection::engine::Engine;
use crate::connection::error::{ConnectionError, OpenError};
use crate::connection::pool::Pool;
use crate::connection::url::{DatabaseUrl, Scheme};
use crate::schema::migrations::{self, Migrations};
use crate::schema::schema_table::SchemaTable;
use crate::schema::tables::Users;
use crate::users::statements::UserStatements;
use crate::users::store::DieselStore;

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
    open_tables(url, &[SchemaTable::Users], migrations, pool_size)
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
    let users =
        open_tables(url, &[SchemaTable::Users, SchemaTable::Sessions], migrations, pool_size)?;
    users.per_device(max).map_err(OpenError::Table)
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
    let tables = &[SchemaTable::LoginAttempts];
    let pool_size = pool_size.unwrap_or(FOUR);
    with_engine!(url, create => {
        Ok(Arc::new(AttemptStore::new(pooled(url, tables, migrations, pool_size, create)?)))
    })
}

fn open_tables(
    url: &DatabaseUrl,
    tables: &[SchemaTable],
    migrations: Migrations,
    pool_size: Option<NonZeroU32>,
) -> Result<Arc<dyn UserStore>, OpenError> {
    let pool_size = pool_size.unwrap_or(default_pool_size(url.scheme()));
    with_engine!(url, create => {
        Ok(Arc::new(migrated(url, tables, migrations, pool_size, create)?))
    })
}

/// SQLite has one writer at a time, so more connections than this only wait for each other there.
fn default_pool_size(scheme: Scheme) -> NonZeroU32 {
    let size = match scheme {
        Scheme::Sqlite => 4,
        Scheme::Postgres | Scheme::Mysql => 8,
    };
    NonZeroU32::new(size).expect("it is not zero")
}

/// Runs or checks the migrations and returns the store of the users.
pub(crate) fn migrated<C: Engine>(
    url: &DatabaseUrl,
    tables: &[SchemaTable],
    migrations: Migrations,
    pool_size: NonZeroU32,
    create: impl FnOnce(&DatabaseUrl) -> Result<C, ConnectionError>,
) -> Result<DieselStore<Users, Pool<C>>, OpenError>
where
    Users: UserStatements<C>,
{
    Ok(DieselStore::new(pooled(url, tables, migrations, pool_size, create)?))
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
    match migrations {
        Migrations::Run => {
            let mut connection = create(url)?;
            refuse_small_encoding(&mut connection, url)?;
            migrations::run_tables(&mut connection, tables)?;
        }
        Migrations::Check => {
            let mut connection = C::connect(url)?;
            refuse_small_encoding(&mut connection, url)?;
            migrations::check_tables(&mut connection, tables)?;
        }
    }
    Ok(Pool::open(url, pool_size)?)
}

fn refuse_small_encoding<C: Engine>(
    connection: &mut C,
    url: &DatabaseUrl,
) -> Result<(), OpenError> {
    let encoding = connection.small_encoding();
    match encoding.map_err(|error| ConnectionError::set_up(url, &error))? {
        Some(encoding) => Err(OpenError::Encoding { database: url.to_string(), encoding }),
        None => Ok(()),
    }
}
