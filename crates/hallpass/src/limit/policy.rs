//! How often something may be tried: a burst, then once per interval. The arithmetic, and nothing else.

use std::time::Duration;

use crate::time::Timestamp;
use crate::time::timestamp::CLOCK_SKEW_TOLERANCE;

/// An allowance of `burst` attempts, of which one comes back every `interval`.
///
/// It is the generic cell rate algorithm (ITU-T I.371), which keeps one moment for each key: when
/// its allowance is full again. Nothing has to run in between, and a key whose moment has passed may be
/// forgotten. Whoever is refused waits for `interval` and no longer, however often they have tried: this
/// slows down and never locks out.
///
/// Every implementation of [`AttemptLimiter`](crate::AttemptLimiter) decides with these two functions, so
/// that they all decide alike.
///
/// ```
/// use std::time::Duration;
/// use hallpass::{ThrottlePolicy, Timestamp};
///
/// let policy = ThrottlePolicy::new(2, Duration::from_secs(30));
/// let now = Timestamp::from_unix_seconds(1_700_000_000).unwrap();
/// let first = policy.take(None, now).unwrap();
/// let second = policy.take(Some(first), now).unwrap();
/// assert_eq!(policy.take(Some(second), now).unwrap_err().wait, Duration::from_secs(30));
/// assert!(policy.take(Some(second), now.plus(Duration::from_secs(30))).is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThrottlePolicy {
    /// How many attempts there are at once, at least 1.
    pub burst: u32,
    /// After how long one of them comes back, in whole seconds, at least 1 s.
    pub interval: Duration,
}

/// There is no attempt to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAttempt {
    /// How long to wait for one.
    pub wait: Duration,
    /// The moment to be kept instead of the one there is, if that can't be.
    pub full_at: Option<Timestamp>,
}

impl ThrottlePolicy {
    /// Returns the allowance of `burst` attempts, of which one comes back every `interval`.
    #[must_use]
    pub const fn new(burst: u32, interval: Duration) -> Self {
        Self { burst, interval }
    }

