//! A session: one login and all the refresh tokens that descend from it.

use std::fmt::{self, Display};
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;

use crate::random::{Random, RandomUnavailable, random_text};
use crate::{RefreshTokenHash, Timestamp};

/// The id of a session: the `sid` of its tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct SessionId(SmolStr);

/// A text that is the id of no session.
#[derive(Debug, thiserror::Error)]
#[error("a session id has 1 to 255 printable ASCII characters")]
#[non_exhaustive]
pub struct NotASessionId;

impl SessionId {
    /// Returns the session id that a store or a token holds as `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into())
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
        let text = SmolStr::deserialize(deserializer)?;
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

/// What a store holds of a session that is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which login it descends from.
    pub id: SessionId,
    /// The bcrypt hash of the newest refresh token's secret.
    pub refresh_token_hash: RefreshTokenHash,
    /// How often it has been refreshed; 0 from login to the first refresh.
    pub generation: u64,
    /// When it was last refreshed; the time of login at generation 0. Never goes back.
    pub rotated_at: Timestamp,
}

/// How long sessions last and how late a retry may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// The idle limit: a refresh token's lifetime, in whole seconds.
    pub idle_limit: Duration,
    /// The absolute limit from login, in whole seconds; not below the idle limit.
    pub absolute_limit: Duration,
    /// How long after a rotation the predecessor still counts as a retry, in whole seconds;
    /// zero turns retries off.
    pub grace: Duration,
}

impl SessionPolicy {
    /// Returns when a refresh token issued at `issued_at` in a session of `auth_time` expires.
    #[must_use]
    pub fn refresh_expiry(&self, issued_at: Timestamp, auth_time: Timestamp) -> Timestamp {
        issued_at.plus(self.idle_limit).min(auth_time.plus(self.absolute_limit))
    }

    /// Returns whether `now` lies within grace of a rotation at `rotated_at`.
    ///
    /// The window is anchored at the rotation: a retry does not prolong it.
    #[must_use]
    pub fn is_within_grace(&self, rotated_at: Timestamp, now: Timestamp) -> bool {
        !self.grace.is_zero() && now <= rotated_at.plus(self.grace)
    }
}
