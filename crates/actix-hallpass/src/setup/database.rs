//! Where the face meets the store: the only file that opens a database.

use std::num::NonZeroU32;
use std::sync::Arc;

use hallpass::{AttemptLimiter, ConfigProblem, Sessions, Setting, UserStore};
use hallpass_diesel::{DatabaseUrl, Migrations, OpenError};

/// More than any database should be asked for by one process.
const MAXIMUM_POOL_SIZE: u32 = 1000;

/// More connections than this count no attempts any faster: each is a row that is written in turn.
const LIMITER_POOL_SIZE: NonZeroU32 = NonZeroU32::new(4).expect("it is not zero");

/// Which database to open, and what to do about its schema, as it was set.
#[derive(Default)]
pub(crate) struct DatabaseSettings {
    url: Setting<DatabaseUrl>,
    migrate: Setting<bool>,
    pool_size: Setting<NonZeroU32>,
}

/// The same, checked.
pub(crate) struct Database {
    url: DatabaseUrl,
    migrations: Migrations,
    /// `None` for what fits the kind of database.
    pool_size: Option<NonZeroU32>,
}

impl DatabaseSettings {
    /// Takes the variables that `lookup` knows.
    pub(crate) fn read(&mut self, lookup: impl Fn(&str) -> Setting<String>) {
        self.url.read(lookup("DATABASE_URL"), |text| DatabaseUrl::parse(&text).into());
        self.migrate.read(lookup("MIGRATE"), |text| match &*text {
            "true" => Setting::Value(true),
            "false" => Setting::Value(false),
            _ => Setting::Unreadable("it is neither `true` nor `false`".to_owned()),
        });
        self.pool_size.read(lookup("DATABASE_POOL_SIZE"), |text| match text.parse() {
            Ok(size) => Setting::Value(size),
            Err(_) => Setting::Unreadable(pool_size_rule()),
        });
    }

    pub(crate) fn set_url(&mut self, url: &str) {
        self.url = DatabaseUrl::parse(url).into();
    }

    pub(crate) fn set_migrate(&mut self, migrate: bool) {
        self.migrate = Setting::Value(migrate);
    }

    pub(crate) fn set_pool_size(&mut self, size: NonZeroU32) {
        self.pool_size = Setting::Value(size);
    }

    /// Returns whether `DATABASE_URL` is not set, which has no default.
    pub(crate) fn lacks_url(&self) -> bool {
        matches!(self.url, Setting::Unset)
    }

    /// Checks all of them, and adds what is wrong to `problems`.
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
        let pool_size = match self.pool_size {
            Setting::Unset => Some(None),
            Setting::Value(size) if size.get() <= MAXIMUM_POOL_SIZE => Some(Some(size)),
            Setting::Value(_) => {
                refuse("DATABASE_POOL_SIZE", pool_size_rule());
                None
            }
            Setting::Unreadable(problem) => {
                refuse("DATABASE_POOL_SIZE", problem);
                None
            }
        };
        Some(Database { url: url?, migrations: migrations?, pool_size: pool_size? })
    }
}

impl Database {
    /// Opens the database and runs or checks its migrations.
    pub(crate) fn open(&self, sessions: Sessions) -> Result<Arc<dyn UserStore>, OpenError> {
        let Self { url, migrations, pool_size } = self;
        let store = match sessions {
            Sessions::OnePerUser => hallpass_diesel::open(url, *migrations, *pool_size)?,
            Sessions::PerDevice { max } => {
                hallpass_diesel::open_per_device(url, max, *migrations, *pool_size)?
            }
        };
        let sessions_per_user = match sessions {
            Sessions::OnePerUser => 1,
            Sessions::PerDevice { max } => max,
        };
        tracing::info!(
            target: "hallpass",
            database = %self.url,
            sessions_per_user,
            "users are kept here"
        );
        Ok(store)
    }

    /// Opens what counts attempts in the database, over connections of its own.
    pub(crate) fn open_limiter(&self) -> Result<Arc<dyn AttemptLimiter>, OpenError> {
        let pool_size =
            self.pool_size.map_or(LIMITER_POOL_SIZE, |size| size.min(LIMITER_POOL_SIZE));
        hallpass_diesel::open_limiter(&self.url, self.migrations, Some(pool_size))
    }
}

fn pool_size_rule() -> String {
    format!("it is not a whole number from 1 to {MAXIMUM_POOL_SIZE}")
}
