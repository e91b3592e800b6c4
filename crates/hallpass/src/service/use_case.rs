//! A use case on its way to its answer, run by a caller that decides where.
//!
//! A use case is an `async fn` whose only await is for a permit to hash, so that a request waits for one
//! without a thread. Store calls and bcrypt block: [`Run::resume`] belongs on a thread that may block.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::service::permits::{HashLane, HashPermit, Permits};

/// A use case: answered, ready to run, or waiting for a permit to hash.
#[must_use = "a use case does nothing until it is run"]
pub enum UseCase<T> {
    /// The answer. It was known without the store and without bcrypt, or all is done.
    Answered(T),
    /// Ready to run.
    Ready(Run<T>),
    /// Waits for a permit of this lane.
    Waiting(HashLane, Wait<T>),
}

/// A use case that is ready to run.
pub struct Run<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    permits: Permits,
}

/// A use case that waits for a permit to hash.
pub struct Wait<T>(Run<T>);

impl<T> UseCase<T> {
    pub(crate) fn new<F>(begin: impl FnOnce(Permits) -> F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        let permits = Permits::default();
        Self::Ready(Run { future: Box::pin(begin(permits.clone())), permits })
    }

    /// Returns a use case that calls the store and hashes nothing.
    pub(crate) fn of_store(work: impl FnOnce() -> T + Send + 'static) -> Self {
        Self::new(|_| async { work() })
    }

    /// Runs it to its end on this thread, without a bound on hashing: for tests and tools.
    pub fn run_blocking(mut self) -> T {
        loop {
            self = match self {
                Self::Answered(answer) => return answer,
                Self::Ready(run) => run.resume(),
                Self::Waiting(_, wait) => wait.grant(HashPermit::holding(())).resume(),
            }
        }
    }
}

impl<T> Run<T> {
    /// Runs on this thread, which may block, up to the answer or the next wait for a permit.
    pub fn resume(mut self) -> UseCase<T> {
        match self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => UseCase::Answered(answer),
            Poll::Pending => {
                let lane = self.permits.wanted().expect("a use case awaits permits alone");
                UseCase::Waiting(lane, Wait(self))
            }
        }
    }
}

impl<T> Wait<T> {
    /// Grants the permit, which the use case gives back when it has hashed.
    pub fn grant(self, permit: HashPermit) -> Run<T> {
        self.0.permits.grant(permit);
        self.0
    }
}

impl<T> fmt::Debug for UseCase<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(_) => formatter.write_str("Answered(…)"),
            Self::Ready(_) => formatter.write_str("Ready(…)"),
            Self::Waiting(lane, _) => write!(formatter, "Waiting({lane:?}, …)"),
        }
    }
}

impl<T> fmt::Debug for Run<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Run(…)")
    }
}

impl<T> fmt::Debug for Wait<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Wait(…)")
    }
}
