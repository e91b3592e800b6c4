//! A new password: what it ends and what it leaves, every refusal, and what happens in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use super::*;
use crate::config::Setting;
use crate::service::{LoginError, TokenPair};
use crate::session::RefreshRefusal;
use crate::store::UserStore as _;
use crate::testing::world::{PASSWORD, World, run_to_hash};
use crate::testing::{Verb, bcrypt_runs};

const NEW: &str = "another horse";

fn use_case(
    world: &World,
    pair: &TokenPair,
    current: &str,
    ending: OwnSessions,
) -> UseCase<Outcome> {
    let claims = world.service.verify_access(pair.access_token.expose_token()).unwrap();
    let (current, new) = (current.to_owned().into(), NEW.to_owned().into());
    world.service.change_password(&claims, current, new, ending, None)
}

fn change(world: &World, pair: &TokenPair, ending: OwnSessions) -> Outcome {
    use_case(world, pair, PASSWORD, ending).run_blocking()
}

fn set(world: &World, id: &UserId, new: &str) -> Result<bool, PasswordChangeError> {
    world.service.set_password(id.clone(), new.to_owned().into()).run_blocking()
}

#[track_caller]
fn assert_password_is(world: &World, password: &str) {
    world.login("ada", password).unwrap();
    let other = if password == NEW { PASSWORD } else { NEW };
    let refused = world.login("ada", other);
    assert!(matches!(refused, Err(LoginError::Refused(LoginRefusal::WrongPassword))));
}

#[test]
fn a_change_leaves_the_session_it_came_from_alone() {
    for world in [World::new(), World::per_device(3)] {
        let (_, first) = world.session("ada");
        let pair = world.rotate(&first);
        let _ = world.events();
        change(&world, &pair, OwnSessions::Others).unwrap();
        assert_eq!(world.events(), [AuthEventKind::PasswordChanged]);
        let next = world.rotate(&pair);
        world.rotate(&next);
        assert_password_is(&world, NEW);
    }
}

#[test]
fn a_retry_gets_its_successor_also_when_the_password_was_changed_in_between() {
    let world = World::new();
    let (_, first) = world.session("ada");
    let second = world.rotate(&first);
    change(&world, &second, OwnSessions::Others).unwrap();
    let again = world.rotate(&first);
    assert_eq!(again.refresh_token.expose_token(), second.refresh_token.expose_token());
}

#[test]
fn a_change_ends_the_other_sessions_or_all() {
    for (ending, goes_on) in [(OwnSessions::Others, true), (OwnSessions::All, false)] {
        let world = World::per_device(3);
        let (_, phone) = world.session("ada");
        let laptop = world.login("ada", PASSWORD).unwrap();
        let (_, neighbour) = world.session("bob");
        change(&world, &laptop, ending).unwrap();
        world.assert_refused(&phone, &RefreshRefusal::NoSession);
        let own = world.refresh(laptop.refresh_token.expose_token());
        assert_eq!(own.is_ok(), goes_on, "{ending:?}");
        world.rotate(&neighbour);
    }
    let world = World::new();
    let (_, pair) = world.session("ada");
    change(&world, &pair, OwnSessions::All).unwrap();
    world.assert_refused(&pair, &RefreshRefusal::NoSession);
}

#[test]
fn the_application_sets_a_password_and_ends_all_sessions() {
    for world in [World::new(), World::per_device(3)] {
        let (id, pair) = world.session("ada");
        set(&world, &id, NEW).unwrap();
        assert_eq!(world.events(), [AuthEventKind::PasswordChanged]);
        world.assert_refused(&pair, &RefreshRefusal::NoSession);
        assert_password_is(&world, NEW);
        world.store.delete(&id);
        assert!(matches!(set(&world, &id, NEW), Ok(false)));
    }
}

#[test]
fn each_refusal_has_its_reason_and_changes_nothing() {
    let world = World::new();
    let (id, pair) = world.session("ada");
    let before = world.store.load(&id).unwrap();
    for wrong in ["wrong horse", ""] {
        let refused = use_case(&world, &pair, wrong, OwnSessions::All).run_blocking();
        let reason = LoginRefusal::WrongPassword;
        assert!(matches!(refused, Err(PasswordChangeError::Refused(it)) if it == reason));
        assert_eq!(world.events(), [AuthEventKind::PasswordChangeRefused(reason)]);
    }
    for short in ["", "short", "nul\0nul\0nul"] {
        let runs = bcrypt_runs::during(|| {
            let refused = set(&world, &id, short);
            assert!(matches!(refused, Err(PasswordChangeError::Unacceptable(_))), "{short:?}");
        });
        assert!(runs.is_empty(), "nothing is hashed");
    }
    assert_eq!(world.store.load(&id).unwrap(), before);
    world.rotate(&pair);
}

