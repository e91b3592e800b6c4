//! Settings as they come in, from variables or from code. Their rules are in `settings/rules.rs`.

mod rules;

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use rules::Rules;

use crate::{
    Config, ConfigError, ConfigProblem, LoginLimits, LoginThrottle, Sessions, TokenSecret, duration,
};

/// Settings that are not checked yet: unset, good, or with what is wrong about them.
///
/// ```
/// use hallpass::Settings;
///
/// let mut settings = Settings::default();
/// settings.read(|variable| (variable == "ACCESS_TOKEN_EXPIRATION").then(|| "900".to_owned()));
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
    /// The shortest password that may be set, in characters; default 8.
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
#[derive(Debug, Default)]
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
    fn map<U>(self, into: impl FnOnce(T) -> U) -> Setting<U> {
        match self {
            Self::Unset => Setting::Unset,
            Self::Value(value) => Setting::Value(into(value)),
            Self::Unreadable(problem) => Setting::Unreadable(problem),
        }
    }
}

impl Settings {
    /// The variables that [`Settings::read`] looks for.
    pub const VARIABLES: &[&'static str] = &[
        "ACCESS_TOKEN_SECRET",
        "REFRESH_TOKEN_SECRET",
        "ACCESS_TOKEN_EXPIRATION",
        "REFRESH_TOKEN_EXPIRATION",
        "SESSION_EXPIRATION",
        "REFRESH_TOKEN_GRACE",
        "TOKEN_ISSUER",
        "TOKEN_AUDIENCE",
        "TOKEN_LEEWAY",
        "PASSWORD_HASH_COST",
        "REFRESH_HASH_COST",
        "HASH_CONCURRENCY",
        "HASH_WAIT",
        "SESSIONS_PER_USER",
        "LOGIN_THROTTLE",
    ];

    /// Takes every variable that `lookup` knows; the others stay as they are.
    pub fn read(&mut self, lookup: impl Fn(&str) -> Option<String>) {
        let secret = |text: String| Setting::from(TokenSecret::new(text));
        let time = |text: String| Setting::from(duration::parse(&text));
        let text = Setting::Value;
        read(&lookup, "ACCESS_TOKEN_SECRET", &mut self.access_token_secret, secret);
        read(&lookup, "REFRESH_TOKEN_SECRET", &mut self.refresh_token_secret, secret);
        read(&lookup, "ACCESS_TOKEN_EXPIRATION", &mut self.access_token_expiration, time);
        read(&lookup, "REFRESH_TOKEN_EXPIRATION", &mut self.refresh_token_expiration, time);
        read(&lookup, "SESSION_EXPIRATION", &mut self.session_expiration, time);
        read(&lookup, "REFRESH_TOKEN_GRACE", &mut self.refresh_token_grace, time);
        read(&lookup, "TOKEN_ISSUER", &mut self.issuer, text);
        read(&lookup, "TOKEN_AUDIENCE", &mut self.audience, text);
        read(&lookup, "TOKEN_LEEWAY", &mut self.leeway, time);
        read(&lookup, "PASSWORD_HASH_COST", &mut self.password_hash_cost, number("4 to 31"));
        read(&lookup, "REFRESH_HASH_COST", &mut self.refresh_hash_cost, number("4 to 14"));
        read(&lookup, "HASH_CONCURRENCY", &mut self.hash_concurrency, number("1 to 512"));
        read(&lookup, "HASH_WAIT", &mut self.hash_wait, time);
        read(&lookup, "SESSIONS_PER_USER", &mut self.sessions, |text| {
            number("1 to 1000")(text).map(|max| Sessions::PerDevice { max })
        });
        read(&lookup, "LOGIN_THROTTLE", &mut self.login_throttle, |text| {
            LoginThrottle::parse(&text).into()
        });
    }

    /// Checks every setting by its rule and all of them together.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem, after those that the caller found itself.
    pub fn check(self, found: Vec<ConfigProblem>) -> Result<Config, ConfigError> {
        Rules::new(found).check(self)
    }
}

fn read<T>(
    lookup: impl Fn(&str) -> Option<String>,
    variable: &str,
    setting: &mut Setting<T>,
    parse: impl Fn(String) -> Setting<T>,
) {
    // An empty value counts as unset: that is how settings files leave a line blank.
    if let Some(text) = lookup(variable).filter(|text| !text.is_empty()) {
        *setting = parse(text);
    }
}

/// Reads a whole number, which should be in `range`. What was read is not shown: people put secrets
/// into the wrong variable.
fn number<T: FromStr>(range: &str) -> impl Fn(String) -> Setting<T> {
    move |text| match text.trim().parse() {
        Ok(number) => Setting::Value(number),
        Err(_) => Setting::Unreadable(format!("it is not a whole number from {range}")),
    }
}

#[cfg(test)]
mod tests;
