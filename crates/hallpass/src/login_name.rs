//! The name a user logs in with, normalised once.

use std::fmt::{self, Display};

use unicode_normalization::UnicodeNormalization as _;

/// An address of RFC 5321 has at most this many characters; other names need no more.
const MAXIMUM_CHARACTERS: usize = 254;

/// How many characters normalisation makes one of, at most: what is longer still is not worth the
/// work, which anybody may ask for.
const COMPOSITION: usize = 4;

/// Rounds after which a text that still changes is refused; no known text needs three.
const MAXIMUM_ROUNDS: usize = 4;

/// A login name in its one spelling: NFKC, lower-cased, trimmed.
///
/// Two spellings of one name must not be two users, and a look-alike made of full-width letters
/// must not be a third one.
///
/// ```
/// use hallpass::LoginName;
///
/// let name = LoginName::parse("  Ada@Example.COM ").unwrap();
/// assert_eq!(name.as_str(), "ada@example.com");
/// assert!(LoginName::parse(" ").is_err());
/// assert!(LoginName::parse("ada\u{0}").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoginName(String);

/// Why a text is no login name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginUnacceptable {
    /// Nothing is left after normalisation.
    #[error("must not be empty")]
    Empty,
    /// It has more than 254 characters after normalisation.
    #[error("too long: {characters} characters; the maximum is {MAXIMUM_CHARACTERS}")]
    TooLong {
        /// How many characters it has.
        characters: usize,
    },
    /// It has a control character.
    #[error("must not contain a control character")]
    ControlCharacter,
    /// Normalising it again and again never comes to an end.
    #[error("it has no normal form")]
    NoNormalForm,
}

impl LoginName {
    /// Normalises `text` to a login name of 1 to 254 characters without control characters.
    ///
    /// # Errors
    /// [`LoginUnacceptable`]: what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, LoginUnacceptable> {
        let text = text.trim();
        let characters = text.chars().count();
        if characters > MAXIMUM_CHARACTERS * COMPOSITION {
            return Err(LoginUnacceptable::TooLong { characters });
        }
        let name = normal_form(text).ok_or(LoginUnacceptable::NoNormalForm)?;
        let characters = name.chars().count();
        if characters == 0 {
            return Err(LoginUnacceptable::Empty);
        }
        if characters > MAXIMUM_CHARACTERS {
            return Err(LoginUnacceptable::TooLong { characters });
        }
        if name.chars().any(char::is_control) {
            return Err(LoginUnacceptable::ControlCharacter);
        }
        Ok(Self(name))
    }

    /// Returns the normalised text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for LoginName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Returns the text that normalises to itself. Lower-casing can undo NFKC (`ϓ` → `ύ`), so one
/// round is not always enough.
fn normal_form(text: &str) -> Option<String> {
    let mut text = normalised(text);
    for _ in 0..MAXIMUM_ROUNDS {
        let next = normalised(&text);
        if next == text {
            return Some(text);
        }
        text = next;
    }
    None
}

fn normalised(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_one_character_normalises_to_itself() {
        for character in '\0'..=char::MAX {
            // An accent after it: lower-casing may leave a pair that NFKC joins.
            let accented = (character < '\u{3000}').then(|| format!("{character}\u{301}"));
            for text in accented.into_iter().chain([character.to_string()]) {
                if let Ok(name) = LoginName::parse(&text) {
                    assert_eq!(LoginName::parse(name.as_str()), Ok(name.clone()), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn spellings_of_one_name_are_one_name() {
        for (text, expected) in [
            ("ADA", "ada"),
            ("\u{ff21}da", "ada"),
            ("cafe\u{301}", "caf\u{e9}"),
            ("\u{a0}ada\u{3000}", "ada"),
            ("\u{130}", "i\u{307}"),
        ] {
            assert_eq!(LoginName::parse(text).unwrap().as_str(), expected, "{text:?}");
        }
    }

    #[test]
    fn length_is_counted_in_characters_after_normalisation() {
        assert!(LoginName::parse(&"\u{e9}".repeat(254)).is_ok());
        assert!(LoginName::parse(&format!("  {}  ", "e\u{301}".repeat(254))).is_ok());
        assert!(LoginName::parse(&format!("{}a", " ".repeat(8000))).is_ok());
        assert_eq!(
            LoginName::parse(&"\u{fdfa}".repeat(2600)),
            Err(LoginUnacceptable::TooLong { characters: 2600 }),
            "counted as it was typed: it is not normalised"
        );
        assert_eq!(
            LoginName::parse(&"a".repeat(255)),
            Err(LoginUnacceptable::TooLong { characters: 255 })
        );
        assert_eq!(
            LoginName::parse(&"\u{fdfa}".repeat(15)), // 18 characters each after NFKC
            Err(LoginUnacceptable::TooLong { characters: 270 })
        );
    }

    #[test]
    fn each_refusal_says_what_would_be_right() {
        for (text, message) in [
            (" ", "must not be empty"),
            (&"a".repeat(255), "too long: 255 characters; the maximum is 254"),
            ("a\nb", "must not contain a control character"),
        ] {
            assert_eq!(LoginName::parse(text).unwrap_err().to_string(), message, "{text:?}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for text in ["a\0b", "a\nb", "a\u{7f}b", "a\u{85}b"] {
            assert_eq!(
                LoginName::parse(text),
                Err(LoginUnacceptable::ControlCharacter),
                "{text:?}"
            );
        }
    }
}
