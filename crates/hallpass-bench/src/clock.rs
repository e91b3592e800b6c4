//! The one file that reads the clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Measures a span of time from its start.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Returns the time of day as whole Unix seconds.
#[expect(clippy::disallowed_methods, reason = "the contenders check tokens by the real clock")]
pub(crate) fn unix_seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("the clock is set after 1970").as_secs()
}
