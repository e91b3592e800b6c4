//! Why a use case did not come to its end.

use actix_web::error::BlockingError;
use hallpass::{Classified, ErrorCode, Refusal};

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

impl Classified for RunError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Busy => Refusal::new(ErrorCode::Busy),
            Self::Interrupted(_) => Refusal::new(ErrorCode::Internal),
        }
    }
}
