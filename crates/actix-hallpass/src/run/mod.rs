//! Where use cases run: on blocking threads, and bcrypt with a permit.

pub(crate) mod hashing;
pub(crate) mod run_error;

pub use run_error::RunError;
