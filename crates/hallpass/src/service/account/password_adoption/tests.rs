//! Whose password is adopted, what it need not follow, and what happens in between.

use super::*;
use crate::event::LoginRefusal;
use crate::password::{PasswordRuleError, PasswordUnacceptable};
use crate::service::LoginError;
use crate::testing::bcrypt_runs;
use crate::testing::world::{PASSWORD, World, run_to_hash};

/// A hash that only the application can verify.
const FOREIGN: &str = "pbkdf2_sha256$1000$salt$FQhRHwkyHyucZPlY5IKZDIp5d4bKrgpnSJm65hMYQYo=";

/// Seven characters, one fewer than a new password has.
const SHORT: &str = "seven77";

fn world_with_foreign_hash() -> (World, UserId) {
    let world = World::ruled(|password| match password {
        PASSWORD => Ok(()),
        _ => Err(PasswordRuleError::Refused("it is on a list".into())),
    });
    let id = world.register("ada");
    world.store.edit(&id, |user| user.password_hash = PasswordHash::new(FOREIGN));
    let _ = world.events();
    (world, id)
}

fn use_case(world: &World, id: &UserId, password: &str) -> UseCase<Outcome> {
    let (verified, password) = (PasswordHash::new(FOREIGN), password.to_owned().into());
    world.service.adopt_password(id.clone(), verified, password)
}

#[test]
fn an_adopted_password_logs_in_however_short_it_is_and_whatever_the_rule_says() {
    let (world, id) = world_with_foreign_hash();
    let refused = world.login("ada", SHORT);
    let unusable = LoginRefusal::HashUnusable(crate::password::UnusableHash::Unparsable);
    assert!(matches!(refused, Err(LoginError::Refused(it)) if it == unusable));
    let _ = world.events();
    assert!(use_case(&world, &id, SHORT).run_blocking().unwrap());
    assert_eq!(world.events(), [AuthEventKind::PasswordAdopted]);
    let pair = world.login("ada", SHORT).unwrap();
    world.rotate(&pair);
}

#[test]
fn only_a_password_that_nobody_can_have_is_refused() {
    let (world, id) = world_with_foreign_hash();
    for (password, reason) in [
        ("", PasswordUnacceptable::Empty),
        ("seven\0\0", PasswordUnacceptable::Nul),
        (&"x".repeat(1025), PasswordUnacceptable::TooLong),
    ] {
        let refused = use_case(&world, &id, password).run_blocking();
        assert!(matches!(refused, Err(PasswordChangeError::Unacceptable(it)) if it == reason));
    }
    world.store.delete(&id);
    assert!(!use_case(&world, &id, SHORT).run_blocking().unwrap(), "nobody is there");
    assert_eq!(world.events(), []);
}

/// Its verification may accept bcrypt as well, at each login.
#[test]
fn a_hash_that_hallpass_verifies_itself_is_not_adopted_and_ends_no_session() {
    let world = World::new();
    let (id, pair) = world.session("ada");
    let hash = world.store.load(&id).unwrap().unwrap().password_hash;
    let _ = world.events();
    let adoption = world.service.adopt_password(id, hash, PASSWORD.to_owned().into());
    let runs = bcrypt_runs::during(|| assert!(!adoption.run_blocking().unwrap()));
    assert_eq!((runs, world.events()), (vec![], vec![]));
    world.rotate(&pair);
}

/// The application has verified a hash that is no longer the user's.
#[test]
fn a_password_that_was_set_meanwhile_is_left_alone() {
    for is_begun in [false, true] {
        let (world, id) = world_with_foreign_hash();
        let adoption = use_case(&world, &id, SHORT);
        let adoption = if is_begun { run_to_hash(adoption) } else { adoption };
        let new = PASSWORD.to_owned().into();
        world.service.set_password(id.clone(), new).run_blocking().unwrap();
        let pair = world.login("ada", PASSWORD).unwrap();
        let _ = world.events();
        let runs = bcrypt_runs::during(|| assert!(!adoption.run_blocking().unwrap()));
        let hashed = if is_begun { vec![4] } else { vec![] };
        assert_eq!((runs, world.events()), (hashed, vec![]));
        assert!(world.login("ada", SHORT).is_err());
        world.rotate(&pair);
    }
}

#[test]
fn of_two_logins_at_once_one_adopts_and_both_log_in() {
    let (world, id) = world_with_foreign_hash();
    let second = run_to_hash(use_case(&world, &id, SHORT));
    assert!(use_case(&world, &id, SHORT).run_blocking().unwrap());
    let pair = world.login("ada", SHORT).unwrap();
    assert!(!second.run_blocking().unwrap());
    world.rotate(&pair);
    world.login("ada", SHORT).unwrap();
}

#[test]
fn the_password_is_hashed_in_the_lane_of_passwords() {
    let (world, id) = world_with_foreign_hash();
    let next = run_to_hash(use_case(&world, &id, SHORT));
    assert!(matches!(next, UseCase::Waiting(HashLane::Password, _)), "{next:?}");
}
