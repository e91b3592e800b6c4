//! The id of a session.

use std::fmt::{self, Display};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::random::{Random, RandomUnavailable, random_text};

/// The id of a session: the `sid` of its tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct SessionId(String);

/// A text that is the id of no session.
#[derive(Debug, thiserror::Error)]
#[error("a session id has 1 to 255 printable ASCII characters")]
#[non_exhaustive]
pub struct NotASessionId;

impl SessionId {
    /// Returns the session id that a store or a token holds as `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the session id that somebody writes as `text`, `None` if none can be written like that:
    /// 1 to 255 printable ASCII characters without a blank.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_session_id(text).then(|| Self(text.into()))
    }

    /// Makes the id of a new session: 128 random bits in base64url, 22 characters.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when `random` cannot answer.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        random_text::<16>(random).map(Self::new)
    }

    /// Returns the text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a token holds. Somebody else with our key may write any text there, which not every database
/// takes.
impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if is_session_id(&text) { Ok(Self(text)) } else { Err(D::Error::custom(NotASessionId)) }
    }
}

fn is_session_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
