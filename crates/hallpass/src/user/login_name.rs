//! The name a user logs in with, normalised once.

use std::fmt::{self, Display};

use unicode_normalization::UnicodeNormalization as _;

/// An address of RFC 5321 has at most this many characters; other names need no more.
const MAXIMUM_CHARACTERS: usize = 254;

/// A composed character decomposes to at most four (U+1F82, for instance). So a text that decomposes to
/// more than this has more than 254 characters, however it is composed.
const MAXIMUM_DECOMPOSED: usize = 4 * MAXIMUM_CHARACTERS;

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
    /// It has more than 254 characters after normalisation. How many is not known: a text that is too
    /// long is not read to its end.
    #[error("too long: the maximum is {MAXIMUM_CHARACTERS} characters")]
    TooLong,
    /// It has a control character.
    #[error("must not contain a control character")]
    ControlCharacter,
}

impl LoginName {
    /// Normalises `text` to a login name of 1 to 254 characters without control characters.
    ///
    /// Reads at most 1017 characters after the blanks it begins with, since normalisation is expensive and a
    /// client that is not logged in may ask for it.
    ///
    /// # Errors
    /// [`LoginUnacceptable`]: what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, LoginUnacceptable> {
        let name = normal_form(text.trim().chars())?;
        if name.is_empty() {
            return Err(LoginUnacceptable::Empty);
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

/// Returns the text in NFKC, lower-cased and trimmed, which normalises to itself.
///
/// Lower-cases what is decomposed: lower-casing a composed text can undo NFKC (`ϓ` → `ύ`).
fn normal_form(text: impl Iterator<Item = char>) -> Result<String, LoginUnacceptable> {
    // Cut one too late to pass. A run of accents is read to its end before its first one comes out.
    let text = text.take(MAXIMUM_DECOMPOSED + 1);
    let decomposed = collect_up_to(MAXIMUM_DECOMPOSED, text.nfkd())?;
    collect_up_to(MAXIMUM_CHARACTERS, decomposed.to_lowercase().trim().nfc())
}

/// Collects all characters, or stops where there are too many.
fn collect_up_to(
    maximum: usize,
    mut characters: impl Iterator<Item = char>,
) -> Result<String, LoginUnacceptable> {
    let text = characters.by_ref().take(maximum).collect();
    if characters.next().is_some() {
        return Err(LoginUnacceptable::TooLong);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use unicode_normalization::char::canonical_combining_class;

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
        assert!(LoginName::parse(&"\u{1f82}".repeat(254)).is_ok(), "each decomposes to four");
        assert!(LoginName::parse(&"H\u{331}".repeat(254)).is_ok(), "composes when lower-cased");
        assert!(LoginName::parse(&"\u{fdfa}".repeat(14)).is_ok(), "18 characters each");
        for text in [
            "a".repeat(255),
            "\u{1f82}".repeat(255),
            "H\u{331}".repeat(255),
            "\u{fdfa}".repeat(15),
            "\u{fdfa}".repeat(2600),
            "\u{301}".repeat(1017),
        ] {
            assert_eq!(LoginName::parse(&text), Err(LoginUnacceptable::TooLong), "{text:?}");
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_not_read_to_its_end() {
        for (character, read_at_most) in
            [("\u{fdfa}", 57), ("a", 1017), ("\u{1f82}", 255), ("\u{301}", 1017)]
        {
            let text = character.repeat(2000);
            let mut read = 0;
            let outcome = normal_form(text.chars().inspect(|_| read += 1));
            assert_eq!(outcome, Err(LoginUnacceptable::TooLong), "{character:?}");
            assert!(read <= read_at_most, "{character:?}: {read}");
        }
    }

    /// So that one round is enough: what is lower-cased after decomposition stays decomposed and in order.
    #[test]
    fn lower_casing_keeps_every_decomposed_character_one_of_its_class() {
        for character in '\0'..=char::MAX {
            let text = character.to_string();
            if text.nfkd().eq([character]) {
                let lower = text.to_lowercase();
                assert_eq!(lower.nfkd().collect::<String>(), lower, "{text:?}");
                assert_eq!(lower.to_lowercase(), lower, "{text:?}");
                let class = |text: &str| text.chars().map(canonical_combining_class).collect();
                let [of_text, of_lower]: [Vec<u8>; 2] = [class(&text), class(&lower)];
                assert_eq!(of_lower, of_text, "{text:?}");
            }
        }
    }

    #[test]
    fn each_refusal_says_what_would_be_right() {
        for (text, message) in [
            (" ", "must not be empty"),
            (&"a".repeat(255), "too long: the maximum is 254 characters"),
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
