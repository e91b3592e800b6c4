//! A password in its one spelling, and what is asked of one that is set.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha384};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::password::{PasswordText, bcrypt};
use crate::text::plural;

/// The longest password, in bytes of its normal form: more is an attempt to keep the server busy.
pub(crate) const MAXIMUM_BYTES: usize = 1024;

/// The longest text that is brought into normal form, in bytes, which bounds the work. Composing makes a
/// text shorter, but never by this factor: `ι` as U+1FBE with two accents has 7 bytes and becomes 2.
const MAXIMUM_TYPED_BYTES: usize = 4 * MAXIMUM_BYTES;

/// Keeps the digest of a long password apart from SHA-384 digests kept elsewhere, which could
/// otherwise be tried as passwords ("password shucking").
const LONG_PASSWORD_PREFIX: &[u8] = b"hallpass long password v1\0";

/// A password of 1 to 1024 bytes without a NUL, in the normal form of RFC 8265 §4.2 (`OpaqueString`): every
/// space is U+0020, and letters are composed with their accents (NFC). Devices send the same keys in
/// different ways. Case, width and compatibility characters stay as they are.
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
    /// It has more than 1024 bytes in normal form. How many is not known: a text that is too long is not
    /// composed to its end.
    #[error("too long: the maximum is {MAXIMUM_BYTES} bytes")]
    TooLong,
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
    /// [`PasswordUnacceptable`] when it is empty, has a NUL, or has more than 1024 bytes in normal form.
    pub fn parse(text: impl Into<PasswordText>) -> Result<Self, PasswordUnacceptable> {
        let text = text.into().into_text();
        if text.len() > MAXIMUM_TYPED_BYTES {
            return Err(PasswordUnacceptable::TooLong);
        }
        let text = normal_form(text);
        match text.len() {
            0 => Err(PasswordUnacceptable::Empty),
            bytes if bytes > MAXIMUM_BYTES => Err(PasswordUnacceptable::TooLong),
            _ if text.contains('\0') => Err(PasswordUnacceptable::Nul),
            _ => Ok(Self(text)),
        }
    }

    /// Takes `text` as a password that is being set, of at least `minimum` characters in normal form.
    ///
    /// # Errors
    /// [`PasswordUnacceptable`] for what [`Password::parse`] refuses and for a short one.
    pub fn parse_new(
        text: impl Into<PasswordText>,
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

    /// Returns what bcrypt is given of this password.
    pub(crate) fn expose_bcrypt_input(&self) -> Zeroizing<Vec<u8>> {
        bcrypt_input(&self.0)
    }
}

/// Returns what bcrypt is given of `text`: the bytes themselves up to 71, so that hashes made by other
/// software match; of a longer one base64 of SHA-384, which is 64 bytes.
pub(crate) fn bcrypt_input(text: &str) -> Zeroizing<Vec<u8>> {
    let bytes = text.as_bytes();
    if bytes.len() <= bcrypt::MAXIMUM_BYTES {
        return Zeroizing::new(bytes.to_vec());
    }
    let digest = Sha384::new().chain_update(LONG_PASSWORD_PREFIX).chain_update(bytes);
    let digest = Zeroizing::new(<[u8; 48]>::from(digest.finalize()));
    Zeroizing::new(STANDARD.encode(digest.as_slice()).into_bytes())
}

/// Brings `text` into the normal form of a password, up to where that is too long. Most are ASCII and in it
/// already.
fn normal_form(text: Zeroizing<String>) -> Zeroizing<String> {
    if text.is_ascii() {
        return text;
    }
    // Allocated once, so that no copy of the password is left behind in memory.
    let mut normal = Zeroizing::new(String::with_capacity(MAXIMUM_BYTES + char::MAX.len_utf8()));
    let mut characters = text.chars().map(with_plain_space).nfc();
    while normal.len() <= MAXIMUM_BYTES
        && let Some(character) = characters.next()
    {
        normal.push(character);
    }
    normal
}

/// Returns U+0020 for the other characters of the category `Zs`.
fn with_plain_space(character: char) -> char {
    match character {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            ' '
        }
        character => character,
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

    fn normal(text: &str) -> String {
        Password::parse(text).unwrap().expose_password().to_owned()
    }

    #[test]
    fn spellings_of_one_password_are_one_password_and_others_are_not() {
        for (typed, expected) in [
            ("Correct Horse", "Correct Horse"),
            ("cafe\u{301}", "caf\u{e9}"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("a\u{301}\u{323}", "\u{1ea1}\u{301}"),
            ("\u{212b}", "\u{c5}"),
            ("a\u{a0}b\u{3000}c", "a b c"),
            (" a ", " a "),
            ("\u{ff21}\u{fb01}\u{b2}", "\u{ff21}\u{fb01}\u{b2}"),
            ("a\u{200d}b\u{200b}c", "a\u{200d}b\u{200b}c"),
        ] {
            assert_eq!(normal(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn the_normal_form_of_every_character_is_its_own() {
        for character in '\u{1}'..'\u{30000}' {
            let once = normal(&format!("a{character}\u{301}"));
            assert_eq!(normal(&once), once, "{character:?}");
        }
    }

    /// A limit to what was typed would refuse on one device what was set on another.
    #[test]
    fn length_is_that_of_the_normal_form() {
        let parse = |text: &str| Password::parse_new(text, 8).map(|_| ());
        assert_eq!(parse(&"e\u{301}".repeat(8)), Ok(()));
        let too_short = PasswordUnacceptable::TooShort { characters: 7, minimum: 8 };
        assert_eq!(parse(&"e\u{301}".repeat(7)), Err(too_short));
        assert_eq!(parse(&"\u{1fbe}\u{308}\u{301}".repeat(512)), Ok(()), "1024 of 3584 bytes");
        let too_long = Err(PasswordUnacceptable::TooLong);
        assert_eq!(parse(&"\u{e9}".repeat(513)), too_long);
        assert_eq!(parse(&"\u{344}".repeat(257)), too_long, "it is longer than as typed");
        assert_eq!(parse(&"e\u{301}".repeat(600)), too_long);
        assert_eq!(parse(&"x".repeat(4097)), too_long);
    }

    #[test]
    fn each_refusal_says_what_would_be_right() {
        for (text, minimum, message) in [
            ("", 8, "must not be empty"),
            ("x", 8, "too short: 1 character; the minimum is 8"),
            ("x", 2, "too short: 1 character; the minimum is 2"),
            ("1234567", 8, "too short: 7 characters; the minimum is 8"),
            (&"x".repeat(1025), 8, "too long: the maximum is 1024 bytes"),
            ("12345678\0", 8, "must not contain a NUL character"),
        ] {
            let refused = Password::parse_new(text, minimum).unwrap_err();
            assert_eq!(refused.to_string(), message, "{text:?}");
        }
    }
}
