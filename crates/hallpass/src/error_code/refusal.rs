//! An error as clients and operators are told it.

use std::error::Error;
use std::time::Duration;

use crate::error_code::ErrorCode;
use crate::event::Severity;
use crate::text::error_chain;

/// An error that knows what clients and operators are told of it.
///
/// ```
/// use hallpass::{Classified as _, ErrorCode, LoginError, LoginRefusal, Severity, StoreError};
///
/// let refused = LoginError::Refused(LoginRefusal::UnknownUser);
/// assert_eq!(refused.code(), ErrorCode::InvalidCredentials);
/// assert_eq!(refused.reason(), "the credentials are refused: no such user");
///
/// let fault = LoginError::Store(StoreError::Unavailable("no route to host".into()));
/// assert_eq!(fault.code(), ErrorCode::Unavailable);
/// assert_eq!(fault.refusal().severity, Severity::Error);
/// ```
pub trait Classified: Error {
    /// Returns what is told of it.
    fn refusal(&self) -> Refusal;

    /// Returns the code that a client gets.
    fn code(&self) -> ErrorCode {
        self.refusal().code
    }

    /// Returns the error with the causes behind it: for logs, not for clients.
    fn reason(&self) -> String
    where
        Self: Sized,
    {
        error_chain(self)
    }
}

/// What is told of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// To the client: what to branch on.
    pub code: ErrorCode,
    /// To the client, where the code's own text can't tell: which rule a new password broke.
    /// Nothing that the client may not know.
    pub detail: Option<String>,
    /// To the client: how long to wait before the next request, where that is known.
    pub retry_after: Option<Duration>,
    /// To the client: whether it is the access token of the request that is refused.
    pub is_about_access_token: bool,
    /// To the operator: how much it matters.
    pub severity: Severity,
    /// To the operator: the row that has to be repaired.
    pub damaged_row: Option<Box<DamagedRow>>,
}

/// Where a value is that a store can't use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DamagedRow {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's id.
    pub id: String,
}

impl Refusal {
    /// Returns what is told of an error with this code and nothing else to tell.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            detail: None,
            retry_after: None,
            is_about_access_token: false,
            severity: code.severity(),
            damaged_row: None,
        }
    }

    /// Returns what is told of an access token that is refused.
    #[must_use]
    pub fn of_access_token(code: ErrorCode) -> Self {
        Self { is_about_access_token: true, ..Self::new(code) }
    }

    /// Replaces the code's own text.
    #[must_use]
    pub fn with_detail(self, detail: String) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// Replaces the code's own severity.
    #[must_use]
    pub fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
}
