//! Connections to SQLite: how each is set up, when one is still good, and how many there are.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager};
use diesel::result::Error as DieselError;
use diesel::{Connection as _, SqliteConnection};
use r2d2::{HandleError, ManageConnection};

use crate::{DatabaseUrl, OpenError};

/// SQLite has one writer at a time, so more connections than this only wait for each other.
const MAXIMUM_CONNECTIONS: u32 = 4;

/// How long a verb waits before it is refused: for a connection, and with what is left of it for
/// a lock.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often the switch to the write-ahead log is tried while others are at it.
const MAXIMUM_SWITCHES: u32 = 100;

/// The pooled connections of a store. Cheap to clone.
#[derive(Clone)]
pub struct Pool {
    connections: r2d2::Pool<Manager>,
    last_failure: LastFailure,
}

/// Why the last connection could not be made. The pool itself tells only one of all who wait.
#[derive(Clone, Debug, Default)]
struct LastFailure(Arc<Mutex<Option<String>>>);

/// Why there was no connection in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} s{}", PATIENCE.as_secs(), .reason.as_ref().map_or(String::new(), |reason| format!(": {reason}")))]
pub(crate) struct NoConnection {
    reason: Option<String>,
}

/// Opens connections to one file and knows when a connection's file is no longer that one.
#[derive(Debug)]
pub(crate) struct Manager {
    path: PathBuf,
}

/// A connection, and which file it has open.
pub(crate) struct Connected {
    pub(crate) connection: SqliteConnection,
    file: FileId,
    is_read_only: bool,
    lock_patience: Duration,
}

/// Tells two files of one name apart.
#[derive(Debug, PartialEq, Eq)]
struct FileId(Option<(u64, u64)>);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The file can't be opened.
    #[error("the database file {} can't be opened: {error}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why; part of the message, because the pool keeps no more than that.
        error: diesel::ConnectionError,
    },
    /// The connection can't be set up.
    #[error("the database file {} can't be used: {error}", .path.display())]
    SetUp {
        /// The file.
        path: PathBuf,
        /// Why.
        error: DieselError,
    },
    /// The file is not there, or another one has its name.
    #[error("the database file {} is gone: {error}", .path.display())]
    Gone {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Pool {
    /// Opens up to four connections to a database that exists.
    pub(crate) fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let last_failure = LastFailure::default();
        let connections = r2d2::Pool::builder()
            .max_size(MAXIMUM_CONNECTIONS)
            .min_idle(Some(1))
            .connection_timeout(PATIENCE)
            .error_handler(Box::new(last_failure.clone()))
            .build(Manager { path: url.path().to_owned() })
            .map_err(|error| OpenError::Pool(Box::new(error)))?;
        Ok(Self { connections, last_failure })
    }

    /// Returns a connection that waits for locks for as long as is left of two seconds; without
    /// one in that time, an error that says why none could be made.
    #[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
    pub(crate) fn get(&self) -> Result<r2d2::PooledConnection<Manager>, NoConnection> {
        let start = Instant::now();
        match self.connections.get_timeout(PATIENCE) {
            Ok(mut connected) => {
                self.last_failure.clear();
                connected.wait_for_locks(PATIENCE.saturating_sub(start.elapsed()));
                Ok(connected)
            }
            // The error is the last failure for one of those who wait and empty for the others.
            Err(_) => Err(NoConnection { reason: self.last_failure.get() }),
        }
    }

    /// Returns how many connections are handed out at this moment.
    #[must_use]
    pub fn connections_in_use(&self) -> u32 {
        let state = self.connections.state();
        state.connections - state.idle_connections
    }
}

/// Opens a file that exists.
pub(crate) fn open(url: &DatabaseUrl) -> Result<SqliteConnection, ConnectionError> {
    establish(url.path(), "rw")
}

/// Opens the file, creating it if there is none, for its owner's eyes alone: it holds hashes. The
/// files that SQLite puts beside it take over its mode.
pub(crate) fn create(url: &DatabaseUrl) -> Result<SqliteConnection, ConnectionError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // Whatever keeps it from being made, SQLite says it better.
    drop(options.open(url.path()));
    establish(url.path(), "rwc")
}

fn establish(path: &Path, mode: &str) -> Result<SqliteConnection, ConnectionError> {
    let mut connection = SqliteConnection::establish(&uri(path, mode))
        .map_err(|error| ConnectionError::Open { path: path.to_owned(), error })?;
    set_up(&mut connection)
        .map_err(|error| ConnectionError::SetUp { path: path.to_owned(), error })?;
    Ok(connection)
}

