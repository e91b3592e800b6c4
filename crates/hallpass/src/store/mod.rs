//! What hallpass requires of a database.

pub(crate) mod user_store;

pub use user_store::{
    NewUser, PasswordChange, ProvenSession, Rotation, SessionStart, SessionsToEnd, StoreError,
    UserStore,
};
