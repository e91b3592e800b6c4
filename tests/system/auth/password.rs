//! `POST /auth/password`: the current password for a new one.

use std::time::Duration;

use actix_hallpass::hallpass::testing::Verb;
use actix_hallpass::hallpass::{PasswordRuleError, RefreshTokenHash, Sessions, StoreError, UserId};
use serde_json::{Value, json};

use crate::app::{TestApp, memory_store};
use crate::http::Answer;

const NEW: &str = "another horse";

fn change(app: &TestApp, token: &str, body: &Value) -> Answer {
    app.post_with_token("/auth/password", token, body)
}

fn body() -> Value {
    json!({ "current_password": "correct horse", "new_password": NEW })
}

fn per_device() -> TestApp {
    TestApp::with(|builder| builder.sessions(Sessions::PerDevice { max: 3 }))
}

#[test]
fn the_new_password_logs_in_the_old_one_does_not_and_the_session_goes_on() {
    for app in [TestApp::start(), per_device()] {
        let tokens = app.session("ada");
        let answer = change(&app, &tokens.access, &body());
        assert_eq!((answer.status, &*answer.body), (204, ""));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let next = app.refresh(&tokens.refresh).tokens();
        app.refresh(&next.refresh).tokens();
        app.login("ada", "correct horse").assert_refused(401, "invalid_credentials");
        app.login("ada", NEW).tokens();
    }
}

/// A keyboard may send an accent apart from its letter, and another one a space that does not break.
#[test]
fn a_password_is_the_same_in_each_spelling_wherever_it_is_set_or_typed() {
    let (composed, decomposed) = ("caf\u{e9} caf\u{e9}", "cafe\u{301}\u{a0}cafe\u{301}");
    for (set, typed) in [(composed, decomposed), (decomposed, composed)] {
        let app = TestApp::start();
        assert_eq!(app.register("ada", set).status, 201);
        let tokens = app.login("ada", typed).tokens();
        let body = json!({ "password": typed });
        assert_eq!(app.post_with_token("/auth/reauthenticate", &tokens.access, &body).status, 200);
        let body = json!({ "current_password": typed, "new_password": format!("new {set}") });
        assert_eq!(change(&app, &tokens.access, &body).status, 204);
        app.login("ada", &format!("new {typed}")).tokens();
        let service = app.auth.service();
        let reset = service.set_password(UserId::new(1), format!("reset {set}").into());
        reset.run_blocking().unwrap();
        app.login("ada", &format!("reset {typed}")).tokens();
    }
}

#[test]
fn other_devices_are_logged_out_and_this_one_too_if_it_is_asked_for() {
    for (ending, goes_on) in [(json!("others"), true), (json!("all"), false)] {
        let app = per_device();
        let phone = app.session("ada");
        let laptop = app.login("ada", "correct horse").tokens();
        let mut body = body();
        body["end_sessions"] = ending;
        assert_eq!(change(&app, &laptop.access, &body).status, 204);
        app.refresh(&phone.refresh).assert_refused(401, "session_revoked");
        assert_eq!(app.refresh(&laptop.refresh).status == 200, goes_on);
    }
}

#[test]
fn each_refusal_has_its_code() {
    let app = TestApp::with(|builder| {
        builder.password_rule(|password: &str| match password {
            "password1" => Err(PasswordRuleError::Refused("it is on a list".to_owned())),
            "outage-of-the-list" => {
                Err(PasswordRuleError::Unavailable(StoreError::Unavailable("down".into())))
            }
            _ => Ok(()),
        })
    });
    let tokens = app.session("ada");
    let change = |current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        change(&app, &tokens.access, &body)
    };
    let wrong = change("wrong horse", NEW);
    wrong.assert_refused(401, "invalid_credentials");
    assert_eq!(wrong.header("www-authenticate"), Some("Bearer realm=\"hallpass\""));
    change("wrong horse", "password1").assert_refused(401, "invalid_credentials");
    let short = change("correct horse", "short");
    short.assert_refused(422, "password_unacceptable");
    assert_eq!(short.json()["detail"], "too short: 5 characters; the minimum is 8");
    let listed = change("correct horse", "password1");
    listed.assert_refused(422, "password_unacceptable");
    assert_eq!(listed.json()["detail"], "it is on a list");
    change("correct horse", "outage-of-the-list").assert_refused(503, "unavailable");
    let registered = app.register("bob", "password1");
    registered.assert_refused(422, "password_unacceptable");
    assert_eq!(registered.json()["detail"], "the password is unacceptable: it is on a list");
    app.refresh(&tokens.refresh).tokens();
    app.login("ada", "correct horse").tokens();
}

#[test]
fn it_needs_a_valid_token_of_a_session_that_is_alive_and_a_body() {
    let app = TestApp::start();
    let tokens = app.session("ada");
    app.post("/auth/password", &body()).assert_refused(401, "token_missing");
    let expired = app.auth.token_for(1).lifetime(Duration::ZERO).mint();
    change(&app, &expired, &body()).assert_refused(401, "token_expired");
    change(&app, &tokens.refresh, &body()).assert_refused(401, "token_invalid");
    for malformed in [
        json!({}),
        json!({ "current_password": "correct horse" }),
        json!({ "new_password": NEW }),
        json!({ "current_password": "correct horse", "new_password": NEW, "end_sessions": "none" }),
        json!({ "current_password": 1, "new_password": NEW }),
        json!({ "current_password": "correct horse", "new_password": NEW, "end_sessions": null }),
        json!({ "current_password": "correct horse", "new_password": NEW, "end_sessions": {"all": null} }),
    ] {
        change(&app, &tokens.access, &malformed).assert_refused(400, "invalid_request");
    }
    app.logout(&tokens.refresh);
    let answer = change(&app, &tokens.access, &body());
    answer.assert_refused(401, "session_revoked");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    app.login("ada", "correct horse").tokens();
}

#[test]
fn a_store_that_cannot_tell_or_always_loses_is_503() {
    for is_down in [true, false] {
        let app = TestApp::with(|builder| {
            let store = memory_store().before(move |store, verb| match verb {
                Verb::SetPassword if is_down => Err(StoreError::Unavailable("down".into())),
                Verb::SetPassword => {
                    // Another login upgrades the hash at exactly the wrong moment, each time.
                    let id = actix_hallpass::hallpass::UserId::new(1);
                    store.edit(&id, |user| {
                        let session = user.session.as_mut().unwrap();
                        session.rotated_at = session.rotated_at.plus(Duration::from_secs(1));
                        let hash = session.refresh_token_hash.expose_bcrypt_hash();
                        let hash = format!("{hash}x");
                        session.refresh_token_hash = RefreshTokenHash::new(hash, None);
                    });
                    Ok(())
                }
                _ => Ok(()),
            });
            builder.store(std::sync::Arc::new(store))
        });
        let tokens = app.session("ada");
        let answer = change(&app, &tokens.access, &body());
        answer.assert_refused(503, "unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"));
        app.login("ada", "correct horse").tokens();
    }
}

#[test]
fn a_password_changed_by_other_means_ends_refreshing() {
    use actix_hallpass::hallpass::{PasswordHash, UserId};

    let app = TestApp::start();
    let tokens = app.session("ada");
    let made_elsewhere = "$2b$04$5Nz85urDEzXGhsRdUzg26.ppvweAggoJC5IXWV38ye77/YyXAPU6a";
    app.auth.store().edit(&UserId::new(1), |user| {
        user.password_hash = PasswordHash::new(made_elsewhere);
    });
    app.refresh(&tokens.refresh).assert_refused(401, "session_revoked");
}
