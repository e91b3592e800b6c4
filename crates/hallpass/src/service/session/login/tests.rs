//! Who may log in, what a refusal costs, and what happens meanwhile.

use std::fmt::Debug;

use super::*;
use crate::config::Setting;
use crate::event::RegistrationRefusal;
use crate::service::RegisterError;
use crate::store::UserStore as _;
use crate::testing::bcrypt_runs;
use crate::testing::world::{PASSWORD, World, run_to_hash};
use crate::user::Credentials;

/// Made by Python's bcrypt of 72 times `x`.
const OF_72_BYTES: &str = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";

const COMPOSED: &str = "caf\u{e9}-caf\u{e9}";
const DECOMPOSED: &str = "cafe\u{301}-cafe\u{301}";

/// Made by Python's bcrypt.
const OF_DECOMPOSED: &str = "$2b$04$abcdefghijklmnopqrstuu68zU.GoQDaVDGBluVQm.Rny1ZD4Sof2";

#[track_caller]
fn assert_refused(result: Result<impl Debug, LoginError>, expected: &LoginRefusal) {
    match result {
        Err(LoginError::Refused(refusal)) => assert_eq!(refusal, *expected),
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

#[test]
fn a_login_starts_a_session_at_generation_0() {
    let world = World::new();
    let id = world.register("Ada@Example.com");
    let pair = world.login(" ada@EXAMPLE.com", PASSWORD).unwrap();
    assert_eq!((pair.access_expires_in, pair.refresh_expires_in), (900, 14 * 86_400));
    let session = world.row(&id).unwrap();
    assert_eq!((session.generation, session.rotated_at), (0, world.service.now()));
    let claims = world.service.verify_access(pair.access_token.expose_token()).unwrap();
    assert_eq!((claims.user_id(), claims.session_id()), (&id, &session.id));
    assert_eq!(claims.auth_time(), Some(world.service.now()));
}

#[test]
fn every_refusal_costs_the_same_and_names_its_reason_only_to_the_observer() {
    let world = World::with(|settings| settings.password_hash_cost = Setting::Value(6), |it| it);
    let ids = ["wrong", "disabled", "unusable", "cheap", "cheap and disabled"]
        .map(|login| world.register(login));
    world.store.edit(&ids[1], |user| user.is_disabled = true);
    world.store.edit(&ids[2], |user| user.password_hash = PasswordHash::new("$2b$31$x"));
    let cheap = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
    world.store.edit(&ids[3], |user| user.password_hash = PasswordHash::new(cheap));
    world.store.edit(&ids[4], |user| {
        user.password_hash = PasswordHash::new(cheap);
        user.is_disabled = true;
    });
    let long = "x".repeat(1025);
    for (login, password, reason) in [
        ("nobody", PASSWORD, LoginRefusal::UnknownUser),
        ("no\0body", PASSWORD, LoginRefusal::UnknownUser),
        ("wrong", "not it", LoginRefusal::WrongPassword),
        ("wrong", "", LoginRefusal::WrongPassword),
        ("wrong", "correct horse\0", LoginRefusal::WrongPassword),
        ("wrong", &long, LoginRefusal::WrongPassword),
        ("cheap", "not it", LoginRefusal::WrongPassword),
        ("disabled", PASSWORD, LoginRefusal::UserDisabled),
        ("disabled", "not it", LoginRefusal::WrongPassword),
        ("cheap and disabled", PASSWORD, LoginRefusal::UserDisabled),
        (
            "unusable",
            PASSWORD,
            LoginRefusal::HashUnusable(crate::password::UnusableHash::Unparsable),
        ),
    ] {
        let _ = world.events();
        let runs = bcrypt_runs::during(|| assert_refused(world.login(login, password), &reason));
        let work = runs.iter().map(|cost| 1_u64 << cost).sum::<u64>();
        assert_eq!(work, 1 << 6, "{login} {runs:?}");
        assert_eq!(world.events(), [AuthEventKind::LoginRefused(reason)]);
    }
}

#[test]
fn a_hash_of_other_software_logs_in_and_is_upgraded_once() {
    let world = World::with(|settings| settings.password_hash_cost = Setting::Value(5), |it| it);
    let id = world.register("ada");
    let by_htpasswd = "$2y$04$PCZl18jnDBM/FleiAKnqOOkEScVJZ3nH4bMaa.GJqqd7/fxG1n6e.";
    world.store.edit(&id, |user| user.password_hash = PasswordHash::new(by_htpasswd));
    for is_hash_upgraded in [true, false] {
        let _ = world.events();
        world.login("ada", PASSWORD).unwrap();
        assert_eq!(world.events(), [AuthEventKind::LoginSucceeded { is_hash_upgraded }]);
        let stored = world.store.load(&id).unwrap().unwrap().password_hash;
        assert!(stored.expose_hash().starts_with("$2b$05$"));
    }
}

/// It was set where another minimum held. The minimum is for passwords that are set.
#[test]
fn a_password_below_the_minimum_logs_in_and_its_hash_is_upgraded() {
    let world = World::with(|settings| settings.password_hash_cost = Setting::Value(5), |it| it);
    let id = world.register("ada");
    let by_python = "$2b$04$abcdefghijklmnopqrstuu6iJOjAoDXF64jvfeGQ4zQ00m9DAPyqW";
    world.store.edit(&id, |user| user.password_hash = PasswordHash::new(by_python));
    for is_hash_upgraded in [true, false] {
        let _ = world.events();
        world.login("ada", "1234567").unwrap();
        assert_eq!(world.events(), [AuthEventKind::LoginSucceeded { is_hash_upgraded }]);
    }
}

/// Where the hash comes from, 72 bytes count. Once it is one of ours, the whole password does.
#[test]
fn a_hash_of_the_first_72_bytes_logs_in_and_is_upgraded_to_one_of_the_whole_password() {
    let world = World::new();
    let id = world.register("ada");
    world.store.edit(&id, |user| user.password_hash = PasswordHash::new(OF_72_BYTES));
    for is_hash_upgraded in [true, false] {
        let _ = world.events();
        world.login("ada", &"x".repeat(80)).unwrap();
        assert_eq!(world.events(), [AuthEventKind::LoginSucceeded { is_hash_upgraded }]);
    }
    assert_refused(world.login("ada", &"x".repeat(72)), &LoginRefusal::WrongPassword);
}

/// hallpass hashed passwords as they were typed, and others do.
#[test]
fn a_hash_of_a_decomposed_password_logs_in_and_is_upgraded_to_one_for_all_spellings() {
    let world = World::new();
    let id = world.register("ada");
    world.store.edit(&id, |user| user.password_hash = PasswordHash::new(OF_DECOMPOSED));
    assert_refused(world.login("ada", COMPOSED), &LoginRefusal::WrongPassword);
    for (typed, is_hash_upgraded) in [(DECOMPOSED, true), (DECOMPOSED, false), (COMPOSED, false)] {
        let _ = world.events();
        world.login("ada", typed).unwrap();
        assert_eq!(world.events(), [AuthEventKind::LoginSucceeded { is_hash_upgraded }]);
    }
}

/// It is the same password: nothing that others should be logged out for.
#[test]
fn an_upgrade_of_a_hash_made_elsewhere_ends_no_session_of_another_device() {
    for (stored, typed) in [(OF_72_BYTES, &*"x".repeat(80)), (OF_DECOMPOSED, DECOMPOSED)] {
        let world = World::per_device(3);
        let (id, phone) = world.session("ada");
        let stored = PasswordHash::new(stored);
        world.store.edit(&id, |user| {
            let session = user.session.as_mut().unwrap();
            session.refresh_token_hash = session.refresh_token_hash.bound_to(&stored);
            user.password_hash = stored.clone();
        });
        world.login("ada", typed).unwrap();
        assert!(world.store.load(&id).unwrap().unwrap().password_hash != stored, "upgraded");
        world.rotate(&phone);
    }
}

/// What is typed decides how often it is compared: the time tells what the client knows.
#[test]
fn every_refusal_of_the_same_password_costs_the_same() {
    let world = World::with(|settings| settings.password_hash_cost = Setting::Value(6), |it| it);
    let ids = ["ours", "unusable", "cut", "spelled"].map(|login| world.register(login));
    for (id, hash) in [(&ids[1], "$2b$31$x"), (&ids[2], OF_72_BYTES), (&ids[3], OF_DECOMPOSED)] {
        world.store.edit(id, |user| {
            user.password_hash = PasswordHash::new(hash);
            user.is_disabled = true;
        });
    }
    for (typed, comparisons) in [
        ("wrong horse", 1),
        (COMPOSED, 1),
        (DECOMPOSED, 2),
        (&"x".repeat(71), 1),
        (&"x".repeat(72), 2),
        (&"\u{e9}".repeat(36), 2),
        (&"e\u{301}".repeat(24), 3),
        (&"e\u{301}".repeat(36), 4),
    ] {
        for login in ["nobody", "no\0body", "ours", "unusable", "cut", "spelled"] {
            let runs = bcrypt_runs::during(|| assert!(world.login(login, typed).is_err()));
            let work = runs.iter().map(|cost| 1_u64 << cost).sum::<u64>();
            assert_eq!(work, comparisons << 6, "{login} {typed} {runs:?}");
        }
    }
}

#[test]
fn a_password_change_during_a_login_wins() {
    let world = World::new();
    let id = world.register("ada");
    let login = run_to_hash(world.login_case("ada", PASSWORD));
    let changed = "$2b$04$5Nz85urDEzXGhsRdUzg26.ppvweAggoJC5IXWV38ye77/YyXAPU6a";
    world.set_password(&id, changed);
    assert_refused(login.run_blocking(), &LoginRefusal::WrongPassword);
    assert_eq!(world.row(&id), None);
}

#[test]
fn an_upgrade_by_another_login_meanwhile_is_verified_once_more() {
    let world = World::new();
    let id = world.register("ada");
    let rehashed = "$2b$04$MjWhniTJ2MusksdVA2rPouvlnYocT9qYIjAZGmf9KO0/RlxVbeVj2";
    let again = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
    let replace = |hash| {
        world.store.edit(&id, |user| user.password_hash = PasswordHash::new(hash));
    };
    let login = run_to_hash(world.login_case("ada", PASSWORD));
    replace(rehashed);
    let login = run_to_hash(login);
    replace(again);
    assert_refused(login.run_blocking(), &LoginRefusal::PasswordChanged);

    let login = run_to_hash(world.login_case("ada", PASSWORD));
    replace(rehashed);
    assert!(login.run_blocking().is_ok());
}

#[test]
fn disabling_during_a_login_wins() {
    let world = World::new();
    let id = world.register("ada");
    let login = run_to_hash(world.login_case("ada", PASSWORD));
    world.store.edit(&id, |user| user.is_disabled = true);
    assert_refused(login.run_blocking(), &LoginRefusal::UserDisabled);
    assert_eq!(world.row(&id), None);
}

#[test]
fn a_registration_is_refused_before_it_is_hashed_and_a_login_name_is_given_once() {
    let world = World::new();
    let register = |login: &str, password: &str| {
        world.service.register(Credentials::new(login, password), None)
    };
    let unacceptable = |use_case| matches!(use_case, UseCase::Answered(Err(_)));
    assert!(unacceptable(register(" ", PASSWORD)));
    assert!(unacceptable(register("ada", "1234567")));
    assert!(unacceptable(register("ada", "1234567\0")));
    let events = world.events();
    let is_refusal = |kind: &AuthEventKind| matches!(kind, AuthEventKind::RegistrationRefused(_));
    assert!(events.len() == 3 && events.iter().all(is_refusal), "{events:?}");
    assert!(register("Ada", PASSWORD).run_blocking().is_ok());
    let taken = register("\u{ff21}da ", PASSWORD).run_blocking();
    assert!(matches!(taken, Err(RegisterError::Refused(RegistrationRefusal::LoginTaken))));
}

#[test]
fn credentials_are_never_printed() {
    assert_eq!(format!("{:?}", Credentials::new("ada", "s3cret")), "Credentials(…)");
}
