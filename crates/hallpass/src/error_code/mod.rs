//! What clients and operators are told of an error: its code, its text, its severity.
//!
//! Knows every error of a use case and no status of HTTP. Nothing in this crate depends on it. Its
//! matches have no wildcard, and neither have those of its callers: a new error compiles once it
//! has a code, and a new code once it has a text and a severity here, and a status in
//! `actix-hallpass`.

pub(crate) mod classification;
pub(crate) mod error_code;
pub(crate) mod refusal;

pub use error_code::ErrorCode;
pub use refusal::{Classified, DamagedRow, Refusal};
