//! What goes back to a client: refusals as problem+json with a code and a status, and the bodies that routes read.

pub(crate) mod auth_error;
pub(crate) mod error_code;
pub(crate) mod head;
pub(crate) mod json_body;
pub(crate) mod problem;

pub use auth_error::{AuthError, AuthErrorReason};
pub use error_code::ErrorCode;
