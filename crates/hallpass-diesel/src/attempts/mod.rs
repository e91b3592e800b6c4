//! Attempts to log in, counted in the database: the statements and the limiter over them.
//!
//! The arithmetic is [`hallpass::ThrottlePolicy`]'s. Knows neither users nor sessions.

pub(crate) mod statements;
pub(crate) mod store;
