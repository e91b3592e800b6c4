//! Why a database can't be reached, and why a store can't be opened.

use std::fmt;

use hallpass::StoreError;

use crate::connection::url::DatabaseUrl;
use crate::schema::migration_error::MigrationError;

/// Why there is no connection. Its text shows no password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The database can't be reached.
    #[error("the database {database} can't be opened: {reason}")]
    Open {
        /// Where it is.
        database: String,
        /// Why; a text, because the database's own error may quote the URL with its password.
        reason: String,
    },
    /// The connection can't be set up.
    #[error("the database {database} can't be used: {reason}")]
    SetUp {
        /// Where it is.
        database: String,
        /// Why.
        reason: String,
    },
    /// Its URL is one of another kind of database than the connections are for.
    #[error("the database {database} is of another kind than the pool's connections")]
    OtherKind {
        /// Where it is.
        database: String,
    },
    /// The file is not there, or another one has its name.
    #[error("the database {database} is gone: {reason}")]
    Gone {
        /// Where it was.
        database: String,
        /// Why.
        reason: String,
    },
}

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It can't be reached.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// Its schema is not what it should be, or can't be made so.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// It can't hold every login name.
    #[error(
        "the database {database} has the encoding {encoding}, which lacks letters that login names have; make one with ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding {
        /// Where it is.
        database: String,
        /// Its encoding.
        encoding: String,
    },
    /// A table did not answer, or not as it was declared.
    #[error("the table does not answer as it was declared")]
    Table(#[source] StoreError),
}

impl ConnectionError {
    pub(crate) fn open(database: &DatabaseUrl, reason: &dyn fmt::Display) -> Self {
        Self::Open { database: database.to_string(), reason: database.redact(reason) }
    }

    pub(crate) fn set_up(database: &DatabaseUrl, reason: &dyn fmt::Display) -> Self {
        Self::SetUp { database: database.to_string(), reason: database.redact(reason) }
    }

    pub(crate) fn gone(database: &DatabaseUrl, reason: &dyn fmt::Display) -> Self {
        Self::Gone { database: database.to_string(), reason: database.redact(reason) }
    }
}
