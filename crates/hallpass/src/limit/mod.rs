//! How many attempts a client has: the policy of a limit, its keys, and the trait that counts.
//!
//! The decision is pure; a limiter stores it in memory or in a database.

pub(crate) mod bounded_limiter;
pub(crate) mod key;
pub(crate) mod limiter;
pub(crate) mod login_limits;
pub(crate) mod login_throttle;
pub(crate) mod policy;

pub use bounded_limiter::BoundedLimiter;
pub use key::{AttemptKey, AttemptKind};
pub use limiter::{AttemptLimiter, Verdict};
pub use login_limits::LoginLimits;
pub use login_throttle::LoginThrottle;
pub use policy::{NoAttempt, ThrottlePolicy};
