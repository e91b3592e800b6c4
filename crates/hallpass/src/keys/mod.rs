//! Secrets and what they sign: HMAC keys and signed JWTs (RFC 7515).

pub(crate) mod hmac;
pub(crate) mod jws;
pub(crate) mod secret;

pub use jws::JwsError;
pub use secret::{TokenSecret, WeakSecret};
