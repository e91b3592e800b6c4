//! The settings that an application makes in code.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use hallpass::{
    AttemptLimiter, AuthObserver, ClaimsSource, Clock, LoginLimits, LoginThrottle, PasswordRule,
    Random, Sessions, Setting, StoreError, TokenSecret, TypedClaims, User, UserStore,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::setup::AuthBuilder;
use crate::shared::Registration;

impl AuthBuilder {
    /// Sets `ACCESS_TOKEN_SECRET`: at least 32 bytes, taken as they are. The text of the variable is
    /// trimmed: do the same to one that you read from a file.
    pub fn access_token_secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.settings.access_token_secret = TokenSecret::new(secret).into();
        self
    }

    /// Sets `REFRESH_TOKEN_SECRET`: at least 32 bytes, taken as they are, and other ones.
    pub fn refresh_token_secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.settings.refresh_token_secret = TokenSecret::new(secret).into();
        self
    }

    /// Makes both secrets for this run: after a restart, everybody has to log in again.
    ///
    /// For examples and experiments. Two processes with secrets of their own don't accept each
    /// other's tokens.
    pub fn random_secrets(mut self) -> Self {
        self.settings.access_token_secret = TokenSecret::generate(&*self.random).into();
        self.settings.refresh_token_secret = TokenSecret::generate(&*self.random).into();
        self
    }

    /// Puts `key_id` into the header of access tokens as `kid` (RFC 7515 §4.1.4). At most
    /// 255 bytes, none by default.
    /// A token that names another key is refused, with or without this.
    pub fn access_token_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.settings.access_token_key_id = Setting::Value(Some(key_id.into()));
        self
    }

    /// Sets `ACCESS_TOKEN_EXPIRATION`: how long an access token lives. 10 s to 24 h, default 15 min.
    pub fn access_token_expiration(mut self, lifetime: Duration) -> Self {
        self.settings.access_token_expiration = Setting::Value(lifetime);
        self
    }

    /// Sets `REFRESH_TOKEN_EXPIRATION`: how long a session may be idle. Longer than the access
    /// token's lifetime, default 14 d.
    pub fn refresh_token_expiration(mut self, idle_limit: Duration) -> Self {
        self.settings.refresh_token_expiration = Setting::Value(idle_limit);
        self
    }

    /// Sets `SESSION_EXPIRATION`: how long a session may last. Not below the idle limit, default
    /// 90 d or the idle limit if longer.
    pub fn session_expiration(mut self, absolute_limit: Duration) -> Self {
        self.settings.session_expiration = Setting::Value(absolute_limit);
        self
    }

    /// Sets `REFRESH_TOKEN_GRACE`: how long a replaced refresh token still counts as a retry. At
    /// most 300 s and a quarter of the access token's lifetime, default 30 s or that quarter if
    /// shorter; zero turns retries off.
    pub fn refresh_token_grace(mut self, grace: Duration) -> Self {
        self.settings.refresh_token_grace = Setting::Value(grace);
        self
    }

    /// Sets `TOKEN_ISSUER`: the `iss` of all tokens, default `hallpass`.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.settings.issuer = Setting::Value(issuer.into());
        self
    }

    /// Sets `TOKEN_AUDIENCE`: the `aud` of access tokens, and with `#refresh` behind it of refresh
    /// tokens; default the issuer. It does not end in `#refresh` itself.
    ///
    /// Of two `Auth`s with the same secrets and different audiences, neither takes a token of the
    /// other.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.audience = Setting::Value(audience.into());
        self
    }

    /// Sets `TOKEN_LEEWAY`: how far the clocks of issuer and verifier may differ. At most 60 s,
    /// default 0 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = Setting::Value(leeway);
        self
    }

    /// Sets `PASSWORD_HASH_COST`: 4 to 31, default 12 (about 0.2 s); each step doubles the time.
    /// Above 15 a login takes seconds, and everybody's.
    pub fn password_hash_cost(mut self, cost: u32) -> Self {
        self.settings.password_hash_cost = Setting::Value(cost);
        self
    }

    /// Sets `REFRESH_HASH_COST`: 4 to 14, default 6 (about 3 ms). It hashes 256 random bits,
    /// which no cost makes harder to guess, and each refresh pays for two.
    pub fn refresh_hash_cost(mut self, cost: u32) -> Self {
        self.settings.refresh_hash_cost = Setting::Value(cost);
        self
    }

    /// Sets the shortest password that may be set, in characters: 1 to 1024, default 8.
    pub fn password_minimum_characters(mut self, characters: usize) -> Self {
        self.settings.password_minimum_characters = Setting::Value(characters);
        self
    }

    /// Asks `rule` wherever a password is set, after its length: to refuse those in a list of breached
    /// passwords, say. It runs off the event loop, so it may ask another service, and is never asked at
    /// login.
    ///
    /// ```
    /// use actix_hallpass::{Auth, PasswordRuleError};
    ///
    /// let builder = Auth::builder().password_rule(|password: &str| {
    ///     if password.to_lowercase().contains("acme") {
    ///         return Err(PasswordRuleError::Refused("it has our name in it".to_owned()));
    ///     }
    ///     Ok(())
    /// });
    /// ```
    pub fn password_rule(mut self, rule: impl PasswordRule + 'static) -> Self {
        self.password_rule = Some(Arc::new(rule));
        self
    }

    /// Sets `HASH_CONCURRENCY`: how many hashes run at once in each lane. 1 to 512, default one
    /// less than the cores and at least one.
    pub fn hash_concurrency(mut self, permits: NonZeroUsize) -> Self {
        self.settings.hash_concurrency = Setting::Value(Some(permits));
        self
    }

    /// Sets `HASH_WAIT`: how long a request waits for its turns to hash before it is refused with
    /// 503 `busy`. 100 ms to 30 s, default 2 s.
    pub fn hash_wait(mut self, wait: Duration) -> Self {
        self.settings.hash_wait = Setting::Value(wait);
        self
    }

    /// Sets `SESSIONS_PER_USER`: whether a user has one session, which a login replaces, or up to `max`,
    /// 1 to 1000, one for each login. Default [`Sessions::OnePerUser`].
    ///
    /// With [`Sessions::PerDevice`] there is a table `sessions`, and users see and end their sessions at
    /// `{base}/sessions`, `{base}/logout/all` and `{base}/logout/others`. It can be turned on
    /// later, once no process with the old setting runs: the sessions there are go on.
    ///
    /// A store of your own ([`AuthBuilder::store`]) says how many it keeps: without this setting,
    /// that counts; with another number in it, [`AuthBuilder::build`] fails with
    /// [`SetupError::Sessions`](crate::SetupError::Sessions).
    ///
    /// ```
    /// use actix_hallpass::{Auth, Sessions};
    ///
    /// let builder = Auth::builder().sessions(Sessions::PerDevice { max: 20 });
    /// ```
    pub fn sessions(mut self, sessions: Sessions) -> Self {
        self.settings.sessions = Setting::Value(sessions);
        self
    }

    /// Sets `LOGIN_THROTTLE`: whether passwords that are wrong are counted, for each account and each
    /// client address, and where. Default [`LoginThrottle::Memory`].
    ///
    /// Several servers on one database count together with [`LoginThrottle::Database`], in a table
    /// `login_attempts` at `DATABASE_URL`.
    ///
    /// ```
    /// use actix_hallpass::{Auth, LoginThrottle};
    ///
    /// let builder = Auth::builder().login_throttle(LoginThrottle::Off);
    /// ```
    pub fn login_throttle(mut self, throttle: LoginThrottle) -> Self {
        self.settings.login_throttle = Setting::Value(throttle);
        self
    }

    /// Sets how many wrong passwords there may be: bursts of 1 to 100,000, intervals of 1 s to 1 h. The
    /// default, and what it keeps an attacker from, is at [`LoginLimits`].
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use actix_hallpass::{Auth, LoginLimits, ThrottlePolicy};
    ///
    /// let account = ThrottlePolicy::new(5, Duration::from_secs(60));
    /// let builder = Auth::builder().login_limits(LoginLimits::default().with_account(account));
    /// ```
    pub fn login_limits(mut self, limits: LoginLimits) -> Self {
        self.settings.login_limits = Setting::Value(limits);
        self
    }

    /// Counts wrong passwords by `limiter`, unless `LOGIN_THROTTLE` is off: for an implementation of
    /// your own, over a store that all servers share.
    pub fn attempt_limiter(mut self, limiter: Arc<dyn AttemptLimiter>) -> Self {
        self.attempt_limiter = Some(limiter);
        self
    }

    /// Sets `TRUSTED_PROXIES`: the proxies whose `X-Forwarded-For` is believed, as addresses, as blocks of
    /// them, or as `unix` for whatever connects to a Unix socket of the server. None by default: the
    /// client's address is the peer's, and a Unix socket has none.
    ///
    /// The header is read from right to left, up to the first address that is not a trusted proxy's. Ports,
    /// brackets and zones of IPv6, and empty elements are ignored. If that part of the header is malformed,
    /// the client's address is the peer's. Name the proxies and not their network: a client inside a block
    /// may write any address.
    ///
    /// ```
    /// use actix_hallpass::Auth;
    ///
    /// let builder = Auth::builder().trusted_proxies(["10.0.0.0/8", "fd00::17", "unix"]);
    /// ```
    pub fn trusted_proxies<'a>(mut self, proxies: impl IntoIterator<Item = &'a str>) -> Self {
        self.proxies.set(proxies);
        self
    }

    /// Sets `DATABASE_URL`.
    pub fn database_url(mut self, url: &str) -> Self {
        self.database.set_url(url);
        self
    }

    /// Sets `MIGRATE`: whether migrations are run, or the schema only checked. Default `true`.
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.database.set_migrate(migrate);
        self
    }

    /// Sets `DATABASE_POOL_SIZE`: how many connections this process holds at most. 1 to 1000, default
    /// 8, and 4 to an SQLite file, which has one writer at a time.
    pub fn database_pool_size(mut self, connections: NonZeroU32) -> Self {
        self.database.set_pool_size(connections);
        self
    }

    /// Keeps users in `store` instead of opening `DATABASE_URL`. It says how many sessions a user has:
    /// one of several per user is made by `Accounts::store_per_device(pool, 20)` for a table of your own.
    pub fn store(mut self, store: Arc<dyn UserStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Returns how many sessions were asked for.
    #[cfg(feature = "testing")]
    pub(crate) fn sessions_setting(&self) -> Sessions {
        match &self.settings.sessions {
            Setting::Value(sessions) => *sessions,
            Setting::Unset | Setting::Unreadable(_) => Sessions::default(),
        }
    }

    /// Returns the store that was set.
    #[cfg(feature = "testing")]
    pub(crate) fn own_store(&self) -> Option<Arc<dyn UserStore>> {
        self.store.clone()
    }

    /// Reads the time of day from `clock`.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes randomness from `random`, which must be cryptographically secure but in tests.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Also tells `observer` every outcome. Observers are told in the order in which they are added, after
    /// the log, on the thread where the outcome became known.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use actix_hallpass::Auth;
    /// use actix_hallpass::hallpass::{AuthEvent, AuthEventKind, AuthObserver};
    ///
    /// struct Alarm;
    ///
    /// impl AuthObserver for Alarm {
    ///     fn observe(&self, event: &AuthEvent) {
    ///         if let AuthEventKind::ReuseDetected = event.kind {
    ///             // Notify somebody.
    ///         }
    ///     }
    /// }
    ///
    /// let builder = Auth::builder().observer(Arc::new(Alarm));
    /// ```
    pub fn observer(mut self, observer: Arc<dyn AuthObserver>) -> Self {
        self.observers.add(observer);
        self
    }

    /// Writes no outcomes to the log. Without it, [`TracingObserver`](crate::TracingObserver) writes each of
    /// them as a `tracing` event. Faults, such as a database that is down, are logged all the same.
    pub fn without_log(mut self) -> Self {
        self.observers.leave_out_log();
        self
    }

    /// Adds to each access token what `claims` makes of the user, for handlers that take
    /// [`AuthUser<Id, Claims>`](crate::AuthUser) and for other services that read the token.
    ///
    /// It is called for each access token, with the row as it was when the request looked at it,
    /// off the event loop; so a change shows at the next refresh. Let it take far less than
    /// `REFRESH_TOKEN_GRACE`: that time runs while it is made. A field with the name of a claim of
    /// hallpass's (`sub`, `exp`, `scope`, …), or `amr`, `acr`, `azp`, `client_id`, `cnf`, `nonce`
    /// or `act`, in any case, is a [`SetupError`](crate::SetupError); where serde does not know the
    /// names before there is a value (a map, a flattened field, a tagged enum), login fails.
    /// Anybody who has a token can read it: it is signed and not encrypted. An access token has 4
    /// KiB at most.
    ///
    /// ```
    /// use actix_hallpass::{Auth, AuthUser};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Tenant {
    ///     tenant: String,
    /// }
    ///
    /// let builder = Auth::builder().claims(|user| Tenant { tenant: format!("tenant of {}", user.id) });
    ///
    /// async fn handler(user: AuthUser<i64, Tenant>) -> String {
    ///     user.claims.tenant
    /// }
    /// ```
    pub fn claims<C>(self, claims: impl Fn(&User) -> C + Send + Sync + 'static) -> Self
    where
        C: Serialize + DeserializeOwned + 'static,
    {
        self.try_claims(move |user| Ok(claims(user)))
    }

    /// As [`AuthBuilder::claims`], where they come from a database that may not answer: login, refresh
    /// and reauthentication are then refused with 503 (with [`StoreError::Constraint`] or
    /// [`StoreError::Unsupported`], 500), and nothing has changed.
    pub fn try_claims<C>(
        mut self,
        claims: impl Fn(&User) -> Result<C, StoreError> + Send + Sync + 'static,
    ) -> Self
    where
        C: Serialize + DeserializeOwned + 'static,
    {
        let source = TypedClaims::<C, _>::new(claims);
        self.claims = Some(source.map(|source| Arc::new(source) as Arc<dyn ClaimsSource>));
        self
    }

    /// Lets anybody add themselves as a user: mounts `POST {base}/register`. No guard around it keeps
    /// anybody from it, whatever it asks for.
    pub fn allow_registration(mut self) -> Self {
        self.registration = Registration::Open;
        self
    }

    /// Sets the realm of `WWW-Authenticate` (RFC 9110 §11.5); default `hallpass`.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = realm.into();
        self
    }
}
