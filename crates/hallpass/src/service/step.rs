//! A use case as a chain of steps, each with one kind of effect, so that whoever runs it decides
//! where: store calls where blocking is allowed, bcrypt there too and under a permit.
//!
//! A store step cannot hash and a hash step has no connection: "no pooled connection is held
//! while bcrypt runs" is the shape of the code.

use std::fmt;

/// The next thing to do for a `T`.
#[must_use = "a use case does nothing until its steps are run"]
pub enum Step<T> {
    /// Nothing: this is the answer.
    Done(T),
    /// Talk to the store: run it where blocking is allowed.
    Store(Work<T>),
    /// Run bcrypt: run it where blocking is allowed, with a permit of the lane.
    Hash(HashLane, Work<T>),
}

/// Which queue a hash waits in. A storm of logins must not log anybody out by delaying refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashLane {
    /// Logins, registrations, step-ups and new passwords.
    Password,
    /// Refreshes.
    RefreshToken,
}

/// Work that ends in the next step.
pub struct Work<T>(Box<dyn FnOnce() -> Step<T> + Send>);

impl<T> Step<T> {
    pub(crate) fn store(work: impl FnOnce() -> Self + Send + 'static) -> Self {
        Self::Store(Work(Box::new(work)))
    }

    pub(crate) fn hash(lane: HashLane, work: impl FnOnce() -> Self + Send + 'static) -> Self {
        Self::Hash(lane, Work(Box::new(work)))
    }

    /// Goes on with what `next` makes of the answer.
    pub(crate) fn then(self, next: impl FnOnce(T) -> Self + Send + 'static) -> Self
    where
        T: 'static,
    {
        match self {
            Self::Done(answer) => next(answer),
            Self::Store(work) => Self::store(move || work.run().then(next)),
            Self::Hash(lane, work) => Self::hash(lane, move || work.run().then(next)),
        }
    }

    /// Runs all steps on this thread, without permits: for tests, tools and servers without a
    /// bound on hashing.
    pub fn run_blocking(mut self) -> T {
        loop {
            self = match self {
                Self::Done(answer) => return answer,
                Self::Store(work) | Self::Hash(_, work) => work.run(),
            }
        }
    }
}

impl<T> Work<T> {
    /// Does the work on this thread and returns what comes next.
    pub fn run(self) -> Step<T> {
        (self.0)()
    }
}

impl<T> fmt::Debug for Step<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(_) => formatter.write_str("Done(…)"),
            Self::Store(_) => formatter.write_str("Store(…)"),
            Self::Hash(lane, _) => write!(formatter, "Hash({lane:?}, …)"),
        }
    }
}

impl<T> fmt::Debug for Work<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Work(…)")
    }
}
