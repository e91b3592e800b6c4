//! The guard: middleware that lets nobody in without a valid access token.

use std::time::Duration;

use hallpass::ScopeRule;

use crate::guard::requirement::Requirement;
use crate::guard::session_bound::SessionBound;
use crate::shared::Shared;

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
    pub(crate) shared: Shared,
    pub(crate) absence: Absence,
    pub(crate) preflight: Preflight,
    pub(crate) max_staleness: Option<Duration>,
    pub(crate) outage_tolerance: Duration,
    pub(crate) requirements: Vec<Requirement>,
}

/// What a request without a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absence {
    Refused,
    Anonymous,
}

/// What a CORS preflight is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preflight {
    LikeAnyRequest,
    LetThrough,
}

impl Guard {
    pub(crate) fn new(shared: Shared) -> Self {
        Self {
            shared,
            absence: Absence::Refused,
            preflight: Preflight::LikeAnyRequest,
            max_staleness: None,
            outage_tolerance: Duration::ZERO,
            requirements: Vec::new(),
        }
    }

    /// Lets requests without a token in, as anonymous. A bad token is still refused with 401.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { absence: Absence::Anonymous, ..self }
    }

    /// Lets CORS preflights in: `OPTIONS` with `Origin` and `Access-Control-Request-Method`.
    ///
    /// Needed where the guard is wrapped around the CORS middleware; the other way round, that one
    /// answers preflights before the guard sees them. Without CORS middleware inside of the guard,
    /// preflights reach whatever handler takes `OPTIONS`. An [`AuthUser`](crate::extract::AuthUser)
    /// in it has a valid token and no more: what the guard asks besides, a live session or a scope,
    /// was not asked.
    #[must_use]
    pub fn allow_preflight(self) -> Self {
        Self { preflight: Preflight::LetThrough, ..self }
    }

    /// Lets in whose session is alive, and answers others with 401 `session_revoked`: whose user has
    /// logged out, was disabled or deleted, or has another password since (OWASP ASVS 5.0, 7.4.1).
    ///
    /// The database is asked at most once in `max_staleness` for each session, and at each request if that is
    /// zero; in between, what it said is remembered. A part of a second counts as a whole one: the clock
    /// has seconds, so 500 ms is one second. This `Auth`,
    /// with its clones, forgets at once what is changed through it, so `max_staleness` is how long
    /// a logout through another one may take to arrive: in another process, or a second `Auth` over
    /// the same table in this one. With zero, a request costs a look at the database by its primary
    /// key.
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
        Self { max_staleness: Some(rounded_up(max_staleness)), ..self }
    }

    /// Lets a [`Guard::session_bound`] guard go on with what it remembers while the database is down, for
    /// up to `time` beyond `max_staleness`; a part of a second counts as a whole one. A session that it does
    /// not remember is refused with 503 all the same. It may be called before or after `session_bound`, and
    /// does nothing without.
    ///
    /// # Security
    /// A session that ends through another `Auth` or process in this time is accepted here until the time
    /// is over.
    #[must_use]
    pub fn tolerate_outage(self, time: Duration) -> Self {
        Self { outage_tolerance: rounded_up(time), ..self }
    }

    /// Lets in whose access token allows `scope`, and answers others with 403 `insufficient_scope`.
    /// Of several words, separated by spaces, and of several calls, all are needed.
    ///
    /// The scope is that of the user's row when the token was made: a change shows at the next
    /// refresh. A request without a token gets 401, also with [`Guard::optional`].
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
    /// A request without a token gets 401, also with [`Guard::optional`].
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        self.requiring(Requirement::MaxAge(max_age))
    }

    pub(crate) fn bound(&self) -> Option<SessionBound> {
        let outage_tolerance = self.outage_tolerance;
        self.max_staleness.map(|max_staleness| SessionBound { max_staleness, outage_tolerance })
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

    pub(crate) fn requiring(mut self, requirement: Requirement) -> Self {
        self.requirements.push(requirement);
        self
    }
}

/// Timestamps have whole seconds. Cut to them, half a second would be none, but not handled as zero.
fn rounded_up(time: Duration) -> Duration {
    let started = u64::from(time.subsec_nanos() != 0);
    Duration::from_secs(time.as_secs().saturating_add(started))
}
