//! Runs use cases off the event loop, and bcrypt under a bound.
//!
//! actix allows 512 blocking threads. A storm of logins on all of them would starve the workers
//! that serve everybody else; here, what does not get a permit in time is refused.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use hallpass::{HashLane, HashPermit, Run, UseCase};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::run::RunError;

/// The permits to hash, and how long a request waits for one.
#[derive(Debug)]
pub(crate) struct HashLanes {
    permits: Permits,
    wait: Duration,
}

/// The permits to hash. Each lane has its own: a storm of logins must not delay refreshes, which would
/// log users out.
#[derive(Clone, Debug)]
struct Permits {
    password: Arc<Semaphore>,
    refresh_token: Arc<Semaphore>,
}

impl HashLanes {
    /// Returns lanes of `permits` each, in which a request waits for `wait` at most.
    pub(crate) fn new(permits: NonZeroUsize, wait: Duration) -> Self {
        Self { permits: Permits::new(permits), wait }
    }

    /// Runs a use case to its answer. Its waits for a permit share one deadline.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        mut use_case: UseCase<T>,
    ) -> Result<T, RunError> {
        let mut patience = self.wait;
        loop {
            use_case = match use_case {
                UseCase::Answered(answer) => return Ok(answer),
                UseCase::Ready(run) => self.block(run).await?,
                UseCase::Waiting(lane, wait) => {
                    let permit = self.permit(lane, &mut patience).await?;
                    self.block(wait.grant(HashPermit::holding(permit))).await?
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
        let deadline = Instant::now() + *patience;
        let permit = timeout_at(deadline, Arc::clone(self.permits.of(lane)).acquire_owned()).await;
        let permit = permit.or(Err(RunError::Busy))?;
        *patience = deadline.saturating_duration_since(Instant::now());
        Ok(permit.expect("the semaphore is never closed"))
    }

    /// Runs a use case on a blocking thread, up to its answer or until there is a permit to wait for. To come
    /// back here after each hash would change threads twice, and let actix-web start more of them, since the
    /// one that was left is not idle yet.
    async fn block<T: Send + 'static>(&self, run: Run<T>) -> Result<UseCase<T>, RunError> {
        let permits = self.permits.clone();
        web::block(move || permits.run_while_permitted(run)).await.map_err(RunError::Interrupted)
    }
}

impl Permits {
    fn new(number: NonZeroUsize) -> Self {
        let lane = || Arc::new(Semaphore::new(number.get()));
        Self { password: lane(), refresh_token: lane() }
    }

    fn of(&self, lane: HashLane) -> &Arc<Semaphore> {
        match lane {
            HashLane::Password => &self.password,
            HashLane::RefreshToken => &self.refresh_token,
        }
    }

    /// Runs a use case for as long as permits are free.
    ///
    /// The permit goes with the use case: bcrypt goes on when the client hangs up, so to give the permit back
    /// then would let clients start as many hashes as they like.
    fn run_while_permitted<T>(&self, mut run: Run<T>) -> UseCase<T> {
        loop {
            let (lane, wait) = match run.resume() {
                UseCase::Waiting(lane, wait) => (lane, wait),
                other @ (UseCase::Answered(_) | UseCase::Ready(_)) => return other,
            };
            // This overtakes nobody in line: a permit that is given back goes to the first in line.
            match Arc::clone(self.of(lane)).try_acquire_owned() {
                Ok(permit) => run = wait.grant(HashPermit::holding(permit)),
                Err(_) => return UseCase::Waiting(lane, wait),
            }
        }
    }
}