#[test]
fn a_wrong_password_and_a_disabled_user_cost_the_same() {
    for is_disabled in [false, true] {
        let world =
            World::with(|settings| settings.password_hash_cost = Setting::Value(6), |store| store);
        let (id, pair) = world.session("ada");
        world.store.edit(&id, |user| user.is_disabled = is_disabled);
        let current = if is_disabled { PASSWORD } else { "wrong horse" };
        let runs = bcrypt_runs::during(|| {
            assert!(use_case(&world, &pair, current, OwnSessions::All).run_blocking().is_err());
        });
        assert_eq!(runs, [6]);
    }
}

#[test]
fn a_session_that_has_ended_changes_nothing() {
    let world = World::new();
    let (id, pair) = world.session("ada");
    world.service.end_sessions(id).run_blocking().unwrap();
    let refused = change(&world, &pair, OwnSessions::All);
    assert!(matches!(refused, Err(PasswordChangeError::SessionEnded)), "{refused:?}");
    assert_password_is(&world, PASSWORD);
}

#[test]
fn a_refresh_meanwhile_is_kept_all_the_same() {
    let world = World::new();
    let (_, pair) = world.session("ada");
    let change = use_case(&world, &pair, PASSWORD, OwnSessions::Others);
    let change = run_to_hash(change);
    let next = world.rotate(&pair);
    change.run_blocking().unwrap();
    world.rotate(&next);
}

/// A thief with the session's refresh token must not be able to stop the change by refreshing: the old
/// password is not proven again, so that the window is that between two statements.
#[test]
fn a_thief_who_refreshes_all_the_time_does_not_stop_it() {
    for ending in [OwnSessions::Others, OwnSessions::All] {
        let world = World::ruled(|_| Ok(()));
        let (_, pair) = world.session("ada");
        let proven = run_to_hash(run_to_hash(use_case(&world, &pair, PASSWORD, ending)));
        let next = world.rotate(&pair);
        let runs = bcrypt_runs::during(|| proven.run_blocking().unwrap());
        assert_eq!(runs, [4], "of the new password alone");
        let refreshed = world.refresh(next.refresh_token.expose_token());
        assert_eq!(refreshed.is_ok(), ending == OwnSessions::Others);
    }
}

#[test]
fn another_change_meanwhile_wins() {
    let world = World::new();
    let (id, pair) = world.session("ada");
    let change = use_case(&world, &pair, PASSWORD, OwnSessions::Others);
    let change = run_to_hash(change);
    set(&world, &id, "the third horse").unwrap();
    let refused = change.run_blocking();
    assert!(matches!(refused, Err(PasswordChangeError::SessionEnded)), "{refused:?}");
    world.login("ada", "the third horse").unwrap();
}

/// Whoever is disabled or logged out meanwhile has changed nothing: else a thief who knows the old
/// password would have the new one when the user is enabled again.
#[test]
fn a_session_that_ends_meanwhile_changes_nothing_whatever_was_to_end() {
    type Meanwhile = fn(&World, &UserId);
    let changes: [Meanwhile; 2] = [
        |world, id| assert!(world.service.disable(id.clone()).run_blocking().unwrap()),
        |world, id| assert_eq!(world.service.end_sessions(id.clone()).run_blocking().unwrap(), 1),
    ];
    for ending in [OwnSessions::All, OwnSessions::Others] {
        for meanwhile in changes {
            let world = World::new();
            let (id, pair) = world.session("ada");
            let change = run_to_hash(use_case(&world, &pair, PASSWORD, ending));
            meanwhile(&world, &id);
            let refused = change.run_blocking();
            assert!(matches!(refused, Err(PasswordChangeError::SessionEnded)), "{refused:?}");
            world.service.enable(id).run_blocking().unwrap();
            assert_password_is(&world, PASSWORD);
        }
    }
}

#[test]
fn a_row_that_always_changes_is_given_up() {
    let writes = Arc::new(AtomicU32::new(0));
    let written = Arc::clone(&writes);
    let world = World::with(
        |_| {},
        |store| {
            store.before(move |store, verb| {
                if verb == Verb::SetPassword {
                    let hash = format!("$2b$04${}", written.fetch_add(1, Ordering::SeqCst));
                    let hash = PasswordHash::new(hash);
                    store.edit(&UserId::new(1), |user| user.password_hash = hash);
                }
                Ok(())
            })
        },
    );
    let (id, _) = world.session("ada");
    let outcome = set(&world, &id, NEW);
    assert!(matches!(outcome, Err(PasswordChangeError::Conflict)), "{outcome:?}");
    assert_eq!(writes.load(Ordering::SeqCst), MAXIMUM_ATTEMPTS);
}

