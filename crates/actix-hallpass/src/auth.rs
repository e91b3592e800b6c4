//! The one value an application keeps: it makes guards, mounts routes, and is what the extractors
//! look for.

use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{FromRequest, HttpRequest};
use hallpass::{Service, UseCase};

use crate::answer::AuthError;
use crate::guard::Guard;
use crate::routes::mount as routes;
use crate::run::RunError;
use crate::setup::{AuthBuilder, Environment, SetupError};
use crate::shared::Shared;

/// Everything about logging in, for one actix-web application. Cheap to clone: make it once,
/// outside of `HttpServer::new`, so that all workers share it.
#[derive(Clone)]
pub struct Auth(Shared);

impl Auth {
    /// Builds it from `.env` and the environment: reads all settings, opens the database and
    /// runs its migrations.
    ///
    /// # Errors
    /// [`SetupError`]: all wrong settings at once, or what is wrong with the database. It
    /// becomes a [`std::io::Error`] with `?`.
    pub fn from_env() -> Result<Self, SetupError> {
        Self::builder().environment(&Environment::load()).build()
    }

    /// Returns a builder with no setting set.
    pub fn builder() -> AuthBuilder {
        AuthBuilder::default()
    }

    /// Mounts `POST {base}/login`, `{base}/refresh`, `{base}/logout`, `{base}/reauthenticate` and
    /// `{base}/password`; `{base}/register` where registration is allowed; and where users have a session
    /// for each device, `{base}/logout/all`, `{base}/logout/others`, `GET {base}/sessions` and `DELETE
    /// {base}/sessions/{id}`. For `App::configure`.
    ///
    /// Also puts this value into the app's data, where the extractors look for it outside of a
    /// guard; of two in one app, they take the one that was mounted last. With an empty `base` the
    /// routes are at the root, and unknown paths are the app's; below any other, unknown paths are
    /// 404, so give it a path that the app has nothing else under.
    pub fn routes(&self, base: &str) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let (auth, mount) = (self.clone(), routes::mount(self.0.clone(), base));
        move |config| {
            config.app_data(auth);
            mount(config);
        }
    }

    /// Returns a guard, for `App::wrap` or `Scope::wrap`: whoever has no valid access token is
    /// refused.
    #[must_use]
    pub fn guard(&self) -> Guard {
        Guard::new(self.0.clone())
    }

    /// Returns the use cases behind the routes, for handlers of your own. Run them with
    /// [`Auth::run`].
    #[must_use]
    pub fn service(&self) -> &Service {
        self.0.service()
    }

    /// Runs a use case as the routes do: store calls and bcrypt off the event loop,
    /// bcrypt with a permit of its lane. If the future is dropped, what has a thread goes on to its
    /// end, and writes; what waits for a permit ends there. actix-web drops a handler's future when it
    /// notices that the client is gone, which takes `HttpServer::h1_allow_half_closed(false)`.
    ///
    /// # Errors
    /// [`RunError`] when no permit came in time or the work was cut short. What the use case
    /// itself refuses is in the value.
    ///
    /// ```
    /// use actix_hallpass::Credentials;
    /// use actix_hallpass::testing::TestAuth;
    ///
    /// # actix_web::rt::System::new().block_on(async {
    /// let auth = TestAuth::new();
    /// let credentials = Credentials::new("ada", "correct horse");
    /// let registered = auth.run(auth.service().register(credentials, None)).await.unwrap();
    /// assert_eq!(registered.unwrap().as_str(), "1");
    /// # });
    /// ```
    pub async fn run<T: Send + 'static>(&self, use_case: UseCase<T>) -> Result<T, RunError> {
        self.0.run(use_case).await
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }

    /// Returns the `Auth` in the app's data, be it there as it is or in a [`Data`].
    pub(crate) fn of(request: &HttpRequest) -> Option<&Self> {
        request
            .app_data::<Self>()
            .or_else(|| request.app_data::<Data<Self>>().map(|data| data.get_ref()))
    }
}

impl AuthBuilder {
    /// Checks every setting, opens the database and runs its migrations.
    ///
    /// It blocks for as long as these take: call it before the server starts.
    ///
    /// # Errors
    /// [`SetupError`]: all wrong settings at once, or what is wrong with the database.
    pub fn build(self) -> Result<Auth, SetupError> {
        self.build_shared().map(Auth)
    }
}

/// A handler may take the `Auth` that was mounted last, to use its [`Auth::service`].
impl FromRequest for Auth {
    type Error = AuthError;
    type Future = Ready<Result<Self, AuthError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).cloned().ok_or_else(AuthError::not_configured))
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Auth(…)")
    }
}
