//! The routes below `{base}`: the one table that mounts them, exempts them from guards, and says which
//! codes each may answer with.
//!
//! To add a route: write its handler in a file of its own, and add it to [`ROUTES`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use hallpass::{ErrorCode, Sessions};

use crate::answer::problem::Problem;
use crate::routes::{
    login, logout, logout_everywhere, password, reauthenticate, refresh, register, sessions,
};
use crate::shared::{Registration, Shared};

/// One route of hallpass's.
pub struct Route {
    /// The name of its actix-web resource.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    /// Below `{base}`, with the parameters that actix-web reads.
    pub(crate) path: &'static str,
    condition: Condition,
    codes: &'static [&'static [ErrorCode]],
    pub(crate) handler: Handler,
}

/// When a route is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// In every application.
    Always,
    /// Where self-registration is open.
    RegistrationOpen,
    /// Where users have a session for each device.
    SessionPerDevice,
}

pub(crate) type Handler = fn(Shared, HttpRequest, Payload) -> Answer;

type Answer = Pin<Box<dyn Future<Output = Result<HttpResponse, Problem>>>>;

/// What every route may answer.
const ANY: &[ErrorCode] =
    &[ErrorCode::MethodNotAllowed, ErrorCode::Internal, ErrorCode::Unavailable];

/// What a route that reads a body may answer.
const BODY: &[ErrorCode] =
    &[ErrorCode::InvalidRequest, ErrorCode::BodyTooLarge, ErrorCode::UnsupportedMediaType];

/// What a route that needs an access token may answer.
const TOKEN: &[ErrorCode] = &[
    ErrorCode::TokenMissing,
    ErrorCode::TokenInvalid,
    ErrorCode::TokenExpired,
    ErrorCode::RequestAmbiguous,
    ErrorCode::SessionRevoked,
];

/// What a route that hashes may answer.
const HASH: &[ErrorCode] = &[ErrorCode::Busy];

/// What a route that compares a password may answer.
const PASSWORD: &[ErrorCode] =
    &[ErrorCode::InvalidCredentials, ErrorCode::Throttled, ErrorCode::Busy];

/// All routes, in the order in which they are mounted.
pub static ROUTES: [Route; 10] = [
    Route {
        name: "hallpass.login",
        method: Method::POST,
        path: "/login",
        condition: Condition::Always,
        codes: &[ANY, BODY, PASSWORD],
        handler: |shared, request, payload| Box::pin(login::login(shared, request, payload)),
    },
    Route {
        name: "hallpass.refresh",
        method: Method::POST,
        path: "/refresh",
        condition: Condition::Always,
        codes: &[
            ANY,
            BODY,
            HASH,
            &[
                ErrorCode::RefreshMissing,
                ErrorCode::RefreshInvalid,
                ErrorCode::RefreshExpired,
                ErrorCode::RefreshStale,
                ErrorCode::RefreshConflict,
                ErrorCode::SessionRevoked,
                ErrorCode::SessionSuperseded,
            ],
        ],
        handler: |shared, request, payload| Box::pin(refresh::refresh(shared, request, payload)),
    },
    Route {
        name: "hallpass.logout",
        method: Method::POST,
        path: "/logout",
        condition: Condition::Always,
        codes: &[ANY, BODY, &[ErrorCode::RequestAmbiguous]],
        handler: |shared, request, payload| Box::pin(logout::logout(shared, request, payload)),
    },
    Route {
        name: "hallpass.reauthenticate",
        method: Method::POST,
        path: "/reauthenticate",
        condition: Condition::Always,
        codes: &[ANY, TOKEN, BODY, PASSWORD],
        handler: |shared, request, payload| {
            Box::pin(reauthenticate::reauthenticate(shared, request, payload))
        },
    },
    Route {
        name: "hallpass.password",
        method: Method::POST,
        path: "/password",
        condition: Condition::Always,
        codes: &[ANY, TOKEN, BODY, PASSWORD, &[ErrorCode::PasswordUnacceptable]],
        handler: |shared, request, payload| Box::pin(password::change(shared, request, payload)),
    },
    Route {
        name: "hallpass.register",
        method: Method::POST,
        path: "/register",
        condition: Condition::RegistrationOpen,
        codes: &[
            ANY,
            BODY,
            HASH,
            &[
                ErrorCode::LoginTaken,
                ErrorCode::LoginUnacceptable,
                ErrorCode::PasswordUnacceptable,
                ErrorCode::Throttled,
            ],
        ],
        handler: |shared, request, payload| Box::pin(register::register(shared, request, payload)),
    },
    Route {
        name: "hallpass.logout_all",
        method: Method::POST,
        path: "/logout/all",
        condition: Condition::SessionPerDevice,
        codes: &[ANY, TOKEN],
        handler: |shared, request, payload| {
            Box::pin(logout_everywhere::all(shared, request, payload))
        },
    },
    Route {
        name: "hallpass.logout_others",
        method: Method::POST,
        path: "/logout/others",
        condition: Condition::SessionPerDevice,
        codes: &[ANY, TOKEN],
        handler: |shared, request, payload| {
            Box::pin(logout_everywhere::others(shared, request, payload))
        },
    },
    Route {
        name: "hallpass.sessions",
        method: Method::GET,
        path: "/sessions",
        condition: Condition::SessionPerDevice,
        codes: &[ANY, TOKEN],
        handler: |shared, request, payload| Box::pin(sessions::list(shared, request, payload)),
    },
    Route {
        name: "hallpass.session",
        method: Method::DELETE,
        // The base may have parameters of the application; if two have one name, actix-web finds the first.
        path: "/sessions/{hallpass_session_id}",
        condition: Condition::SessionPerDevice,
        codes: &[ANY, TOKEN, &[ErrorCode::NotFound]],
        handler: |shared, request, payload| Box::pin(sessions::end(shared, request, payload)),
    },
];

