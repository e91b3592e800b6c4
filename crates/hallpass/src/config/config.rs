//! What the other modules read from settings that have been checked.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::config::settings::Config;
use crate::keys::TokenSecret;
use crate::limit::{LoginLimits, LoginThrottle};
use crate::session::{SessionPolicy, Sessions};
use crate::token::access::AccessTokenSettings;

impl Config {
    /// Returns the limits of sessions.
    #[must_use]
    pub fn session_policy(&self) -> SessionPolicy {
        SessionPolicy {
            idle_limit: self.refresh_token_expiration,
            absolute_limit: self.session_expiration,
            grace: self.refresh_token_grace,
        }
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
            lifetime: config.access_token_expiration,
            leeway: config.leeway,
        }
    }
}
