//! A table of sessions beside a table of users: its statements, what a row means, and the store
//! over both with several sessions for each user.
//!
//! Knows of the users' table what its statements answer.

pub(crate) mod change;
pub(crate) mod row;
pub(crate) mod statements;
pub(crate) mod store;
