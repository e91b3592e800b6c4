//! The system's clock. No other file reads it.

use std::time::SystemTime;

use hallpass::{Clock, Timestamp};

/// The time of day as the system tells it, cut to whole seconds.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one file that reads the clock")]
    fn now(&self) -> Timestamp {
        // A clock before 1970 is a machine without one: everything looks unexpired then, but
        // nothing that was issued at a real time is accepted as newer than it is.
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let seconds = since_1970.unwrap_or_default().as_secs();
        Timestamp::from_unix_seconds(seconds).unwrap_or(Timestamp::MAX)
    }
}
