//! `POST /auth/reauthenticate`, and what needs it.

use std::time::Duration;

use actix_hallpass::hallpass::{AuthEventKind, UserId};
use serde_json::json;

use crate::app::TestApp;
use crate::forge;
use crate::http::Answer;

const REVOKED: &str =
    r#"Bearer realm="hallpass", error="invalid_token", error_description="the session has ended""#;

fn reauthenticate(app: &TestApp, access: &str, body: &str) -> Answer {
    let authorization = format!("Bearer {access}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    app.send("POST", "/auth/reauthenticate", &headers, body)
}

fn with_password(app: &TestApp, access: &str, password: &str) -> Answer {
    reauthenticate(app, access, &json!({ "password": password }).to_string())
}

fn access_token(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_password_gives_an_access_token_of_the_same_session_that_says_now() {
    let app = TestApp::start();
    let tokens = app.session("ada");
    app.auth.clock().advance(Duration::from_secs(600));
    let _ = app.auth.observer().take_kinds();
    let answer = with_password(&app, &tokens.access, "correct horse");
    let fresh = access_token(&answer);
    let (before, after) = (forge::payload(&tokens.access), forge::payload(&fresh));
    let elapsed = |name: &str| after[name].as_u64().unwrap() - before[name].as_u64().unwrap();
    assert_eq!((elapsed("auth_time"), elapsed("iat"), elapsed("exp")), (600, 600, 0));
    assert_eq!((&after["sid"], &after["sub"]), (&before["sid"], &before["sub"]));
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&"Bearer".into(), &300.into()));
    assert_eq!(body.as_object().unwrap().len(), 3, "no refresh token: the session has one");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(app.auth.observer().take_kinds(), [AuthEventKind::Reauthenticated]);
    app.refresh(&tokens.refresh).tokens();
}

#[test]
fn what_needs_a_recent_password_names_its_age() {
    const CHALLENGE: &str = r#"Bearer realm="hallpass", error="insufficient_user_authentication", error_description="this needs the password once more", max_age="300""#;
    let app = TestApp::start();
    let tokens = app.session("ada");
    for path in ["/recent/handler", "/recent/guard"] {
        app.get(path).assert_refused(401, "token_missing");
        assert_eq!(app.get_with_token(path, &tokens.access).status, 200, "{path}");
    }
    app.auth.clock().advance(Duration::from_secs(300));
    assert_eq!(app.get_with_token("/recent/guard", &tokens.access).status, 200, "that second too");
    app.auth.clock().advance(Duration::from_secs(1));
    for path in ["/recent/handler", "/recent/guard"] {
        let answer = app.get_with_token(path, &tokens.access);
        answer.assert_refused(401, "insufficient_user_authentication");
        assert_eq!(answer.header("www-authenticate"), Some(CHALLENGE), "{path}");
        assert_eq!(answer.json()["detail"], "this needs the password of at most 300 s ago");
    }
    let refreshed = app.refresh(&tokens.refresh).tokens();
    let answer = app.get_with_token("/recent/guard", &refreshed.access);
    answer.assert_refused(401, "insufficient_user_authentication");
    let fresh = access_token(&with_password(&app, &refreshed.access, "correct horse"));
    for path in ["/recent/handler", "/recent/guard"] {
        assert_eq!(app.get_with_token(path, &fresh).status, 200, "{path}");
    }
}

#[test]
fn a_wrong_password_and_a_disabled_user_are_one_answer() {
    let app = TestApp::start();
    let tokens = app.session("ada");
    let wrong = with_password(&app, &tokens.access, "wrong");
    wrong.assert_refused(401, "invalid_credentials");
    let impossible = with_password(&app, &tokens.access, "");
    app.auth.store().edit(&UserId::new(1), |user| user.is_disabled = true);
    let disabled = with_password(&app, &tokens.access, "correct horse");
    assert_eq!((&wrong.body, &wrong.body), (&impossible.body, &disabled.body));
    assert_eq!(wrong.header("www-authenticate"), Some(r#"Bearer realm="hallpass""#));
}

#[test]
fn it_is_no_way_around_a_logout_or_another_login() {
    let app = TestApp::start();
    let first = app.session("ada");
    let second = app.login("ada", "correct horse").tokens();
    let answer = with_password(&app, &first.access, "correct horse");
    answer.assert_refused(401, "session_revoked");
    assert_eq!(answer.header("www-authenticate"), Some(REVOKED));
    assert_eq!(app.logout(&second.refresh).status, 204);
    with_password(&app, &second.access, "correct horse").assert_refused(401, "session_revoked");
    let nobody = app.auth.token_for(99).session_id("no-such-session").mint();
    with_password(&app, &nobody, "correct horse").assert_refused(401, "session_revoked");
}

#[actix_web::test]
async fn around_the_whole_app_it_locks_nobody_out_of_login_and_step_up() {
    use actix_hallpass::testing::TestAuth;
    use actix_web::App;
    use actix_web::test::{TestRequest, call_service, init_service};

    let auth = TestAuth::new();
    let stale = auth.token_for(7).auth_time_ago(Duration::from_secs(600)).header();
    let app = App::new()
        .wrap(auth.guard().max_age(Duration::from_secs(300)))
        .configure(auth.routes("/auth"))
        .configure(crate::app::handlers);
    let app = init_service(app).await;
    for (path, body, expected) in [
        ("/user", "{}", 401),
        ("/auth/login", r#"{"login":"ada","password":"correct horse"}"#, 401),
        ("/auth/reauthenticate", r#"{"password":"correct horse"}"#, 401),
        ("/auth/logout", "{}", 204),
        ("/auth/register", r#"{"login":"ada","password":"correct horse"}"#, 201),
        ("/auth/login", r#"{"login":"ada","password":"correct horse"}"#, 200),
    ] {
        let request = TestRequest::post()
            .uri(path)
            .insert_header(stale.clone())
            .insert_header(("Content-Type", "application/json"))
            .set_payload(body);
        let response = call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), expected, "{path}");
        // Those of the routes' own, not the guard's.
        let challenge = response.headers().get("www-authenticate").map(|it| it.to_str().unwrap());
        let is_guards = challenge.is_some_and(|challenge| challenge.contains("max_age"));
        assert_eq!(is_guards, path == "/user", "{path} {challenge:?}");
    }
}

#[test]
fn it_needs_a_valid_token_and_a_body() {
    let app = TestApp::start();
    let tokens = app.session("ada");
    let expired = app.auth.token_for(1).lifetime(Duration::ZERO).mint();
    for (token, code) in [("garbage", "token_invalid"), (&*expired, "token_expired")] {
        let answer = with_password(&app, token, "correct horse");
        answer.assert_refused(401, code);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    }
    let body = json!({ "password": "correct horse" });
    app.post("/auth/reauthenticate", &body).assert_refused(401, "token_missing");
    for body in ["{", "{}", r#"{"password":1}"#, r#"{"password":"a","password":"b"}"#] {
        reauthenticate(&app, &tokens.access, body).assert_refused(400, "invalid_request");
    }
    app.get("/auth/reauthenticate").assert_refused(405, "method_not_allowed");
}
