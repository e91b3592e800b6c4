//! What is known about the device that somebody logs in from, to be shown to them later.

use std::net::IpAddr;

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
    /// Adds the `User-Agent` header (RFC 9110 §10.1.5), without control characters and cut to 255
    /// characters.
    #[must_use]
    pub fn with_user_agent(self, user_agent: &str) -> Self {
        Self { user_agent: displayable(user_agent), ..self }
    }

    /// Adds what the user calls the device, cleaned and cut like the user agent.
    #[must_use]
    pub fn with_label(self, label: &str) -> Self {
        Self { label: displayable(label), ..self }
    }

    /// Returns the peer's address, where known. Behind a proxy it is the proxy's.
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

/// Returns the text as every database takes it (PostgreSQL's has no NUL) and as a page shows what it
/// says; `None` if nothing is left.
fn displayable(text: &str) -> Option<String> {
    let characters = text.trim().chars().filter(|character| is_displayable(*character));
    let text: String = characters.take(MAXIMUM_CHARACTERS).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// No control character, none that has no width or turns the direction of what follows (a label could show
/// as another one), and no noncharacter.
fn is_displayable(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_255_characters_and_has_no_control_character() {
        for (text, expected) in [
            ("a".repeat(300), Some("a".repeat(255))),
            ("ö".repeat(256), Some("ö".repeat(255))),
            ("a\0b\r\nc".into(), Some("abc".into())),
            (" \t ".into(), None),
            ("\0".into(), None),
            (" \0 ".into(), None),
            ("a\u{202e}b\u{200b}\u{feff}\u{ffff}".into(), Some("ab".into())),
            ("\u{200b}".into(), None),
            ("Адины 📱".into(), Some("Адины 📱".into())),
            (String::new(), None),
        ] {
            let device = Device::default().with_user_agent(&text).with_label(&text);
            assert_eq!(device.user_agent(), expected.as_deref(), "{text:?}");
            assert_eq!(device.label(), expected.as_deref(), "{text:?}");
        }
    }
}
