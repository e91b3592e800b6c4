//! What a contender is told when it starts.

use std::collections::BTreeMap;

use crate::access_token::{ACCESS_TOKEN_SECRET, AUDIENCE, ISSUER, REFRESH_TOKEN_SECRET};
use crate::database::{Database, Postgres};
use crate::processor_core::Core;

/// The environment of a contender, and the processor core that it has to stay on.
#[derive(Clone)]
pub(crate) struct ServerSettings {
    pub(crate) environment: BTreeMap<&'static str, String>,
    pub(crate) core: Option<Core>,
}

impl ServerSettings {
    /// Returns the settings that all have in common; a worker for each core.
    pub(crate) fn new() -> Self {
        let environment = BTreeMap::from([
            ("BIND", "127.0.0.1:0".to_owned()),
            ("WORKERS", Core::count().to_string()),
            ("ACCESS_TOKEN_SECRET", ACCESS_TOKEN_SECRET.to_owned()),
            ("REFRESH_TOKEN_SECRET", REFRESH_TOKEN_SECRET.to_owned()),
            ("TOKEN_ISSUER", ISSUER.to_owned()),
            ("TOKEN_AUDIENCE", AUDIENCE.to_owned()),
        ]);
        Self { environment, core: None }
    }

    /// One worker on one core.
    pub(crate) fn on_core(mut self, core: Core) -> Self {
        self.core = Some(core);
        self.set("WORKERS", 1)
    }

    pub(crate) fn on_database(self, database: &Database) -> Self {
        self.set("DATABASE_URL", database.url())
    }

    pub(crate) fn on_postgres(self, database: &Postgres) -> Self {
        self.set("DATABASE_URL", database.url())
    }

    pub(crate) fn set(mut self, variable: &'static str, value: impl ToString) -> Self {
        self.environment.insert(variable, value.to_string());
        self
    }
}
