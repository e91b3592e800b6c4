//! Passwords: what is acceptable, how they are hashed, and how a typed one is compared.
//!
//! Knows no user and no store.

pub(crate) mod bcrypt;
pub(crate) mod hash;
pub(crate) mod hash_match;
pub(crate) mod password;
pub(crate) mod rule;
pub(crate) mod stamp;
pub(crate) mod text;
pub(crate) mod typed;

pub use hash::PasswordHash;
pub use hash_match::UnusableHash;
pub use password::{Password, PasswordUnacceptable};
pub use rule::{PasswordRule, PasswordRuleError};
pub use stamp::PasswordStamp;
pub use text::PasswordText;
