//! How much an event or an error matters to an operator.

/// How much an event or an error matters to an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Everyday.
    Info,
    /// Somebody should look: a theft, a damaged row, a restored backup, too many requests.
    Warning,
    /// A request was not served because something is broken. No event is one.
    Error,
}
