//! A clock that stands still until it is told otherwise.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::time::{Clock, Timestamp};

/// A clock that is set by hand.
///
/// ```
/// use std::time::Duration;
/// use hallpass::{Clock, testing::ManualClock};
///
/// let clock = ManualClock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(30));
/// assert_eq!(before.seconds_until(clock.now()), 30);
/// ```
#[derive(Debug)]
pub struct ManualClock(AtomicU64);

impl Default for ManualClock {
    /// Starts at 2033-05-18T03:33:20Z, two thousand million seconds after 1970.
    fn default() -> Self {
        Self(AtomicU64::new(2_000_000_000))
    }
}

impl ManualClock {
    /// Moves the clock to `now`, forwards or backwards.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_unix_seconds(), Ordering::SeqCst);
    }

    /// Moves the clock forward by the whole seconds of `duration`.
    pub fn advance(&self, duration: Duration) {
        self.set(self.now().plus(duration));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let seconds = self.0.load(Ordering::SeqCst);
        Timestamp::from_unix_seconds(seconds).unwrap_or(Timestamp::MAX)
    }
}
