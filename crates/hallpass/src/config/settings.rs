//! Settings as they come in, from variables or from code. Their rules are in `settings/rules.rs`.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use crate::config::rules::Rules;
use crate::config::{Config, ConfigError, ConfigProblem, duration};
use crate::keys::TokenSecret;
use crate::limit::{LoginLimits, LoginThrottle};
use crate::session::Sessions;

/// Settings that are not checked yet: unset, good, or with what is wrong about them.
///
/// ```
/// use hallpass::{Setting, Settings};
///
/// let mut settings = Settings::default();
/// settings.read(|variable| match variable {
///     "ACCESS_TOKEN_EXPIRATION" => Setting::from_variable("900"),
///     _ => Setting::Unset,
/// });
/// let error = settings.check(Vec::new()).unwrap_err();
/// let variables: Vec<_> = error.problems().iter().map(|problem| problem.variable).collect();
/// assert_eq!(
///     variables,
///     ["ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET", "ACCESS_TOKEN_EXPIRATION"]
/// );
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use = "settings do nothing until they are checked"]
pub struct Settings {
    /// `ACCESS_TOKEN_SECRET`: signs access tokens.
    pub access_token_secret: Setting<TokenSecret>,
    /// Goes into the header of access tokens as `kid`, at most 255 bytes; none by default.
    pub access_token_key_id: Option<String>,
    /// `REFRESH_TOKEN_SECRET`: signs refresh tokens; another one.
    pub refresh_token_secret: Setting<TokenSecret>,
    /// `ACCESS_TOKEN_EXPIRATION`: 10 s to 24 h, default 15 min.
    pub access_token_expiration: Setting<Duration>,
    /// `REFRESH_TOKEN_EXPIRATION`: the idle limit, default 14 d.
    pub refresh_token_expiration: Setting<Duration>,
    /// `SESSION_EXPIRATION`: the absolute limit, default 90 d or the idle limit if longer.
    pub session_expiration: Setting<Duration>,
    /// `REFRESH_TOKEN_GRACE`: default 30 s or a quarter of the access lifetime if shorter.
    pub refresh_token_grace: Setting<Duration>,
    /// `TOKEN_ISSUER`: default `hallpass`.
    pub issuer: Setting<String>,
    /// `TOKEN_AUDIENCE`: not ending in `#refresh`; default the issuer.
    pub audience: Setting<String>,
    /// `TOKEN_LEEWAY`: at most 60 s, default 0 s.
    pub leeway: Setting<Duration>,
    /// `PASSWORD_HASH_COST`: 4 to 31, default 12.
    pub password_hash_cost: Setting<u32>,
    /// `REFRESH_HASH_COST`: 4 to 14, default 6.
    pub refresh_hash_cost: Setting<u32>,
    /// The shortest password that may be set, in characters: 1 to 1024, default 8.
    pub password_minimum_characters: Option<usize>,
    /// `HASH_CONCURRENCY`: 1 to 512, default one less than the cores.
    pub hash_concurrency: Setting<NonZeroUsize>,
    /// `HASH_WAIT`: 100 ms to 30 s, default 2 s.
    pub hash_wait: Setting<Duration>,
    /// `SESSIONS_PER_USER`: 1 to 1000 in a table of sessions; default one in the user's row.
    pub sessions: Setting<Sessions>,
    /// `LOGIN_THROTTLE`: whether attempts are counted and where, default in memory.
    pub login_throttle: Setting<LoginThrottle>,
    /// How many attempts there may be; default those of [`LoginLimits`].
    pub login_limits: Option<LoginLimits>,
}

/// A setting: not set, set to a value, or set to something that is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// Nobody set it.
    #[default]
    Unset,
    /// It was set to a value, which may still break a rule.
    Value(T),
    /// It was set to what can't be read; the text says why.
    Unreadable(String),
}

impl<T, E: Display> From<Result<T, E>> for Setting<T> {
    fn from(read: Result<T, E>) -> Self {
        match read {
            Ok(value) => Self::Value(value),
            Err(error) => Self::Unreadable(error.to_string()),
        }
    }
}

impl<T> Setting<T> {
    /// Becomes what `parse` makes of the text of a variable, and stays as it is where that is unset.
    pub fn read(&mut self, text: Setting<String>, parse: impl FnOnce(String) -> Self) {
        match text {
            Setting::Unset => {}
            Setting::Value(text) => *self = parse(text),
            Setting::Unreadable(problem) => *self = Self::Unreadable(problem),
        }
    }

    fn map<U>(self, into: impl FnOnce(T) -> U) -> Setting<U> {
        match self {
            Self::Unset => Setting::Unset,
            Self::Value(value) => Setting::Value(into(value)),
            Self::Unreadable(problem) => Setting::Unreadable(problem),
        }
    }
}

impl Settings {
    /// Takes every variable that `lookup` knows, by its text as [`Setting::from_variable`] reads it;
    /// the others stay as they are.
    pub fn read(&mut self, lookup: impl Fn(&str) -> Setting<String>) {
        let secret = |text: String| Setting::from(TokenSecret::new(text));
        let time = |text: String| Setting::from(duration::parse(&text));
        let text = Setting::Value;
        self.access_token_secret.read(lookup("ACCESS_TOKEN_SECRET"), secret);
        self.refresh_token_secret.read(lookup("REFRESH_TOKEN_SECRET"), secret);
        self.access_token_expiration.read(lookup("ACCESS_TOKEN_EXPIRATION"), time);
        self.refresh_token_expiration.read(lookup("REFRESH_TOKEN_EXPIRATION"), time);
        self.session_expiration.read(lookup("SESSION_EXPIRATION"), time);
        self.refresh_token_grace.read(lookup("REFRESH_TOKEN_GRACE"), time);
        self.issuer.read(lookup("TOKEN_ISSUER"), text);
        self.audience.read(lookup("TOKEN_AUDIENCE"), text);
        self.leeway.read(lookup("TOKEN_LEEWAY"), time);
        self.password_hash_cost.read(lookup("PASSWORD_HASH_COST"), number("4 to 31"));
        self.refresh_hash_cost.read(lookup("REFRESH_HASH_COST"), number("4 to 14"));
        self.hash_concurrency.read(lookup("HASH_CONCURRENCY"), number("1 to 512"));
        self.hash_wait.read(lookup("HASH_WAIT"), time);
        self.sessions.read(lookup("SESSIONS_PER_USER"), |text| {
            number("1 to 1000")(text).map(|max| Sessions::PerDevice { max })
        });
        self.login_throttle
            .read(lookup("LOGIN_THROTTLE"), |text| LoginThrottle::parse(&text).into());
    }

    /// Returns whether a secret is not set, which has no default.
    #[must_use]
    pub fn lacks_secret(&self) -> bool {
        let secrets = [&self.access_token_secret, &self.refresh_token_secret];
        secrets.into_iter().any(|secret| matches!(secret, Setting::Unset))
    }

    /// Checks every setting by its rule and all of them together.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem, after those that the caller found itself.
    pub fn check(self, found: Vec<ConfigProblem>) -> Result<Config, ConfigError> {
        Rules::new(found).check(self)
    }
}

/// Reads a whole number, which should be in `range`. What was read is not shown: people put secrets
/// into the wrong variable.
fn number<T: FromStr>(range: &str) -> impl Fn(String) -> Setting<T> {
    move |text| match text.parse() {
        Ok(number) => Setting::Value(number),
        Err(_) => Setting::Unreadable(format!("it is not a whole number from {range}")),
    }
}

#[cfg(test)]
mod tests;
