//! Why an `Auth` could not be built.

use std::fmt;
use std::io;

use hallpass::{ConfigError, RandomUnavailable, StoreError};
use hallpass_diesel::OpenError;

use crate::answer::error_chain::error_chain;

/// Why an [`Auth`](crate::auth::Auth) could not be built.
///
/// `Debug` writes what `Display` writes, with its causes, so that a `main` that returns it prints
/// something to act on.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Settings are missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database can't be used.
    #[error("the database can't be used")]
    Database(#[from] OpenError),
    /// The store that was given has no place for a session for each device.
    #[error("the store can't keep a session for each device")]
    Sessions(#[source] StoreError),
    /// The system gives no randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl From<SetupError> for io::Error {
    /// So that `Auth::from_env()?` works in the usual `async fn main() -> std::io::Result<()>`.
    fn from(error: SetupError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

impl fmt::Debug for SetupError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&error_chain(self))
    }
}
