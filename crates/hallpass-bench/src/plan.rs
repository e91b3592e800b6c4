//! How often and how long is measured: in full, or as quickly as shows that it runs.

use std::time::Duration;

/// Rounds, seconds and sizes.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) duration: Duration,
    /// How often the guards' servers are started: how fast one is depends on where its memory happens to lie.
    pub(crate) guard_starts: usize,
    /// Many short rounds for each start, since differences are small and the machine has its moods.
    pub(crate) guard_rounds: usize,
    pub(crate) guard_duration: Duration,
    /// Long ones, since what is under way at the end of a load is lost to whoever takes long for a refresh.
    pub(crate) refresh_rounds: usize,
    pub(crate) refresh_duration: Duration,
    pub(crate) storm: Duration,
    /// How many users a table has.
    pub(crate) users: &'static [u64],
    /// In how many servers, one after another, memory is looked at.
    pub(crate) memory_rounds: usize,
    /// After how many refreshes memory is looked at.
    pub(crate) refreshes: &'static [u64],
    pub(crate) build_rounds: usize,
    /// How often a token is verified in a round.
    pub(crate) verifications: usize,
    /// How many different tokens are verified in turn.
    pub(crate) live_tokens: &'static [usize],
}

impl Plan {
    /// What is published.
    pub(crate) fn full() -> Self {
        Self {
            rounds: 7,
            duration: Duration::from_secs(3),
            guard_starts: 5,
            guard_rounds: 5,
            guard_duration: Duration::from_secs(1),
            refresh_rounds: 5,
            refresh_duration: Duration::from_secs(15),
            storm: Duration::from_secs(8),
            users: &[1_000, 100_000, 10_000_000],
            memory_rounds: 5,
            refreshes: &[10_000, 100_000, 300_000, 1_000_000],
            build_rounds: 5,
            verifications: 200_000,
            live_tokens: &[1, 1_000, 1_000_000],
        }
    }

    /// Less than three minutes, once everything is built.
    pub(crate) fn quick() -> Self {
        Self {
            rounds: 1,
            duration: Duration::from_secs(1),
            guard_starts: 1,
            guard_rounds: 1,
            guard_duration: Duration::from_secs(1),
            refresh_rounds: 1,
            refresh_duration: Duration::from_secs(1),
            storm: Duration::from_secs(3),
            users: &[1_000, 10_000],
            memory_rounds: 1,
            refreshes: &[500, 1_000, 2_000],
            build_rounds: 0,
            verifications: 20_000,
            live_tokens: &[1, 1_000],
        }
    }
}
