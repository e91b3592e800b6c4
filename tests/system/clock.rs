//! A clock that was wrong, or jumps: what holds of sessions and tokens once it is right.

use std::time::Duration;

use actix_hallpass::hallpass::testing::ManualClock;
use actix_hallpass::hallpass::{AuthEventKind, Clock as _, Sessions, Timestamp};
use serde_json::json;

use crate::app::TestApp;
use crate::forge::NOW;
use crate::http::Tokens;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

fn clock(app: &TestApp) -> &ManualClock {
    app.auth.clock()
}

fn set(app: &TestApp, unix_seconds: u64) {
    clock(app).set(Timestamp::from_unix_seconds(unix_seconds).unwrap());
}

fn advance(app: &TestApp, seconds: u64) {
    clock(app).advance(Duration::from_secs(seconds));
}

fn reuse_events(app: &TestApp) -> usize {
    let kinds = app.auth.observer().take_kinds();
    kinds.iter().filter(|kind| **kind == AuthEventKind::ReuseDetected).count()
}

/// The newest token of a session rotates, its retry gets the same successor, and a late one is a
/// theft.
#[track_caller]
fn assert_refreshes_as_ever(app: &TestApp, newest: &Tokens) {
    let next = app.refresh(&newest.refresh).tokens();
    advance(app, 30);
    assert_eq!(app.refresh(&newest.refresh).tokens().refresh, next.refresh, "a retry");
    advance(app, 1);
    app.refresh(&newest.refresh).assert_refused(401, "session_revoked");
    assert_eq!(reuse_events(app), 1);
}

#[test]
fn a_token_that_was_replaced_by_a_clock_a_day_ahead_is_stale_once_the_clock_is_right() {
    let app = TestApp::start();
    set(&app, NOW + DAY);
    let first = app.session("ada");
    let second = app.refresh(&first.refresh).tokens();
    for hours in [1, 20] {
        set(&app, NOW + hours * HOUR);
        app.refresh(&first.refresh).assert_refused(401, "refresh_stale");
    }
    assert_eq!(reuse_events(&app), 0);
    assert_refreshes_as_ever(&app, &second);
}

#[test]
fn a_clock_that_is_a_minute_ahead_is_the_skew_of_two_servers_and_more_is_not() {
    for (seconds, is_retry) in [(59, true), (60, true), (61, false)] {
        let app = TestApp::start();
        set(&app, NOW + seconds);
        let first = app.session("ada");
        let second = app.refresh(&first.refresh).tokens();
        set(&app, NOW);
        let answer = app.refresh(&first.refresh);
        match is_retry {
            true => assert_eq!(answer.tokens().refresh, second.refresh, "{seconds}"),
            false => answer.assert_refused(401, "refresh_stale"),
        }
        assert_eq!(reuse_events(&app), 0, "{seconds}");
        let third = app.refresh(&second.refresh).tokens();
        let rotated_at = crate::forge::payload(&third.refresh)["iat"].clone();
        assert_eq!(rotated_at, if is_retry { NOW + seconds } else { NOW }, "{seconds}");
    }
}

#[test]
fn a_clock_that_is_set_back_by_an_hour_ends_no_session() {
    let app = TestApp::start();
    let first = app.session("ada");
    let second = app.refresh(&first.refresh).tokens();
    set(&app, NOW - HOUR);
    for path in ["/guarded/user", "/bound"] {
        assert_eq!(app.get_with_token(path, &second.access).status, 200, "{path}");
    }
    let third = app.refresh(&second.refresh).tokens();
    assert_eq!(app.refresh(&second.refresh).tokens().refresh, third.refresh, "a retry");
    app.refresh(&first.refresh).assert_refused(401, "refresh_stale");
    assert_eq!(reuse_events(&app), 0);
    assert_refreshes_as_ever(&app, &third);
}

#[test]
fn a_clock_that_is_put_forward_by_an_hour_ends_no_session_that_is_refreshed() {
    let app = TestApp::start();
    let first = app.session("ada");
    set(&app, NOW + HOUR);
    app.get_with_token("/guarded/user", &first.access).assert_refused(401, "token_expired");
    let second = app.refresh(&first.refresh).tokens();
    assert_refreshes_as_ever(&app, &second);
}

#[test]
fn a_session_of_the_table_has_the_right_times_again_once_it_is_refreshed() {
    let app = TestApp::with(|builder| builder.sessions(Sessions::PerDevice { max: 3 }));
    set(&app, NOW + DAY);
    let first = app.session("ada");
    let second = app.refresh(&first.refresh).tokens();
    set(&app, NOW);
    app.refresh(&second.refresh).tokens();
    // A session that was used within the last quarter of an hour is shown as used now.
    set(&app, NOW + HOUR);
    let other = app.login("ada", "correct horse").tokens();
    let listed = app.get_with_token("/auth/sessions", &other.access).json();
    let times = json!([listed["sessions"][1]["last_used_at"], listed["sessions"][1]["expires_at"]]);
    assert_eq!(times, json!([NOW, NOW + 14 * DAY]));
}

#[test]
fn a_password_that_was_given_to_a_clock_a_day_ahead_is_not_recent() {
    let app = TestApp::start();
    set(&app, NOW + DAY);
    let tokens = app.session("ada");
    set(&app, NOW);
    for path in ["/recent/handler", "/recent/guard"] {
        let answer = app.get_with_token(path, &tokens.access);
        answer.assert_refused(401, "insufficient_user_authentication");
    }
    let body = json!({ "password": "correct horse" });
    let answer = app.post_with_token("/auth/reauthenticate", &tokens.access, &body);
    let fresh = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.get_with_token("/recent/handler", &fresh).status, 200);
}

#[test]
fn lifetimes_of_9999_years_end_with_the_year_9999() {
    let years = Duration::from_secs(9999 * 365 * DAY);
    let app =
        TestApp::with(|builder| builder.refresh_token_expiration(years).session_expiration(years));
    let first = app.session("ada");
    assert_eq!(crate::forge::payload(&first.refresh)["exp"], Timestamp::MAX.as_unix_seconds());
    let second = app.refresh(&first.refresh).tokens();
    assert_eq!(app.refresh(&first.refresh).tokens().refresh, second.refresh, "a retry");
    set(&app, Timestamp::MAX.as_unix_seconds() - 1);
    let last = app.refresh(&second.refresh).tokens();
    assert_eq!(app.get_with_token("/guarded/user", &last.access).status, 200);
    set(&app, Timestamp::MAX.as_unix_seconds());
    app.refresh(&last.refresh).assert_refused(401, "refresh_expired");
    assert_eq!(clock(&app).now(), Timestamp::MAX);
}
