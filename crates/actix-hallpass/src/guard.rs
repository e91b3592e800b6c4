//! The guard: middleware that lets nobody in without a valid access token.

use std::fmt::Display;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::str::FromStr;
use std::task::{Context, Poll, ready as ready_or_pending};
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::Method;
use actix_web::http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use actix_web::{Error, HttpMessage as _, ResponseError as _};
use hallpass::{AccessClaims, ScopeRule};
use pin_project_lite::pin_project;
use serde::de::DeserializeOwned;

use crate::authenticate::{Identified, authenticate};
use crate::requirement::Requirement;
use crate::session_bound::SessionBound;
use crate::{Auth, AuthError, AuthErrorReason, AuthUser, routes};

/// Middleware that refuses whoever has no valid access token; for `App::wrap` or `Scope::wrap`.
///
/// It verifies on the spot, without the database, and refuses with a response, not an error, so
/// that `Logger`, `ErrorHandlers`, `DefaultHeaders` and CORS around it see the refusal.
///
/// Around the whole app it lets through requests to its own routes, login and refresh among them, which
/// ask for what they need by themselves, and with [`Guard::allow_preflight`] CORS preflights, which carry
/// no credentials.
/// It knows its routes by their paths and methods, so a resource that takes POST at one of these paths and
/// is declared before them, or one that is chosen by a route guard such as `Host`, is let through in their
/// place: configure the routes first.
///
/// # Security
/// An access token is valid until it expires, also after its user has logged out or was disabled:
/// nothing is asked of the database. Keep `ACCESS_TOKEN_EXPIRATION` short, or see
/// [`Guard::session_bound`].
///
/// ```
/// # use actix_hallpass::Auth;
/// # fn app(auth: Auth) {
/// use actix_web::{App, web};
///
/// let app = App::new()
///     .configure(auth.routes("/auth"))
///     .service(web::scope("/api").wrap(auth.guard()));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Guard {
    auth: Auth,
    absence: Absence,
    preflight: Preflight,
    session_bound: Option<SessionBound>,
    requirements: Vec<Requirement>,
}

/// What a request without a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absence {
    Refused,
    Anonymous,
}

/// What a CORS preflight is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preflight {
    LikeAnyRequest,
    LetThrough,
}

impl Guard {
    pub(crate) fn new(auth: Auth) -> Self {
        let (absence, preflight) = (Absence::Refused, Preflight::LikeAnyRequest);
        Self { auth, absence, preflight, session_bound: None, requirements: Vec::new() }
    }

