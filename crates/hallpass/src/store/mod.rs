//! What hallpass requires of a database.

pub(crate) mod changes;
pub(crate) mod error;
pub(crate) mod user_store;
pub(crate) mod watcher;

pub use changes::{NewUser, PasswordChange, ProvenSession, Rotation, SessionStart, SessionsToEnd};
pub use error::StoreError;
pub use user_store::UserStore;
pub use watcher::SessionWatcher;
