//! Why a store can't be opened, and how Diesel's errors become the store's.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use hallpass::StoreError;

use crate::connection::engine::Engine;
use crate::connection::pool::ConnectionError;
use crate::schema::migrations::MigrationError;

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

/// Says what the error of a statement means to whoever waits for it.
pub(crate) fn failed<C: Engine>(error: DieselError) -> StoreError {
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
pub(crate) fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}
