//! What the table of routes says of each route holds over HTTP, also for a route that is added later.

use std::collections::HashSet;
use std::time::Duration;

use actix_hallpass::ErrorCode;
use actix_hallpass::hallpass::Sessions;
use actix_hallpass::internal::{Condition, ROUTES, Route};
use actix_hallpass::testing::TestAuth;
use actix_web::{App, HttpServer};

use crate::app::TestApp;
use crate::http::Answer;

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn app() -> TestApp {
    TestApp::with(|builder| builder.sessions(Sessions::PerDevice { max: 3 }))
}

fn path(route: &Route) -> String {
    format!("/auth{}", route.path().replace("{hallpass_session_id}", "some-session"))
}

fn send(app: &TestApp, route: &Route, headers: &[(&str, &str)], body: &str) -> Answer {
    app.send(route.methods()[0].as_str(), &path(route), headers, body)
}

fn may_answer(code: ErrorCode) -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(move |route| route.codes().any(|it| it == code))
}

fn assert_refused_uncached(route: &Route, answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.refusal(), (status, code.to_owned()), "{route:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{route:?}");
}

#[test]
fn each_route_refuses_other_methods_and_names_its_own() {
    let app = app();
    for route in &ROUTES {
        let methods: Vec<_> = route.methods().iter().map(ToString::to_string).collect();
        let others = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        for other in others.into_iter().filter(|it| !methods.iter().any(|own| own == it)) {
            let answer = app.send(other, &path(route), &[], "");
            assert_eq!(answer.status, 405, "{other} {route:?}");
            assert_eq!(answer.header("allow"), Some(&*methods.join(", ")), "{other} {route:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{other} {route:?}");
        }
    }
}

#[test]
fn each_route_that_needs_a_token_refuses_a_request_without_a_good_one() {
    let app = app();
    let expired = app.auth.token_for(1).lifetime(Duration::ZERO).header().1;
    let mut tested = 0;
    for route in may_answer(ErrorCode::TokenMissing) {
        for (authorization, code) in [
            (None, "token_missing"),
            (Some("Basic YTpi"), "token_missing"),
            (Some("Bearer"), "token_invalid"),
            (Some("Bearer a.b.c"), "token_invalid"),
            (Some(&*expired), "token_expired"),
        ] {
            let mut headers = vec![JSON];
            headers.extend(authorization.map(|it| ("Authorization", it)));
            assert_refused_uncached(route, &send(&app, route, &headers, "{}"), 401, code);
        }
        tested += 1;
    }
    assert!(tested >= 6, "{tested} routes");
}

#[test]
fn each_route_that_reads_the_header_refuses_two_of_them() {
    let app = app();
    let token = app.auth.token_for(1).header().1;
    for route in may_answer(ErrorCode::RequestAmbiguous) {
        let headers = [JSON, ("Authorization", &*token), ("Authorization", "Basic YTpi")];
        let answer = send(&app, route, &headers, "{}");
        assert_refused_uncached(route, &answer, 400, "request_ambiguous");
    }
}

#[test]
fn each_route_that_reads_a_body_refuses_one_that_is_malformed_of_another_type_or_too_large() {
    let app = app();
    let token = app.auth.token_for(1).header().1;
    let large = format!("{{\"padding\":\"{}\"}}", " ".repeat(9 * 1024));
    let mut tested = 0;
    for route in may_answer(ErrorCode::InvalidRequest) {
        let needs_token = route.codes().any(|it| it == ErrorCode::TokenMissing);
        let with_token = |content_type| {
            let mut headers = vec![("Content-Type", content_type)];
            headers.extend(needs_token.then_some(("Authorization", &*token)));
            headers
        };
        for (content_type, body, status, code) in [
            ("application/json", "{", 400, "invalid_request"),
            ("text/plain", "{}", 415, "unsupported_media_type"),
            ("application/json", &*large, 413, "body_too_large"),
        ] {
            let answer = send(&app, route, &with_token(content_type), body);
            assert_refused_uncached(route, &answer, status, code);
        }
        tested += 1;
    }
    assert!(tested >= 6, "{tested} routes");
}

#[test]
fn a_route_is_mounted_where_its_condition_holds() {
    // Registration is open in both; see `register` for where it is not.
    let one_session = TestApp::serve(TestAuth::new(), |auth| {
        HttpServer::new(move || App::new().configure(auth.routes("/auth")))
            .workers(1)
            .bind("127.0.0.1:0")
            .map(|server| (server.addrs()[0], server.run()))
            .unwrap()
    });
    let per_device = app();
    for route in &ROUTES {
        let is_missing = |app: &TestApp| app.send("PUT", &path(route), &[], "").status == 404;
        let needs_devices = route.condition() == Condition::SessionPerDevice;
        assert_eq!(is_missing(&one_session), needs_devices, "{route:?}");
        assert!(!is_missing(&per_device), "{route:?}");
    }
}

#[test]
fn each_code_is_that_of_a_route_or_of_a_guard() {
    let of_guards = [ErrorCode::InsufficientScope, ErrorCode::InsufficientUserAuthentication];
    let of_routes: HashSet<_> = ROUTES.iter().flat_map(Route::codes).collect();
    for code in ErrorCode::ALL {
        let is_somebodys = of_routes.contains(code) || of_guards.contains(code);
        assert!(is_somebodys, "{} is the code of no route", code.as_str());
    }
}
