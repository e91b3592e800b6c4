//! SQLite: a file, its write-ahead log, one writer at a time.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::{Engine, Name};
use crate::database_url::Scheme;
use crate::pool::{ConnectionError, PATIENCE};
use crate::{DatabaseUrl, MigrationError};

/// How often the switch to the write-ahead log is tried while others are at it.
const MAXIMUM_SWITCHES: u32 = 100;

/// Tells two files of one name apart, where the system can.
#[derive(Debug, PartialEq, Eq)]
pub struct FileId(Option<(u64, u64)>);

impl Engine for SqliteConnection {
    type Itself = Self;
    type Identity = FileId;

    fn migrations() -> EmbeddedMigrations {
        const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
        MIGRATIONS
    }

    fn columns_query(table: &str) -> String {
        format!("SELECT name FROM pragma_table_info('{table}')")
    }

    fn names(&mut self, query: &str) -> QueryResult<Vec<String>> {
        let names = diesel::sql_query(query).load::<Name>(self)?;
        Ok(names.into_iter().map(|name| name.name).collect())
    }

    fn in_turn<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, MigrationError>,
    ) -> Result<T, MigrationError> {
        self.immediate_transaction(work)
    }

    fn is_at(url: &DatabaseUrl) -> bool {
        url.scheme() == Scheme::Sqlite
    }

    fn connect(url: &DatabaseUrl) -> Result<Self, ConnectionError> {
        establish(url, "rw")
    }

    /// A file that was replaced, by a restored backup say, keeps its old content for whoever has
    /// it open: writes to it would be lost without a word.
    fn identity(url: &DatabaseUrl) -> Result<FileId, ConnectionError> {
        FileId::of(url.path()).map_err(|error| ConnectionError::gone(url, &error))
    }

    fn ping(&mut self) -> QueryResult<()> {
        Ok(())
    }

    fn limit_waiting(&mut self, patience: Duration) -> QueryResult<()> {
        self.batch_execute(&format!("PRAGMA busy_timeout = {}", patience.as_millis()))
    }

    /// SQLite opens a file that it may not write for reading alone, and stays so when the file may
    /// be written.
    fn is_spoilt_by(error: &DieselError) -> bool {
        match error {
            DieselError::DatabaseError(_, information) => {
                information.message().contains("readonly database")
            }
            _ => false,
        }
    }
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
    establish(url, "rwc")
}

fn establish(url: &DatabaseUrl, mode: &str) -> Result<SqliteConnection, ConnectionError> {
    let mut connection = SqliteConnection::establish(&uri(url.path(), mode))
        .map_err(|error| ConnectionError::open(url, &error))?;
    set_up(&mut connection).map_err(|error| ConnectionError::set_up(url, &error))?;
    Ok(connection)
}

/// Each setting is a statement of its own, and the waiting comes first: the others may find the
/// file locked.
fn set_up(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.limit_waiting(PATIENCE)?;
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
fn use_write_ahead_log(connection: &mut SqliteConnection) -> QueryResult<()> {
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
