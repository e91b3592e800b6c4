//! Removes sessions that are over, in batches so small that no request waits for long.

use std::time::{Duration, Instant};

use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::sleep;
use hallpass::error_chain;

use crate::admin::AccountError;
use crate::auth::Auth;

/// How long a batch should take: whoever wants to write to an SQLite file waits that long.
const BATCH_TIME: Duration = Duration::from_millis(5);

/// The pause after a batch, in which whoever waits gets their turn. SQLite looks for a lock only every
/// 25 ms or so.
const PAUSE: Duration = Duration::from_millis(30);

/// The size of the first batch, and the bounds of the others.
const FIRST_BATCH: u32 = 100;
const SMALLEST_BATCH: u32 = 10;
const LARGEST_BATCH: u32 = 300;

/// When sessions that are over are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleanup {
    /// From one removal to the next. Default one hour.
    pub every: Duration,
    /// For how long they are kept after their end, for whoever wants to look at them. Default seven days.
    pub kept: Duration,
}

impl Default for Cleanup {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        Self { every: HOUR, kept: 7 * 24 * HOUR }
    }
}

/// The removal of old sessions in the background. It goes on when this value is dropped.
#[derive(Debug)]
pub struct CleanupTask(JoinHandle<()>);

impl CleanupTask {
    /// Stops the removal, and waits until it has stopped. A batch that has begun is finished by its thread.
    pub async fn stop(self) {
        self.0.abort();
        // An error says that it was aborted, or that it had panicked.
        let _ = self.0.await;
    }
}

impl Auth {
    /// Removes sessions that are over, now and then, for as long as the runtime lives that this is called
    /// in, or until [`CleanupTask::stop`]. One process of several is enough, and more do no harm.
    ///
    /// A removal that fails is logged and tried again the next time.
    ///
    /// # Panics
    /// Outside of a runtime of Tokio, which those of actix are: call it in an `async fn`, such as `main` under
    /// `#[actix_web::main]` or `#[tokio::main]`.
    ///
    /// ```
    /// use actix_hallpass::Cleanup;
    /// use actix_hallpass::testing::TestAuth;
    ///
    /// # actix_web::rt::System::new().block_on(async {
    /// let auth = TestAuth::new();
    /// auth.clean_up(Cleanup::default());
    /// # });
    /// ```
    #[track_caller]
    pub fn clean_up(&self, cleanup: Cleanup) -> CleanupTask {
        let auth = self.clone();
        CleanupTask(tokio::spawn(async move {
            loop {
                match auth.remove_dead_sessions(cleanup.kept).await {
                    Ok(0) => {}
                    Ok(count) => tracing::info!(target: "hallpass", count, "old sessions removed"),
                    Err(error) => {
                        let reason = error_chain(&error);
                        tracing::warn!(target: "hallpass", reason, "old sessions not removed");
                    }
                }
                sleep(cleanup.every).await;
            }
        }))
    }

    /// Removes sessions that ended or expired at least `kept` ago, in small batches that hold up no request
    /// for long. Returns how many it removed. 100,000 sessions take ten to thirty seconds.
    ///
    /// # Errors
    /// [`AccountError`] when a batch could not be removed; those before it are.
    #[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
    pub async fn remove_dead_sessions(&self, kept: Duration) -> Result<usize, AccountError> {
        let (mut removed, mut limit) = (0, FIRST_BATCH);
        loop {
            let start = Instant::now();
            let count = self.run(self.service().remove_dead_sessions(kept, limit)).await??;
            removed += count;
            if count < limit as usize {
                return Ok(removed);
            }
            limit = next_limit(limit, start.elapsed());
            sleep(PAUSE).await;
        }
    }
}

/// Returns the size of the batch after one of `limit` that took `took`.
fn next_limit(limit: u32, took: Duration) -> u32 {
    let next = if took > 2 * BATCH_TIME {
        limit / 2
    } else if took < BATCH_TIME {
        limit + limit / 2
    } else {
        limit
    };
    next.clamp(SMALLEST_BATCH, LARGEST_BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_grows_while_it_is_quick_and_shrinks_when_it_is_slow() {
        for (limit, millis, expected) in [
            (100, 1, 150),
            (100, 5, 100),
            (100, 10, 100),
            (100, 11, 50),
            (300, 1, 300),
            (250, 1, 300),
            (10, 500, 10),
            (15, 500, 10),
        ] {
            assert_eq!(
                next_limit(limit, Duration::from_millis(millis)),
                expected,
                "{limit} {millis}"
            );
        }
    }
}
