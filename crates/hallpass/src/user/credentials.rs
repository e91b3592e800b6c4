//! What a client sends to log in or to register.

use std::fmt;

use crate::password::PasswordText;

/// A login name and a password as they were typed, not looked at yet.
///
/// # Security
/// `Debug` shows neither; the password is wiped from memory on drop.
#[non_exhaustive]
pub struct Credentials {
    /// The login name, in any spelling.
    pub login: String,
    /// The password.
    pub password: PasswordText,
}

impl Credentials {
    /// Returns the credentials that were typed.
    pub fn new(login: impl Into<String>, password: impl Into<PasswordText>) -> Self {
        Self { login: login.into(), password: password.into() }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(…)")
    }
}
