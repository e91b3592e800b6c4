//! Where the time of day comes from: a port, so that every decision takes `now` as an argument.

use crate::time::Timestamp;

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
