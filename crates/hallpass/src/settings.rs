//! Settings as they come in, from variables or from code, and the rules they are checked by.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::{Config, ConfigError, ConfigProblem, SessionPolicy, TokenSecret, duration};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A thief who gets a retry's answer keeps a stolen session for grace at most; past this, nobody
/// would call it a moment.
const GRACE_CEILING: Duration = Duration::from_secs(300);

/// NIST SP 800-63B §3.1.1.2 asks for at least eight characters.
const PASSWORD_MINIMUM_CHARACTERS: usize = 8;

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
#[must_use = "settings do nothing until they are checked"]
pub struct Settings {
    /// `ACCESS_TOKEN_SECRET`: signs access tokens.
    pub access_token_secret: Setting<TokenSecret>,
    /// Goes into the header of access tokens as `kid`; none by default.
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
    /// `TOKEN_AUDIENCE`: default the issuer.
    pub audience: Setting<String>,
    /// `TOKEN_LEEWAY`: at most 60 s, default 0 s.
    pub leeway: Setting<Duration>,
    /// `PASSWORD_HASH_COST`: 4 to 31, default 12.
    pub password_hash_cost: Setting<u32>,
    /// `REFRESH_HASH_COST`: 4 to 14, default 6.
    pub refresh_hash_cost: Setting<u32>,
    /// The shortest password that may be set, in characters; default 8.
    pub password_minimum_characters: Option<usize>,
    /// `HASH_CONCURRENCY`: at least 1, default one less than the cores.
    pub hash_concurrency: Setting<NonZeroUsize>,
    /// `HASH_WAIT`: 100 ms to 30 s, default 2 s.
    pub hash_wait: Setting<Duration>,
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

impl Settings {
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
        read(&lookup, "PASSWORD_HASH_COST", &mut self.password_hash_cost, whole_number);
        read(&lookup, "REFRESH_HASH_COST", &mut self.refresh_hash_cost, whole_number);
        read(&lookup, "HASH_CONCURRENCY", &mut self.hash_concurrency, whole_number);
        read(&lookup, "HASH_WAIT", &mut self.hash_wait, time);
    }

