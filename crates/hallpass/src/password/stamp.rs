//! What a session remembers of the password it was begun with, so that it ends with it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::password::PasswordHash;

/// Keeps the stamp apart from other digests of a password hash.
const LABEL: &[u8] = b"hallpass password stamp v1";

/// The SHA-256 of a password hash. A session has the stamp of the hash its password was verified
/// against; when the user's row has another hash, put there by whatever means, the session is over.
///
/// # Security
/// It tells nothing about the password: who wants to guess has to find the 128 bits of bcrypt's salt
/// first. `Debug` shows no character of it all the same.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordStamp(String);

impl PasswordStamp {
    /// Takes what a store holds.
    #[must_use]
    pub fn new(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// Returns the stamp of a password hash, 43 characters of base64url.
    #[must_use]
    pub fn of(password_hash: &PasswordHash) -> Self {
        let digest = Sha256::new().chain_update(LABEL).chain_update(password_hash.expose_hash());
        Self(URL_SAFE_NO_PAD.encode(digest.finalize()))
    }

    /// Returns the text to store. Named so that a search finds every use.
    #[must_use]
    pub fn expose_stamp(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordStamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordStamp(…)")
    }
}
