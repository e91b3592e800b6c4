//! `POST /auth/logout`.

use std::time::Duration;

use actix_hallpass::hallpass::{UserId, UserStore as _};
use serde_json::json;

use crate::app::TestApp;
use crate::http::Answer;

fn is_logged_in(app: &TestApp, id: i64) -> bool {
    app.auth.store().load(&UserId::new(id)).unwrap().unwrap().session.is_some()
}

fn logout_with_access_token(app: &TestApp, token: &str, body: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    app.send("POST", "/auth/logout", &headers, body)
}

#[test]
fn either_token_logs_out_and_a_second_time_is_204_too() {
    let app = TestApp::start();
    for by_refresh_token in [true, false] {
        let tokens = if by_refresh_token {
            app.session("ada")
        } else {
            app.login("ada", "correct horse").tokens()
        };
        for _ in 0..2 {
            let answer = match by_refresh_token {
                true => app.logout(&tokens.refresh),
                false => logout_with_access_token(&app, &tokens.access, ""),
            };
            assert_eq!((answer.status, answer.body.as_str()), (204, ""));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert!(!is_logged_in(&app, 1));
        }
    }
}

#[test]
fn expired_tokens_of_any_generation_log_out() {
    let app = TestApp::start();
    let first = app.session("ada");
    app.refresh(&first.refresh).tokens();
    app.auth.clock().advance(Duration::from_secs(100 * 86_400));
    assert_eq!(app.logout(&first.refresh).status, 204);
    assert!(!is_logged_in(&app, 1));
    let again = app.login("ada", "correct horse").tokens();
    app.auth.clock().advance(Duration::from_secs(100 * 86_400));
    assert_eq!(logout_with_access_token(&app, &again.access, "").status, 204);
    assert!(!is_logged_in(&app, 1));
}

#[test]
fn two_tokens_end_two_sessions() {
    let app = TestApp::start();
    let (ada, bob) = (app.session("ada"), app.session("bob"));
    let body = json!({ "refresh_token": bob.refresh }).to_string();
    assert_eq!(logout_with_access_token(&app, &ada.access, &body).status, 204);
    assert!(!is_logged_in(&app, 1) && !is_logged_in(&app, 2));
}

#[test]
fn garbage_nothing_and_tokens_of_earlier_logins_are_204_and_end_nothing() {
    let app = TestApp::start();
    let earlier = app.session("ada");
    app.login("ada", "correct horse").tokens();
    let answers = [
        app.send("POST", "/auth/logout", &[], ""),
        app.post("/auth/logout", &json!({})),
        app.post("/auth/logout", &json!({ "refresh_token": null })),
        app.logout("garbage"),
        app.logout(&earlier.refresh),
        app.logout(&earlier.access),
        logout_with_access_token(&app, &earlier.refresh, ""),
        logout_with_access_token(&app, "garbage", ""),
        app.send("POST", "/auth/logout", &[("Authorization", "Basic YTpi")], ""),
        app.send("POST", "/auth/logout", &[("Authorization", "Bearer")], ""),
    ];
    assert!(answers.iter().all(|answer| answer.status == 204), "{answers:?}");
    assert!(is_logged_in(&app, 1));
}

#[test]
fn a_request_that_is_not_well_formed_is_refused_as_on_any_route() {
    let app = TestApp::start();
    let two = [("Authorization", "Bearer a"), ("Authorization", "Bearer b")];
    app.send("POST", "/auth/logout", &two, "").assert_refused(400, "request_ambiguous");
    app.post_text("/auth/logout", "{").assert_refused(400, "invalid_request");
    app.send("POST", "/auth/logout", &[], "{}").assert_refused(415, "unsupported_media_type");
}
