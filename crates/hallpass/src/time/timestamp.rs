//! Moments in whole Unix seconds: what JWTs carry and what the database stores.

use std::fmt::{self, Display};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// How far the clocks of servers on one database may differ. A stored time that is further ahead of
/// the clock was written by a clock that was wrong.
pub(crate) const CLOCK_SKEW_TOLERANCE: Duration = Duration::from_secs(60);

/// A moment in whole seconds since 1970-01-01T00:00:00Z, up to the end of the year 9999.
///
/// Tokens carry it as a NumericDate (RFC 7519 §2), without fractions.
///
/// ```
/// use hallpass::Timestamp;
///
/// let login = Timestamp::from_unix_seconds(1_700_000_000).unwrap();
/// assert_eq!(login.to_string(), "2023-11-14T22:13:20Z");
/// assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59Z");
/// assert_eq!(Timestamp::from_unix_seconds(253_402_300_800), None);
/// assert_eq!(login.seconds_until(login.plus(std::time::Duration::from_secs(900))), 900);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Timestamp(u64);

/// A number of seconds that lies after the year 9999.
#[derive(Debug, thiserror::Error)]
#[error("{seconds} seconds since 1970 lie after the year 9999")]
pub struct TimestampOutOfRange {
    seconds: u64,
}

impl Timestamp {
    /// The last second of the year 9999.
    pub const MAX: Self = Self(253_402_300_799);

    /// Returns the moment `seconds` after the Unix epoch, or `None` after the year 9999.
    #[must_use]
    pub const fn from_unix_seconds(seconds: u64) -> Option<Self> {
        if seconds <= Self::MAX.0 { Some(Self(seconds)) } else { None }
    }

    /// Returns the whole seconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_seconds(self) -> u64 {
        self.0
    }

    /// Returns the moment `duration` later, in whole seconds, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_secs())).min(Self::MAX)
    }

    /// Returns whether it is ahead of `now` by more than the clocks of servers may differ (60 s),
    /// so that the clock that wrote it was wrong.
    #[must_use]
    pub(crate) fn is_from_a_wrong_clock(self, now: Self) -> bool {
        self > now.plus(CLOCK_SKEW_TOLERANCE)
    }

    /// Returns how many seconds remain until `later`, 0 when it has passed.
    #[must_use]
    pub fn seconds_until(self, later: Self) -> u64 {
        later.0.saturating_sub(self.0)
    }
}

impl Display for Timestamp {
    /// Writes RFC 3339: `2033-05-18T03:33:20Z`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_seconds((*self).into()).fmt(formatter)
    }
}

impl TryFrom<u64> for Timestamp {
    type Error = TimestampOutOfRange;

    fn try_from(seconds: u64) -> Result<Self, Self::Error> {
        Self::from_unix_seconds(seconds).ok_or(TimestampOutOfRange { seconds })
    }
}

impl From<Timestamp> for u64 {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        Self::UNIX_EPOCH + Duration::from_secs(timestamp.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_stops_at_the_year_9999() {
        assert_eq!(Timestamp::MAX.plus(Duration::MAX), Timestamp::MAX);
    }

    #[test]
    fn a_time_is_from_a_wrong_clock_from_61_seconds_ahead_on() {
        let now = Timestamp(1000);
        for (seconds, expected) in [(0, false), (1000, false), (1060, false), (1061, true)] {
            assert_eq!(Timestamp(seconds).is_from_a_wrong_clock(now), expected, "{seconds}");
        }
        assert!(!Timestamp::MAX.is_from_a_wrong_clock(Timestamp::MAX));
    }

    #[test]
    fn only_whole_seconds_up_to_the_year_9999_are_read_from_json() {
        for (json, expected) in [
            ("0", Some(0)),
            ("253402300799", Some(253_402_300_799)),
            ("253402300800", None),
            ("-1", None),
            ("1.0", None),
            ("1e3", None),
            ("\"1\"", None),
            ("null", None),
        ] {
            let read = serde_json::from_str::<Timestamp>(json).ok();
            assert_eq!(read.map(Timestamp::as_unix_seconds), expected, "{json}");
        }
    }
}
