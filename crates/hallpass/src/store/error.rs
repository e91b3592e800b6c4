//! An error of a store.

use std::error::Error;

/// An error returned by a user store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, locked, read-only, full, or not what it should be.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The database refuses what was to be written, now and whenever it is tried again: a column of
    /// the application's own may not be NULL, say.
    #[error("the database refuses the row")]
    Constraint(#[source] Box<dyn Error + Send + Sync>),
    /// The store has no place for what was to be written.
    #[error("the store has no place for it: {0}")]
    Unsupported(&'static str),
    /// A row makes no sense.
    #[error("{table}.{column} of id {id} makes no sense: {problem}")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        id: String,
        /// What is wrong, without the value.
        problem: &'static str,
    },
}
