//! Where use cases run: on blocking threads, and bcrypt with a permit.

pub(crate) mod hashing;

pub use hashing::RunError;
