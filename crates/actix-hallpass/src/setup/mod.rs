//! From the environment and the builder to an `Auth`.

pub(crate) mod builder;
pub(crate) mod clock;
pub(crate) mod database;
pub(crate) mod environment;
pub(crate) mod error;
pub(crate) mod observers;
pub(crate) mod proxy_settings;
pub(crate) mod random;
pub(crate) mod tracing_observer;
pub(crate) mod trusted_proxies;

pub use builder::AuthBuilder;
pub use environment::{Environment, VariableError};
pub use error::SetupError;
pub use tracing_observer::TracingObserver;
