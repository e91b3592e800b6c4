//! Runs the steps of a use case off the event loop, and bcrypt under a bound.
//!
//! actix allows 512 blocking threads. A storm of logins on all of them would starve the workers
//! that serve everybody else; here, what does not get a permit in time is refused.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix_web::error::BlockingError;
use actix_web::web;
use hallpass::{HashLane, Step};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

/// The permits to hash. Each lane has its own, so that a storm of logins logs nobody out by
/// delaying refreshes.
#[derive(Debug)]
pub(crate) struct HashLanes {
    password: Arc<Semaphore>,
    refresh_token: Arc<Semaphore>,
    wait: Duration,
}

/// Why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// No permit came in time.
    #[error("all hashing permits were taken for too long")]
    Busy {
        /// That time ran out.
        source: Elapsed,
    },
    /// The work panicked, or the server is shutting down.
    #[error("the work was cut short")]
    Interrupted(#[from] BlockingError),
}

impl HashLanes {
    /// Returns lanes of `permits` each, in which a request waits for `wait` at most.
    pub(crate) fn new(permits: NonZeroUsize, wait: Duration) -> Self {
        let lane = || Arc::new(Semaphore::new(permits.get()));
        Self { password: lane(), refresh_token: lane(), wait }
    }

    /// Runs the steps to their end. Their waits for a permit share one deadline.
    pub(crate) async fn run<T: Send + 'static>(&self, mut step: Step<T>) -> Result<T, RunError> {
        let mut patience = self.wait;
        loop {
            step = match step {
                Step::Done(answer) => return Ok(answer),
                Step::Store(work) => web::block(move || work.run()).await?,
                Step::Hash(lane, work) => {
                    let permit = self.permit(lane, &mut patience).await?;
                    // The permit goes with the work: bcrypt goes on when the client hangs up, so
                    // giving it back then would let anybody start as many as they like.
                    web::block(move || {
                        let next = work.run();
                        drop(permit);
                        next
                    })
                    .await?
                }
            }
        }
    }

    /// Waits for a permit of the lane, and takes the time from `patience`.
    async fn permit(
        &self,
        lane: HashLane,
        patience: &mut Duration,
    ) -> Result<OwnedSemaphorePermit, RunError> {
        let semaphore = match lane {
            HashLane::Password => &self.password,
            HashLane::RefreshToken => &self.refresh_token,
        };
        let deadline = Instant::now() + *patience;
        let permit = timeout_at(deadline, Arc::clone(semaphore).acquire_owned())
            .await
            .map_err(|source| RunError::Busy { source })?;
        *patience = deadline.saturating_duration_since(Instant::now());
        Ok(permit.expect("the semaphore is never closed"))
    }
}
