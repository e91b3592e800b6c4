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

#[doc(hidden)]
pub mod column;
mod condition;
mod database_url;
#[doc(hidden)]
pub mod declaration;
mod engine;
mod error;
pub mod migrations;
mod open;
mod pool;
mod schema;
mod store;
mod user_row;
mod users_table;

pub use database_url::{DatabaseUrl, DatabaseUrlError};
pub use engine::Engine;
pub use error::OpenError;
pub use migrations::{MigrationError, Migrations};
pub use open::open;
pub use pool::{ConnectionError, Connections, Pool};
pub use store::DieselStore;
pub use users_table::UsersTable;
