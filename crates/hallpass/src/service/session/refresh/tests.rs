//! Every row of the state machine through the service, and races at exactly the worst moment.

mod races;
mod remembered;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::*;
use crate::config::Setting;
use crate::password::{PasswordHash, UnusableHash};
use crate::service::session::LoginError;
use crate::session::RefreshTokenHash;
use crate::testing::world::{PASSWORD, World, resume, run_to_hash};
use crate::testing::{MemoryStore, Verb, forge};
use crate::user::{Scope, UserId};

fn token(pair: &TokenPair) -> &str {
    pair.refresh_token.expose_token()
}

fn grace_zero() -> World {
    World::with(|settings| settings.refresh_token_grace = Setting::Value(Duration::ZERO), |it| it)
}

#[test]
fn a_refresh_gives_a_successor_and_a_new_access_token_and_counts_one_generation() {
    let world = World::new();
    let (id, first) = world.session("ada");
    world.advance(600);
    let second = world.rotate(&first);
    assert_ne!(token(&second), token(&first));
    assert_eq!((second.access_expires_in, second.refresh_expires_in), (900, 14 * 86_400));
    assert_eq!(world.row(&id).unwrap().generation, 1);
    assert_eq!(world.events(), [AuthEventKind::Refreshed]);
    let third = world.rotate(&second);
    assert_eq!(world.row(&id).unwrap().generation, 2);
    world.rotate(&third);
}

#[test]
fn the_scope_comes_from_the_row_at_every_refresh() {
    let world = World::new();
    let (id, pair) = world.session("ada");
    world.store.edit(&id, |user| user.scope = Scope::parse("orders:read").unwrap());
    let pair = world.rotate(&pair);
    let claims = world.service.verify_access(pair.access_token.expose_token()).unwrap();
    assert_eq!(claims.scope().as_str(), "orders:read");
}

#[test]
fn a_lost_reply_is_answered_with_the_same_successor_ten_times_and_writes_nothing() {
    let world = World::new();
    let (id, first) = world.session("ada");
    let second = world.rotate(&first);
    let row = world.row(&id);
    let _ = world.events();
    for _ in 0..10 {
        world.advance(3);
        let again = world.rotate(&first);
        assert_eq!(token(&again), token(&second));
        assert_eq!(again.access_expires_in, 900, "a new access token with its full lifetime");
        assert_eq!(
            again.refresh_expires_in,
            second.refresh_expires_in - again_seconds(&world, &row)
        );
        assert_eq!(world.row(&id), row);
        assert_eq!(world.events(), [AuthEventKind::Retried]);
    }
    // Thirty seconds have gone by: the retries did not move the window.
    world.advance(1);
    world.assert_refused(&first, &RefreshRefusal::Reused);
}

/// Seconds since the row was rotated.
fn again_seconds(world: &World, row: &Option<Session>) -> u64 {
    row.as_ref().unwrap().rotated_at.seconds_until(world.service.now())
}

#[test]
fn the_window_is_one_generation_deep() {
    let world = World::new();
    let (id, first) = world.session("ada");
    let second = world.rotate(&first);
    let third = world.rotate(&second);
    let fourth = world.rotate(&third);
    for straggler in [&first, &second] {
        match world.refresh(token(straggler)) {
            Err(RefreshError::Refused(RefreshRefusal::Stale { .. })) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(token(&world.rotate(&third)), token(&fourth));
    world.rotate(&fourth);
    world.assert_refused(&first, &RefreshRefusal::Reused);
    assert_eq!(world.row(&id), None);
}

#[test]
fn a_replay_after_grace_ends_the_session_for_everybody_who_holds_its_tokens_once() {
    let world = World::new();
    let (id, first) = world.session("ada");
    let (neighbour, neighbours) = world.session("bob");
    let second = world.rotate(&first);
    world.advance(31);
    let _ = world.events();
    world.assert_refused(&first, &RefreshRefusal::Reused);
    assert_eq!(world.row(&id), None);
    assert_eq!(world.events(), [AuthEventKind::ReuseDetected]);
    for pair in [&first, &second, &first] {
        world.assert_refused(pair, &RefreshRefusal::NoSession);
    }
    assert!(!world.events().contains(&AuthEventKind::ReuseDetected), "one event");
    assert!(world.row(&neighbour).is_some());
    world.rotate(&neighbours);
}

#[test]
fn many_replays_at_once_make_one_reuse_event() {
    let world = World::new();
    let (_, first) = world.session("ada");
    world.rotate(&first);
    world.advance(31);
    let _ = world.events();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert!(world.refresh(token(&first)).is_err()));
        }
    });
    let events = world.events();
    let reuses = events.iter().filter(|kind| **kind == AuthEventKind::ReuseDetected).count();
    assert_eq!(reuses, 1);
}

