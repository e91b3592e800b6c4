//! A table of users: how it is declared, its statements, what a row means, and the store over it
//! with one session in each row.
//!
//! Knows no database in particular: Diesel writes the SQL.

pub(crate) mod change;
pub(crate) mod row;
pub(crate) mod statements;
pub(crate) mod store;
pub(crate) mod table;
