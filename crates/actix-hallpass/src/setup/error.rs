//! Why an `Auth` could not be built.

use std::fmt;
use std::io;

use hallpass::{ConfigError, RandomUnavailable, Sessions, error_chain};
use hallpass_diesel::OpenError;

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
    /// The store that was given keeps another number of sessions than the setting says.
    #[error(
        "SESSIONS_PER_USER: {setting}, but the store that was given keeps {store}; open the store for as many \
         (`store_per_device` for several), or leave the setting out"
    )]
    Sessions {
        /// What `SESSIONS_PER_USER` or [`AuthBuilder::sessions`](crate::AuthBuilder::sessions) says.
        setting: Sessions,
        /// What the store says.
        store: Sessions,
    },
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
