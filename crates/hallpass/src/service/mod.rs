//! The use cases, one file each: `session` has what clients do with sessions, `account` what happens to
//! accounts.
//!
//! A use case calls the store and runs bcrypt. It knows neither HTTP nor a runtime.

pub(crate) mod account;
pub(crate) mod password_proof;
pub(crate) mod permits;
pub(crate) mod service;
pub(crate) mod session;
pub(crate) mod throttle;
pub(crate) mod use_case;

pub use account::{PasswordChangeError, RegisterError};
pub use permits::{HashLane, HashPermit};
pub use service::{Ports, Service, TokenPair};
pub use session::{
    FreshAccess, LoginAnswer, LoginError, OwnSessions, OwnSessionsError, ReauthenticateError,
    RefreshError,
};
pub use throttle::Throttled;
pub use use_case::{Run, UseCase, Wait};
