//! `POST /auth/login`.

use std::num::NonZeroU32;

use actix_hallpass::hallpass::{AuthEventKind, LoginRefusal, PasswordHash, UserId};
use actix_hallpass::testing::TestAuth;
use actix_hallpass::{AccountError, Auth};
use actix_web::web::{self, Json};
use actix_web::{App, HttpResponse, HttpServer};
use aws_lc_rs::pbkdf2;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::TestApp;

#[test]
fn a_login_gives_a_token_body_that_no_cache_keeps() {
    let app = TestApp::start();
    app.register("ada@example.com", "correct horse");
    let answer = app.login(" ADA@example.com ", "correct horse");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    let names: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["access_token", "expires_in", "refresh_expires_in", "refresh_token", "token_type"]
    );
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 900);
    assert_eq!(body["refresh_expires_in"], 14 * 86_400);
}

#[test]
fn email_is_accepted_for_login_but_not_both() {
    let app = TestApp::start();
    app.register("ada", "correct horse");
    let answer = app.post("/auth/login", &json!({ "email": "ada", "password": "correct horse" }));
    assert_eq!(answer.status, 200);
    let both = json!({ "email": "ada", "login": "ada", "password": "correct horse" });
    app.post("/auth/login", &both).assert_refused(400, "invalid_request");
    app.post("/auth/login", &json!({ "login": "ada" })).assert_refused(400, "invalid_request");
}

#[test]
fn every_refusal_is_alike_to_the_byte_and_its_reason_is_for_the_observer() {
    let app = TestApp::start();
    for login in ["wrong", "disabled", "unusable"] {
        app.register(login, "correct horse");
    }
    let store = app.auth.store();
    store.edit(&UserId::new(2), |user| user.is_disabled = true);
    store.edit(&UserId::new(3), |user| user.password_hash = PasswordHash::new("x"));
    let _ = app.auth.observer().take();
    let long = "x".repeat(1025);
    let mut seen = Vec::new();
    for (login, password) in [
        ("nobody", "correct horse"),
        ("", "correct horse"),
        ("a\u{0}b", "correct horse"),
        ("wrong", "wrong horse"),
        ("wrong", ""),
        ("wrong", "correct horse\u{0}"),
        ("wrong", &long),
        ("disabled", "correct horse"),
        ("unusable", "correct horse"),
    ] {
        let answer = app.login(login, password);
        answer.assert_refused(401, "invalid_credentials");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="hallpass""#));
        seen.push(answer.body);
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    let events = app.auth.observer().take();
    assert!(events.iter().all(|event| event.client_address.unwrap().is_loopback()));
    let kinds: Vec<_> = events.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.len(), 9);
    assert_eq!(kinds[0], AuthEventKind::LoginRefused(LoginRefusal::UnknownUser));
    assert_eq!(kinds[7], AuthEventKind::LoginRefused(LoginRefusal::UserDisabled));
}

/// Others read 72 bytes. What hallpass hashes, it hashes whole.
#[test]
fn a_hash_made_elsewhere_logs_in_whatever_the_length_of_the_password() {
    let app = TestApp::start();
    app.register("ada", "correct horse");
    for (letter, length, by_python) in [
        ("a", 71, "$2b$04$5Nz85urDEzXGhsRdUzg26.ppvweAggoJC5IXWV38ye77/YyXAPU6a"),
        ("x", 80, "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i"),
    ] {
        let stored = PasswordHash::new(by_python);
        app.auth.store().edit(&UserId::new(1), |user| user.password_hash = stored);
        app.login("ada", &letter.repeat(length)).tokens();
        app.login("ada", &letter.repeat(length)).tokens();
        app.login("ada", &letter.repeat(72)).assert_refused(401, "invalid_credentials");
    }
}

const ITERATIONS: NonZeroU32 = NonZeroU32::new(1000).unwrap();

/// Made by Python's `hashlib.pbkdf2_hmac` of `seven77`.
const BY_PBKDF2: &str = "FQhRHwkyHyucZPlY5IKZDIp5d4bKrgpnSJm65hMYQYo=";

/// A handler of an application that has hashes of its own from before.
async fn legacy_login(auth: Auth, body: Json<Value>) -> Result<HttpResponse, AccountError> {
    let typed = body["password"].as_str().unwrap();
    let stored = STANDARD.decode(BY_PBKDF2).unwrap();
    let (algorithm, salt) = (pbkdf2::PBKDF2_HMAC_SHA256, b"salt");
    if pbkdf2::verify(algorithm, ITERATIONS, salt, typed.as_bytes(), &stored).is_err() {
        return Ok(HttpResponse::Unauthorized().finish());
    }
    auth.adopt_password(1, &PasswordHash::new(BY_PBKDF2), typed).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[test]
fn a_short_password_that_the_application_has_verified_is_adopted_and_logs_in() {
    let app = TestApp::serve(TestAuth::new(), |auth| {
        HttpServer::new(move || {
            App::new()
                .configure(auth.routes("/auth"))
                .route("/legacy", web::post().to(legacy_login))
        })
        .workers(1)
        .bind("127.0.0.1:0")
        .map(|server| (server.addrs()[0], server.run()))
        .unwrap()
    });
    app.register("ada", "correct horse");
    let stored = PasswordHash::new(BY_PBKDF2);
    app.auth.store().edit(&UserId::new(1), |user| user.password_hash = stored);
    app.login("ada", "seven77").assert_refused(401, "invalid_credentials");
    assert_eq!(app.post("/legacy", &json!({ "password": "seven78" })).status, 401);
    app.login("ada", "seven78").assert_refused(401, "invalid_credentials");
    for _ in 0..2 {
        assert_eq!(app.post("/legacy", &json!({ "password": "seven77" })).status, 204);
        app.login("ada", "seven77").tokens();
    }
}

#[test]
fn a_login_replaces_the_session_of_the_user() {
    let app = TestApp::start();
    let first = app.session("ada");
    let second = app.login("ada", "correct horse").tokens();
    app.refresh(&first.refresh).assert_refused(401, "session_superseded");
    assert_eq!(app.refresh(&second.refresh).status, 200);
}
