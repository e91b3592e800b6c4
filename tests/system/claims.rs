//! Claims that an application adds to its access tokens.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use actix_hallpass::hallpass::{StoreError, UserId};
use actix_hallpass::testing::TestAuth;
use actix_hallpass::{Auth, AuthBuilder, AuthUser, MaybeAuthUser};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpServer};
use serde::{Deserialize, Serialize};

use crate::app::TestApp;
use crate::forge;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tenant {
    tenant: String,
    #[serde(default)]
    plan: Option<String>,
}

fn tenant(name: &str) -> Tenant {
    Tenant { tenant: name.to_owned(), plan: None }
}

fn start(change: impl FnOnce(AuthBuilder) -> AuthBuilder) -> TestApp {
    TestApp::serve(TestAuth::with(change), |auth| {
        HttpServer::new(move || {
            let auth = Arc::clone(&auth);
            App::new().configure(auth.routes("/auth")).configure(move |config| areas(&auth, config))
        })
        .workers(1)
        .bind("127.0.0.1:0")
        .map(|server| (server.addrs()[0], server.run()))
        .unwrap()
    })
}

fn areas(auth: &TestAuth, config: &mut ServiceConfig) {
    let acme = auth.guard().require(|user: &AuthUser<i64, Tenant>| user.claims.tenant == "acme");
    config
        .route("/typed", web::get().to(async |user: AuthUser<i64, Tenant>| user.claims.tenant))
        .route("/plain", web::get().to(async |user: AuthUser| user.id.to_string()))
        .route("/maybe", web::get().to(maybe))
        .service(web::scope("/acme").wrap(acme).route("", web::get().to(async || "in")));
}

async fn maybe(MaybeAuthUser(user): MaybeAuthUser<i64, Tenant>) -> String {
    user.map_or("anonymous".to_owned(), |user| user.claims.tenant)
}

#[test]
fn claims_reach_the_handlers_that_take_them_and_no_other() {
    let app = start(|auth| auth.claims(|user| tenant(&format!("tenant-{}", user.id))));
    let tokens = app.session("ada");
    for (path, expected) in [("/typed", "tenant-1"), ("/plain", "1"), ("/maybe", "tenant-1")] {
        let answer = app.get_with_token(path, &tokens.access);
        assert_eq!((answer.status, answer.body.as_str()), (200, expected), "{path}");
    }
    assert_eq!(app.get("/maybe").body, "anonymous");
    let payload = forge::payload(&tokens.access);
    assert_eq!((&payload["tenant"], &payload["sub"]), (&"tenant-1".into(), &"1".into()));
    assert!(forge::payload(&tokens.refresh).get("tenant").is_none(), "not in refresh tokens");
}

#[test]
fn changed_claims_show_at_the_next_refresh() {
    let name = Arc::new(Mutex::new("acme".to_owned()));
    let read = Arc::clone(&name);
    let app = start(|auth| auth.claims(move |_| tenant(&read.lock().unwrap())));
    let first = app.session("ada");
    assert_eq!(app.get_with_token("/acme", &first.access).status, 200);
    "other".clone_into(&mut name.lock().unwrap());
    assert_eq!(app.get_with_token("/acme", &first.access).status, 200, "until it expires");
    let second = app.refresh(&first.refresh).tokens();
    app.get_with_token("/acme", &second.access).assert_refused(403, "insufficient_scope");
    assert_eq!(app.get_with_token("/typed", &second.access).body, "other");
}

#[test]
fn a_token_without_the_claims_is_refused_where_they_are_taken() {
    let app = start(|auth| auth.claims(|_| tenant("acme")));
    let without = app.auth.token_for(7).mint();
    let with = app.auth.token_for(7).claims(&tenant("acme")).mint();
    for path in ["/typed", "/maybe", "/acme"] {
        app.get_with_token(path, &without).assert_refused(401, "token_invalid");
        assert_eq!(app.get_with_token(path, &with).status, 200, "{path}");
    }
    assert_eq!(app.get_with_token("/plain", &without).body, "7");
}

#[test]
fn a_handler_that_takes_claims_that_nobody_adds_is_an_internal_error() {
    let app = start(|auth| auth);
    let token = app.auth.token_for(7).mint();
    for path in ["/typed", "/maybe", "/acme"] {
        app.get_with_token(path, &token).assert_refused(500, "internal");
    }
}

#[test]
fn a_database_that_does_not_answer_changes_nothing() {
    let is_down = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&is_down);
    let app = start(|auth| {
        auth.try_claims(move |_| match asked.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable("no answer".into())),
            false => Ok(tenant("acme")),
        })
    });
    let tokens = app.session("ada");
    is_down.store(true, Ordering::SeqCst);
    app.refresh(&tokens.refresh).assert_refused(503, "unavailable");
    app.login("ada", "correct horse").assert_refused(503, "unavailable");
    is_down.store(false, Ordering::SeqCst);
    app.auth.clock().advance(std::time::Duration::from_secs(3600));
    app.refresh(&tokens.refresh).tokens();
}

#[test]
fn claims_that_make_a_token_too_long_are_an_internal_error_and_change_nothing() {
    let length = Arc::new(AtomicU64::new(4096));
    let read = Arc::clone(&length);
    let app = start(|auth| {
        auth.claims(move |_| tenant(&"x".repeat(read.load(Ordering::SeqCst) as usize)))
    });
    app.register("ada", "correct horse");
    app.login("ada", "correct horse").assert_refused(500, "internal");
    let id = UserId::new(1);
    let is_there = app.auth.store().edit(&id, |user| assert_eq!(user.session, None));
    assert!(is_there);
    length.store(2000, Ordering::SeqCst);
    let tokens = app.login("ada", "correct horse").tokens();
    assert_eq!(app.get_with_token("/plain", &tokens.access).status, 200, "a guard reads it");
}

#[derive(Serialize, Deserialize)]
struct Subject {
    sub: String,
}

#[test]
fn a_name_of_hallpasss_is_refused_when_auth_is_built() {
    let builder = Auth::builder().random_secrets().claims(|_| Subject { sub: "2".to_owned() });
    let error = builder.build().unwrap_err().to_string();
    assert!(error.contains("claims: `sub` is a reserved claim; use another name"), "{error}");
}
