//! How a database is reached: its URL, what differs between the kinds of database, the pool, and when a
//! verb is run again.
//!
//! Knows no table and no statement of a store. The stores and [`open`](crate::open()) call it.

pub(crate) mod engine;
pub(crate) mod error;
pub(crate) mod pool;
pub(crate) mod retry;
pub(crate) mod url;
