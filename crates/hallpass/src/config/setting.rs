//! One setting as it comes in, from a variable or from code: not checked yet.

use std::fmt::Display;

use crate::config::text::check_setting_text;

/// A setting: not set, set to a value, or set to something that is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// Nobody set it.
    #[default]
    Unset,
    /// It was set to a value, which may still break a rule.
    Value(T),
    /// It was set to what can't be read; the text says why.
    Unreadable(String),
}

impl<T, E: Display> From<Result<T, E>> for Setting<T> {
    fn from(read: Result<T, E>) -> Self {
        match read {
            Ok(value) => Self::Value(value),
            Err(error) => Self::Unreadable(error.to_string()),
        }
    }
}

impl<T> Setting<T> {
    /// Becomes what `parse` makes of the text of a variable, and stays as it is where that is unset.
    pub fn read(&mut self, text: Setting<String>, parse: impl FnOnce(String) -> Self) {
        match text {
            Setting::Unset => {}
            Setting::Value(text) => *self = parse(text),
            Setting::Unreadable(problem) => *self = Self::Unreadable(problem),
        }
    }
}

impl Setting<String> {
    /// Reads the text of an environment variable or of a line of `.env`, by one rule for all of them.
    ///
    /// ASCII white space at both ends is trimmed: a secret from a file often has a line break at its
    /// end. A text of which nothing is left is unset, since settings files leave a line blank like
    /// that. What [`check_setting_text`] rejects is unreadable.
    ///
    /// ```
    /// use hallpass::Setting;
    ///
    /// assert_eq!(Setting::from_variable("15m\r\n"), Setting::Value("15m".to_owned()));
    /// assert_eq!(Setting::from_variable(" "), Setting::Unset);
    /// assert!(matches!(Setting::from_variable("\u{feff}15m"), Setting::Unreadable(_)));
    /// ```
    #[must_use]
    pub fn from_variable(text: &str) -> Self {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Self::Unset;
        }
        check_setting_text(text).map(|()| text.to_owned()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_at_the_ends_of_a_variable_is_trimmed() {
        let value = || Setting::Value("https://id.example".to_owned());
        for (before, after) in [("", "\n"), ("", "\r\n"), ("", "\n\n"), (" \t", " "), ("\x0c", "")]
        {
            let text = format!("{before}https://id.example{after}");
            assert_eq!(Setting::from_variable(&text), value(), "{text:?}");
        }
        assert_eq!(Setting::from_variable("my issuer"), Setting::Value("my issuer".to_owned()));
    }

    #[test]
    fn a_variable_of_white_space_alone_is_unset() {
        for text in ["", " ", "\n", "\r\n", " \t "] {
            assert_eq!(Setting::from_variable(text), Setting::Unset, "{text:?}");
        }
    }

    #[test]
    fn a_variable_with_an_invisible_character_or_in_quotes_is_unreadable() {
        for text in ["s3\u{200b}cret", "\u{feff}s3cret", "\"me\"\n"] {
            let error = check_setting_text(text.trim_ascii()).unwrap_err();
            assert_eq!(Setting::from_variable(text), Setting::Unreadable(error.to_string()));
        }
    }
}
