//! The removal of sessions that are over.

use std::time::Duration;

use crate::service::{Service, UseCase};
use crate::store::StoreError;
use crate::time::Timestamp;

impl Service {
    /// Removes up to `limit` sessions that have been over for `kept` at least, those first that ended
    /// first; returns how many. Fewer than `limit` are the last ones.
    ///
    /// Each call holds the database up for the time that one such batch takes.
    ///
    /// # Errors
    /// [`StoreError`] when the store could not do it.
    pub fn remove_dead_sessions(
        &self,
        kept: Duration,
        limit: u32,
    ) -> UseCase<Result<usize, StoreError>> {
        let service = self.clone();
        UseCase::of_store(move || {
            let seconds = service.now().as_unix_seconds().saturating_sub(kept.as_secs());
            let before = Timestamp::from_unix_seconds(seconds).unwrap_or(Timestamp::MAX);
            service.store().remove_dead_sessions(before, limit)
        })
    }
}
