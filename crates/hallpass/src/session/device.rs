//! What is known about the device that somebody logs in from, to be shown to them later.

use std::net::IpAddr;

use crate::text::is_default_ignorable;

/// The longest text about a device, in characters. Real user agents have about a hundred.
const MAXIMUM_CHARACTERS: usize = 255;

/// Where a login comes from. What the client says of itself is not to be relied on: it is for its user
/// to recognize it by.
///
/// ```
/// use hallpass::Device;
///
/// let device = Device::default().with_user_agent("curl/8.0\u{7}").with_label("  ");
/// assert_eq!(device.user_agent(), Some("curl/8.0"));
/// assert_eq!(device.label(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    client_address: Option<IpAddr>,
    user_agent: Option<String>,
    label: Option<String>,
}

impl Device {
    /// Adds the `User-Agent` header (RFC 9110 §10.1.5), without control characters and characters that show
    /// as nothing, and cut to 255 characters. U+200C and U+200D stay where they join.
    #[must_use]
    pub fn with_user_agent(self, user_agent: &str) -> Self {
        Self { user_agent: displayable(user_agent), ..self }
    }

    /// Adds what the user calls the device, cleaned and cut like the user agent.
    #[must_use]
    pub fn with_label(self, label: &str) -> Self {
        Self { label: displayable(label), ..self }
    }

    /// Returns the client's address, where known. Behind a proxy that is not trusted it is the proxy's.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client_address
    }

    /// Returns the user agent, where there is one.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Returns what the user calls the device, if anything.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }
}

impl From<Option<IpAddr>> for Device {
    fn from(client_address: Option<IpAddr>) -> Self {
        Self { client_address, ..Self::default() }
    }
}

/// Returns the text in a form that every database stores (PostgreSQL has no NUL) and that a page shows as
/// it is stored; `None` if nothing is left.
///
/// A joiner stays where it follows a character that shows: it makes one emoji of several, and Persian and
/// Indic scripts require it. Length is counted after cleaning.
fn displayable(text: &str) -> Option<String> {
    let mut last = ' ';
    let follows_its_letter = |character: &char| {
        let is_stray = is_joiner(*character) && is_blank(last);
        last = *character;
        !is_stray
    };
    let characters = text.chars().filter(|character| is_displayable(*character));
    let characters = characters.filter(follows_its_letter).skip_while(|first| is_blank(*first));
    let text: String = characters.take(MAXIMUM_CHARACTERS).collect();
    let text = text.trim_end_matches(is_blank);
    (!text.is_empty()).then(|| text.to_owned())
}

/// ZERO WIDTH NON-JOINER and ZERO WIDTH JOINER.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

/// Shows as nothing by itself.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || is_joiner(character)
}

/// Returns whether a label may have the character. A character that shows as nothing, or that changes the
/// direction of the text, could make a label show as another label, or as none.
fn is_displayable(character: char) -> bool {
    is_joiner(character)
        || !(character.is_control()
            || is_default_ignorable(character)
            || is_separator_or_annotation(character)
            || is_blank_symbol(character)
            || is_noncharacter(character))
}

/// The separators of lines and paragraphs, the marks of interlinear annotations, and OBJECT REPLACEMENT
/// CHARACTER, which plain text has no object for.
fn is_separator_or_annotation(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffc}')
}

/// BRAILLE PATTERN BLANK and MUSICAL SYMBOL NULL NOTEHEAD, which are symbols by their properties and show
/// as nothing.
fn is_blank_symbol(character: char) -> bool {
    matches!(character, '\u{2800}' | '\u{1d159}')
}

