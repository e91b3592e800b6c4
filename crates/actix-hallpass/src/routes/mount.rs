//! The routes below `{base}`, and how they are mounted.

use std::future::{Future, ready};

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};

use hallpass::Sessions;

use crate::answer::problem::Problem;
use crate::answer::{ErrorCode, head};
use crate::routes::{
    login, logout, logout_everywhere, password, reauthenticate, refresh, register, sessions,
};
use crate::shared::{Registration, Shared};

const LOGIN: &str = "hallpass.login";
const REFRESH: &str = "hallpass.refresh";
const LOGOUT: &str = "hallpass.logout";
const REGISTER: &str = "hallpass.register";
const REAUTHENTICATE: &str = "hallpass.reauthenticate";
const PASSWORD: &str = "hallpass.password";
const LOGOUT_ALL: &str = "hallpass.logout_all";
const LOGOUT_OTHERS: &str = "hallpass.logout_others";
const SESSIONS: &str = "hallpass.sessions";
const SESSION: &str = "hallpass.session";

/// The routes that take POST.
const POSTED: [&str; 8] =
    [LOGIN, REFRESH, LOGOUT, REGISTER, REAUTHENTICATE, PASSWORD, LOGOUT_ALL, LOGOUT_OTHERS];

/// Returns whether a request is for one of our routes, which a guard around the whole app must let
/// through: nobody could log in otherwise. Each of them asks for what it needs by itself.
///
/// Asked before the app has chosen a handler, so by method and path.
pub(crate) fn is_own(request: &ServiceRequest) -> bool {
    match *request.method() {
        Method::POST => is_first_match(request, &POSTED) || is_own_path(request),
        Method::GET | Method::HEAD => is_first_match(request, &[SESSIONS]),
        Method::DELETE => is_first_match(request, &[SESSION]),
        _ => false,
    }
}

/// The first resource that the path fits is one of these, as it was sent and as it is routed, decoded:
/// with a base such as `/{tenant}/auth`, `/%61dmin/auth/login` may be another's once decoded.
fn is_first_match(request: &ServiceRequest, names: &[&str]) -> bool {
    let routes = request.resource_map();
    [request.path(), request.match_info().as_str()]
        .into_iter()
        .all(|path| routes.match_name(path).is_some_and(|name| names.contains(&name)))
}

/// The path is the one of ours, although another resource with that path comes first: a page for
/// GET, say. Of two bases in one app, the map of names knows one.
fn is_own_path(request: &ServiceRequest) -> bool {
    let routes = request.resource_map();
    POSTED.into_iter().any(|name| {
        let url = routes.url_for(request.request(), name, [""; 0]);
        url.is_ok_and(|url| url.path() == request.path())
    })
}

/// Returns what mounts the routes below `base`.
pub(crate) fn mount(shared: Shared, base: &str) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let base = base.trim_matches('/').to_owned();
    move |config| {
        let resources = resources(&shared);
        if base.is_empty() {
            // A scope at the root would swallow the paths of the application.
            resources.into_iter().for_each(|resource| {
                config.service(resource);
            });
            return;
        }
        let scope = web::scope(&format!("/{base}")).default_service(web::to(not_found));
        config
            .service(resources.into_iter().fold(scope, |scope, resource| scope.service(resource)));
    }
}

fn resources(shared: &Shared) -> Vec<Resource> {
    let mut resources = vec![
        posted(shared, LOGIN, "/login", login::login),
        posted(shared, REFRESH, "/refresh", refresh::refresh),
        posted(shared, LOGOUT, "/logout", logout::logout),
        posted(shared, REAUTHENTICATE, "/reauthenticate", reauthenticate::reauthenticate),
        posted(shared, PASSWORD, "/password", password::change),
    ];
    if shared.registration() == Registration::Open {
        resources.push(posted(shared, REGISTER, "/register", register::register));
    }
    if let Sessions::PerDevice { .. } = shared.service().sessions() {
        let session = format!("/sessions/{{{}}}", sessions::SESSION_ID);
        resources.extend([
            posted(shared, LOGOUT_ALL, "/logout/all", logout_everywhere::all),
            posted(shared, LOGOUT_OTHERS, "/logout/others", logout_everywhere::others),
            resource(shared, SESSIONS, "/sessions", Method::GET, sessions::list),
            resource(shared, SESSION, &session, Method::DELETE, sessions::end),
        ]);
    }
    resources
}

/// Returns the resource at `path` that answers POST with `handler`.
fn posted<F, R>(shared: &Shared, name: &str, path: &str, handler: F) -> Resource
where
    F: Fn(Shared, HttpRequest, Payload) -> R + Clone + 'static,
    R: Future<Output = Result<HttpResponse, Problem>> + 'static,
{
    resource(shared, name, path, Method::POST, handler)
}

/// Returns the resource at `path` that answers one method, and with GET also HEAD, with `handler`.
///
/// It has its `Shared` with it, so that an application may mount two with two bases.
fn resource<F, R>(shared: &Shared, name: &str, path: &str, method: Method, handler: F) -> Resource
where
    F: Fn(Shared, HttpRequest, Payload) -> R + Clone + 'static,
    R: Future<Output = Result<HttpResponse, Problem>> + 'static,
{
    let shared = shared.clone();
    let handle = move |request: HttpRequest, payload: Payload| {
        let method = request.method().clone();
        let answer = handler(shared.clone(), request, payload);
        let shared = shared.clone();
        async move {
            let answer = answer.await;
            let response =
                answer.unwrap_or_else(|problem| problem.in_realm(shared.realm()).into_response());
            head::answer_to(&method, response)
        }
    };
    let methods = with_head(method);
    let resource = web::resource(path).name(name).default_service({
        let methods = methods.clone();
        web::to(move |method: Method| {
            let refusal = Problem::method_not_allowed(&methods).into_response();
            ready(head::answer_to(&method, refusal))
        })
    });
    methods
        .into_iter()
        .fold(resource, |it, method| it.route(web::method(method).to(handle.clone())))
}

/// A route for GET also answers HEAD (RFC 9110 §9.1).
fn with_head(method: Method) -> Vec<Method> {
    match method {
        Method::GET => vec![Method::GET, Method::HEAD],
        method => vec![method],
    }
}

async fn not_found(method: Method) -> HttpResponse {
    head::answer_to(&method, Problem::new(ErrorCode::NotFound).into_response())
}