#[test]
fn a_token_of_an_earlier_login_is_superseded_and_harms_nobody() {
    let world = World::new();
    let (_, first) = world.session("ada");
    let second = world.rotate(&first);
    let present = world.login("ada", PASSWORD).unwrap();
    world.advance(1000);
    for earlier in [&first, &second] {
        world.assert_refused(earlier, &RefreshRefusal::Superseded);
    }
    world.rotate(&present);
}

#[test]
fn a_clock_that_goes_back_does_not_move_the_rotation_back() {
    let world = World::new();
    let (id, first) = world.session("ada");
    let login_at = world.row(&id).unwrap().rotated_at;
    world.clock.set(Timestamp::from_unix_seconds(login_at.as_unix_seconds() - 5).unwrap());
    let second = world.rotate(&first);
    assert_eq!(world.row(&id).unwrap().rotated_at, login_at);
    assert_eq!(token(&world.rotate(&first)), token(&second), "a retry finds the same successor");
    world.rotate(&second);
}

/// What docs/growing.md says of such servers.
#[test]
fn servers_an_hour_apart_keep_one_lineage_and_recognize_only_their_own_retries() {
    let world = World::new();
    let (_, first) = world.session("ada");
    let right = world.service.now();
    let ahead = right.plus(Duration::from_secs(3600));
    let refresh_at = |clock, pair: &TokenPair| {
        world.clock.set(clock);
        world.refresh(token(pair))
    };
    let second = refresh_at(ahead, &first).unwrap();
    assert_eq!(token(&refresh_at(ahead, &first).unwrap()), token(&second));
    let refusal = refresh_at(right, &first).unwrap_err();
    assert!(matches!(refusal, RefreshError::Refused(RefreshRefusal::Stale { .. })), "{refusal:?}");
    let third = refresh_at(right, &second).unwrap();
    assert_eq!(token(&refresh_at(right, &second).unwrap()), token(&third));
    let fourth = refresh_at(ahead, &third).unwrap();
    refresh_at(right, &fourth).unwrap();
    let refusal = refresh_at(ahead, &fourth).unwrap_err();
    assert!(matches!(refusal, RefreshError::Refused(RefreshRefusal::Reused)), "{refusal:?}");
}

/// So the refresh secret and a replaced token do not tell the newest one: the rest is in the row
/// alone.
#[test]
fn two_rotations_of_one_token_in_one_second_have_different_successors() {
    let mut world = World::new();
    let (id, first) = world.session("ada");
    let backup = world.row(&id);
    let second = world.rotate(&first);
    world.store.edit(&id, |user| user.session = backup.clone());
    let other = world.rotate(&first);
    assert_ne!(token(&other), token(&second));
    world.restart(|_| {});
    assert_eq!(token(&world.rotate(&first)), token(&other), "a retry finds that of the row");
}

#[test]
fn a_restored_backup_is_neither_theft_nor_a_session() {
    let world = World::new();
    let (id, first) = world.session("ada");
    let backup = world.row(&id);
    let second = world.rotate(&first);
    world.store.edit(&id, |user| user.session = backup.clone());
    let _ = world.events();
    world.assert_refused(&second, &RefreshRefusal::GenerationAhead { presented: 1, stored: 0 });
    assert_eq!(world.row(&id), backup);
    assert_eq!(world.events()[0].severity(), crate::event::Severity::Warning);
}

#[test]
fn a_hash_that_is_not_the_tokens_refuses_without_an_alarm_for_theft() {
    let world = World::new();
    let (id, first) = world.session("ada");
    let (other, _) = world.session("bob");
    let second = world.rotate(&first);
    let foreign = world.row(&other).unwrap().refresh_token_hash;
    let set = |hash: &RefreshTokenHash| {
        world.store.edit(&id, |user| {
            user.session.as_mut().unwrap().refresh_token_hash = hash.clone();
        })
    };
    set(&foreign);
    let _ = world.events();
    for (pair, refusal) in
        [(&second, RefreshRefusal::SecretDiffers), (&first, RefreshRefusal::SuccessorDiffers)]
    {
        world.assert_refused(pair, &refusal);
        let events = world.events();
        assert_eq!(events, [AuthEventKind::WrongSecretPresented(refusal)]);
        assert_eq!(events[0].severity(), crate::event::Severity::Warning);
    }
    set(&RefreshTokenHash::new("nonsense", None));
    let unusable = RefreshRefusal::HashUnusable(UnusableHash::Unparsable);
    world.assert_refused(&second, &unusable);
    world.assert_refused(&first, &unusable);
    let refused = AuthEventKind::RefreshRefused(unusable);
    assert_eq!(world.events(), [refused.clone(), refused]);
    assert!(world.row(&id).is_some(), "the session is left for somebody to look at");
}

#[test]
fn what_is_not_authentic_or_expired_costs_neither_sql_nor_bcrypt() {
    let world = World::new();
    let (_, pair) = world.session("ada");
    for garbage in ["", "x.y.z", pair.access_token.expose_token()] {
        let use_case = world.service.refresh(garbage, None);
        assert!(
            matches!(use_case, UseCase::Answered(Err(RefreshError::Refused(_)))),
            "{use_case:?}"
        );
    }
    world.advance(14 * 86_400);
    let use_case = world.service.refresh(token(&pair), None);
    let expired = matches!(
        use_case,
        UseCase::Answered(Err(RefreshError::Refused(RefreshRefusal::Expired { .. })))
    );
    assert!(expired, "in the very second of its exp");
}

