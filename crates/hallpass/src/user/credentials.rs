//! What a client sends to log in or to register.

use std::fmt;

use zeroize::Zeroizing;

/// A login name and a password as they were typed, not looked at yet.
///
/// # Security
/// `Debug` shows neither; the password is wiped from memory on drop.
pub struct Credentials {
    /// The login name, in any spelling.
    pub login: String,
    /// The password.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(…)")
    }
}
