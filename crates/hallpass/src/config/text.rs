//! The text of a setting: what is rejected because it can't be seen.

use crate::text::is_default_ignorable;

/// Pairs of quotes that shells, settings files and word processors put around a value.
const QUOTES: [(char, char); 4] = [('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’')];

/// Why the text of a setting is rejected. Shows one invisible character at most and nothing else of
/// the text, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingTextError {
    /// It has a character that is not shown.
    #[error(
        "character {position} is invisible: `{}`; remove it",
        character.escape_default()
    )]
    Invisible {
        /// The character.
        character: char,
        /// Which one it is, counted in characters from 1.
        position: usize,
    },
    /// It begins or ends with a space.
    #[error("it begins or ends with a space; remove it")]
    SpaceAtEnd,
    /// It is in quotes.
    #[error("the quotes around it are part of the value; remove them")]
    Quoted,
}

/// Checks that the text of a setting is what it looks like.
///
/// Names, addresses and secrets are compared byte for byte, so a difference that can't be seen takes
/// hours to find. Variables are trimmed first ([`Setting::from_variable`]); text given in code is
/// not.
///
/// [`Setting::from_variable`]: crate::Setting::from_variable
///
/// # Errors
/// [`SettingTextError`] for a control character, for white space other than a plain space between
/// others, for a character that Unicode calls ignorable by default (a byte order mark, a zero-width
/// space, a direction mark, …), and for quotes around the text.
///
/// ```
/// use hallpass::{SettingTextError, check_setting_text};
///
/// assert_eq!(check_setting_text("https://id.example"), Ok(()));
/// let error = check_setting_text("https://id.example\n").unwrap_err();
/// assert_eq!(error, SettingTextError::Invisible { character: '\n', position: 19 });
/// assert_eq!(error.to_string(), "character 19 is invisible: `\\n`; remove it");
/// ```
pub fn check_setting_text(text: &str) -> Result<(), SettingTextError> {
    if let Some((index, character)) = text.chars().enumerate().find(|(_, it)| is_invisible(*it)) {
        return Err(SettingTextError::Invisible { character, position: index + 1 });
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(SettingTextError::SpaceAtEnd);
    }
    if is_quoted(text) {
        return Err(SettingTextError::Quoted);
    }
    Ok(())
}

fn is_quoted(text: &str) -> bool {
    QUOTES.into_iter().any(|(opening, closing)| {
        text.strip_prefix(opening).is_some_and(|rest| rest.ends_with(closing))
    })
}

fn is_invisible(character: char) -> bool {
    let is_space = character.is_whitespace() && character != ' ';
    is_space || character.is_control() || is_default_ignorable(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invisible_character_is_shown_with_its_place() {
        for (text, position, shown) in [
            ("s3cret\0", 7, r"\u{0}"),
            ("s3\ncret", 3, r"\n"),
            ("s3\rcret", 3, r"\r"),
            ("s3\tcret", 3, r"\t"),
            ("s3cret\u{b}", 7, r"\u{b}"),
            ("\u{7f}s3cret", 1, r"\u{7f}"),
            ("s3cret\u{85}", 7, r"\u{85}"),
            ("s3cret\u{a0}", 7, r"\u{a0}"),
            ("s3\u{ad}cret", 3, r"\u{ad}"),
            ("é3\u{200b}cret", 3, r"\u{200b}"),
            ("s3cret\u{200d}", 7, r"\u{200d}"),
            ("\u{200e}s3cret", 1, r"\u{200e}"),
            ("\u{202e}s3cret", 1, r"\u{202e}"),
            ("s3cret\u{2028}", 7, r"\u{2028}"),
            ("s3\u{3000}cret", 3, r"\u{3000}"),
            ("s3cret\u{fe0f}", 7, r"\u{fe0f}"),
            ("\u{feff}s3cret", 1, r"\u{feff}"),
            ("s3cret\u{e0041}", 7, r"\u{e0041}"),
        ] {
            let expected = format!("character {position} is invisible: `{shown}`; remove it");
            let message = check_setting_text(text).unwrap_err().to_string();
            assert_eq!(message, expected, "{text:?}");
        }
    }

    #[test]
    fn a_space_at_an_end_is_rejected_where_nothing_is_trimmed() {
        for text in [" ", " me", "me "] {
            assert_eq!(check_setting_text(text), Err(SettingTextError::SpaceAtEnd), "{text:?}");
        }
    }

    #[test]
    fn quotes_around_a_text_are_rejected_and_others_are_not() {
        for text in ["\"me\"", "'me'", "\"\"", "“me”", "‘me’", "\"a\" and \"b\""] {
            assert_eq!(check_setting_text(text), Err(SettingTextError::Quoted), "{text}");
        }
        for text in ["\"", "'", "\"me", "me'", "O'Brien's", "\"me'", "", "é👩 x"] {
            assert_eq!(check_setting_text(text), Ok(()), "{text}");
        }
    }
}
