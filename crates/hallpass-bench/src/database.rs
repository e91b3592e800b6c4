//! A database of a section's own: empty at first, gone when it is dropped.

mod postgres;

use tempfile::TempDir;

pub(crate) use postgres::{Postgres, version as postgres_version};

use crate::failure::Failure;

/// An empty database for a contender.
pub(crate) enum Database {
    Postgres(Postgres),
    Sqlite(SqliteFile),
}

/// Where a database is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

/// A file in a folder of its own.
pub(crate) struct SqliteFile {
    _folder: TempDir,
    url: String,
}

impl Database {
    /// Makes one.
    pub(crate) fn create(engine: Engine) -> Result<Self, Failure> {
        match engine {
            Engine::Postgres => Ok(Self::Postgres(Postgres::create()?)),
            Engine::Sqlite => Ok(Self::Sqlite(SqliteFile::create()?)),
        }
    }

    /// Returns what `DATABASE_URL` has to be.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Postgres(database) => database.url(),
            Self::Sqlite(file) => &file.url,
        }
    }
}

impl SqliteFile {
    fn create() -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(Failure::io("making a folder for SQLite"))?;
        let url = format!("sqlite:{}", folder.path().join("users.db").display());
        Ok(Self { _folder: folder, url })
    }
}

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}
