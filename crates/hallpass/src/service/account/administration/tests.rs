//! What an application does to an account, against login and refresh, also while a password is hashed.

use super::*;
use crate::event::LoginRefusal;
use crate::service::{LoginError, TokenPair};
use crate::session::RefreshRefusal;
use crate::testing::world::{PASSWORD, World, run_to_hash};

fn is_alive(world: &World, pair: &TokenPair) -> bool {
    let claims = world.service.verify_access(pair.access_token.expose_token()).unwrap();
    world.service.is_alive(claims).run_blocking().unwrap()
}

/// In both modes.
fn worlds() -> [World; 2] {
    [World::new(), World::per_device(3)]
}

#[test]
fn a_disabled_user_is_shut_out_at_once_and_an_enabled_one_logs_in_again() {
    for world in worlds() {
        let (id, pair) = world.session("ada");
        assert!(is_alive(&world, &pair));
        assert!(world.service.disable(id.clone()).run_blocking().unwrap());
        assert_eq!(world.events(), [AuthEventKind::UserDisabled]);
        assert!(!is_alive(&world, &pair));
        world.assert_refused(&pair, &RefreshRefusal::UserDisabled);
        let refused = world.login("ada", PASSWORD);
        assert!(matches!(refused, Err(LoginError::Refused(LoginRefusal::UserDisabled))));
        let _ = world.events();
        assert!(world.service.enable(id).run_blocking().unwrap());
        assert_eq!(world.events(), [AuthEventKind::UserEnabled]);
        world.assert_refused(&pair, &RefreshRefusal::NoSession);
        assert!(!is_alive(&world, &pair), "no session comes back");
        let pair = world.login("ada", PASSWORD).unwrap();
        assert!(is_alive(&world, &pair));
    }
}

#[test]
fn a_deleted_user_is_unknown() {
    for world in worlds() {
        let (id, pair) = world.session("ada");
        assert!(world.service.delete(id.clone()).run_blocking().unwrap());
        assert_eq!(world.events(), [AuthEventKind::UserDeleted]);
        assert!(!is_alive(&world, &pair));
        world.assert_refused(&pair, &RefreshRefusal::UnknownUser);
        assert!(!world.service.delete(id.clone()).run_blocking().unwrap());
        assert!(!world.service.disable(id.clone()).run_blocking().unwrap());
        assert!(!world.service.enable(id).run_blocking().unwrap());
        let events = world.events();
        assert!(!events.contains(&AuthEventKind::UserDeleted), "nothing happened: {events:?}");
        assert!(!events.contains(&AuthEventKind::UserDisabled), "nothing happened: {events:?}");
    }
}

#[test]
fn all_sessions_of_a_user_end_at_once() {
    let world = World::per_device(3);
    let (id, pair) = world.session("ada");
    let second = world.login("ada", PASSWORD).unwrap();
    let _ = world.events();
    assert_eq!(world.service.end_sessions(id).run_blocking().unwrap(), 2);
    assert_eq!(world.events(), [AuthEventKind::SessionsEnded { count: 2 }]);
    for pair in [pair, second] {
        world.assert_refused(&pair, &RefreshRefusal::NoSession);
    }
}

#[test]
fn whoever_is_disabled_during_a_login_or_a_refresh_gets_nothing() {
    for world in worlds() {
        let (id, pair) = world.session("ada");
        let login = run_to_hash(world.login_case("ada", PASSWORD));
        let token = pair.refresh_token.expose_token();
        let refresh = run_to_hash(world.service.refresh(token, None));
        world.service.disable(id.clone()).run_blocking().unwrap();
        assert!(login.run_blocking().is_err());
        assert!(refresh.run_blocking().is_err());
        world.service.enable(id.clone()).run_blocking().unwrap();
        assert_eq!(world.row(&id), None, "nothing was begun meanwhile");
    }
}

#[test]
fn whoever_is_deleted_during_a_login_or_a_refresh_gets_nothing() {
    for world in worlds() {
        let (id, pair) = world.session("ada");
        let login = run_to_hash(world.login_case("ada", PASSWORD));
        let token = pair.refresh_token.expose_token();
        let refresh = run_to_hash(world.service.refresh(token, None));
        world.service.delete(id).run_blocking().unwrap();
        assert!(login.run_blocking().is_err());
        assert!(refresh.run_blocking().is_err());
    }
}
