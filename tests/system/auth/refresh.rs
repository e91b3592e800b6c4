//! `POST /auth/refresh`: every row of the state machine on the wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_hallpass::AuthBuilder;
use actix_hallpass::hallpass::testing::{MemoryStore, Verb};
use actix_hallpass::hallpass::{AuthEventKind, RefreshTokenHash, UserId, UserStore as _};
use serde_json::json;

use crate::app::{TestApp, memory_store};
use crate::forge;

fn advance(app: &TestApp, seconds: u64) {
    app.auth.clock().advance(Duration::from_secs(seconds));
}

fn reuse_events(app: &TestApp) -> usize {
    let kinds = app.auth.observer().take_kinds();
    kinds.iter().filter(|kind| **kind == AuthEventKind::ReuseDetected).count()
}

#[test]
fn a_refresh_gives_a_successor_and_a_new_access_token() {
    let app = TestApp::start();
    let first = app.session("ada");
    let answer = app.refresh(&first.refresh);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let second = answer.tokens();
    assert_ne!(second, first);
    assert_eq!(forge::payload(&second.refresh)["gen"], 1);
    assert_eq!(app.get_with_token("/guarded/maybe", &second.access).body, "user 1");
    app.refresh(&second.refresh).tokens();
}

#[test]
fn a_lost_reply_is_answered_with_the_same_successor_ten_times_over() {
    let app = TestApp::start();
    let first = app.session("ada");
    let second = app.refresh(&first.refresh).tokens();
    let row = app.auth.store().load(&UserId::new(1)).unwrap();
    for _ in 0..10 {
        advance(&app, 3);
        let answer = app.refresh(&first.refresh);
        assert_eq!(answer.json()["expires_in"], 900);
        let again = answer.tokens();
        assert_eq!(again.refresh, second.refresh);
        assert_ne!(again.access, second.access);
        assert_eq!(app.auth.store().load(&UserId::new(1)).unwrap(), row, "nothing is written");
    }
    advance(&app, 1);
    app.refresh(&first.refresh).assert_refused(401, "session_revoked");
}

#[test]
fn a_replay_after_grace_ends_the_session_once_and_leaves_others_alone() {
    let app = TestApp::start();
    let first = app.session("ada");
    let neighbour = app.session("bob");
    let second = app.refresh(&first.refresh).tokens();
    advance(&app, 31);
    let _ = app.auth.observer().take();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| app.refresh(&first.refresh).assert_refused(401, "session_revoked"));
        }
    });
    app.refresh(&second.refresh).assert_refused(401, "session_revoked");
    assert_eq!(reuse_events(&app), 1);
    app.refresh(&neighbour.refresh).tokens();
}

#[test]
fn a_token_of_an_earlier_login_is_superseded_and_ends_nothing() {
    let app = TestApp::start();
    let earlier = app.session("ada");
    let rotated = app.refresh(&earlier.refresh).tokens();
    let present = app.login("ada", "correct horse").tokens();
    advance(&app, 1000);
    app.refresh(&earlier.refresh).assert_refused(401, "session_superseded");
    app.refresh(&rotated.refresh).assert_refused(401, "session_superseded");
    app.refresh(&present.refresh).tokens();
    assert_eq!(reuse_events(&app), 0);
}

#[test]
fn a_straggler_is_stale_and_harms_nobody() {
    let app = TestApp::start();
    let first = app.session("ada");
    let second = app.refresh(&first.refresh).tokens();
    let third = app.refresh(&second.refresh).tokens();
    let fourth = app.refresh(&third.refresh).tokens();
    app.refresh(&first.refresh).assert_refused(401, "refresh_stale");
    app.refresh(&second.refresh).assert_refused(401, "refresh_stale");
    app.refresh(&fourth.refresh).tokens();
}

#[test]
fn an_expired_token_is_expired_in_the_second_of_its_exp() {
    let app = TestApp::start();
    let tokens = app.session("ada");
    advance(&app, 14 * 86_400 - 1);
    let next = app.refresh(&tokens.refresh).tokens();
    advance(&app, 14 * 86_400);
    app.refresh(&next.refresh).assert_refused(401, "refresh_expired");
}

