//! The service: what the use cases have in common, and the check of an access token.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::event::{AuthEvent, AuthEventKind, AuthObserver};
use crate::limit::{AttemptLimiter, LoginLimits};
use crate::password::PasswordRule;
use crate::password::hash::PasswordHasher;
use crate::random::{Random, RandomUnavailable};
use crate::session::hasher::RefreshTokenHasher;
use crate::session::{SessionPolicy, Sessions};
use crate::store::{SessionWatcher, UserStore};
use crate::time::{Clock, Timestamp};
use crate::token::access::{AccessGrant, AccessTokenSettings, AccessTokens};
use crate::token::refresh::{RefreshClaims, RefreshTokens};
use crate::token::{
    AccessClaims, AccessToken, AccessTokenError, AppClaims, ClaimsError, ClaimsSource, IssueError,
    RefreshToken,
};
use crate::user::{User, UserId};

/// The use cases over one store. Cheap to clone.
#[derive(Clone)]
pub struct Service(pub(crate) Arc<Parts>);

/// What a service gets from outside.
pub struct Ports {
    /// The users and their sessions.
    pub store: Arc<dyn UserStore>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Who is told what happened.
    pub observer: Arc<dyn AuthObserver>,
    /// What the application adds to access tokens, if anything.
    pub claims: Option<Arc<dyn ClaimsSource>>,
    /// What the application asks of new passwords, if anything.
    pub password_rule: Option<Arc<dyn PasswordRule>>,
    /// Who counts attempts to log in, if anybody.
    pub attempt_limiter: Option<Arc<dyn AttemptLimiter>>,
    /// Who is told of changed sessions, if anybody.
    pub session_watcher: Option<Arc<dyn SessionWatcher>>,
}

pub(crate) struct Parts {
    pub(crate) ports: Ports,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) session_policy: SessionPolicy,
    pub(crate) login_limits: LoginLimits,
    pub(crate) passwords: PasswordHasher,
    pub(crate) password_minimum_characters: usize,
    pub(crate) refresh_token_hasher: RefreshTokenHasher,
}

/// What a client gets from a login or a refresh (RFC 6749 §5.1).
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenPair {
    /// For the `Authorization` header.
    pub access_token: AccessToken,
    /// Its lifetime from now, in seconds.
    pub access_expires_in: u64,
    /// For the next refresh, once.
    pub refresh_token: RefreshToken,
    /// Its lifetime from now, in seconds.
    pub refresh_expires_in: u64,
}

impl Service {
    /// Returns the use cases with these settings.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when there is no randomness for the dummy hashes that unknown users
    /// are compared with, and for a key of its own.
    pub fn new(config: &Config, ports: Ports) -> Result<Self, RandomUnavailable> {
        let session_policy = config.session_policy();
        let passwords = PasswordHasher::new(config.password_hash_cost(), &*ports.random)?;
        let refresh_token_hasher =
            RefreshTokenHasher::new(config.refresh_hash_cost(), &*ports.random)?;
        Ok(Self(Arc::new(Parts {
            ports,
            access_tokens: AccessTokens::new(AccessTokenSettings::from(config)),
            refresh_tokens: RefreshTokens::new(
                config.refresh_token_secret(),
                config.issuer(),
                config.audience(),
                session_policy,
            ),
            session_policy,
            login_limits: config.login_limits(),
            passwords,
            password_minimum_characters: config.password_minimum_characters(),
            refresh_token_hasher,
        })))
    }

    /// Verifies an access token. Touches neither the store's data nor bcrypt, so it may run on
    /// the event loop.
    ///
    /// # Errors
    /// [`AccessTokenError`]: the first rule that the token breaks.
    pub fn verify_access(&self, token: &str) -> Result<AccessClaims, AccessTokenError> {
        let claims = self.0.access_tokens.verify(token, self.now())?;
        self.check_subject(claims)
    }

    /// Verifies an access token once more that [`Service::verify_access`] of this service has let pass:
    /// time is all that can have changed.
    ///
    /// # Errors
    /// [`AccessTokenError::Expired`] or [`AccessTokenError::NotYetValid`], by the present time.
    pub fn check_lifetime(&self, claims: &AccessClaims) -> Result<(), AccessTokenError> {
        self.0.access_tokens.check_lifetime(claims, self.now())
    }

