//! Runs the steps of a use case off the event loop, and bcrypt under a bound.
//!
//! actix allows 512 blocking threads. A storm of logins on all of them would starve the workers
//! that serve everybody else; here, what does not get a permit in time is refused.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix_web::error::BlockingError;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError, web};
use hallpass::{HashLane, Step};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::ErrorCode;
use crate::problem::Problem;

/// The permits to hash. Each lane has its own, so that a storm of logins logs nobody out by
/// delaying refreshes.
#[derive(Debug)]
pub(crate) struct HashLanes {
    password: Arc<Semaphore>,
    refresh_token: Arc<Semaphore>,
    wait: Duration,
}

/// Why a use case did not come to its end. As a response it is 503 `busy` or 500 `internal`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// No permit came in time.
    #[error("all hashing permits were taken for too long")]
    Busy,
    /// The work panicked, or the server is shutting down.
    #[error("the work was cut short")]
    Interrupted(#[source] BlockingError),
}

impl ResponseError for RunError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Busy => ErrorCode::Busy.status(),
            Self::Interrupted(_) => ErrorCode::Internal.status(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        Problem::from(self).into_response()
    }
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
                Step::Store(work) => block(move || work.run()).await?,
                Step::Hash(lane, work) => {
                    let permit = self.permit(lane, &mut patience).await?;
                    // The permit goes with the work: bcrypt goes on when the client hangs up, so
                    // giving it back then would let anybody start as many as they like.
                    block(move || {
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
        let permit = timeout_at(deadline, Arc::clone(semaphore).acquire_owned()).await;
        let permit = permit.or(Err(RunError::Busy))?;
        *patience = deadline.saturating_duration_since(Instant::now());
        Ok(permit.expect("the semaphore is never closed"))
    }
}

async fn block<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, RunError> {
    web::block(work).await.map_err(RunError::Interrupted)
}
