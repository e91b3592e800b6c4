//! A service over a store in memory, for the tests of the use cases.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Setting, Settings};
use crate::event::{AuthEvent, AuthEventKind};
use crate::keys::TokenSecret;
use crate::limit::{AttemptLimiter, LoginLimits};
use crate::password::{PasswordHash, PasswordRule, PasswordRuleError};
use crate::service::{
    HashPermit, LoginAnswer, LoginError, Ports, RefreshError, Service, TokenPair, UseCase,
};
use crate::session::{RefreshRefusal, Session, Sessions};
use crate::store::{PasswordChange, SessionWatcher, SessionsToEnd, UserStore};
use crate::testing::forge::{ACCESS_SECRET, REFRESH_SECRET};
use crate::testing::{ManualClock, MemoryStore, RecordingObserver, SeededRandom};
use crate::time::Clock;
use crate::token::ClaimsSource;
use crate::user::{Credentials, UserId};

pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    observer: Arc<RecordingObserver>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {}, |store| store)
    }

    /// Returns a world with other settings, or with a store that `prepare` changes.
    pub(crate) fn with(
        change: impl FnOnce(&mut Settings),
        prepare: impl FnOnce(MemoryStore) -> MemoryStore,
    ) -> Self {
        Self::build(change, prepare, None, None, None)
    }

    /// Returns a world whose access tokens have claims of an application's.
    pub(crate) fn adding(claims: Arc<dyn ClaimsSource>) -> Self {
        Self::build(|_| {}, |store| store, Some(claims), None, None)
    }

    /// Returns a world in which new passwords have to follow `rule`.
    pub(crate) fn ruled(
        rule: impl Fn(&str) -> Result<(), PasswordRuleError> + Send + Sync + 'static,
    ) -> Self {
        Self::build(|_| {}, |store| store, None, Some(Arc::new(rule)), None)
    }

    /// Returns a world in which attempts are counted by `limiter`.
    pub(crate) fn throttled(limits: LoginLimits, limiter: Arc<dyn AttemptLimiter>) -> Self {
        Self::throttled_over(limits, limiter, |store| store)
    }

    /// The same, in which new passwords have to follow `rule`, too.
    pub(crate) fn throttled_and_ruled(
        limits: LoginLimits,
        limiter: Arc<dyn AttemptLimiter>,
        rule: impl Fn(&str) -> Result<(), PasswordRuleError> + Send + Sync + 'static,
    ) -> Self {
        let change = |settings: &mut Settings| settings.login_limits = Setting::Value(limits);
        Self::build(change, |store| store, None, Some(Arc::new(rule)), Some(limiter))
    }

    /// Returns a throttled world with a store that `prepare` changes.
    pub(crate) fn throttled_over(
        limits: LoginLimits,
        limiter: Arc<dyn AttemptLimiter>,
        prepare: impl FnOnce(MemoryStore) -> MemoryStore,
    ) -> Self {
        let change = |settings: &mut Settings| settings.login_limits = Setting::Value(limits);
        Self::build(change, prepare, None, None, Some(limiter))
    }

    /// Returns a world in which users have up to `max` sessions.
    pub(crate) fn per_device(max: u32) -> Self {
        Self::with(|_| {}, |store| store.with_sessions(Sessions::PerDevice { max }))
    }

    fn build(
        change: impl FnOnce(&mut Settings),
        prepare: impl FnOnce(MemoryStore) -> MemoryStore,
        claims: Option<Arc<dyn ClaimsSource>>,
        password_rule: Option<Arc<dyn PasswordRule>>,
        attempt_limiter: Option<Arc<dyn AttemptLimiter>>,
    ) -> Self {
        let store = Arc::new(prepare(MemoryStore::default()));
        let clock = Arc::new(ManualClock::default());
        let observer = Arc::new(RecordingObserver::default());
        let ports = Ports {
            store: store.clone(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::default()),
            observer: observer.clone(),
            claims,
            password_rule,
            attempt_limiter,
            session_watcher: None,
        };
        Self { service: service(change, ports), store, clock, observer }
    }

    /// Starts the service again with other settings: store, clock and chance go on.
    pub(crate) fn restart(&mut self, change: impl FnOnce(&mut Settings)) {
        self.service = service(change, self.ports());
    }

    /// Starts the service again with another clock.
    pub(crate) fn restart_with_clock(&mut self, clock: Arc<dyn Clock>) {
        self.service = service(|_| {}, Ports { clock, ..self.ports() });
    }

    /// Starts the service again with one who watches sessions.
    pub(crate) fn restart_with_watcher(&mut self, watcher: Arc<dyn SessionWatcher>) {
        self.service = service(|_| {}, Ports { session_watcher: Some(watcher), ..self.ports() });
    }

    fn ports(&self) -> Ports {
        let ports = &self.service.0.ports;
        Ports {
            store: ports.store.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            observer: ports.observer.clone(),
            claims: ports.claims.clone(),
            password_rule: ports.password_rule.clone(),
            attempt_limiter: ports.attempt_limiter.clone(),
            session_watcher: ports.session_watcher.clone(),
        }
    }

    pub(crate) fn register(&self, login: &str) -> UserId {
        let request = Credentials::new(login, PASSWORD);
        self.service.register(request, None).run_blocking().unwrap()
    }

    pub(crate) fn login(&self, login: &str, password: &str) -> Result<TokenPair, LoginError> {
        let answer = self.login_case(login, password).run_blocking();
        answer.map(|LoginAnswer::LoggedIn(pair)| pair)
    }

    pub(crate) fn login_case(
        &self,
        login: &str,
        password: &str,
    ) -> UseCase<Result<LoginAnswer, LoginError>> {
        let request = Credentials::new(login, password);
        self.service.login(request, None)
    }

    /// Registers and logs in, and forgets what happened; returns the user and their tokens.
    pub(crate) fn session(&self, login: &str) -> (UserId, TokenPair) {
        let id = self.register(login);
        let pair = self.login(login, PASSWORD).unwrap();
        let _ = self.events();
        (id, pair)
    }

    pub(crate) fn refresh(&self, token: &str) -> Result<TokenPair, RefreshError> {
        self.service.refresh(token, None).run_blocking()
    }

    /// Refreshes with the refresh token of `pair`, which must succeed.
    pub(crate) fn rotate(&self, pair: &TokenPair) -> TokenPair {
        self.refresh(pair.refresh_token.expose_token()).unwrap()
    }

    #[track_caller]
    pub(crate) fn assert_refused(&self, pair: &TokenPair, expected: &RefreshRefusal) {
        match self.refresh(pair.refresh_token.expose_token()) {
            Err(RefreshError::Refused(refusal)) => assert_eq!(refusal, *expected),
            other => panic!("expected {expected:?}, got {other:?}"),
        }
    }

    /// Sets the user's password hash, as `Auth::set_password` does.
    pub(crate) fn set_password(&self, id: &UserId, password_hash: &str) {
        let change = PasswordChange {
            user_id: id.clone(),
            verified_password_hash: self.store.load(id).unwrap().unwrap().password_hash,
            password_hash: PasswordHash::new(password_hash),
            proven_session: None,
            sessions: SessionsToEnd::All,
            changed_at: self.service.now(),
        };
        assert!(self.store.set_password(&change).unwrap());
    }

    pub(crate) fn row(&self, id: &UserId) -> Option<Session> {
        self.store.load(id).unwrap().unwrap().session
    }

    pub(crate) fn events(&self) -> Vec<AuthEventKind> {
        self.observer.take_kinds()
    }

    /// The same, with whom they are about.
    pub(crate) fn recorded(&self) -> Vec<AuthEvent> {
        self.observer.take()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

fn service(change: impl FnOnce(&mut Settings), ports: Ports) -> Service {
    let mut settings = Settings {
        access_token_secret: TokenSecret::new(ACCESS_SECRET).into(),
        refresh_token_secret: TokenSecret::new(REFRESH_SECRET).into(),
        password_hash_cost: Setting::Value(4),
        refresh_hash_cost: Setting::Value(4),
        ..Settings::default()
    };
    change(&mut settings);
    Service::new(&settings.check(Vec::new()).unwrap(), ports).unwrap()
}

/// Runs a use case up to its next wait for a permit, so that a test can do something before it hashes.
pub(crate) fn run_to_hash<T>(use_case: UseCase<T>) -> UseCase<T> {
    let next = resume(use_case);
    assert!(matches!(next, UseCase::Waiting(..)), "it hashes nothing: {next:?}");
    next
}

/// Runs a use case up to its next wait for a permit or to its answer.
pub(crate) fn resume<T>(use_case: UseCase<T>) -> UseCase<T> {
    match use_case {
        UseCase::Answered(_) => panic!("it is answered"),
        UseCase::Ready(run) => run.resume(),
        UseCase::Waiting(_, wait) => wait.grant(HashPermit::holding(())).resume(),
    }
}
