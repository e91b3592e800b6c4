//! Passwords: what is acceptable, how they are hashed, and how a typed one is compared.
//!
//! Knows no user and no store.

pub(crate) mod bcrypt;
pub(crate) mod hash;
pub(crate) mod password;
pub(crate) mod rule;
pub(crate) mod stamp;
pub(crate) mod typed;

pub use bcrypt::UnusableHash;
pub use hash::PasswordHash;
pub use password::{Password, PasswordUnacceptable};
pub use rule::{PasswordRule, PasswordRuleError};
pub use stamp::PasswordStamp;