    /// Returns whether the user of a token proved who they are `max_age` ago at most.
    #[must_use]
    pub fn is_recent(&self, claims: &AccessClaims, max_age: Duration) -> bool {
        claims.is_recent(max_age, self.now())
    }

    /// Returns whether `id` is the canonical text of an id of the store.
    #[must_use]
    pub fn is_id(&self, id: &UserId) -> bool {
        self.store().is_id(id.as_str())
    }

    /// Returns how many sessions a user may have.
    #[must_use]
    pub fn sessions(&self) -> Sessions {
        self.store().sessions()
    }

    pub(crate) fn check_subject(
        &self,
        claims: AccessClaims,
    ) -> Result<AccessClaims, AccessTokenError> {
        if !self.is_id(claims.user_id()) {
            return Err(AccessTokenError::Subject);
        }
        Ok(claims)
    }

    /// Returns whether the application adds claims to access tokens.
    #[must_use]
    pub fn adds_claims(&self) -> bool {
        self.0.ports.claims.is_some()
    }

    /// Returns the pair of `refresh` and a new access token of the user with its full lifetime. The
    /// application's claims may ask a database, before anything is written.
    pub(crate) fn token_pair(
        &self,
        refresh: &RefreshClaims,
        user: &User,
        now: Timestamp,
    ) -> Result<TokenPair, IssueError> {
        let app_claims = self.app_claims(user)?;
        let session_ends_at = refresh.auth_time.plus(self.0.session_policy.absolute_limit);
        let grant = AccessGrant {
            user_id: &refresh.user_id,
            session_id: &refresh.session_id,
            auth_time: refresh.auth_time,
            expires_at: self.0.access_tokens.expiry(now, session_ends_at),
            scope: &user.scope,
            app_claims: &app_claims,
        };
        let access_token = self.0.access_tokens.issue(&grant, now, self.random())?;
        Ok(TokenPair {
            access_expires_in: now.seconds_until(access_token.expires_at()),
            access_token,
            refresh_token: self.0.refresh_tokens.sign(refresh),
            refresh_expires_in: now.seconds_until(refresh.expires_at),
        })
    }

    pub(crate) fn app_claims(&self, user: &User) -> Result<AppClaims, ClaimsError> {
        match &self.0.ports.claims {
            Some(source) => source.claims(user),
            None => Ok(AppClaims::default()),
        }
    }

    pub(crate) fn store(&self) -> &dyn UserStore {
        &*self.0.ports.store
    }

    /// Changes the user's sessions, and tells the watcher, whatever came of it. Every
    /// change of live sessions goes through here, except rotations, which end none.
    pub(crate) fn change_sessions<T>(
        &self,
        user_id: &UserId,
        change: impl FnOnce(&dyn UserStore) -> T,
    ) -> T {
        let outcome = change(self.store());
        if let Some(watcher) = &self.0.ports.session_watcher {
            watcher.sessions_changed(user_id);
        }
        outcome
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.0.ports.random
    }

    /// Returns the time of day by the service's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.ports.clock.now()
    }

    pub(crate) fn observe(&self, event: &AuthEvent) {
        self.0.ports.observer.observe(event);
    }
}

/// Returns an event about nobody yet; the use cases fill in what they know.
pub(crate) fn event(kind: AuthEventKind, client_address: Option<IpAddr>) -> AuthEvent {
    AuthEvent { kind, user_id: None, session_id: None, generation: None, client_address }
}

/// Returns an event about the session of a refresh token.
pub(crate) fn session_event(
    kind: AuthEventKind,
    token: &RefreshClaims,
    client_address: Option<IpAddr>,
) -> AuthEvent {
    AuthEvent {
        user_id: Some(token.user_id.clone()),
        session_id: Some(token.session_id.clone()),
        generation: Some(token.generation),
        ..event(kind, client_address)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Service(…)")
    }
}

impl fmt::Debug for Ports {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Ports(…)")
    }
}
