//! The tables that hallpass brings, and the migrations that make them.
//!
//! Knows no store. An application calls [`migrations`](crate::migrations), or
//! [`open`](crate::open()) does so for it.

mod embedded;
mod location;
pub(crate) mod migration_error;
pub mod migrations;
pub(crate) mod own_tables;
pub(crate) mod schema_table;
pub(crate) mod tables;
pub(crate) mod users;
