//! What a user may do, as OAuth writes it: a list of words.

use std::fmt::{self, Display};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// The longest list, in bytes: it goes into every access token, and tokens have 4 KiB at most.
const MAXIMUM_BYTES: usize = 1024;

/// A list of scope tokens, separated by single spaces (RFC 6749 §3.3), of at most 1 KiB; it may
/// be empty.
///
/// ```
/// use hallpass::Scope;
///
/// let scope = Scope::parse(" orders:read  orders:write ").unwrap();
/// assert_eq!(scope.as_str(), "orders:read orders:write");
/// assert!(scope.contains("orders:write"));
/// assert!(!scope.contains("orders"));
/// assert!(Scope::parse("caf\u{e9}").is_none());
/// assert!(Scope::parse(&"a".repeat(1025)).is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Scope(String);

/// A text that is not a list of scope tokens.
#[derive(Debug, thiserror::Error)]
#[error("a scope has a character that scopes may not have, or more than {MAXIMUM_BYTES} bytes")]
pub struct ScopeUnacceptable;

impl Scope {
    /// Reads a list of scope tokens, or returns `None` when a character is not one of theirs or
    /// there are more than 1024 bytes of them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let is_list = words.iter().all(|word| is_scope_token(word));
        let text = words.join(" ");
        (is_list && text.len() <= MAXIMUM_BYTES).then_some(Self(text))
    }

    /// Returns whether `token` is one of the list, compared byte for byte.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.iter().any(|word| word == token)
    }

    /// Returns the scope tokens in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|word| !word.is_empty())
    }

    /// Returns whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the list as one text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 6749 appendix A.4: `%x21 / %x23-5B / %x5D-7E`.
fn is_scope_token(word: &str) -> bool {
    word.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(ScopeUnacceptable))
    }
}

impl Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