    /// Lets requests without a token in, as anonymous. A bad token is still refused with 401.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { absence: Absence::Anonymous, ..self }
    }

    /// Lets CORS preflights in: `OPTIONS` with `Origin` and `Access-Control-Request-Method`.
    ///
    /// Needed where the guard is wrapped around the CORS middleware; the other way round, that
    /// one answers preflights before the guard sees them. Without CORS middleware inside of the
    /// guard, preflights reach whatever handler takes `OPTIONS`.
    #[must_use]
    pub fn allow_preflight(self) -> Self {
        Self { preflight: Preflight::LetThrough, ..self }
    }

    /// Lets in whose session is alive, and answers others with 401 `session_revoked`: whose user has
    /// logged out, was disabled or deleted, or has another password since (OWASP ASVS 5.0, 7.4.1).
    ///
    /// The database is asked at most once in `max_staleness`, in whole seconds, for each session, and at
    /// each request if that is zero; in between, what it said is remembered. This process forgets at once
    /// what it changes itself, so `max_staleness` is how long a logout at another one may take to arrive.
    /// With zero, a request costs a look at the database by its primary key.
    ///
    /// While the database is down, requests are refused with 503 `unavailable`; see
    /// [`Guard::tolerate_outage`].
    ///
    /// ```
    /// # use actix_hallpass::Auth;
    /// # fn app(auth: Auth) {
    /// use std::time::Duration;
    /// use actix_web::web;
    ///
    /// let guard = auth.guard().session_bound(Duration::from_secs(30));
    /// let api = web::scope("/api").wrap(guard);
    /// # }
    /// ```
    #[must_use]
    pub fn session_bound(self, max_staleness: Duration) -> Self {
        let outage_tolerance = Duration::ZERO;
        Self { session_bound: Some(SessionBound { max_staleness, outage_tolerance }), ..self }
    }

    /// Lets a [`Guard::session_bound`] guard go on with what it remembers while the database is down, for
    /// up to `time` beyond `max_staleness`, in whole seconds. A session that it does not remember is
    /// refused with 503 all the same. Without `session_bound` before it, it does nothing.
    ///
    /// # Security
    /// Whoever logs out at another process in this time is let in here until it is over.
    #[must_use]
    pub fn tolerate_outage(self, time: Duration) -> Self {
        let session_bound =
            self.session_bound.map(|bound| SessionBound { outage_tolerance: time, ..bound });
        Self { session_bound, ..self }
    }

    /// Lets in whose access token allows `scope`, and answers others with 403 `insufficient_scope`.
    /// Of several words, separated by spaces, and of several calls, all are needed.
    ///
    /// The scope is that of the user's row when the token was made: a change shows at the next refresh. Whoever has no token is refused with 401, also with [`Guard::optional`].
    ///
    /// # Panics
    /// When it is no list of scope tokens (RFC 6749 §3.3) with at least one in it.
    ///
    /// ```
    /// # use actix_hallpass::Auth;
    /// # fn app(auth: Auth) {
    /// use actix_web::web;
    ///
    /// let orders = web::scope("/orders").wrap(auth.guard().scope("orders:write"));
    /// # }
    /// ```
    #[must_use]
    pub fn scope(self, scope: &'static str) -> Self {
        self.requiring_scope(ScopeRule::all(scope))
    }

    /// As [`Guard::scope`], where one of these scope tokens is enough.
    ///
    /// # Panics
    /// When one is no scope token, or there is none.
    #[must_use]
    pub fn any_scope<'a>(self, tokens: impl IntoIterator<Item = &'a str>) -> Self {
        self.requiring(Requirement::Scope(ScopeRule::any_of(tokens)))
    }

    /// Lets in who proved who they are `max_age` ago at most, in whole seconds, and answers others with
    /// 401 `insufficient_user_authentication` (RFC 9470): by the login, or by the `POST
    /// {base}/reauthenticate` that made the token. A refresh makes a token with the time of the login again,
    /// so a `max_age` beyond the access token's lifetime asks for the password more often than it says.
    /// Whoever has no token is refused with 401, also with [`Guard::optional`].
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        self.requiring(Requirement::MaxAge(max_age))
    }

    /// Lets in the users to whom `rule` says yes, and answers others with 403 `insufficient_scope`.
    ///
    /// It is asked at each request, on the event loop: let it decide by what it is given, and look
    /// into a database in a handler. Whoever has no token is refused with 401, also with
    /// [`Guard::optional`]. Write the type of the argument, which is that of the ids:
    ///
    /// ```
    /// # use actix_hallpass::{Auth, Guard};
    /// # fn guard(auth: Auth) -> Guard {
    /// use actix_hallpass::AuthUser;
    ///
    /// auth.guard().require(|user: &AuthUser| user.id == 1 || user.scope.contains("admin"))
    /// # }
    /// ```
    #[must_use]
    pub fn require<Id, Claims>(
        self,
        rule: impl Fn(&AuthUser<Id, Claims>) -> bool + Send + Sync + 'static,
    ) -> Self
    where
        Id: FromStr + Display + 'static,
        Claims: DeserializeOwned + 'static,
    {
        self.requiring(Requirement::user(rule))
    }

    /// Several scopes are one requirement, so that a refusal names all of them (RFC 6750 §3).
    fn requiring_scope(mut self, rule: ScopeRule) -> Self {
        for requirement in &mut self.requirements {
            if let Requirement::Scope(earlier) = requirement
                && let Some(both) = earlier.and(&rule)
            {
                *earlier = both;
                return self;
            }
        }
        self.requiring(Requirement::Scope(rule))
    }

    fn requiring(mut self, requirement: Requirement) -> Self {
        self.requirements.push(requirement);
        self
    }

    /// Returns who sent the request, and whether their session is known to be alive, if they may pass.
    fn admit(&self, request: &ServiceRequest) -> Result<Admission, AuthError> {
        let claims = self.identify(request)?;
        let (Some(bound), Some(claims)) = (self.session_bound, &claims) else {
            self.check_requirements(claims.as_ref())?;
            return Ok(Admission::Now(claims));
        };
        #[cfg(feature = "testing")]
        if crate::testing::signed_in(request.request()).is_some() {
            self.check_requirements(Some(claims))?;
            return Ok(Admission::Now(Some(claims.clone())));
        }
        match bound.known(&self.auth, claims) {
            Some(Ok(())) => {
                self.check_requirements(Some(claims))?;
                Ok(Admission::Now(Some(claims.clone())))
            }
            Some(Err(reason)) => Err(self.auth.refusal(reason)),
            None => Ok(Admission::OnceAlive(bound, claims.clone())),
        }
    }

    /// What the guard asks of a user whose session is alive, or of a visitor.
    fn check_requirements(&self, claims: Option<&AccessClaims>) -> Result<(), AuthError> {
        if self.requirements.is_empty() {
            return Ok(());
        }
        let refuse = |reason| self.auth.refusal(reason);
        let claims = claims.ok_or_else(|| refuse(AuthErrorReason::Missing))?;
        let mut requirements = self.requirements.iter();
        requirements.try_for_each(|it| it.check(claims, self.auth.service())).map_err(refuse)
    }

    /// Asks the store for the session first.
    async fn check(self, bound: SessionBound, claims: AccessClaims) -> Result<Self, AuthError> {
        let checked = bound.check(self.auth.clone(), claims.clone()).await;
        checked.map_err(|reason| self.auth.refusal(reason))?;
        self.check_requirements(Some(&claims))?;
        Ok(self)
    }

    fn identify(&self, request: &ServiceRequest) -> Result<Option<AccessClaims>, AuthError> {
        #[cfg(feature = "testing")]
        if let Some(claims) = crate::testing::signed_in(request.request()) {
            return Ok(Some(claims));
        }
        match authenticate(&self.auth, request.request())? {
            None if self.absence == Absence::Refused => {
                Err(AuthError::new(AuthErrorReason::Missing, self.auth.realm()))
            }
            claims => Ok(claims),
        }
    }

    fn is_exempt(&self, request: &ServiceRequest) -> bool {
        match self.preflight {
            Preflight::LetThrough if is_preflight(request) => true,
            _ => routes::is_own(request),
        }
    }
}