#[test]
fn what_the_client_is_not_to_know_is_one_answer_to_the_byte() {
    let app = TestApp::start();
    let (ada, bob) = (UserId::new(1), UserId::new(2));
    let store = app.auth.store();
    let first = app.session("ada");
    let of_bob = app.session("bob");
    let backup = store.load(&ada).unwrap().unwrap().session.unwrap();
    let second = app.refresh(&first.refresh).tokens();
    let rotated = store.load(&ada).unwrap().unwrap().session.unwrap();

    let mut answers = vec![
        ("garbage", app.refresh("garbage")),
        ("an access token", app.refresh(&first.access)),
        ("4 KiB", app.refresh(&"x".repeat(4097))),
    ];
    store.edit(&ada, |user| user.session = Some(backup));
    answers.push(("a restored backup", app.refresh(&second.refresh)));
    let foreign = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
    let foreign = RefreshTokenHash::new(foreign, None);
    store.edit(&ada, |user| {
        user.session = Some(rotated);
        user.session.as_mut().unwrap().refresh_token_hash = foreign;
    });
    answers.push(("another hash", app.refresh(&second.refresh)));
    answers.push(("another successor", app.refresh(&first.refresh)));
    for hash in ["", "nonsense", "$2b$31$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"] {
        store.edit(&ada, |user| {
            user.session.as_mut().unwrap().refresh_token_hash = RefreshTokenHash::new(hash, None);
        });
        answers.push(("an unusable hash", app.refresh(&second.refresh)));
    }
    store.edit(&bob, |user| user.is_disabled = true);
    answers.push(("a disabled user", app.refresh(&of_bob.refresh)));
    store.delete(&bob);
    answers.push(("a deleted user", app.refresh(&of_bob.refresh)));
    for (case, answer) in &answers {
        answer.assert_refused(401, "refresh_invalid");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="hallpass""#), "{case}");
        assert_eq!(answer.body, answers[0].1.body, "{case}");
    }
    assert_eq!(reuse_events(&app), 0);
}

#[test]
fn a_logged_out_user_has_no_session() {
    let app = TestApp::start();
    let tokens = app.session("ada");
    assert_eq!(app.logout(&tokens.refresh).status, 204);
    app.refresh(&tokens.refresh).assert_refused(401, "session_revoked");
}

#[test]
fn with_grace_zero_the_second_use_is_reuse() {
    let app = TestApp::with(|builder| builder.refresh_token_grace(Duration::ZERO));
    let first = app.session("ada");
    let second = app.refresh(&first.refresh).tokens();
    app.refresh(&first.refresh).assert_refused(401, "session_revoked");
    app.refresh(&second.refresh).assert_refused(401, "session_revoked");
    assert_eq!(reuse_events(&app), 1);
}

/// Starts an app in whose store `before` happens ahead of each verb.
fn interposed(
    before: impl Fn(&MemoryStore, Verb) + Send + Sync + 'static,
    change: impl FnOnce(AuthBuilder) -> AuthBuilder,
) -> TestApp {
    let store = memory_store().before(move |store, verb| {
        before(store, verb);
        Ok(())
    });
    TestApp::with(|builder| change(builder.store(Arc::new(store))))
}

#[test]
fn three_lost_swaps_are_a_conflict_after_which_the_same_token_may_be_sent_again() {
    let is_contested = Arc::new(AtomicBool::new(false));
    let contested = Arc::clone(&is_contested);
    // Disabled at each swap and enabled again before each look: no winner is ever seen.
    let app = interposed(
        move |store, verb| {
            let is_lost = verb == Verb::Rotate && contested.load(Ordering::SeqCst);
            store.edit(&UserId::new(1), |user| user.is_disabled = is_lost);
        },
        |builder| builder,
    );
    let tokens = app.session("ada");
    is_contested.store(true, Ordering::SeqCst);
    let answer = app.refresh(&tokens.refresh);
    answer.assert_refused(503, "refresh_conflict");
    assert_eq!(answer.header("retry-after"), Some("1"));
    is_contested.store(false, Ordering::SeqCst);
    app.refresh(&tokens.refresh).tokens();
}

#[test]
fn who_loses_the_swap_without_grace_is_stale_and_not_told_to_retry() {
    let app = interposed(
        |store, verb| {
            if verb == Verb::Rotate {
                store.edit(&UserId::new(1), |user| {
                    let session = user.session.as_mut().unwrap();
                    session.refresh_token_hash = RefreshTokenHash::new("the winner's", None);
                    session.generation += 1;
                });
            }
        },
        |builder| builder.refresh_token_grace(Duration::ZERO),
    );
    let tokens = app.session("ada");
    let answer = app.refresh(&tokens.refresh);
    answer.assert_refused(401, "refresh_stale");
    assert_eq!(answer.header("retry-after"), None);
    assert_eq!(reuse_events(&app), 0);
}

#[test]
fn a_body_without_a_token_says_so() {
    let app = TestApp::start();
    for body in [json!({}), json!({ "refresh_token": null }), json!({ "refresh_token": "" })] {
        app.post("/auth/refresh", &body).assert_refused(400, "refresh_missing");
    }
}
