//! Why a store can't be opened, and how Diesel's errors become the store's.

use hallpass::StoreError;

use crate::connection::ConnectionError;
use crate::migrations::MigrationError;

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
    /// The pool can't be filled.
    #[error("the connection pool can't be filled")]
    Pool(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Says that the database could not tell, and keeps why.
pub(crate) fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}
