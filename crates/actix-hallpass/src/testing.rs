//! For an application's tests: an [`Auth`] without a database, users who are logged in, tokens without a
//! login, and users without a token.
//!
//! Behind the feature `testing`, which belongs into `[dev-dependencies]`:
//!
//! ```toml
//! [dev-dependencies]
//! actix-hallpass = { version = "0.1", features = ["testing"] }
//! ```

mod test_user;

use std::fmt::{self, Display};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::http::header::HeaderValue;
use hallpass::testing::{ManualClock, MemoryStore, RecordingObserver, SeededRandom, TestClaims};
use hallpass::{AccessClaims, AppClaims, LoginThrottle, Scope, SessionId, UserId, UserStore};
use serde::Serialize;

pub use self::test_user::TestUser;
use crate::answer::AuthErrorReason;
use crate::auth::Auth;
use crate::guard::identified::{Identified, SignedIn};
use crate::setup::AuthBuilder;
use crate::transport::authenticate::verify;
use crate::transport::bearer::AuthorizationHeader;

/// An [`Auth`] over a store in memory, with a clock that is set by hand and cheap bcrypt.
///
/// ```
/// use actix_hallpass::{AuthUser, testing::TestAuth};
/// use actix_web::{App, get, test, web};
///
/// #[get("/me")]
/// async fn me(user: AuthUser) -> String {
///     user.id.to_string()
/// }
///
/// # actix_web::rt::System::new().block_on(async {
/// let auth = TestAuth::new();
/// let api = web::scope("/api").wrap(auth.guard()).service(me);
/// let app = test::init_service(App::new().service(api)).await;
///
/// let request = test::TestRequest::get()
///     .uri("/api/me")
///     .insert_header(auth.token_for(7).scope("orders:read").header())
///     .to_request();
/// assert_eq!(test::call_and_read_body(&app, request).await, "7");
/// # });
/// ```
pub struct TestAuth {
    auth: Auth,
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    observer: Arc<RecordingObserver>,
    users: Arc<dyn UserStore>,
}

/// An access token for a test, on its way: what it does not say is as after a login.
#[derive(Debug)]
#[must_use = "a token is made by `header` or `mint`"]
pub struct TokenFor<'a> {
    auth: &'a TestAuth,
    claims: TestClaims,
}

impl Default for TestAuth {
    fn default() -> Self {
        Self::new()
    }
}

impl TestAuth {
    /// Returns one with the default settings, bcrypt at its lowest cost, registration open, and no limit
    /// to wrong passwords: a test may try as many as it likes, and turns the limit on by
    /// `TestAuth::with(|auth| auth.login_throttle(LoginThrottle::Memory))`.
    #[must_use]
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// Returns one with the settings that `change` makes. If it brings another store or clock, those that
    /// this value returns are not in use. An observer that it adds is told beside that of this value; to see
    /// the outcomes in the log, add [`TracingObserver`](crate::TracingObserver).
    ///
    /// # Panics
    /// When `change` makes a setting that breaks its rule.
    #[must_use]
    pub fn with(change: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Self {
        // Two of them in one test have different secrets, as two applications have.
        static SEED: AtomicU64 = AtomicU64::new(0);
        let seed = SEED.fetch_add(1, Ordering::SeqCst);
        let clock = Arc::new(ManualClock::default());
        let observer = Arc::new(RecordingObserver::default());
        let builder = Auth::builder()
            .clock(clock.clone())
            .random(Arc::new(SeededRandom::new(seed)))
            .observer(observer.clone())
            .without_log()
            .random_secrets()
            .password_hash_cost(4)
            .refresh_hash_cost(4)
            .login_throttle(LoginThrottle::Off)
            .allow_registration();
        let builder = change(builder);
        let store = Arc::new(MemoryStore::default().with_sessions(builder.sessions_setting()));
        let users = builder.own_store().unwrap_or_else(|| store.clone());
        let builder = builder.store(users.clone());
        let auth = builder.build().expect("the settings of a test are right");
        Self { auth, clock, store, observer, users }
    }

    /// Returns the clock, which stands still until a test moves it.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Returns the users.
    #[must_use]
    pub fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// Returns what has happened.
    #[must_use]
    pub fn observer(&self) -> &RecordingObserver {
        &self.observer
    }

    /// Begins an access token for the user `id`, whether the store has such a user or not. The ids
    /// of the store in memory are whole numbers.
    ///
    /// The token is of no session in the store: a guard that is
    /// [`session_bound`](crate::guard::Guard::session_bound) and routes that ask for the session refuse it with 401
    /// `session_revoked`. For those, log a user in with [`TestAuth::user`].
    pub fn token_for(&self, id: impl Display) -> TokenFor<'_> {
        TokenFor { auth: self, claims: claims(id) }
    }

