//! A session: one login and all the refresh tokens that descend from it.

use std::fmt::{self, Display};
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::random::{Random, RandomUnavailable, random_text};
use crate::session::RefreshTokenHash;
use crate::time::Timestamp;

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

/// What a store holds of a session that is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which login it descends from.
    pub id: SessionId,
    /// The bcrypt hash of the newest refresh token's secret.
    pub refresh_token_hash: RefreshTokenHash,
    /// How often it has been refreshed; 0 from login to the first refresh.
    pub generation: u64,
    /// When it was last refreshed; the time of login at generation 0. Goes back only if it is more
    /// than 60 s ahead of the clock at the next refresh: a wrong clock stored it.
    pub rotated_at: Timestamp,
}

impl Session {
    /// Returns the time that a rotation at `now` is stored with: not before the last one, because
    /// the clocks of two servers may differ by up to 60 s. A last one further ahead was stored by a
    /// wrong clock, and `now` replaces it.
    pub(crate) fn next_rotation(&self, now: Timestamp) -> Timestamp {
        if self.rotated_at.is_from_a_wrong_clock(now) { now } else { now.max(self.rotated_at) }
    }
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

    /// Returns whether a token received at `received_at` came within grace of a rotation at
    /// `rotated_at`, judged at `now`.
    ///
    /// The window is anchored at the rotation: a retry does not prolong it.
    pub(crate) fn grace_after(
        &self,
        rotated_at: Timestamp,
        received_at: Timestamp,
        now: Timestamp,
    ) -> Grace {
        if self.grace.is_zero() {
            Grace::Over
        } else if rotated_at.is_from_a_wrong_clock(now) {
            Grace::Unknown
        } else if received_at <= rotated_at.plus(self.grace) {
            Grace::Open
        } else {
            Grace::Over
        }
    }
}

/// Whether a replaced refresh token came soon enough to be a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grace {
    /// It did.
    Open,
    /// It came too late, or retries are turned off.
    Over,
    /// A wrong clock stored the rotation, so the time since then is unknown: the token gets no
    /// successor, and is no theft either.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn at(unix_seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(unix_seconds).unwrap()
    }

    #[test]
    fn a_rotation_is_not_before_the_last_one_unless_that_is_from_a_wrong_clock() {
        let now = 2_000_000_000;
        for (last, expected) in [
            (0, now),
            (now - 1, now),
            (now, now),
            (now + 1, now + 1),
            (now + 59, now + 59),
            (now + 60, now + 60),
            (now + 61, now),
            (now + DAY, now),
        ] {
            let session = Session {
                id: SessionId::new("s1"),
                refresh_token_hash: RefreshTokenHash::new(""),
                generation: 1,
                rotated_at: at(last),
            };
            assert_eq!(session.next_rotation(at(now)), at(expected), "{last}");
        }
    }

    #[test]
    fn grace_is_counted_from_the_rotation_and_is_unknown_after_a_wrong_clock() {
        let rotated_at = 2_000_000_000;
        let policy = |grace| SessionPolicy {
            idle_limit: Duration::from_secs(14 * DAY),
            absolute_limit: Duration::from_secs(90 * DAY),
            grace: Duration::from_secs(grace),
        };
        for (received_at, now, expected) in [
            (rotated_at, rotated_at, Grace::Open),
            (rotated_at + 30, rotated_at + 30, Grace::Open),
            (rotated_at + 31, rotated_at + 31, Grace::Over),
            // It waited for the store.
            (rotated_at - 3600, rotated_at + 3600, Grace::Open),
            (rotated_at + 30, rotated_at + 3600, Grace::Open),
            // Another server's clock is ahead.
            (rotated_at - 59, rotated_at - 59, Grace::Open),
            (rotated_at - 60, rotated_at - 60, Grace::Open),
            (rotated_at - 61, rotated_at - 61, Grace::Unknown),
            (rotated_at - DAY, rotated_at - DAY, Grace::Unknown),
            // The clock was set right while it waited.
            (rotated_at + 30, rotated_at - DAY, Grace::Unknown),
            (rotated_at + 31, rotated_at - DAY, Grace::Unknown),
        ] {
            let grace = policy(30).grace_after(at(rotated_at), at(received_at), at(now));
            assert_eq!(grace, expected, "{received_at} {now}");
            let turned_off = policy(0).grace_after(at(rotated_at), at(received_at), at(now));
            assert_eq!(turned_off, Grace::Over, "{received_at} {now}");
        }
    }
}
