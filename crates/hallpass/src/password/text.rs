//! A password as it was typed.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

/// A password as it was typed, not checked yet: any text.
///
/// # Security
/// `Debug` shows no character of it; it is wiped from memory on drop.
///
/// ```
/// use hallpass::PasswordText;
///
/// assert_eq!(format!("{:?}", PasswordText::from("correct horse")), "PasswordText(…)");
/// ```
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct PasswordText(Zeroizing<String>);

impl PasswordText {
    pub(crate) fn into_text(self) -> Zeroizing<String> {
        self.0
    }
}

impl From<String> for PasswordText {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

/// Copies the text; the copy is wiped on drop, and `text` is the caller's to wipe.
impl From<&str> for PasswordText {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Debug for PasswordText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordText(…)")
    }
}