    /// Checks every setting by its rule and all of them together.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem, after those that the caller found itself.
    pub fn check(self, found: Vec<ConfigProblem>) -> Result<Config, ConfigError> {
        let mut rules = Rules { problems: found };
        let config = rules.check(self);
        match config {
            Some(config) if rules.problems.is_empty() => Ok(config),
            _ => Err(ConfigError::new(rules.problems)),
        }
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

fn whole_number<T: FromStr>(text: String) -> Setting<T> {
    match text.trim().parse() {
        Ok(number) => Setting::Value(number),
        Err(_) => Setting::Unreadable(format!("`{text}` is not a whole number from 1 on")),
    }
}

/// The rules, and what has been found against them so far.
struct Rules {
    problems: Vec<ConfigProblem>,
}

impl Rules {
    fn check(&mut self, settings: Settings) -> Option<Config> {
        let access_token_secret =
            self.required("ACCESS_TOKEN_SECRET", settings.access_token_secret);
        let refresh_token_secret =
            self.required("REFRESH_TOKEN_SECRET", settings.refresh_token_secret);
        self.differ(access_token_secret.as_ref(), refresh_token_secret.as_ref());
        let access_token_lifetime = self.access_token_lifetime(settings.access_token_expiration);
        let idle_limit = self.idle_limit(settings.refresh_token_expiration, access_token_lifetime);
        let absolute_limit = self.absolute_limit(settings.session_expiration, idle_limit);
        let grace = self.grace(settings.refresh_token_grace, access_token_lifetime);
        let issuer = self.name("TOKEN_ISSUER", settings.issuer, Some("hallpass"));
        let audience = self.name("TOKEN_AUDIENCE", settings.audience, issuer.as_deref());
        let leeway = self.whole_seconds(
            "TOKEN_LEEWAY",
            settings.leeway,
            Duration::ZERO..=MINUTE,
            Duration::ZERO,
        );
        let password_hash_cost =
            self.cost("PASSWORD_HASH_COST", settings.password_hash_cost, 4..=31, 12);
        let refresh_hash_cost =
            self.cost("REFRESH_HASH_COST", settings.refresh_hash_cost, 4..=14, 6);
        let hash_concurrency = self.optional("HASH_CONCURRENCY", settings.hash_concurrency);
        let hash_wait = self.hash_wait(settings.hash_wait);
        Some(Config {
            access_token_secret: access_token_secret?,
            access_token_key_id: settings.access_token_key_id,
            refresh_token_secret: refresh_token_secret?,
            issuer: issuer?,
            audience: audience?,
            access_token_lifetime: access_token_lifetime?,
            leeway: leeway?,
            session_policy: SessionPolicy {
                idle_limit: idle_limit?,
                absolute_limit: absolute_limit?,
                grace: grace?,
            },
            password_hash_cost: password_hash_cost?,
            refresh_hash_cost: refresh_hash_cost?,
            password_minimum_characters: settings
                .password_minimum_characters
                .unwrap_or(PASSWORD_MINIMUM_CHARACTERS),
            hash_concurrency,
            hash_wait: hash_wait?,
        })
    }

    fn differ(&mut self, access: Option<&TokenSecret>, refresh: Option<&TokenSecret>) {
        if access.is_some() && access == refresh {
            self.note(
                "REFRESH_TOKEN_SECRET",
                "it is the same as ACCESS_TOKEN_SECRET; make another",
            );
        }
    }

    fn access_token_lifetime(&mut self, setting: Setting<Duration>) -> Option<Duration> {
        let bounds = 10 * SECOND..=24 * HOUR;
        self.whole_seconds("ACCESS_TOKEN_EXPIRATION", setting, bounds, 15 * MINUTE)
    }

    fn idle_limit(
        &mut self,
        setting: Setting<Duration>,
        access_lifetime: Option<Duration>,
    ) -> Option<Duration> {
        const VARIABLE: &str = "REFRESH_TOKEN_EXPIRATION";
        let idle_limit = self.whole_seconds(VARIABLE, setting, SECOND..=Duration::MAX, 14 * DAY)?;
        match access_lifetime {
            Some(access) if idle_limit <= access => {
                let access = duration::show(access);
                self.refuse(VARIABLE, format!("it must be longer than the access token's {access}"))
            }
            _ => Some(idle_limit),
        }
    }

    fn absolute_limit(
        &mut self,
        setting: Setting<Duration>,
        idle_limit: Option<Duration>,
    ) -> Option<Duration> {
        const VARIABLE: &str = "SESSION_EXPIRATION";
        let default = idle_limit.map_or(90 * DAY, |idle_limit| idle_limit.max(90 * DAY));
        let absolute_limit =
            self.whole_seconds(VARIABLE, setting, SECOND..=Duration::MAX, default)?;
        match idle_limit {
            Some(idle_limit) if absolute_limit < idle_limit => {
                let idle_limit = duration::show(idle_limit);
                let problem =
                    format!("it must not be below REFRESH_TOKEN_EXPIRATION ({idle_limit})");
                self.refuse(VARIABLE, problem)
            }
            _ => Some(absolute_limit),
        }
    }

    /// `grace <= access lifetime / 4` is why a thief who uses the window is still found out: the
    /// access token that he or the victim got lives longer than the window, so whoever refreshes
    /// second comes too late to be a retry.
    fn grace(
        &mut self,
        setting: Setting<Duration>,
        access_lifetime: Option<Duration>,
    ) -> Option<Duration> {
        let quarter = access_lifetime.map(|access| Duration::from_secs(access.as_secs() / 4));
        let ceiling = quarter.unwrap_or(GRACE_CEILING).min(GRACE_CEILING);
        let default = ceiling.min(30 * SECOND);
        self.whole_seconds("REFRESH_TOKEN_GRACE", setting, Duration::ZERO..=ceiling, default)
    }

    fn hash_wait(&mut self, setting: Setting<Duration>) -> Option<Duration> {
        const BOUNDS: RangeInclusive<Duration> =
            Duration::from_millis(100)..=Duration::from_secs(30);
        let wait = self.value("HASH_WAIT", setting, 2 * SECOND)?;
        self.within("HASH_WAIT", wait, BOUNDS)
    }

    fn name(
        &mut self,
        variable: &'static str,
        setting: Setting<String>,
        default: Option<&str>,
    ) -> Option<String> {
        let name = match setting {
            Setting::Unset => return default.map(str::to_owned),
            setting => self.optional(variable, setting)?,
        };
        if name.trim().is_empty() {
            return self.refuse(variable, "it is empty");
        }
        Some(name)
    }

    fn cost(
        &mut self,
        variable: &'static str,
        setting: Setting<u32>,
        bounds: RangeInclusive<u32>,
        default: u32,
    ) -> Option<u32> {
        let cost = self.value(variable, setting, default)?;
        if !bounds.contains(&cost) {
            let (low, high) = (bounds.start(), bounds.end());
            return self.refuse(variable, format!("{cost} is not from {low} to {high}"));
        }
        Some(cost)
    }

    /// Tokens carry whole seconds, so a part of one would be lost.
    fn whole_seconds(
        &mut self,
        variable: &'static str,
        setting: Setting<Duration>,
        bounds: RangeInclusive<Duration>,
        default: Duration,
    ) -> Option<Duration> {
        let value = self.value(variable, setting, default)?;
        if value.subsec_nanos() != 0 {
            let shown = duration::show(value);
            return self.refuse(variable, format!("{shown} is not a whole number of seconds"));
        }
        self.within(variable, value, bounds)
    }

    fn within(
        &mut self,
        variable: &'static str,
        value: Duration,
        bounds: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        if bounds.contains(&value) {
            return Some(value);
        }
        let [value, low] = [value, *bounds.start()].map(duration::show);
        if *bounds.end() == Duration::MAX {
            return self.refuse(variable, format!("{value} is shorter than {low}"));
        }
        let high = duration::show(*bounds.end());
        self.refuse(variable, format!("{value} is not from {low} to {high}"))
    }

    fn required<T>(&mut self, variable: &'static str, setting: Setting<T>) -> Option<T> {
        if matches!(setting, Setting::Unset) {
            return self.refuse(variable, "it is not set; make one with `openssl rand -base64 48`");
        }
        self.optional(variable, setting)
    }

    fn value<T>(&mut self, variable: &'static str, setting: Setting<T>, default: T) -> Option<T> {
        match setting {
            Setting::Unset => Some(default),
            setting => self.optional(variable, setting),
        }
    }

    fn optional<T>(&mut self, variable: &'static str, setting: Setting<T>) -> Option<T> {
        match setting {
            Setting::Unset => None,
            Setting::Value(value) => Some(value),
            Setting::Unreadable(problem) => self.refuse(variable, problem),
        }
    }

    fn refuse<T>(&mut self, variable: &'static str, problem: impl Into<String>) -> Option<T> {
        self.note(variable, problem);
        None
    }

    fn note(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.problems.push(ConfigProblem { variable, problem: problem.into() });
    }
}

#[cfg(test)]
mod tests;
