//! A request on its way through the service.

use crate::service::{LoginError, PasswordChangeError, RefreshError, Step, TokenPair};

pub(super) enum Flight {
    Login(Step<Result<TokenPair, LoginError>>),
    Refresh(Step<Result<TokenPair, RefreshError>>),
    Password(Step<Result<(), PasswordChangeError>>),
    /// Its access token was none.
    Refused,
}

impl Flight {
    /// Does the next steps, as far as there are any.
    pub(super) fn advance(self, steps: usize) -> Self {
        match self {
            Self::Login(step) => Self::Login(advance(step, steps)),
            Self::Refresh(step) => Self::Refresh(advance(step, steps)),
            Self::Password(step) => Self::Password(advance(step, steps)),
            Self::Refused => Self::Refused,
        }
    }
}

fn advance<T>(mut step: Step<T>, steps: usize) -> Step<T> {
    for _ in 0..steps {
        step = match step {
            Step::Done(answer) => Step::Done(answer),
            Step::Store(work) | Step::Hash(_, work) => work.run(),
        };
    }
    step
}