impl Route {
    /// Returns the methods that it takes: one for GET also takes HEAD (RFC 9110 §9.1).
    #[must_use]
    pub fn methods(&self) -> Vec<Method> {
        match self.method {
            Method::GET => vec![Method::GET, Method::HEAD],
            ref method => vec![method.clone()],
        }
    }

    /// Returns its path below `{base}`, with parameters in braces.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// Returns when it is mounted.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.condition
    }

    /// Returns the codes of its refusals.
    pub fn codes(&self) -> impl Iterator<Item = ErrorCode> {
        self.codes.iter().copied().flatten().copied()
    }

    pub(crate) fn is_mounted(&self, shared: &Shared) -> bool {
        match self.condition {
            Condition::Always => true,
            Condition::RegistrationOpen => shared.registration() == Registration::Open,
            Condition::SessionPerDevice => {
                matches!(shared.service().sessions(), Sessions::PerDevice { .. })
            }
        }
    }

    fn takes(&self, method: &Method) -> bool {
        self.method == *method || self.method == Method::GET && *method == Method::HEAD
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Route({} {})", self.method, self.path)
    }
}

/// Returns whether a request is for one of our routes, which a guard around the whole app must let
/// through: a login has no token yet. Each route checks by itself what it requires.
///
/// Asked before the app has chosen a handler, so by method and path.
pub(crate) fn is_own(request: &ServiceRequest) -> bool {
    let taking = || ROUTES.iter().filter(|route| route.takes(request.method()));
    is_first_match(request, |name| taking().any(|route| route.name == name))
        || taking().any(|route| route.method == Method::POST && is_at_path_of(request, route))
}

/// The first resource that the path fits is one of these, as it was sent and as it is routed, decoded:
/// with a base such as `/{tenant}/auth`, `/%61dmin/auth/login` may be another's once decoded.
fn is_first_match(request: &ServiceRequest, is_one: impl Fn(&str) -> bool) -> bool {
    let resources = request.resource_map();
    [request.path(), request.match_info().as_str()]
        .into_iter()
        .all(|path| resources.match_name(path).is_some_and(&is_one))
}

/// The path is the route's, although another resource with that path comes first: a page for GET, say. Of
/// two bases in one app, the map of names knows one.
fn is_at_path_of(request: &ServiceRequest, route: &Route) -> bool {
    let url = request.resource_map().url_for(request.request(), route.name, [""; 0]);
    url.is_ok_and(|url| url.path() == request.path())
}
