//! SQLite: a file, its write-ahead log, one writer at a time.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::{Engine, Name, PATIENCE, literal};
use crate::connection::error::ConnectionError;
use crate::connection::url::{DatabaseUrl, Scheme};
use crate::schema::migration_error::MigrationError;

/// How often the switch to the write-ahead log is tried while others are at it.
const MAXIMUM_SWITCHES: u32 = 100;

/// How many links Linux follows on one path (path_resolution(7)).
const MAXIMUM_LINKS: u32 = 40;

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

    /// Attached databases are the application's.
    fn default_schema(&mut self) -> QueryResult<Option<String>> {
        Ok(Some("main".to_owned()))
    }

    fn columns_query(schema: &str, table: &str) -> String {
        format!("SELECT name FROM pragma_table_info('{table}', {})", literal(schema))
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
    #[expect(clippy::wildcard_enum_match_arm, reason = "Diesel adds kinds of errors")]
    fn is_spoilt_by(error: &DieselError) -> bool {
        match error {
            DieselError::DatabaseError(_, information) => {
                information.message().contains("readonly database")
            }
            _ => false,
        }
    }

    /// SQLite prepares statements about a changed table anew by itself, and has one language.
    fn start_over(&mut self) -> QueryResult<()> {
        Ok(())
    }

    fn is_about_a_value(_: &str) -> bool {
        false
    }
}

/// Opens the file, creating it if there is none, readable and writable by its owner alone: it holds
/// hashes. The files that SQLite puts beside it take over its mode.
pub(crate) fn create(url: &DatabaseUrl) -> Result<SqliteConnection, ConnectionError> {
    // Whatever prevents the creation, SQLite reports it better.
    drop(create_private(url.path().to_owned()));
    establish(url, "rwc")
}

/// Creates the file that `path` leads to, through links as well.
///
/// `create_new` follows no link, but an open that does would also open a file that exists. To close
/// that again would release the locks that other connections of this process have on it
/// (<https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>).
fn create_private(mut path: PathBuf) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    for _ in 0..MAXIMUM_LINKS {
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(drop),
        }
        // An error where it is no link, but a file that exists.
        let target = fs::read_link(&path)?;
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::ErrorKind::AlreadyExists.into())
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
