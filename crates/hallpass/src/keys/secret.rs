//! The secret that signs one kind of token, refused when it is weak.

use std::collections::BTreeSet;
use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::random::{Random, RandomUnavailable, random_text};
use crate::text::plural;

/// The shortest secret: an HMAC-SHA256 key shorter than its output is a guess (RFC 7518 §3.2).
const MINIMUM_BYTES: usize = 32;

/// Fewer different bytes than this are a key held down, not a secret.
const MINIMUM_DISTINCT_BYTES: usize = 8;

/// What people leave in a copied settings file, in lower case.
const PLACEHOLDERS: [&str; 7] = [
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "your-secret",
    "your_secret",
    "supersecret",
];

/// A secret of at least 32 bytes that signs access tokens or refresh tokens.
///
/// The key is the bytes as they are, so another service verifies access tokens with the same text.
///
/// # Security
/// `Debug` shows no byte of it, comparison takes constant time, memory is wiped on drop.
///
/// ```
/// use hallpass::{TokenSecret, WeakSecret};
///
/// let secret = TokenSecret::new("0f1e2d3c4b5a69788796a5b4c3d2e1f0").unwrap();
/// assert_eq!(format!("{secret:?}"), "TokenSecret(…)");
/// assert!(matches!(TokenSecret::new("too short"), Err(WeakSecret::TooShort { bytes: 9 })));
/// ```
#[derive(Clone)]
pub struct TokenSecret(Zeroizing<Vec<u8>>);

/// Why a secret is refused. Tells its length at most, never its content.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeakSecret {
    /// It has fewer than 32 bytes.
    #[error("too short: {bytes} byte{}; the minimum is {MINIMUM_BYTES}", plural(*bytes))]
    TooShort {
        /// How many bytes it has.
        bytes: usize,
    },
    /// It has fewer than 8 different bytes.
    #[error(
        "too uniform: {distinct} different byte{}; the minimum is {MINIMUM_DISTINCT_BYTES}",
        plural(*distinct)
    )]
    TooUniform {
        /// How many different bytes it has.
        distinct: usize,
    },
    /// It contains what sample settings files contain.
    #[error("it contains the placeholder \"{placeholder}\"; make a random one")]
    Placeholder {
        /// The text that gave it away.
        placeholder: &'static str,
    },
}

impl TokenSecret {
    /// Takes `secret`, if it is strong enough to sign with.
    ///
    /// # Errors
    /// [`WeakSecret`] for fewer than 32 bytes, fewer than 8 different ones, or a placeholder.
    pub fn new(secret: impl Into<Vec<u8>>) -> Result<Self, WeakSecret> {
        let secret = Zeroizing::new(secret.into());
        if secret.len() < MINIMUM_BYTES {
            return Err(WeakSecret::TooShort { bytes: secret.len() });
        }
        let distinct = secret.iter().collect::<BTreeSet<_>>().len();
        if distinct < MINIMUM_DISTINCT_BYTES {
            return Err(WeakSecret::TooUniform { distinct });
        }
        if let Some(placeholder) = placeholder_in(&secret) {
            return Err(WeakSecret::Placeholder { placeholder });
        }
        Ok(Self(secret))
    }

    /// Makes a secret of 32 random bytes, written as 43 base64url characters.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when `random` cannot answer.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        random_text::<32>(random).map(|text| Self(Zeroizing::new(text.into_bytes())))
    }

    /// Returns the bytes of the key. Named so that a search finds every use.
    pub(crate) fn expose_secret(&self) -> &[u8] {
        &self.0
    }
}

fn placeholder_in(secret: &[u8]) -> Option<&'static str> {
    let lower = Zeroizing::new(secret.to_ascii_lowercase());
    PLACEHOLDERS.into_iter().find(|placeholder| {
        lower.windows(placeholder.len()).any(|window| window == placeholder.as_bytes())
    })
}

impl PartialEq for TokenSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenSecret {}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_two_bytes_with_eight_different_ones_are_enough() {
        assert!(TokenSecret::new("abcdefghabcdefghabcdefghabcdefgh").is_ok());
    }

    #[test]
    fn a_weak_secret_is_refused_with_its_reason() {
        assert_eq!(
            TokenSecret::new("abcdefghabcdefghabcdefghabcdefg").unwrap_err(),
            WeakSecret::TooShort { bytes: 31 }
        );
        assert_eq!(
            TokenSecret::new("abcdefgabcdefgabcdefgabcdefgabcdefg").unwrap_err(),
            WeakSecret::TooUniform { distinct: 7 }
        );
    }

    #[test]
    fn each_refusal_says_what_would_be_right() {
        for (secret, message) in [
            ("x", "too short: 1 byte; the minimum is 32"),
            ("too short", "too short: 9 bytes; the minimum is 32"),
            (&"x".repeat(32), "too uniform: 1 different byte; the minimum is 8"),
            (&"xy".repeat(16), "too uniform: 2 different bytes; the minimum is 8"),
        ] {
            assert_eq!(TokenSecret::new(secret).unwrap_err().to_string(), message, "{secret:?}");
        }
    }

    #[test]
    fn every_placeholder_is_refused_in_any_case() {
        for placeholder in PLACEHOLDERS {
            let secret = format!("0123456789abcdef-{}-0123456789", placeholder.to_uppercase());
            assert_eq!(
                TokenSecret::new(secret).unwrap_err(),
                WeakSecret::Placeholder { placeholder }
            );
        }
    }
}
