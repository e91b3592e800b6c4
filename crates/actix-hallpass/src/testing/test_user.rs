//! A user of a test who has a row in the store and is logged in.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use hallpass::{
    Credentials, LoginAnswer, LoginName, NewUser, PasswordHash, Scope, TokenPair, UserId,
};

use super::TestAuth;

/// [`TestUser::PASSWORD`], hashed at the lowest cost.
const PASSWORD_HASH: &str = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";

/// A user of a test, with a row in the store and a live session. Made by [`TestAuth::user`].
pub struct TestUser {
    id: UserId,
    tokens: TokenPair,
}

/// A user who is about to log in. Made by [`TestAuth::user`].
#[must_use = "the user logs in when it is awaited"]
#[derive(Debug)]
pub struct UserToLogIn<'a> {
    auth: &'a TestAuth,
    login: &'a str,
    scope: Scope,
}

impl TestUser {
    /// The password of every such user, for requests that ask for it.
    pub const PASSWORD: &'static str = "correct horse battery staple";

    /// Returns the id of the user's row.
    #[must_use]
    pub fn id(&self) -> &UserId {
        &self.id
    }

    /// Returns the header that presents the access token, for `TestRequest::insert_header`.
    #[must_use]
    pub fn header(&self) -> (&'static str, String) {
        ("Authorization", format!("Bearer {}", self.tokens.access_token.expose_token()))
    }

    /// Returns both tokens, as the response of a login has them.
    #[must_use]
    pub fn tokens(&self) -> &TokenPair {
        &self.tokens
    }
}

impl TestAuth {
    /// Adds a user with this login name to the store and logs them in, for handlers that read their row and for
    /// guards that are [`session_bound`](crate::guard::Guard::session_bound). For a login name that it has added before,
    /// it logs the same user in again.
    ///
    /// The user is in the store that is in use, be it one of your own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use actix_hallpass::testing::TestAuth;
    /// use actix_web::{App, test, web};
    ///
    /// # actix_web::rt::System::new().block_on(async {
    /// let auth = TestAuth::new();
    /// let guard = auth.guard().scope("orders:read").session_bound(Duration::from_secs(30));
    /// let app = App::new().wrap(guard).route("/", web::get().to(async || "in"));
    /// let app = test::init_service(app).await;
    ///
    /// let ada = auth.user("ada").scope("orders:read").await;
    /// let request = || test::TestRequest::get().insert_header(ada.header()).to_request();
    /// assert_eq!(test::call_service(&app, request()).await.status(), 200);
    /// auth.end_sessions(ada.id()).await.unwrap();
    /// assert_eq!(test::call_service(&app, request()).await.status(), 401);
    /// # });
    /// ```
    ///
    /// # Panics
    /// When it is awaited: if the login name is not one, the store fails, or the user can't log in.
    pub fn user<'a>(&'a self, login: &'a str) -> UserToLogIn<'a> {
        UserToLogIn::new(self, login)
    }
}

impl<'a> UserToLogIn<'a> {
    pub(super) fn new(auth: &'a TestAuth, login: &'a str) -> Self {
        Self { auth, login, scope: Scope::default() }
    }

    /// Gives a new user a scope: words separated by spaces.
    ///
    /// # Panics
    /// When `scope` has a character that scopes may not have (RFC 6749 §3.3).
    pub fn scope(mut self, scope: &str) -> Self {
        self.scope = Scope::parse(scope).expect("the scope of a test is well-formed");
        self
    }

    async fn log_in(self) -> TestUser {
        let Self { auth, login, scope } = self;
        let new = NewUser {
            login: LoginName::parse(login).expect("the login name of a test is well-formed"),
            password_hash: PasswordHash::new(PASSWORD_HASH),
            scope,
            created_at: auth.service().now(),
        };
        // A login name that is taken is that of an earlier call.
        auth.users.create(&new).expect("the store of a test answers");
        let credentials = Credentials::new(login, TestUser::PASSWORD);
        let answer = auth.run(auth.service().login(credentials, None)).await;
        let answer = answer.expect("a test has a permit to hash");
        let LoginAnswer::LoggedIn(tokens) = answer.unwrap_or_else(|error| {
            panic!("`{login}` can't log in with TestUser::PASSWORD: {error}")
        });
        let claims = auth.service().verify_access(tokens.access_token.expose_token());
        let id = claims.expect("the token was made for this moment").user_id().clone();
        TestUser { id, tokens }
    }
}

impl<'a> IntoFuture for UserToLogIn<'a> {
    type Output = TestUser;
    type IntoFuture = Pin<Box<dyn Future<Output = TestUser> + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.log_in())
    }
}

impl fmt::Debug for TestUser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TestUser").field("id", &self.id).finish_non_exhaustive()
    }
}
