//! The port that events go to.

use crate::event::AuthEvent;

/// Is told every [`AuthEvent`]: to write it down, count it, or raise an alarm.
///
/// It is called in the middle of requests, on threads where blocking is allowed, sometimes on
/// the event loop: hand anything slow to a queue.
pub trait AuthObserver: Send + Sync {
    /// Takes note of `event`.
    fn observe(&self, event: &AuthEvent);
}
