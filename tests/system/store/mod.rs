//! The store on servers: the conformance suite in every isolation level, and databases in trouble.

mod altered_table;
mod ambiguous_table;
mod attempts;
mod conformance;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod encodings;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod languages;
mod migrations;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod open_transaction;
mod own_table;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod refusal;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod registration;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod retry;
mod rows_read;
#[cfg(feature = "postgres")]
mod schemas;
mod turned_on;