#[test]
fn the_applications_rule_is_asked_wherever_a_password_is_set() {
    let world = World::ruled(|password| match password {
        "password1" => Err(PasswordRuleError::Refused("it is on a list".into())),
        "outage-of-the-list" => {
            Err(PasswordRuleError::Unavailable(StoreError::Unavailable("it is down".into())))
        }
        _ => Ok(()),
    });
    let (id, _) = world.session("ada");
    let refused = set(&world, &id, "password1");
    let reason = PasswordUnacceptable::AgainstRule { reason: "it is on a list".into() };
    assert!(matches!(refused, Err(PasswordChangeError::Unacceptable(it)) if it == reason));
    let unavailable = set(&world, &id, "outage-of-the-list");
    assert!(matches!(unavailable, Err(PasswordChangeError::Store(_))), "{unavailable:?}");
    assert_password_is(&world, PASSWORD);
    let register =
        |password: &str| world.service.register(crate::Credentials::new("bob", password), None);
    let refused = register("password1").run_blocking();
    assert!(matches!(refused, Err(crate::service::RegisterError::Refused(_))), "{refused:?}");
    let unavailable = register("outage-of-the-list").run_blocking();
    assert!(matches!(unavailable, Err(crate::service::RegisterError::Store(_))), "{unavailable:?}");
    register(PASSWORD).run_blocking().unwrap();
}

/// Returns a world whose rule refuses each password but [`NEW`], and how often it was asked.
fn counting() -> (World, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let world = World::ruled(move |password| {
        counter.fetch_add(1, Ordering::SeqCst);
        match password {
            NEW | PASSWORD => Ok(()),
            _ => Err(PasswordRuleError::Refused("it is on a list".into())),
        }
    });
    (world, calls)
}

/// A rule may ask another service. Guesses must not reach that service.
#[test]
fn the_rule_is_asked_once_the_current_password_is_proven() {
    for (current, new, is_disabled, expected_calls) in [
        ("wrong horse", "password1", false, 0),
        ("", "password1", false, 0),
        (PASSWORD, "password1", true, 0),
        (PASSWORD, "short", false, 0),
        (PASSWORD, "password1", false, 1),
        (PASSWORD, NEW, false, 1),
    ] {
        let (world, calls) = counting();
        let (id, pair) = world.session("ada");
        world.store.edit(&id, |user| user.is_disabled = is_disabled);
        let claims = world.service.verify_access(pair.access_token.expose_token()).unwrap();
        let before = calls.load(Ordering::SeqCst);
        let (current, new) = (current.to_owned().into(), new.to_owned().into());
        let ending = OwnSessions::Others;
        let _ = world.service.change_password(&claims, current, new, ending, None).run_blocking();
        assert_eq!(calls.load(Ordering::SeqCst) - before, expected_calls);
    }
}

/// It may take long, and a permit to hash is what others wait for.
#[test]
fn the_rule_is_asked_without_a_permit_to_hash_and_once() {
    let (world, calls) = counting();
    let (id, pair) = world.session("ada");
    let before = calls.load(Ordering::SeqCst);
    let about_to_prove = run_to_hash(use_case(&world, &pair, PASSWORD, OwnSessions::Others));
    assert_eq!(calls.load(Ordering::SeqCst), before, "the old password is not proven");
    let about_to_hash = run_to_hash(about_to_prove);
    assert_eq!(calls.load(Ordering::SeqCst), before + 1, "between the two permits");
    let upgraded =
        crate::password::bcrypt::hash(PASSWORD.as_bytes(), 4, world.service.random()).unwrap();
    world.store.edit(&id, |user| {
        user.password_hash = PasswordHash::new(upgraded);
        let session = user.session.as_mut().unwrap();
        session.refresh_token_hash = session.refresh_token_hash.bound_to(&user.password_hash);
    });
    about_to_hash.run_blocking().unwrap();
    assert_eq!(calls.load(Ordering::SeqCst) - before, 1);
    assert_password_is(&world, NEW);
}

/// A list has one spelling of each.
#[test]
fn the_applications_rule_is_asked_about_the_composed_password() {
    let world = World::ruled(|password| match password {
        "caf\u{e9}-caf\u{e9}" => Err(PasswordRuleError::Refused("it is on a list".into())),
        _ => Ok(()),
    });
    let (id, _) = world.session("ada");
    let refused = set(&world, &id, "cafe\u{301}-cafe\u{301}");
    assert!(matches!(refused, Err(PasswordChangeError::Unacceptable(_))), "{refused:?}");
}

/// A login with a hash of a lower cost replaces the hash: no change of the password.
#[test]
fn an_upgraded_hash_ends_no_session_of_another_device() {
    let mut world = World::per_device(3);
    let (id, phone) = world.session("ada");
    let cheap = world.store.load(&id).unwrap().unwrap().password_hash;
    world.restart(|settings| settings.password_hash_cost = Setting::Value(5));
    world.login("ada", PASSWORD).unwrap();
    assert!(world.store.load(&id).unwrap().unwrap().password_hash != cheap, "it is upgraded");
    world.rotate(&phone);
}