/// Returns a refresh token with `from` in its claims replaced by `to`, signed with the right key.
fn forged(pair: &TokenPair, from: &str, to: &str) -> String {
    let payload = token(pair).split('.').nth(1).unwrap();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert!(payload.contains(from), "{payload}");
    let header = r#"{"typ":"rt+jwt","alg":"HS256"}"#;
    forge::token(header, payload.replace(from, to), forge::REFRESH_SECRET)
}

#[test]
fn a_token_that_is_not_valid_yet_or_not_of_an_id_is_not_authentic() {
    let world = World::new();
    let (id, pair) = world.session("ada");
    let nbf = |seconds: u64| format!(r#""nbf":{},"jti""#, 2_000_000_000 + seconds);
    assert!(world.refresh(&forged(&pair, r#""jti""#, &nbf(0))).is_ok());
    let row = world.row(&id);
    for token in [
        forged(&pair, r#""jti""#, &nbf(1)),
        forged(&pair, r#""sub":"1""#, r#""sub":"01""#),
        forged(&pair, r#""sub":"1""#, r#""sub":"+1""#),
    ] {
        let use_case = world.service.refresh(&token, None);
        let is_refused = matches!(
            use_case,
            UseCase::Answered(Err(RefreshError::Refused(RefreshRefusal::NotAuthentic(_))))
        );
        assert!(is_refused, "{use_case:?}");
    }
    assert_eq!(world.row(&id), row);
}

#[test]
fn a_refusal_without_a_hash_takes_no_permit() {
    let world = World::new();
    let (id, first) = world.session("ada");
    world.rotate(&first);
    world.advance(31);
    let refuse = || resume(world.service.refresh(token(&first), None));
    assert!(matches!(refuse(), UseCase::Answered(_)), "reuse");
    assert!(matches!(refuse(), UseCase::Answered(_)), "no session");
    world.login("ada", PASSWORD).unwrap();
    assert!(matches!(refuse(), UseCase::Answered(_)), "superseded");
    world.store.delete(&id);
    assert!(matches!(refuse(), UseCase::Answered(_)), "unknown user");
}

#[test]
fn the_last_access_token_of_a_session_ends_with_it() {
    let world = World::with(
        |settings| {
            settings.refresh_token_expiration = Setting::Value(Duration::from_secs(3600));
            settings.session_expiration = Setting::Value(Duration::from_secs(3600));
        },
        |store| store,
    );
    let (_, first) = world.session("ada");
    world.advance(3599);
    let last = world.rotate(&first);
    assert_eq!((last.access_expires_in, last.refresh_expires_in), (1, 1));
    world.advance(1);
    let refusal = world.refresh(token(&last)).unwrap_err();
    assert!(matches!(refusal, RefreshError::Refused(RefreshRefusal::Expired { .. })));
}

/// A database that stands still holds up the one of two equal requests, and answers the other.
#[test]
fn a_request_that_waits_for_the_store_is_judged_by_the_time_it_came() {
    let world = World::new();
    let (_, first) = world.session("ada");
    let held_up = world.service.refresh(token(&first), None);
    let second = world.rotate(&first);
    world.advance(31);
    let retried = held_up.run_blocking().unwrap();
    assert_eq!(token(&retried), token(&second));
    world.assert_refused(&first, &RefreshRefusal::Reused);
}

/// Returns a world in whose store `before` happens ahead of each verb.
fn interposed(
    before: impl Fn(&MemoryStore, Verb) -> Result<(), StoreError> + Send + Sync + 'static,
) -> World {
    World::with(|_| {}, |store| store.before(before))
}

#[test]
fn a_theft_that_another_server_has_written_down_makes_no_second_event() {
    let world = interposed(|store, verb| {
        if verb == Verb::EndSession {
            store.edit(&UserId::new(1), |user| user.session = None);
        }
        Ok(())
    });
    let (_, first) = world.session("ada");
    world.rotate(&first);
    world.advance(31);
    let _ = world.events();
    world.assert_refused(&first, &RefreshRefusal::Reused);
    assert_eq!(world.events(), []);
}

#[test]
fn a_theft_that_cannot_be_written_down_is_an_error_and_no_event() {
    let world = interposed(|_, verb| match verb {
        Verb::EndSession => Err(StoreError::Unavailable("the disk is full".into())),
        _ => Ok(()),
    });
    let (_, first) = world.session("ada");
    world.rotate(&first);
    world.advance(31);
    let _ = world.events();
    assert!(matches!(world.refresh(token(&first)), Err(RefreshError::Store(_))));
    assert_eq!(world.events(), []);
}