/// Each setting is a statement of its own, and the waiting comes first: the others may find the
/// file locked.
fn set_up(connection: &mut SqliteConnection) -> Result<(), DieselError> {
    connection.batch_execute(&format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis()))?;
    use_write_ahead_log(connection)?;
    // With `NORMAL`, which is usual with a write-ahead log, a power cut can undo the last
    // transactions, and with them a logout that was answered.
    connection.batch_execute("PRAGMA synchronous = FULL")?;
    connection.batch_execute("PRAGMA foreign_keys = ON")
}

/// Switches the file to the write-ahead log, in which it stays.
///
/// SQLite does not wait for a lock here: of two connections that switch an empty file at once, one
/// gets "database is locked" despite `busy_timeout`. A transaction does wait, so one that writes
/// nothing lets the other finish.
fn use_write_ahead_log(connection: &mut SqliteConnection) -> Result<(), DieselError> {
    let mut switches = 1;
    while let Err(error) = connection.batch_execute("PRAGMA journal_mode = WAL") {
        if switches == MAXIMUM_SWITCHES {
            return Err(error);
        }
        switches += 1;
        connection.batch_execute("BEGIN IMMEDIATE")?;
        connection.batch_execute("ROLLBACK")?;
    }
    Ok(())
}

/// Writes the path as an SQLite URI, the only way to say that a missing file is not to be made:
/// a server whose file was moved away must not go on with an empty one.
fn uri(path: &Path, mode: &str) -> String {
    let path = path.display().to_string();
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    // An empty authority before an absolute path, else `//var` would be read as a host.
    let authority = if path.starts_with('/') { "//" } else { "" };
    format!("file:{authority}{path}?mode={mode}")
}

impl ManageConnection for Manager {
    type Connection = Connected;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Connected, ConnectionError> {
        let connection = establish(&self.path, "rw")?;
        let file = self.file()?;
        Ok(Connected { connection, file, is_read_only: false, lock_patience: PATIENCE })
    }

    /// A file that was replaced, by a restored backup say, keeps its old content for whoever has
    /// it open: writes to it would be lost without a word.
    fn is_valid(&self, connected: &mut Connected) -> Result<(), ConnectionError> {
        if self.file()? == connected.file {
            return Ok(());
        }
        Err(self.gone(io::Error::other("another file has its name")))
    }

    fn has_broken(&self, connected: &mut Connected) -> bool {
        connected.is_read_only
            || AnsiTransactionManager::is_broken_transaction_manager(&mut connected.connection)
    }
}

impl Manager {
    fn file(&self) -> Result<FileId, ConnectionError> {
        FileId::of(&self.path).map_err(|error| self.gone(error))
    }

    fn gone(&self, error: io::Error) -> ConnectionError {
        ConnectionError::Gone { path: self.path.clone(), error }
    }
}

impl HandleError<ConnectionError> for LastFailure {
    fn handle_error(&self, error: ConnectionError) {
        *self.lock() = Some(error.to_string());
    }
}

impl LastFailure {
    fn get(&self) -> Option<String> {
        self.lock().clone()
    }

    fn clear(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected {
    /// Lets statements wait for locks for `patience`. Most often it is what it was: then nothing
    /// is said to SQLite, to the tenth of a second.
    fn wait_for_locks(&mut self, patience: Duration) {
        let patience = Duration::from_millis(patience.as_millis().div_ceil(100) as u64 * 100);
        if patience == self.lock_patience {
            return;
        }
        let pragma = format!("PRAGMA busy_timeout = {}", patience.as_millis());
        if self.connection.batch_execute(&pragma).is_ok() {
            self.lock_patience = patience;
        }
    }

    /// Takes note of an error after which the connection must not be used again: SQLite opens a
    /// file that it may not write for reading alone, and stays so when the file may be written.
    pub(crate) fn note(&mut self, error: &DieselError) {
        if let DieselError::DatabaseError(_, information) = error {
            self.is_read_only |= information.message().contains("readonly database");
        }
    }
}

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;

        let metadata = fs::metadata(path)?;
        Ok(Self(Some((metadata.dev(), metadata.ino()))))
    }

    #[cfg(not(unix))]
    fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self(None))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Pool").field(&self.connections.state()).finish()
    }
}
