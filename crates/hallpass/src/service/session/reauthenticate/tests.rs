//! Step-up, alone and against what happens while the password is hashed.

use super::*;
use crate::password::PasswordHash;
use crate::service::TokenPair;
use crate::store::UserStore as _;
use crate::testing::world::{PASSWORD, World, run_to_hash};
use crate::testing::{ManualClock, bcrypt_runs};
use crate::time::Clock;
use crate::user::Scope;
use std::sync::Arc;
use std::time::Duration;

fn use_case(world: &World, access: &AccessToken, password: &str) -> UseCase<Outcome> {
    let claims = world.service.verify_access(access.expose_token()).unwrap();
    world.service.reauthenticate(claims, password.to_owned().into(), None)
}

fn reauthenticate(world: &World, pair: &TokenPair, password: &str) -> Outcome {
    use_case(world, &pair.access_token, password).run_blocking()
}

/// Gives the user another password hash with which the session goes on, as an upgrade does.
fn set_hash(user: &mut User, hash: &str) {
    user.password_hash = PasswordHash::new(hash);
    let session = user.session.as_mut().unwrap();
    session.refresh_token_hash = session.refresh_token_hash.bound_to(&user.password_hash);
}

/// Runs a step-up to its hash, lets `change` happen to the user's row, and returns the answer.
fn changed_meanwhile(change: impl FnOnce(&mut User)) -> (World, Outcome) {
    let world = World::new();
    let (id, pair) = world.session("ada");
    let about_to = run_to_hash(use_case(&world, &pair.access_token, PASSWORD));
    world.store.edit(&id, change);
    (world, about_to.run_blocking())
}

#[test]
fn what_happened_while_the_password_was_hashed_counts() {
    let (world, outcome) = changed_meanwhile(|user| user.session = None);
    assert!(matches!(outcome, Err(ReauthenticateError::SessionEnded)), "{outcome:?}");
    assert_eq!(world.events(), [AuthEventKind::EndedSessionPresented]);

    let (world, outcome) = changed_meanwhile(|user| user.is_disabled = true);
    let refusal = LoginRefusal::UserDisabled;
    assert!(matches!(&outcome, Err(ReauthenticateError::Refused(it)) if *it == refusal));
    assert_eq!(world.events(), [AuthEventKind::ReauthenticationRefused(refusal)]);

    let (world, outcome) =
        changed_meanwhile(|user| user.password_hash = PasswordHash::new("$2b$04$another"));
    assert!(matches!(outcome, Err(ReauthenticateError::SessionEnded)), "{outcome:?}");
    assert_eq!(world.events(), [AuthEventKind::EndedSessionPresented]);

    let (world, outcome) = changed_meanwhile(|user| set_hash(user, "$2b$04$upgraded"));
    let refusal = LoginRefusal::PasswordChanged;
    assert!(matches!(&outcome, Err(ReauthenticateError::Refused(it)) if *it == refusal));
    assert_eq!(world.events(), [AuthEventKind::ReauthenticationRefused(refusal)]);

    let (world, outcome) = changed_meanwhile(|user| user.scope = Scope::parse("less").unwrap());
    let token = outcome.unwrap().access_token;
    let claims = world.service.verify_access(token.expose_token()).unwrap();
    assert_eq!(claims.scope().as_str(), "less");
}

#[test]
fn a_user_who_is_gone_has_no_session() {
    let world = World::new();
    let (id, pair) = world.session("ada");
    let about_to = run_to_hash(use_case(&world, &pair.access_token, PASSWORD));
    world.store.delete(&id);
    assert!(matches!(about_to.run_blocking(), Err(ReauthenticateError::SessionEnded)));
    let outcome = reauthenticate(&world, &pair, PASSWORD);
    assert!(matches!(outcome, Err(ReauthenticateError::SessionEnded)), "{outcome:?}");
}

/// Each step-up renews `auth_time`, from which the end of a session is counted elsewhere.
#[test]
fn step_ups_one_after_the_other_do_not_outlive_the_token_that_began_them() {
    let world = World::new();
    let (_, pair) = world.session("ada");
    let end = pair.access_token.expires_at();
    world.advance(600);
    let second = reauthenticate(&world, &pair, PASSWORD).unwrap();
    assert_eq!((second.access_token.expires_at(), second.access_expires_in), (end, 300));
    world.advance(200);
    let third = use_case(&world, &second.access_token, PASSWORD).run_blocking().unwrap();
    assert_eq!((third.access_token.expires_at(), third.access_expires_in), (end, 100));
}

#[test]
fn a_fresh_token_says_now_and_a_refresh_says_the_login() {
    let world = World::new();
    let (_, pair) = world.session("ada");
    let auth_time = |access: &AccessToken| {
        world.service.verify_access(access.expose_token()).unwrap().auth_time().unwrap()
    };
    let login = auth_time(&pair.access_token);
    world.advance(600);
    let fresh = reauthenticate(&world, &pair, PASSWORD).unwrap();
    assert_eq!(auth_time(&fresh.access_token), login.plus(Duration::from_secs(600)));
    assert_eq!(world.events(), [AuthEventKind::Reauthenticated]);
    assert_eq!(auth_time(&world.rotate(&pair).access_token), login);
}

