#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    expect(
        dead_code,
        unreachable_pub,
        unused_imports,
        unused_variables,
        reason = "without a database there is the trait of a table, and nothing to run it on"
    )
)]

mod attempts;
mod connection;
#[doc(hidden)]
pub mod declare;
mod open;
mod schema;
mod sessions;
mod users;

pub use connection::engine::Engine;
pub use connection::error::{ConnectionError, OpenError};
pub use connection::pool::{Connections, Pool};
pub use connection::url::{DatabaseUrl, DatabaseUrlError};
pub use open::{
    open, open_limiter, open_limiter_over, open_over, open_per_device, open_per_device_over,
};
pub use schema::migrations::{self, MigrationError, Migrations};
pub use schema::schema_table::SchemaTable;
pub use sessions::store::DeviceStore;
pub use users::store::DieselStore;
pub use users::table::UsersTable;
