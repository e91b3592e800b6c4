//! Settings that have been checked. Made by [`crate::config::Settings::check`] alone.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use crate::keys::TokenSecret;
use crate::limit::{LoginLimits, LoginThrottle};
use crate::session::{SessionPolicy, Sessions};
use crate::token::access::AccessTokenSettings;

/// Everything hallpass is told, each value within its rule and all of them consistent.
#[derive(Debug)]
pub struct Config {
    pub(crate) access_token_secret: TokenSecret,
    pub(crate) access_token_key_id: Option<String>,
    pub(crate) refresh_token_secret: TokenSecret,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) access_token_lifetime: Duration,
    pub(crate) leeway: Duration,
    pub(crate) session_policy: SessionPolicy,
    pub(crate) password_hash_cost: u32,
    pub(crate) refresh_hash_cost: u32,
    pub(crate) password_minimum_characters: usize,
    pub(crate) hash_concurrency: Option<NonZeroUsize>,
    pub(crate) hash_wait: Duration,
    pub(crate) sessions: Sessions,
    pub(crate) login_throttle: LoginThrottle,
    pub(crate) login_limits: LoginLimits,
}

/// A setting that is missing or breaks its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The environment variable's name.
    pub variable: &'static str,
    /// What is wrong and what would be right; never a secret.
    pub problem: String,
}

/// All settings that are wrong, at once: nobody likes to fix them one start at a time.
#[derive(Debug)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
}

impl Config {
    /// Returns the limits of sessions.
    #[must_use]
    pub fn session_policy(&self) -> SessionPolicy {
        self.session_policy
    }

    /// Returns how many hashes may run at once in each lane; `None` leaves it to the machine.
    #[must_use]
    pub fn hash_concurrency(&self) -> Option<NonZeroUsize> {
        self.hash_concurrency
    }

    /// Returns how long a request waits for its turn to hash.
    #[must_use]
    pub fn hash_wait(&self) -> Duration {
        self.hash_wait
    }

    /// Returns how many sessions a user may have.
    #[must_use]
    pub fn sessions(&self) -> Sessions {
        self.sessions
    }

    /// Returns whether attempts to log in are counted, and where.
    #[must_use]
    pub fn login_throttle(&self) -> LoginThrottle {
        self.login_throttle
    }

    pub(crate) fn login_limits(&self) -> LoginLimits {
        self.login_limits
    }

    pub(crate) fn refresh_token_secret(&self) -> &TokenSecret {
        &self.refresh_token_secret
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn audience(&self) -> &str {
        &self.audience
    }

    pub(crate) fn password_hash_cost(&self) -> u32 {
        self.password_hash_cost
    }

    pub(crate) fn refresh_hash_cost(&self) -> u32 {
        self.refresh_hash_cost
    }

    pub(crate) fn password_minimum_characters(&self) -> usize {
        self.password_minimum_characters
    }
}

impl From<&Config> for AccessTokenSettings {
    fn from(config: &Config) -> Self {
        Self {
            secret: config.access_token_secret.clone(),
            key_id: config.access_token_key_id.clone(),
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            lifetime: config.access_token_lifetime,
            leeway: config.leeway,
        }
    }
}

impl ConfigError {
    /// Returns the error that lists `problems`, of which there is at least one.
    pub(crate) fn new(problems: Vec<ConfigProblem>) -> Self {
        Self { problems }
    }

    /// Returns what is wrong, in the order of the settings.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = if self.problems.len() == 1 { "setting is" } else { "settings are" };
        write!(formatter, "{} {settings} wrong", self.problems.len())?;
        for ConfigProblem { variable, problem } in &self.problems {
            write!(formatter, "\n  {variable}: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