#[test]
fn each_refusal_has_its_reason_and_the_cost_of_a_login() {
    let wrong = "wrong horse";
    for (hash, password, refusal) in [
        (None, wrong, LoginRefusal::WrongPassword),
        (None, "", LoginRefusal::WrongPassword),
        (
            Some("nonsense"),
            PASSWORD,
            LoginRefusal::HashUnusable(crate::password::UnusableHash::Unparsable),
        ),
        (Some("disabled"), PASSWORD, LoginRefusal::UserDisabled),
    ] {
        let world = World::with(
            |settings| settings.password_hash_cost = crate::config::Setting::Value(6),
            |store| store,
        );
        let (id, pair) = world.session("ada");
        world.store.edit(&id, |user| match hash {
            Some("disabled") => user.is_disabled = true,
            Some(hash) => set_hash(user, hash),
            None => {}
        });
        let runs = bcrypt_runs::during(|| {
            let outcome = reauthenticate(&world, &pair, password);
            assert!(matches!(outcome, Err(ReauthenticateError::Refused(it)) if it == refusal));
        });
        assert_eq!(runs, [6], "{password:?} {refusal:?}");
        assert_eq!(world.events(), [AuthEventKind::ReauthenticationRefused(refusal)]);
    }
}

/// An imported hash of a low cost would make guesses cheap, and tell that it is one.
#[test]
fn a_cheap_stored_hash_makes_no_cheap_refusal() {
    let world = World::with(
        |settings| settings.password_hash_cost = crate::config::Setting::Value(6),
        |store| store,
    );
    let (id, pair) = world.session("ada");
    let cheap = crate::password::bcrypt::hash(b"other", 4, world.service.random()).unwrap();
    world.store.edit(&id, |user| set_hash(user, &cheap));
    let runs = bcrypt_runs::during(|| {
        assert!(reauthenticate(&world, &pair, PASSWORD).is_err());
    });
    assert_eq!(runs.iter().map(|cost| 1_u32 << cost).sum::<u32>(), 1 << 6);
}

/// Not even a dearer hash of the password: that is for logins, which begin sessions with it.
#[test]
fn nothing_is_written() {
    let world = World::with(
        |settings| settings.password_hash_cost = crate::config::Setting::Value(5),
        |it| it,
    );
    let (id, pair) = world.session("ada");
    let cheap =
        crate::password::bcrypt::hash(PASSWORD.as_bytes(), 4, world.service.random()).unwrap();
    world.store.edit(&id, |user| set_hash(user, &cheap));
    let before = world.store.load(&id).unwrap();
    reauthenticate(&world, &pair, PASSWORD).unwrap();
    assert!(reauthenticate(&world, &pair, "wrong horse").is_err());
    assert_eq!(world.store.load(&id).unwrap(), before);
}

#[test]
fn a_token_that_expired_meanwhile_is_not_made_longer() {
    let world = World::new();
    let (_, pair) = world.session("ada");
    world.advance(899);
    let about_to = run_to_hash(use_case(&world, &pair.access_token, PASSWORD));
    world.advance(1);
    let outcome = about_to.run_blocking();
    assert!(matches!(outcome, Err(ReauthenticateError::Expired { .. })), "{outcome:?}");
    assert_eq!(world.events(), []);
}

/// A clock that goes on by a second each time it is read.
struct Ticking(ManualClock);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let now = self.0.now();
        self.0.advance(Duration::from_secs(1));
        now
    }
}

#[test]
fn a_fresh_token_lives_however_close_the_end_of_the_presented_one_is() {
    let mut world = World::new();
    let (_, pair) = world.session("ada");
    let presented = world.service.verify_access(pair.access_token.expose_token()).unwrap();
    let end = presented.expires_at();
    let mut granted = 0;
    for seconds in 1..10 {
        let start = Timestamp::from_unix_seconds(end.as_unix_seconds() - seconds).unwrap();
        let clock = ManualClock::default();
        clock.set(start);
        world.restart_with_clock(Arc::new(Ticking(clock)));
        let use_case =
            world.service.reauthenticate(presented.clone(), PASSWORD.to_owned().into(), None);
        let Ok(fresh) = use_case.run_blocking() else { continue };
        granted += 1;
        world.clock.set(start);
        world.restart_with_clock(world.clock.clone());
        let claims = world.service.verify_access(fresh.access_token.expose_token()).unwrap();
        assert!(claims.issued_at() < claims.expires_at(), "{seconds} {claims:?}");
        assert!(fresh.access_expires_in > 0, "{seconds}");
    }
    assert!(granted > 5, "{granted}");
}

/// A storm of guesses must not log anybody out by delaying refreshes.
#[test]
fn the_password_is_hashed_in_the_lane_of_passwords() {
    let world = World::new();
    let (_, pair) = world.session("ada");
    let next = run_to_hash(use_case(&world, &pair.access_token, PASSWORD));
    assert!(matches!(next, UseCase::Waiting(HashLane::Password, _)), "{next:?}");
}

#[test]
fn a_store_that_cannot_tell_is_neither_a_yes_nor_a_no() {
    use crate::testing::Verb;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let is_down = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let world = World::with(
        |_| {},
        |store| {
            store.before(move |_, verb| {
                if verb == Verb::Load && down.load(Ordering::SeqCst) {
                    return Err(StoreError::Unavailable("the disk is on fire".into()));
                }
                Ok(())
            })
        },
    );
    let (_, pair) = world.session("ada");
    for is_begun in [false, true] {
        is_down.store(false, Ordering::SeqCst);
        let step_up = use_case(&world, &pair.access_token, PASSWORD);
        let begun = if is_begun { run_to_hash(step_up) } else { step_up };
        is_down.store(true, Ordering::SeqCst);
        let outcome = begun.run_blocking();
        assert!(matches!(outcome, Err(ReauthenticateError::Store(_))), "{is_begun} {outcome:?}");
    }
}
