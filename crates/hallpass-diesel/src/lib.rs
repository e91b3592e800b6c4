#![doc = include_str!("../README.md")]

#[cfg(not(feature = "sqlite"))]
compile_error!("hallpass-diesel needs a database: turn its feature `sqlite` on");

mod connection;
mod database_url;
mod error;
pub mod migrations;
mod schema;
mod store;
mod user_row;

pub use connection::{ConnectionError, Pool};
pub use database_url::{DatabaseUrl, DatabaseUrlError};
pub use error::OpenError;
pub use migrations::{MigrationError, Migrations};
pub use store::DieselStore;