    /// Takes one attempt from an allowance that is full at `full_at`, or now if that is `None`; returns
    /// when it is full with this one gone.
    ///
    /// # Errors
    /// [`NoAttempt`]: how long to wait until there is one. It brings a moment to be kept instead where the
    /// one there is lies a minute further away than an empty allowance needs: the clock was set back, or
    /// the policy was a wider one. So the longest wait is an interval and that minute.
    pub fn take(self, full_at: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, NoAttempt> {
        let full_after_all = now.plus(self.interval.saturating_mul(self.burst));
        let full_at = full_at.unwrap_or(now).max(now);
        if full_at > full_after_all.plus(CLOCK_SKEW_TOLERANCE) {
            return Err(self.exhausted(now));
        }
        let full_after_this = full_at.plus(self.interval);
        if full_after_this <= full_after_all {
            return Ok(full_after_this);
        }
        let seconds = full_after_all.seconds_until(full_after_this);
        Err(NoAttempt { wait: Duration::from_secs(seconds), full_at: None })
    }

    /// Returns the refusal where a stored moment is implausible, or is no time at all: it is replaced by that
    /// of an empty allowance, as if all attempts had been taken `now`.
    #[must_use]
    pub fn exhausted(self, now: Timestamp) -> NoAttempt {
        let full_after_all = now.plus(self.interval.saturating_mul(self.burst));
        NoAttempt { wait: self.interval, full_at: Some(full_after_all) }
    }

    /// Returns when the allowance is full once one attempt has been given back.
    ///
    /// An attempt that is given back after the allowance was full meanwhile is one that was taken since.
    /// So at most as many attempts go uncounted as were under way.
    #[must_use]
    pub fn give_back(self, full_at: Timestamp) -> Timestamp {
        let seconds = full_at.as_unix_seconds().saturating_sub(self.interval.as_secs());
        Timestamp::from_unix_seconds(seconds).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: ThrottlePolicy = ThrottlePolicy { burst: 3, interval: Duration::from_secs(30) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds).unwrap()
    }

    #[test]
    fn a_burst_passes_and_then_one_attempt_per_interval() {
        for (name, full_at, now, expected) in [
            ("never seen", None, 1000, Ok(1030)),
            ("full since long ago", Some(10), 1000, Ok(1030)),
            ("full this very second", Some(1000), 1000, Ok(1030)),
            ("one is gone", Some(1030), 1000, Ok(1060)),
            ("two are gone", Some(1060), 1000, Ok(1090)),
            ("one is coming back", Some(1061), 1000, Err(1)),
            ("all are gone", Some(1090), 1000, Err(30)),
            ("all are gone since a while", Some(1090), 1029, Err(1)),
            ("one is back", Some(1090), 1030, Ok(1120)),
            ("two are back", Some(1090), 1060, Ok(1120)),
            ("the clock was set back a little", Some(1090), 999, Err(31)),
            ("another server is a minute ahead", Some(1150), 1000, Err(90)),
            ("the clock was set back more than that", Some(1151), 1000, Err(30)),
            ("the clock was set back a year", Some(31_000_000), 1000, Err(30)),
        ] {
            let taken = POLICY.take(full_at.map(at), at(now)).map_err(|no| no.wait);
            assert_eq!(taken, expected.map(at).map_err(Duration::from_secs), "{name}");
        }
    }

    #[test]
    fn a_moment_that_can_not_be_is_replaced_by_that_of_an_empty_allowance() {
        for (full_at, kept) in
            [(1090, None), (1150, None), (1151, Some(1090)), (31_000_000, Some(1090))]
        {
            let refused = POLICY.take(Some(at(full_at)), at(1000)).unwrap_err();
            assert_eq!(refused.full_at, kept.map(at), "{full_at}");
        }
        assert!(POLICY.take(Some(at(1090)), at(1030)).is_ok(), "and comes back as any other");
    }

    #[test]
    fn an_exhausted_allowance_comes_back_as_any_other() {
        let NoAttempt { wait, full_at } = POLICY.exhausted(at(1000));
        assert_eq!((wait, full_at), (Duration::from_secs(30), Some(at(1090))));
        assert_eq!(POLICY.take(full_at, at(1029)).unwrap_err().wait, Duration::from_secs(1));
        assert_eq!(POLICY.take(full_at, at(1030)), Ok(at(1120)));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_no_more_than_that() {
        let empty = at(1090);
        let one_back = POLICY.give_back(empty);
        assert_eq!(POLICY.take(Some(one_back), at(1000)), Ok(empty));
        assert_eq!(POLICY.give_back(at(10)), at(0));
        let full = POLICY.give_back(at(1000));
        assert_eq!(POLICY.take(Some(full), at(1000)), Ok(at(1030)), "it is never more than full");
    }

    #[test]
    fn whoever_waits_as_long_as_they_are_told_gets_their_attempt() {
        let (mut full_at, mut now, mut passed) = (None, at(1000), 0);
        while now < at(1000 + 3600) {
            match POLICY.take(full_at, now) {
                Ok(taken) => (full_at, passed) = (Some(taken), passed + 1),
                Err(NoAttempt { wait, .. }) => {
                    assert!(Duration::ZERO < wait && wait <= POLICY.interval, "{wait:?}");
                    now = now.plus(wait);
                }
            }
        }
        assert_eq!(passed, 3 + 3600 / 30 - 1, "a burst, and one per interval in an hour");
    }

    #[test]
    fn no_policy_overflows() {
        let huge = ThrottlePolicy { burst: u32::MAX, interval: Duration::MAX };
        assert_eq!(huge.take(Some(Timestamp::MAX), Timestamp::MAX), Ok(Timestamp::MAX));
        let none = ThrottlePolicy { burst: 0, interval: Duration::from_secs(30) };
        assert_eq!(none.take(None, at(1000)).unwrap_err().wait, Duration::from_secs(30));
    }
}
