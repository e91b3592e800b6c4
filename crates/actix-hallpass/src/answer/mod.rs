//! What goes back to a client: refusals as problem+json with a code and a status, and the bodies
//! that routes read.
//!
//! hallpass says which code an error has and how much it matters. Here a code gets its status, and
//! a refusal becomes a response and a log line, both in one function.

pub(crate) mod auth_error;
pub(crate) mod head;
pub(crate) mod json_body;
pub(crate) mod problem;
pub(crate) mod status;

pub use auth_error::{AuthError, AuthErrorReason};
