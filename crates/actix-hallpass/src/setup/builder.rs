//! Builds an [`Auth`](crate::auth::Auth) from the environment, from code, or from both.

mod settings;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use hallpass::{
    AttemptLimiter, BoundedLimiter, ClaimsError, ClaimsSource, Clock, Config, ConfigProblem,
    LoginThrottle, PasswordRule, Ports, Random, Service, SessionWatcher, Sessions, Setting,
    Settings, UserStore,
};

use crate::guard::live_sessions::LiveSessions;
use crate::guard::verified_tokens::VerifiedTokens;
use crate::run::hashing::HashLanes;
use crate::setup::clock::SystemClock;
use crate::setup::database::{Database, DatabaseSettings};
use crate::setup::environment::file_problem::FileProblem;
use crate::setup::observers::Observers;
use crate::setup::proxy_settings::ProxySettings;
use crate::setup::random::SystemRandom;
use crate::setup::{Environment, SetupError};
use crate::shared::{Parts, Registration, Shared};
use crate::transport::challenge::Realm;

/// Collects settings; [`AuthBuilder::build`] checks all of them at once.
///
/// Of two calls for one setting the later one counts, so code overrides the environment when it
/// comes after [`AuthBuilder::environment`].
#[must_use = "nothing is checked or opened until `build`"]
pub struct AuthBuilder {
    settings: Settings,
    database: DatabaseSettings,
    proxies: ProxySettings,
    store: Option<Arc<dyn UserStore>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    observers: Observers,
    claims: Option<Result<Arc<dyn ClaimsSource>, ClaimsError>>,
    password_rule: Option<Arc<dyn PasswordRule>>,
    attempt_limiter: Option<Arc<dyn AttemptLimiter>>,
    registration: Registration,
    realm: String,
    env_file_problems: Vec<FileProblem>,
}

impl Default for AuthBuilder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            database: DatabaseSettings::default(),
            proxies: ProxySettings::default(),
            store: None,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            observers: Observers::default(),
            claims: None,
            password_rule: None,
            attempt_limiter: None,
            registration: Registration::Closed,
            realm: "hallpass".to_owned(),
            env_file_problems: Vec::new(),
        }
    }
}

impl AuthBuilder {
    /// Takes every variable that `environment` has; see the README for their table.
    ///
    /// White space at the ends of a variable is trimmed, and invisible characters in it and quotes around
    /// it are rejected ([`Setting::from_variable`]). Text given in code is rejected for the same, and not
    /// trimmed.
    pub fn environment(mut self, environment: &Environment) -> Self {
        self.settings.read(|variable| environment.setting(variable));
        self.database.read(|variable| environment.setting(variable));
        self.proxies.read(|variable| environment.setting(variable));
        self.env_file_problems = environment.file_problems().to_vec();
        self
    }

    /// Checks every setting, opens the database and runs its migrations.
    pub(crate) fn build_shared(self) -> Result<Shared, SetupError> {
        let counts_in_database = self.attempt_limiter.is_none()
            && matches!(self.settings.login_throttle, Setting::Value(LoginThrottle::Database));
        let database = (self.store.is_none() || counts_in_database).then_some(self.database);
        let lacks_database = database.as_ref().is_some_and(DatabaseSettings::lacks_url);
        let mut problems = if lacks_database || self.settings.lacks_secret() {
            self.env_file_problems.iter().map(ConfigProblem::from).collect()
        } else {
            self.env_file_problems.iter().for_each(FileProblem::warn);
            Vec::new()
        };
        let realm = realm_of(&self.realm, &mut problems);
        let claims = claims_of(self.claims, &mut problems);
        let trusted_proxies = self.proxies.check(&mut problems);
        let database = database.and_then(|settings| settings.check(&mut problems));
        let is_default = matches!(self.settings.sessions, Setting::Unset);
        let config = self.settings.check(problems)?;
        let realm = realm.expect("a realm that is not there is a problem, and none is left");
        let setting = (!is_default).then(|| config.sessions());
        let store = match self.store {
            Some(store) => checked_store(store, setting)?,
            None => database.as_ref().expect(CHECKED).open(config.sessions())?,
        };
        let attempt_limiter =
            open_limiter(config.login_throttle(), self.attempt_limiter, database.as_ref())?;
        let (clock, random) = (self.clock, self.random);
        let live_sessions = Arc::new(LiveSessions::new());
        let session_watcher: Option<Arc<dyn SessionWatcher>> = Some(live_sessions.clone());
        let (observer, password_rule) = (Arc::new(self.observers), self.password_rule);
        let ports = Ports {
            store,
            clock,
            random,
            observer,
            claims,
            password_rule,
            attempt_limiter,
            session_watcher,
        };
        let service = Service::new(&config, ports)?;
        Ok(Shared::new(Parts {
            service,
            lanes: HashLanes::new(permits(&config), config.hash_wait()),
            realm,
            registration: self.registration,
            live_sessions,
            verified_tokens: VerifiedTokens::new(),
            trusted_proxies,
        }))
    }
}

/// Why there is a database where one is needed.
const CHECKED: &str = "a database that is not there is a problem, and none is left";

/// Refuses a store that keeps another number of sessions than the setting says, if there is one.
fn checked_store(
    store: Arc<dyn UserStore>,
    setting: Option<Sessions>,
) -> Result<Arc<dyn UserStore>, SetupError> {
    match setting {
        Some(setting) if setting != store.sessions() => {
            Err(SetupError::Sessions { setting, store: store.sessions() })
        }
        _ => Ok(store),
    }
}

fn open_limiter(
    throttle: LoginThrottle,
    own: Option<Arc<dyn AttemptLimiter>>,
    database: Option<&Database>,
) -> Result<Option<Arc<dyn AttemptLimiter>>, SetupError> {
    let limiter = match (throttle, own) {
        (LoginThrottle::Off, _) => return Ok(None),
        (_, Some(own)) => own,
        (LoginThrottle::Memory, None) => Arc::new(BoundedLimiter::new()),
        (LoginThrottle::Database, None) => database.expect(CHECKED).open_limiter()?,
    };
    Ok(Some(limiter))
}

fn realm_of(realm: &str, problems: &mut Vec<ConfigProblem>) -> Option<Realm> {
    let parsed = Realm::parse(realm);
    if parsed.is_none() {
        let problem = "the realm has a character outside of printable ASCII".to_owned();
        problems.push(ConfigProblem { variable: "realm", problem });
    }
    parsed
}

fn claims_of(
    claims: Option<Result<Arc<dyn ClaimsSource>, ClaimsError>>,
    problems: &mut Vec<ConfigProblem>,
) -> Option<Arc<dyn ClaimsSource>> {
    match claims? {
        Ok(source) => Some(source),
        Err(error) => {
            problems.push(ConfigProblem { variable: "claims", problem: error.to_string() });
            None
        }
    }
}

/// One core stays free for those who only present a token, while one lane is full.
fn permits(config: &Config) -> NonZeroUsize {
    let from_machine = || {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        NonZeroUsize::new(cores - 1).unwrap_or(NonZeroUsize::MIN)
    };
    config.hash_concurrency().unwrap_or_else(from_machine)
}

impl fmt::Debug for AuthBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AuthBuilder").field("realm", &self.realm).finish_non_exhaustive()
    }
}
