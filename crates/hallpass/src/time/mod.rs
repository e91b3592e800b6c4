//! Points in time, and the trait of a clock. Nothing here reads the time of the system.

pub(crate) mod clock;
pub(crate) mod timestamp;

pub use clock::Clock;
pub use timestamp::{Timestamp, TimestampOutOfRange};
