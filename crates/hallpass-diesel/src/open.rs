//! From a URL to a store: which database it is, its migrations, its pool.

use std::num::NonZeroU32;
use std::sync::Arc;

use hallpass::UserStore;

use crate::database_url::Scheme;
use crate::engine::Engine;
use crate::pool::{ConnectionError, Pool};
use crate::schema::Users;
use crate::{DatabaseUrl, DieselStore, Migrations, OpenError, SchemaTable, UsersTable, migrations};

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

fn open_tables(
    url: &DatabaseUrl,
    tables: &[SchemaTable],
    migrations: Migrations,
    pool_size: Option<NonZeroU32>,
) -> Result<Arc<dyn UserStore>, OpenError> {
    let pool_size = pool_size.unwrap_or(default_pool_size(url.scheme()));
    match url.scheme() {
        #[cfg(feature = "sqlite")]
        Scheme::Sqlite => {
            let create = crate::engine::sqlite::create;
            Ok(Arc::new(migrated(url, tables, migrations, pool_size, create)?))
        }
        #[cfg(feature = "postgres")]
        Scheme::Postgres => {
            let connect = diesel::PgConnection::connect;
            Ok(Arc::new(migrated(url, tables, migrations, pool_size, connect)?))
        }
        #[cfg(feature = "mysql")]
        Scheme::Mysql => {
            let connect = diesel::MysqlConnection::connect;
            Ok(Arc::new(migrated(url, tables, migrations, pool_size, connect)?))
        }
        #[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql")))]
        _ => unreachable!("a URL whose feature is off is refused by DatabaseUrl::parse"),
    }
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
pub(crate) fn migrated<C: Engine>(
    url: &DatabaseUrl,
    tables: &[SchemaTable],
    migrations: Migrations,
    pool_size: NonZeroU32,
    create: impl FnOnce(&DatabaseUrl) -> Result<C, ConnectionError>,
) -> Result<DieselStore<Users, Pool<C>>, OpenError>
where
    Users: UsersTable<C>,
{
    match migrations {
        Migrations::Run => migrations::run_tables(&mut create(url)?, tables)?,
        Migrations::Check => migrations::check_tables(&mut C::connect(url)?, tables)?,
    }
    Ok(DieselStore::new(Pool::open(url, pool_size)?))
}
