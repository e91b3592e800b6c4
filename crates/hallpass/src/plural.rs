//! The ending of a noun behind a count, for messages.

/// Returns what a regular English noun ends with after `count`: `1 character`, `2 characters`.
pub(crate) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
