//! Where the face meets the store: the only file that opens a database.

use std::sync::Arc;

use hallpass::{ConfigProblem, Setting, UserStore};
use hallpass_diesel::{DatabaseUrl, DieselStore, Migrations, OpenError};

/// Which database to open, and what to do about its schema, as it was set.
#[derive(Default)]
pub(crate) struct DatabaseSettings {
    url: Setting<DatabaseUrl>,
    migrate: Setting<bool>,
}

/// The same, checked.
pub(crate) struct Database {
    url: DatabaseUrl,
    migrations: Migrations,
}

impl DatabaseSettings {
    /// The variables that [`DatabaseSettings::read`] looks for.
    pub(crate) const VARIABLES: &[&'static str] = &["DATABASE_URL", "MIGRATE"];

    /// Takes `DATABASE_URL` and `MIGRATE` where `lookup` knows them.
    pub(crate) fn read(&mut self, lookup: impl Fn(&str) -> Option<String>) {
        if let Some(url) = lookup("DATABASE_URL") {
            self.set_url(&url);
        }
        if let Some(text) = lookup("MIGRATE") {
            self.migrate = match text.as_str() {
                "true" => Setting::Value(true),
                "false" => Setting::Value(false),
                _ => Setting::Unreadable("it is neither `true` nor `false`".to_owned()),
            };
        }
    }

    pub(crate) fn set_url(&mut self, url: &str) {
        self.url = DatabaseUrl::parse(url).into();
    }

    pub(crate) fn set_migrate(&mut self, migrate: bool) {
        self.migrate = Setting::Value(migrate);
    }

    /// Checks both, and adds what is wrong to `problems`.
    pub(crate) fn check(self, problems: &mut Vec<ConfigProblem>) -> Option<Database> {
        let mut refuse = |variable, problem| problems.push(ConfigProblem { variable, problem });
        let url = match self.url {
            Setting::Value(url) => Some(url),
            Setting::Unset => {
                refuse("DATABASE_URL", "it is not set; for a file, `sqlite:app.db`".to_owned());
                None
            }
            Setting::Unreadable(problem) => {
                refuse("DATABASE_URL", problem);
                None
            }
        };
        let migrations = match self.migrate {
            Setting::Unset | Setting::Value(true) => Some(Migrations::Run),
            Setting::Value(false) => Some(Migrations::Check),
            Setting::Unreadable(problem) => {
                refuse("MIGRATE", problem);
                None
            }
        };
        Some(Database { url: url?, migrations: migrations? })
    }
}

impl Database {
    /// Opens the database and runs or checks its migrations.
    pub(crate) fn open(&self) -> Result<Arc<dyn UserStore>, OpenError> {
        let store = DieselStore::open(&self.url, self.migrations)?;
        tracing::info!(target: "hallpass", database = %self.url, "users are kept here");
        Ok(Arc::new(store))
    }
}
