//! What an application does to its users' accounts and sessions.

pub(crate) mod accounts;
pub(crate) mod cleanup;

pub use accounts::AccountError;
pub use cleanup::{Cleanup, CleanupTask};
