//! Where the time of day comes from: a port, so that every decision takes `now` as an argument.

use std::time::Duration;

use crate::time::Timestamp;

/// How far the clocks of servers on one database may differ. A stored time that is further ahead of
/// the clock was written by a clock that was wrong.
pub(crate) const CLOCK_SKEW_TOLERANCE: Duration = Duration::from_secs(60);

/// Tells the time of day.
///
/// This crate has no clock of its own. `actix_hallpass` brings the system's; the feature
/// `testing` brings one that is set by hand.
pub trait Clock: Send + Sync {
    /// Returns the present moment in whole seconds.
    ///
    /// It may go back, as system clocks do. Rotations are ordered by their generation and not by
    /// time.
    fn now(&self) -> Timestamp;
}