    /// Verifies the access token in an `Authorization` header as a guard does, which remembers what it has
    /// verified; `Ok(None)` is a header of another scheme. For benchmarks: a test sends a request.
    ///
    /// # Errors
    /// What a guard would refuse it for.
    pub fn verify_header(
        &self,
        header: &HeaderValue,
    ) -> Result<Option<AccessClaims>, AuthErrorReason> {
        verify(self.auth.shared(), AuthorizationHeader::One(header))
    }

    /// Makes `request` one of the user `id`, as if it had a valid token: guards accept it, also session-bound ones, and
    /// extractors find the user.
    ///
    /// ```
    /// use actix_hallpass::{AuthUser, testing::TestAuth};
    /// use actix_web::{FromRequest as _, test::TestRequest};
    ///
    /// # actix_web::rt::System::new().block_on(async {
    /// let auth = TestAuth::new();
    /// let request = TestRequest::default().to_http_request();
    /// auth.sign_in(&request, 7);
    /// let user: AuthUser = AuthUser::extract(&request).await.unwrap();
    /// assert_eq!(user.id, 7);
    /// # });
    /// ```
    pub fn sign_in(&self, request: &impl HttpMessage, id: impl Display) {
        self.token_for(id).sign_in(request);
    }
}

impl fmt::Debug for TestAuth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TestAuth(…)")
    }
}

impl Deref for TestAuth {
    type Target = Auth;

    fn deref(&self) -> &Auth {
        &self.auth
    }
}

impl TokenFor<'_> {
    /// Gives the token a scope: words separated by spaces.
    ///
    /// # Panics
    /// When `scope` has a character that scopes may not have (RFC 6749 §3.3).
    pub fn scope(mut self, scope: &str) -> Self {
        self.claims.scope = Scope::parse(scope).expect("the scope of a test is well-formed");
        self
    }

    /// Lets the token say that the user proved who they are so long ago, in whole seconds.
    pub fn auth_time_ago(mut self, age: Duration) -> Self {
        self.claims.auth_time_ago = age;
        self
    }

    /// Gives the token claims of the application's own.
    ///
    /// # Panics
    /// When they are no object, or one has the name of a claim of hallpass's.
    pub fn claims(mut self, claims: &impl Serialize) -> Self {
        self.claims.app_claims = AppClaims::of(claims).expect("they are an object of other names");
        self
    }

    /// Gives the token a lifetime from now, in whole seconds; zero makes an expired one.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.claims.lifetime = Some(lifetime);
        self
    }

    /// Makes the token one of this session, which may be in the store or not.
    pub fn session_id(mut self, session_id: &str) -> Self {
        self.claims.session_id = SessionId::new(session_id);
        self
    }

    /// Returns the token.
    ///
    /// # Panics
    /// When the user's id is none of the store: such a token is refused by every guard.
    #[must_use]
    pub fn mint(self) -> String {
        let id = &self.claims.user_id;
        let is_id = self.auth.service().is_id(id);
        assert!(
            is_id,
            "`{id}` is no id of this store; for others, see TestAuth::with and MemoryStore::with_ids"
        );
        self.auth.service().access_token_for_tests(&self.claims).expose_token().to_owned()
    }

    /// Returns the header that presents the token, for `TestRequest::insert_header`.
    #[must_use]
    pub fn header(self) -> (&'static str, String) {
        ("Authorization", format!("Bearer {}", self.mint()))
    }

    /// Makes `request` one of this user, without a token in it.
    ///
    /// # Panics
    /// When the lifetime is zero: nobody is signed in with an expired token.
    pub fn sign_in(self, request: &impl HttpMessage) {
        let auth = &self.auth.auth;
        let claims = auth.service().verify_access(&self.mint());
        let claims = claims.expect("the token was made for this moment");
        let identified = Identified { shared: auth.shared().clone(), claims: Some(claims.clone()) };
        request.extensions_mut().insert(identified);
        request.extensions_mut().insert(SignedIn(claims));
    }
}

fn claims(id: impl Display) -> TestClaims {
    TestClaims {
        user_id: UserId::new(id),
        session_id: SessionId::new("test-session"),
        scope: Scope::default(),
        auth_time_ago: Duration::ZERO,
        app_claims: AppClaims::default(),
        lifetime: None,
    }
}
