//! What names and messages have in common: characters without a glyph, the plural of a noun, and an error
//! with its causes.

use std::error::Error;

/// The property `Default_Ignorable_Code_Point` of Unicode 17 (UAX #44): soft hyphens, fillers, variation
/// selectors, tags, direction marks and their like.
pub(crate) fn is_default_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Returns what a regular English noun ends with after `count`: `1 character`, `2 characters`.
pub(crate) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Returns `error: its cause: the cause's cause`, for logs and start-up messages.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each range's first character and the first one after it, in hexadecimal: what Perl makes of
    /// `prop_invlist("Default_Ignorable_Code_Point")` with Unicode 14, and Node of `\p{DI}` with Unicode 17.
    #[test]
    fn the_ignorable_characters_are_those_of_unicode() {
        let expected = "ad,ae,34f,350,61c,61d,115f,1161,17b4,17b6,180b,1810,200b,2010,202a,202f,2060,2070,\
            3164,3165,fe00,fe10,feff,ff00,ffa0,ffa1,fff0,fff9,1bca0,1bca4,1d173,1d17b,e0000,e1000";
        let mut bounds = Vec::new();
        for (before, character) in ('\0'..=char::MAX).zip('\u{1}'..=char::MAX) {
            if is_default_ignorable(before) != is_default_ignorable(character) {
                bounds.push(format!("{:x}", u32::from(character)));
            }
        }
        assert_eq!(bounds.join(","), expected);
    }
}
