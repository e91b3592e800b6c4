//! What rows of the table of settings use: parsers, and rules that return a value or what is wrong
//! with it. No problem shows what a variable was set to: people put secrets into the wrong one.

use std::convert::Infallible;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::config::duration;
use crate::config::text::check_setting_text;
use crate::keys::TokenSecret;
use crate::limit::LoginLimits;
use crate::session::Sessions;
use crate::token::refresh::REFRESH_SUFFIX;

/// The longest issuer, audience or key id: all go into every token, and tokens have 4 KiB at most.
const MAXIMUM_NAME_BYTES: usize = 255;

/// Reads a text as it is.
pub(crate) fn text(text: String) -> Result<String, Infallible> {
    Ok(text)
}

/// Reads a whole number, which should be within `bounds`.
pub(crate) fn whole_number<T: FromStr + Display>(
    bounds: RangeInclusive<T>,
) -> impl Fn(String) -> Result<T, String> {
    move |text| {
        let (low, high) = (bounds.start(), bounds.end());
        match text.parse() {
            Ok(number) => Ok(number),
            Err(_) => Err(format!("it is not a whole number from {low} to {high}")),
        }
    }

    /// Returns the configuration if every value can be used; what can't is noted.
    fn config(&mut self, settings: Settings) -> Option<Config> {
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
        self.key_id(settings.access_token_key_id.as_deref());
        self.not_of_refresh_tokens(audience.as_deref());
        let leeway = self.whole_seconds(
            "TOKEN_LEEWAY",
            settings.leeway,
            Duration::ZERO..=MINUTE,
            Duration::ZERO,
        );
        let password_hash_cost =
            self.number("PASSWORD_HASH_COST", settings.password_hash_cost, 4..=31, 12);
        let refresh_hash_cost =
            self.number("REFRESH_HASH_COST", settings.refresh_hash_cost, 4..=14, 6);
        let password_minimum_characters =
            self.password_minimum_characters(settings.password_minimum_characters);
        let hash_concurrency = self.hash_concurrency(settings.hash_concurrency);
        let hash_wait = self.hash_wait(settings.hash_wait);
        let sessions = self.sessions(settings.sessions);
        let login_throttle =
            self.value("LOGIN_THROTTLE", settings.login_throttle, LoginThrottle::default());
        let login_limits = settings.login_limits.unwrap_or_default();
        self.attempts(login_limits);
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
            password_minimum_characters: password_minimum_characters?,
            hash_concurrency,
            hash_wait: hash_wait?,
            sessions: sessions?,
            login_throttle: login_throttle?,
            login_limits,
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

    fn key_id(&mut self, key_id: Option<&str>) {
        let Some(key_id) = key_id else { return };
        if let Err(error) = check_setting_text(key_id) {
            self.note("access_token_key_id", error.to_string());
        }
        if key_id.len() > MAXIMUM_NAME_BYTES {
            let problem = format!("it has more than {MAXIMUM_NAME_BYTES} bytes");
            self.note("access_token_key_id", problem);
        }
    }

    /// Refresh tokens are for an audience + `#refresh`, here or at another `Auth` with the same
    /// secrets: no access token must be.
    fn not_of_refresh_tokens(&mut self, audience: Option<&str>) {
        if let Some(audience) = audience
            && audience.ends_with(REFRESH_SUFFIX)
        {
            let problem = format!(
                "{audience:?} ends in {REFRESH_SUFFIX:?}, like those of refresh tokens; set another"
            );
            self.note("TOKEN_AUDIENCE", problem);
        }
    }

    fn hash_concurrency(&mut self, setting: Setting<NonZeroUsize>) -> Option<NonZeroUsize> {
        let permits = self.optional("HASH_CONCURRENCY", setting)?;
        if permits > MAXIMUM_HASH_CONCURRENCY {
            let problem = format!("{permits} is more than {MAXIMUM_HASH_CONCURRENCY}");
            return self.refuse("HASH_CONCURRENCY", problem);
        }
        Some(permits)
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

    /// `grace <= access lifetime / 4`: thief and owner each refresh about once in an access
    /// token's life, and stay unnoticed only for as long as both do so within one window. The
    /// shorter the window is beside that life, the sooner one of them comes too late.
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

    fn sessions(&mut self, setting: Setting<Sessions>) -> Option<Sessions> {
        const BOUNDS: RangeInclusive<u32> = 1..=Sessions::MAXIMUM;
        match self.value("SESSIONS_PER_USER", setting, Sessions::default())? {
            Sessions::PerDevice { max } if !BOUNDS.contains(&max) => {
                let problem = format!("{max} is not from {} to {}", BOUNDS.start(), BOUNDS.end());
                self.refuse("SESSIONS_PER_USER", problem)
            }
            sessions @ (Sessions::PerDevice { .. } | Sessions::OnePerUser) => Some(sessions),
        }
    }

    fn attempts(&mut self, limits: LoginLimits) {
        const INTERVALS: RangeInclusive<Duration> = SECOND..=HOUR;
        for policy in [limits.address, limits.account_at_address, limits.account] {
            if !ATTEMPTS.contains(&policy.burst) {
                let (burst, most) = (policy.burst, ATTEMPTS.end());
                self.note("login_limits", format!("a burst of {burst} is not from 1 to {most}"));
            }
            let interval = Setting::Value(policy.interval);
            self.whole_seconds("login_limits", interval, INTERVALS, SECOND);
        }
    }

    fn name(
        &mut self,
        variable: &'static str,
        setting: Setting<String>,
        default: Option<&str>,
    ) -> Option<String> {
        let name = match setting {
            Setting::Unset => return default.map(str::to_owned),
            setting @ (Setting::Value(_) | Setting::Unreadable(_)) => {
                self.optional(variable, setting)?
            }
        };
        if name.is_empty() {
            return self.refuse(variable, "it is empty");
        }
        if let Err(error) = check_setting_text(&name) {
            return self.refuse(variable, error.to_string());
        }
        if name.len() > MAXIMUM_NAME_BYTES {
            let bytes = name.len();
            return self
                .refuse(variable, format!("{bytes} bytes are more than {MAXIMUM_NAME_BYTES}"));
        }
        Some(name)
    }

    /// With more characters than a password has bytes, no password could be set.
    fn password_minimum_characters(&mut self, minimum: Option<usize>) -> Option<usize> {
        const BOUNDS: RangeInclusive<usize> = 1..=MAXIMUM_PASSWORD_BYTES;
        let minimum = minimum.map_or(Setting::Unset, Setting::Value);
        self.number("password_minimum_characters", minimum, BOUNDS, PASSWORD_MINIMUM_CHARACTERS)
    }

    fn number<T: PartialOrd + Display>(
        &mut self,
        variable: &'static str,
        setting: Setting<T>,
        bounds: RangeInclusive<T>,
        default: T,
    ) -> Option<T> {
        let number = self.value(variable, setting, default)?;
        if !bounds.contains(&number) {
            let (low, high) = (bounds.start(), bounds.end());
            return self.refuse(variable, format!("{number} is not from {low} to {high}"));
        }
        Some(number)
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
            setting @ (Setting::Value(_) | Setting::Unreadable(_)) => {
                self.optional(variable, setting)
            }
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
