//! The text of a verified token, kept beside what it says without an allocation of its own.

use arrayvec::ArrayString;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

/// Room for a token with an id of 20 digits, some scopes and few claims of the application's.
const USUAL_BYTES: usize = 512;

/// The text of a token; wiped on drop, from where it is kept. Who moves one may leave a copy on the stack.
#[expect(clippy::large_enum_variant, reason = "a usual token takes no memory of its own by it")]
pub(crate) enum TokenText {
    Usual(ArrayString<USUAL_BYTES>),
    Long(Zeroizing<String>),
}

impl TokenText {
    pub(crate) fn new(text: &str) -> Self {
        ArrayString::from(text)
            .map_or_else(|_| Self::Long(Zeroizing::new(text.to_owned())), Self::Usual)
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Usual(text) => text,
            Self::Long(text) => text,
        }
    }
}

/// In a time that does not tell how much of it is alike.
impl PartialEq for TokenText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str().as_bytes().ct_eq(other.as_str().as_bytes()).into()
    }
}

impl Eq for TokenText {}

impl Drop for TokenText {
    fn drop(&mut self) {
        // A long one wipes itself.
        if let Self::Usual(text) = self {
            text.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_is_kept_as_it_is() {
        for length in [0, 1, USUAL_BYTES - 1, USUAL_BYTES, USUAL_BYTES + 1, 4096] {
            let text = "t".repeat(length);
            assert_eq!(TokenText::new(&text).as_str(), text);
        }
    }
}
