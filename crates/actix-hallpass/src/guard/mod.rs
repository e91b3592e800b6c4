//! The guard around routes: which requests pass, by their token, by what the application requires, and by whether
//! the session is alive.

pub(crate) mod admission;
pub(crate) mod guard;
pub(crate) mod identified;
pub(crate) mod live_sessions;
pub(crate) mod middleware;
pub(crate) mod requirement;
pub(crate) mod session_bound;
pub(crate) mod verified_tokens;

pub use guard::Guard;
pub use middleware::GuardMiddleware;