/// The last two code points of each plane, and a block of Arabic Presentation Forms-A.
fn is_noncharacter(character: char) -> bool {
    u32::from(character) & 0xfffe == 0xfffe || matches!(character, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_cleaned(text: &str, expected: Option<&str>) {
        let device = Device::default().with_user_agent(text).with_label(text);
        assert_eq!(device.user_agent(), expected, "{text:?}");
        assert_eq!(device.label(), expected, "{text:?}");
    }

    #[test]
    fn a_text_is_cut_to_255_characters_after_it_is_cleaned() {
        for (text, expected) in [
            ("a".repeat(300), "a".repeat(255)),
            ("ö".repeat(256), "ö".repeat(255)),
            (format!("{}{}", "\u{200b}".repeat(300), "a".repeat(256)), "a".repeat(255)),
            (format!("{}\u{200d}b", "a".repeat(254)), "a".repeat(254)),
            (format!("{}\u{200d}b", "a".repeat(253)), format!("{}\u{200d}b", "a".repeat(253))),
            (format!("{} b", "a".repeat(254)), "a".repeat(254)),
        ] {
            assert_cleaned(&text, Some(&expected));
        }
    }

    #[test]
    fn characters_that_show_as_nothing_or_turn_the_direction_are_removed() {
        for (text, expected) in [
            ("a\0b\r\nc\u{7f}\u{85}d", "abcd"),
            ("a\u{ad}b\u{34f}c\u{feff}d", "abcd"),
            ("\u{61c}a\u{200e}b\u{200f}c\u{202a}d\u{202e}e\u{2066}f\u{2069}g", "abcdefg"),
            ("a\u{200b}b\u{2060}c\u{2064}d\u{206f}e", "abcde"),
            ("a\u{115f}b\u{1160}c\u{3164}d\u{ffa0}e", "abcde"),
            ("a\u{17b4}b\u{180b}c\u{180e}d\u{180f}e", "abcde"),
            ("a\u{2800}b\u{1d159}c\u{1d173}d\u{1bca0}e", "abcde"),
            ("\u{2764}\u{fe0f} a\u{fe00}b\u{e0100}", "\u{2764} ab"),
            ("\u{1f3f4}\u{e0067}\u{e0062}\u{e007f} a\u{e0001}", "\u{1f3f4} a"),
            ("a\u{2028}b\u{2029}c", "abc"),
            ("a\u{fff9}b\u{fffa}c\u{fffb}d\u{fffc}e", "abcde"),
            ("a\u{ffff}b\u{fdd0}c\u{fdef}d\u{1fffe}e\u{10ffff}", "abcde"),
            ("Адины 📱 \u{fffd}\u{f8ff}", "Адины 📱 \u{fffd}\u{f8ff}"),
        ] {
            assert_cleaned(text, Some(expected));
        }
    }

    #[test]
    fn a_joiner_stays_where_it_follows_a_character_that_shows() {
        for (text, expected) in [
            ("\u{1f469}\u{200d}\u{1f4bb} laptop", "\u{1f469}\u{200d}\u{1f4bb} laptop"),
            ("\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}", "\u{1f3f3}\u{200d}\u{1f308}"),
            ("گوشی\u{200c}ها", "گوشی\u{200c}ها"),
            ("\u{0d15}\u{0d4d}\u{200d} x", "\u{0d15}\u{0d4d}\u{200d} x"),
            ("\u{200d}a\u{200c}", "a"),
            (" \u{200d} a \u{200c} ", "a"),
            ("a \u{200d}b", "a b"),
            ("a\u{200d}\u{200d}\u{200c}b", "a\u{200d}b"),
            ("a\u{200d}\u{200b}\u{200d}b", "a\u{200d}b"),
        ] {
            assert_cleaned(text, Some(expected));
        }
    }

    #[test]
    fn a_text_that_shows_as_nothing_is_none() {
        for text in [
            "",
            " \t ",
            "\0",
            " \0 ",
            "\u{200b}",
            "\u{200d}",
            "\u{200c} \u{200d}",
            "\u{3164}",
            "\u{115f}\u{1160}",
            "\u{2800}",
            "\u{a0}\u{3000}",
            "\u{e0041}\u{e007f}",
            "\u{fe0f}",
            " \u{2028} ",
            "\u{200d}\u{a0}\u{200d}",
        ] {
            assert_cleaned(text, None);
        }
    }
}
