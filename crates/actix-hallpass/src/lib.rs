#![doc = include_str!("../README.md")]

mod admin;
mod answer;
mod auth;
mod extract;
mod guard;
mod routes;
mod run;
mod setup;
mod shared;
mod transport;

#[cfg(feature = "testing")]
pub mod testing;

/// For the crates and tests of this workspace: no part of the public API.
#[doc(hidden)]
pub mod internal {
    pub use crate::routes::catalogue::{Condition, ROUTES, Route};
}

pub use admin::{AccountError, Cleanup, CleanupTask};
pub use answer::{AuthError, AuthErrorReason};
pub use auth::Auth;
pub use extract::{AuthUser, MaybeAuthUser, NoClaims, RequireRecent, RequireScope, RequiredScope};
pub use guard::{Guard, GuardMiddleware};
/// The domain: the events an observer is told, the trait of a store, the types of a user.
pub use hallpass;
pub use hallpass::ErrorCode;
/// The store over Diesel, and its migrations.
pub use hallpass_diesel;
pub use run::RunError;
pub use setup::{AuthBuilder, Environment, SetupError, TracingObserver, VariableError};
