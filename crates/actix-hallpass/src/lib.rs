#![doc = include_str!("../README.md")]

mod accounts;
mod auth;
mod auth_error;
mod auth_user;
mod authenticate;
mod bearer;
mod bounded_limiter;
mod builder;
mod cleanup;
mod clock;
mod database;
mod environment;
mod error_chain;
mod error_code;
mod guard;
mod hashing;
mod head;
mod json_body;
mod live_sessions;
mod problem;
mod random;
mod require_recent;
mod require_scope;
mod requirement;
mod routes;
mod session_bound;
#[cfg(feature = "testing")]
pub mod testing;
mod tracing_observer;
mod trusted_proxies;
mod verified_tokens;
mod watched_store;

pub use accounts::AccountError;
pub use auth::Auth;
pub use auth_error::{AuthError, AuthErrorReason};
pub use auth_user::{AuthUser, MaybeAuthUser, NoClaims};
pub use builder::{AuthBuilder, SetupError};
pub use cleanup::Cleanup;
pub use environment::{Environment, VariableError};
pub use error_code::ErrorCode;
pub use guard::{Guard, GuardMiddleware};
/// The domain: the events an observer is told, the trait of a store, the types of a user.
pub use hallpass;
/// The store over Diesel, and its migrations.
pub use hallpass_diesel;
pub use hashing::RunError;
pub use require_recent::RequireRecent;
pub use require_scope::{RequireScope, RequiredScope};
