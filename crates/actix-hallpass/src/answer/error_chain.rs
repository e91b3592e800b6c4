//! An error with the causes behind it, in one line: for logs and start-up messages.

use std::error::Error;

/// Returns `error: its cause: the cause's cause`.
pub(crate) fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
