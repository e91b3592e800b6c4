//! How long sessions last, and how late a retry may come.

use std::time::Duration;

use crate::time::Timestamp;

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
