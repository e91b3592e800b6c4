//! Where a store's connections come from: a pool of hallpass's own, or the application's.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::TransactionManager;
use diesel::r2d2::{ConnectionManager, R2D2Connection};
use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use hallpass::StoreError;
use r2d2::{ManageConnection, NopErrorHandler};

use crate::connection::engine::{Engine, PATIENCE};
use crate::connection::error::ConnectionError;
use crate::connection::url::DatabaseUrl;

/// Twice the pause between two attempts to connect while there is no connection at all.
const RECONNECT: Duration = Duration::from_millis(500);

/// How long a verb waits before it looks whether there is anything to wait for.
const GLANCE: Duration = Duration::from_millis(100);

/// Where a store's connections come from. Each verb takes one and gives it back.
///
/// Implemented by [`Pool`], which hallpass opens from a URL, and by Diesel's own
/// `r2d2::Pool<ConnectionManager<…>>`, which an application brings.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no pool that a store can take its connections from",
    label = "a `diesel::r2d2::Pool<ConnectionManager<…>>` is expected here",
    note = "its connections have to be of a type that the table is declared for, in `for […]`"
)]
pub trait Connections: Send + Sync {
    /// What the pool holds.
    type Connection: Engine;

    /// Does `work` on a connection that nobody else has, and gives it back.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there was no connection in time, or `work` failed.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut Self::Connection) -> QueryResult<T>,
    ) -> Result<T, StoreError>;
}

/// An application's pool. Waits for a connection for as long as it is set to, and two seconds at
/// most.
impl<C: Engine + R2D2Connection> Connections for diesel::r2d2::Pool<ConnectionManager<C>> {
    type Connection = C;

    fn with<T>(
        &self,
        work: impl FnOnce(&mut Self::Connection) -> QueryResult<T>,
    ) -> Result<T, StoreError> {
        let patience = self.connection_timeout().min(PATIENCE);
        let mut connection = self.get_timeout(patience).map_err(unavailable)?;
        work(&mut connection).map_err(failed::<C>)
    }
}

/// The pooled connections to a database that hallpass has opened. Cheap to clone.
pub struct Pool<C: Engine> {
    connections: r2d2::Pool<Manager<C>>,
    last_failure: LastFailure,
}

/// Opens connections to one database and knows when a connection's database is no longer that one.
#[derive(Debug)]
pub(crate) struct Manager<C> {
    url: DatabaseUrl,
    last_failure: LastFailure,
    epoch: AtomicU64,
    connection: std::marker::PhantomData<fn() -> C>,
}

/// A connection, and what is known about it.
pub(crate) struct Connected<C: Engine> {
    pub(crate) connection: C,
    identity: C::Identity,
    /// How many times a connection had been found dead when this one was made. Those that are as old as
    /// a dead one are not asked: each might take two seconds to answer that it is dead, too.
    epoch: u64,
    is_spoilt: bool,
    lock_patience: Duration,
}

/// Why the last connection could not be made, until one can. The pool itself tells only one of all
/// who wait.
#[derive(Clone, Debug, Default)]
struct LastFailure(Arc<Mutex<Option<String>>>);

/// Why there was no connection in time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoConnection {
    #[error("no connection: {0}")]
    Failed(String),
    #[error("no connection: the database has not answered within {} s", PATIENCE.as_secs())]
    NoAnswer,
    #[error("no connection within {} s: all are in use", PATIENCE.as_secs())]
    InUse,
}

impl<C: Engine> Pool<C> {
    /// Returns a pool of up to `size` connections, each opened when it is needed: the database need not
    /// answer yet.
    ///
    /// For a table of an application's own: its connections have what hallpass's own have, a bound on
    /// waiting for locks and for a database that does not answer, for instance. For statements of the
    /// application's, [`Connections::with`] gives them out.
    ///
    /// # Errors
    /// [`ConnectionError::OtherKind`] when the URL is one of another kind of database.
    pub fn open(url: &DatabaseUrl, size: NonZeroU32) -> Result<Self, ConnectionError> {
        if !C::is_at(url) {
            return Err(ConnectionError::OtherKind { database: url.to_string() });
        }
        let last_failure = LastFailure::default();
        let manager = Manager {
            url: url.clone(),
            last_failure: last_failure.clone(),
            epoch: AtomicU64::new(0),
            connection: std::marker::PhantomData,
        };
        let connections = r2d2::Pool::builder()
            .max_size(size.get())
            .min_idle(Some(1))
            // r2d2 tries again after half of this; how long a verb waits is said in `get`.
            .connection_timeout(RECONNECT)
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(manager);
        Ok(Self { connections, last_failure })
    }

    /// Returns how many connections are handed out at this moment.
    #[must_use]
    pub fn connections_in_use(&self) -> u32 {
        let state = self.connections.state();
        state.connections - state.idle_connections
    }

    /// Returns a connection that waits for locks for as long as is left of two seconds. Where none
    /// is open and none can be made, nobody waits: threads would be all that they use up.
    #[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
    pub(crate) fn get(&self) -> Result<r2d2::PooledConnection<Manager<C>>, NoConnection> {
        let start = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(start.elapsed());
            if let Ok(mut connected) = self.connections.get_timeout(left.min(GLANCE)) {
                connected.wait_for_locks(PATIENCE.saturating_sub(start.elapsed()));
                return Ok(connected);
            }
            let is_none_open = self.connections.state().connections == 0;
            match self.last_failure.get() {
                Some(reason) if is_none_open => return Err(NoConnection::Failed(reason)),
                None if is_none_open && left.is_zero() => return Err(NoConnection::NoAnswer),
                _ if left.is_zero() => return Err(NoConnection::InUse),
                _ => {}
            }
        }
    }
}

