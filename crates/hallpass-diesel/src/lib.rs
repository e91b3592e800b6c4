#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    expect(
        dead_code,
        unused_imports,
        unused_variables,
        reason = "without a database there is the trait of a table, and nothing to run it on"
    )
)]

mod attempt_store;
mod attempts_table;
#[doc(hidden)]
pub mod column;
mod condition;
mod database_url;
#[doc(hidden)]
pub mod declaration;
mod device_store;
mod engine;
mod error;
pub mod migrations;
mod open;
mod pool;
mod retry;
mod schema;
mod schema_table;
mod session_row;
#[doc(hidden)]
pub mod sessions_table;
mod store;
mod user_row;
mod users_table;
mod value;

pub use database_url::{DatabaseUrl, DatabaseUrlError};
pub use engine::Engine;
pub use error::OpenError;
pub use migrations::{MigrationError, Migrations};
pub use open::{open, open_limiter, open_per_device};
pub use pool::{ConnectionError, Connections, Pool};
pub use schema_table::SchemaTable;
pub use store::DieselStore;
pub use users_table::UsersTable;
