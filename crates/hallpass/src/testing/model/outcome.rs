//! What an action comes to: what the model says and what the service did are compared as these.

use crate::event::LoginRefusal;
use crate::session::RefreshRefusal;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    LoggedIn(Grant),
    Rotated(Grant),
    Retried(Grant),
    RefreshRefused(RefreshRefusal),
    /// At login, and where a user changes their password.
    PasswordRefused(LoginRefusal),
    /// The access token has expired.
    AccessRefused,
    /// The access token's session has ended.
    SessionEnded,
    /// So many sessions.
    Ended(usize),
    /// So many rows.
    Removed(usize),
    PasswordChanged,
    Done,
    /// What no action should come to.
    Unexpected(String),
}

/// The tokens that a client got.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grant {
    /// The number of the refresh token: a retry gets the very same text again.
    pub(super) token: usize,
    pub(super) session: usize,
    pub(super) access_expires_in: u64,
    pub(super) refresh_expires_in: u64,
}

impl Outcome {
    /// Returns what kind of outcome it is: for a refusal, which one.
    pub(super) fn name(&self) -> String {
        let text = match self {
            Self::RefreshRefused(refusal) => format!("Refresh: {refusal:?}"),
            Self::PasswordRefused(refusal) => format!("Password: {refusal:?}"),
            other => format!("{other:?}"),
        };
        text.split(['(', '{']).next().unwrap_or_default().trim().to_owned()
    }
}
