//! What is configured in a sequence. Times are in seconds.

use crate::session::Sessions;

const DAY: u64 = 86_400;

#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) sessions: Sessions,
    pub(super) grace: u64,
    pub(super) idle_limit: u64,
    pub(super) absolute_limit: u64,
}

impl Terms {
    /// Returns the defaults most of the time, else no grace, or an absolute limit that a sequence lives
    /// to see.
    pub(super) fn of(seed: u64, sessions: Sessions) -> Self {
        let grace = if seed.is_multiple_of(5) { 0 } else { 30 };
        let absolute_limit = if seed.is_multiple_of(3) { 15 * DAY } else { 90 * DAY };
        Self { sessions, grace, idle_limit: 14 * DAY, absolute_limit }
    }
}