/// The Fetch standard's definition of a CORS preflight request. A method that is none makes it
/// another request, which the CORS middleware would hand on.
fn is_preflight(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    let asked = headers.get(ACCESS_CONTROL_REQUEST_METHOD);
    request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && asked.is_some_and(|method| Method::from_bytes(method.as_bytes()).is_ok())
}

/// Whether somebody may pass.
enum Admission {
    /// They may, be it a visitor.
    Now(Option<AccessClaims>),
    /// They may if their session is alive, for which the store has to be asked.
    OnceAlive(SessionBound, AccessClaims),
}

impl<S, B> Transform<S, ServiceRequest> for Guard
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = GuardMiddleware<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(GuardMiddleware { guard: self.clone(), service: Rc::new(service) }))
    }
}

/// The guard around one service.
#[derive(Debug)]
pub struct GuardMiddleware<S> {
    guard: Guard,
    service: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for GuardMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = GuardFuture<S, B>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        match self.guard.admit(&request) {
            Ok(Admission::Now(claims)) => self.let_in(request, claims),
            // Asked only now, so that a guarded request pays nothing for it.
            Ok(Admission::OnceAlive(..)) | Err(_) if self.guard.is_exempt(&request) => {
                GuardFuture::LetIn { inner: self.service.call(request) }
            }
            Ok(Admission::OnceAlive(bound, claims)) => {
                let check = Box::pin(self.guard.clone().check(bound, claims.clone()));
                let waiting = Waiting { service: Rc::clone(&self.service), request, claims };
                GuardFuture::Checking { check, waiting: Some(waiting) }
            }
            Err(error) => GuardFuture::refuse(request, &error),
        }
    }
}

impl<S, B> GuardMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    fn let_in(&self, request: ServiceRequest, claims: Option<AccessClaims>) -> GuardFuture<S, B> {
        let auth = self.guard.auth.clone();
        request.extensions_mut().insert(Identified { auth, claims });
        GuardFuture::LetIn { inner: self.service.call(request) }
    }
}

/// A request whose session is being looked up, and where it goes then.
struct Waiting<S> {
    service: Rc<S>,
    request: ServiceRequest,
    claims: AccessClaims,
}

/// A look at the store on its way; it gives back the guard.
type Check = Pin<Box<dyn Future<Output = Result<Guard, AuthError>>>>;

pin_project! {
    /// The answer of a guard: the inner service's, at once or after a look at the store, or a refusal
    /// that is ready.
    #[doc(hidden)]
    #[project = GuardFutureProjection]
    pub enum GuardFuture<S: Service<ServiceRequest>, B> {
        LetIn { #[pin] inner: S::Future },
        Checking { check: Check, waiting: Option<Waiting<S>> },
        Refused { response: Option<ServiceResponse<EitherBody<B>>> },
    }
}

impl<S, B> GuardFuture<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    fn refuse(request: ServiceRequest, error: &AuthError) -> Self {
        let response = request.into_response(error.error_response());
        Self::Refused { response: Some(response.map_into_right_body()) }
    }
}

impl<S: Service<ServiceRequest>> Waiting<S> {
    fn let_in(self, auth: Auth) -> S::Future {
        let Self { service, request, claims } = self;
        request.extensions_mut().insert(Identified { auth, claims: Some(claims) });
        service.call(request)
    }
}

impl<S, B> Future for GuardFuture<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        const POLLED_AGAIN: &str = "a future is not polled after it is ready";
        if let GuardFutureProjection::Checking { check, waiting } = self.as_mut().project() {
            let checked = ready_or_pending!(check.as_mut().poll(context));
            let waiting = waiting.take().expect(POLLED_AGAIN);
            let next = match checked {
                Ok(guard) => Self::LetIn { inner: waiting.let_in(guard.auth) },
                Err(error) => Self::refuse(waiting.request, &error),
            };
            self.set(next);
        }
        match self.project() {
            GuardFutureProjection::LetIn { inner } => {
                let response = ready_or_pending!(inner.poll(context));
                Poll::Ready(response.map(ServiceResponse::map_into_left_body))
            }
            GuardFutureProjection::Refused { response } => {
                Poll::Ready(Ok(response.take().expect(POLLED_AGAIN)))
            }
            GuardFutureProjection::Checking { .. } => unreachable!("it has just been replaced"),
        }
    }
}
