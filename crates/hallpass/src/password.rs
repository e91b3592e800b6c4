//! A password as a client presents it, and what is asked of one that is set.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha384};
use zeroize::Zeroizing;

use crate::bcrypt;
use crate::plural::plural;

/// The longest password, in bytes: more is an attempt to keep the server busy.
const MAXIMUM_BYTES: usize = 1024;

/// Keeps the digest of a long password apart from SHA-384 digests kept elsewhere, which could
/// otherwise be tried as passwords ("password shucking").
const LONG_PASSWORD_PREFIX: &[u8] = b"hallpass long password v1\0";

/// A password of 1 to 1024 bytes without a NUL.
///
/// bcrypt ends its input at a NUL, so `"ab"` and `"ab\0cd"` would be one password.
///
/// # Security
/// `Debug` shows no character of it; memory is wiped on drop.
pub struct Password(Zeroizing<String>);

/// Why a text is refused as a password where one is set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordUnacceptable {
    /// It is empty.
    #[error("must not be empty")]
    Empty,
    /// It has more than 1024 bytes.
    #[error("too long: {bytes} bytes; the maximum is {MAXIMUM_BYTES}")]
    TooLong {
        /// How many bytes it has.
        bytes: usize,
    },
    /// It has a NUL character.
    #[error("must not contain a NUL character")]
    Nul,
    /// It has fewer characters than the policy asks for.
    #[error(
        "too short: {characters} character{}; the minimum is {minimum}",
        plural(*characters)
    )]
    TooShort {
        /// How many characters it has.
        characters: usize,
        /// How many are asked for.
        minimum: usize,
    },
    /// The application's [`PasswordRule`](crate::PasswordRule) refuses it.
    #[error("{reason}")]
    AgainstRule {
        /// What the application says.
        reason: String,
    },
}

impl Password {
    /// Takes `text` as a password, of whatever strength.
    ///
    /// # Errors
    /// [`PasswordUnacceptable`] when it is empty, has more than 1024 bytes, or a NUL.
    pub fn parse(text: Zeroizing<String>) -> Result<Self, PasswordUnacceptable> {
        match text.len() {
            0 => Err(PasswordUnacceptable::Empty),
            bytes if bytes > MAXIMUM_BYTES => Err(PasswordUnacceptable::TooLong { bytes }),
            _ if text.contains('\0') => Err(PasswordUnacceptable::Nul),
            _ => Ok(Self(text)),
        }
    }

    /// Takes `text` as a password that is being set, of at least `minimum` characters.
    ///
    /// # Errors
    /// [`PasswordUnacceptable`] for what [`Password::parse`] refuses and for a short one.
    pub fn parse_new(
        text: Zeroizing<String>,
        minimum: usize,
    ) -> Result<Self, PasswordUnacceptable> {
        let password = Self::parse(text)?;
        let characters = password.0.chars().count();
        if characters < minimum {
            return Err(PasswordUnacceptable::TooShort { characters, minimum });
        }
        Ok(password)
    }

    /// Returns the password. Named so that a search finds every use.
    pub(crate) fn expose_password(&self) -> &str {
        &self.0
    }

    /// Returns what bcrypt is given: the bytes themselves up to 71, so that hashes made by other
    /// software match; of a longer one base64 of SHA-384, which is 64 bytes.
    pub(crate) fn expose_bcrypt_input(&self) -> Zeroizing<Vec<u8>> {
        let bytes = self.0.as_bytes();
        if bytes.len() <= bcrypt::MAXIMUM_BYTES {
            return Zeroizing::new(bytes.to_vec());
        }
        let digest = Sha384::new().chain_update(LONG_PASSWORD_PREFIX).chain_update(bytes);
        let digest = Zeroizing::new(<[u8; 48]>::from(digest.finalize()));
        Zeroizing::new(STANDARD.encode(digest.as_slice()).into_bytes())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_says_what_would_be_right() {
        for (text, minimum, message) in [
            ("", 8, "must not be empty"),
            ("x", 8, "too short: 1 character; the minimum is 8"),
            ("x", 2, "too short: 1 character; the minimum is 2"),
            ("1234567", 8, "too short: 7 characters; the minimum is 8"),
            (&"x".repeat(1025), 8, "too long: 1025 bytes; the maximum is 1024"),
            ("12345678\0", 8, "must not contain a NUL character"),
        ] {
            let refused = Password::parse_new(text.to_owned().into(), minimum).unwrap_err();
            assert_eq!(refused.to_string(), message, "{text:?}");
        }
    }
}