impl<C: Engine> Connections for Pool<C> {
    type Connection = C;

    fn with<T>(&self, work: impl FnOnce(&mut C) -> QueryResult<T>) -> Result<T, StoreError> {
        let mut connected = self.get().map_err(unavailable)?;
        let answer = work(&mut connected.connection);
        if let Err(error) = &answer {
            connected.is_spoilt |= C::is_spoilt_by(error);
        }
        answer.map_err(failed::<C>)
    }
}

impl<C: Engine> ManageConnection for Manager<C> {
    type Connection = Connected<C>;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Connected<C>, ConnectionError> {
        let epoch = self.epoch.load(Ordering::SeqCst);
        let opened = C::connect(&self.url).and_then(|connection| {
            let identity = C::identity(&self.url)?;
            Ok((connection, identity))
        });
        self.last_failure.set(opened.as_ref().err());
        let (connection, identity) = opened?;
        Ok(Connected { connection, identity, epoch, is_spoilt: false, lock_patience: PATIENCE })
    }

    fn is_valid(&self, connected: &mut Connected<C>) -> Result<(), ConnectionError> {
        if C::identity(&self.url)? != connected.identity {
            return Err(ConnectionError::gone(&self.url, &"another database is in its place"));
        }
        if self.epoch.load(Ordering::SeqCst) != connected.epoch {
            return Err(ConnectionError::gone(&self.url, &"another connection was found dead"));
        }
        connected.connection.ping().map_err(|error| {
            self.epoch.fetch_max(connected.epoch + 1, Ordering::SeqCst);
            ConnectionError::set_up(&self.url, &error)
        })
    }

    fn has_broken(&self, connected: &mut Connected<C>) -> bool {
        connected.is_spoilt
            || C::TransactionManager::is_broken_transaction_manager(&mut connected.connection)
    }
}

impl<C: Engine> Connected<C> {
    /// Lets statements wait for locks for what is left. Most often it is what it was: then nothing is
    /// said to the database.
    fn wait_for_locks(&mut self, left: Duration) {
        let patience = lock_patience(left);
        if patience != self.lock_patience && self.connection.limit_waiting(patience).is_ok() {
            self.lock_patience = patience;
        }
    }
}

/// Says what the error of a statement means to whoever waits for it.
#[expect(clippy::wildcard_enum_match_arm, reason = "Diesel adds kinds of errors")]
fn failed<C: Engine>(error: DieselError) -> StoreError {
    match &error {
        DieselError::DatabaseError(
            DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::UniqueViolation,
            _,
        ) => StoreError::Constraint(Box::new(error)),
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, information)
            if C::is_about_a_value(information.message()) =>
        {
            StoreError::Constraint(Box::new(error))
        }
        _ => unavailable(error),
    }
}

/// Says that the database could not tell, and keeps why.
fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// Rounds up to tenths of a second, and to one at least: zero is no limit to PostgreSQL.
fn lock_patience(left: Duration) -> Duration {
    let tenths = left.as_millis().div_ceil(100).max(1);
    Duration::from_millis(tenths as u64 * 100)
}

impl LastFailure {
    fn get(&self) -> Option<String> {
        self.lock().clone()
    }

    fn set(&self, failure: Option<&ConnectionError>) {
        *self.lock() = failure.map(ConnectionError::to_string);
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Engine> Clone for Pool<C> {
    fn clone(&self) -> Self {
        Self { connections: self.connections.clone(), last_failure: self.last_failure.clone() }
    }
}

impl<C: Engine> fmt::Debug for Pool<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Pool").field(&self.connections.state()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "sqlite")]
    fn connections_as_old_as_a_dead_one_are_not_asked() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.db");
        let url = DatabaseUrl::parse(path.to_str().unwrap()).unwrap();
        crate::connection::engine::sqlite::create(&url).unwrap();
        let (pool, one) = (LastFailure::default(), AtomicU64::new(0));
        let connection = std::marker::PhantomData;
        let manager =
            Manager::<diesel::SqliteConnection> { url, last_failure: pool, epoch: one, connection };
        let mut old = manager.connect().unwrap();
        manager.is_valid(&mut old).unwrap();
        manager.epoch.fetch_add(1, Ordering::SeqCst);
        assert!(manager.is_valid(&mut old).is_err());
        manager.is_valid(&mut manager.connect().unwrap()).unwrap();
    }

    #[test]
    #[cfg(all(feature = "sqlite", feature = "postgres"))]
    fn a_pool_of_another_kind_than_its_url_is_refused() {
        let size = NonZeroU32::MIN;
        let server = DatabaseUrl::parse("postgres://ada:s3cret@db/app").unwrap();
        let error = Pool::<diesel::SqliteConnection>::open(&server, size).unwrap_err();
        let expected =
            "the database postgres://db/app is of another kind than the pool's connections";
        assert_eq!(error.to_string(), expected);
        let file = DatabaseUrl::parse("app.db").unwrap();
        assert!(Pool::<diesel::PgConnection>::open(&file, size).is_err());
        assert!(Pool::<diesel::PgConnection>::open(&server, size).is_ok());
    }

    #[test]
    fn a_wait_for_a_lock_is_never_without_a_limit() {
        let of_millis = |left| lock_patience(Duration::from_millis(left)).as_millis();
        assert_eq!([0, 1, 100, 101, 1950, 2000].map(of_millis), [100, 100, 100, 200, 2000, 2000]);
    }
}
