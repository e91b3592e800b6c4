//! A user with several devices: what each of them sees, and what it can do to the others.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::password::PasswordHash;
use crate::service::{LoginAnswer, TokenPair};
use crate::session::{Device, RefreshRefusal};
use crate::testing::world::{PASSWORD, World};
use crate::user::{Credentials, UserId};

fn claims(world: &World, pair: &TokenPair) -> AccessClaims {
    world.service.verify_access(pair.access_token.expose_token()).unwrap()
}

fn list(world: &World, pair: &TokenPair) -> Vec<DeviceSession> {
    world.service.own_sessions(claims(world, pair), None).run_blocking().unwrap()
}

fn end(world: &World, pair: &TokenPair, other: &TokenPair) -> bool {
    let session_id = claims(world, other).session_id().clone();
    world.service.end_own_session(claims(world, pair), session_id, None).run_blocking().unwrap()
}

/// A user with a session on three devices; `ada`'s neighbour has one, too.
fn three_devices() -> (World, UserId, [TokenPair; 3]) {
    let world = World::per_device(5);
    let (id, phone) = world.session("ada");
    world.advance(10);
    let laptop = world.login("ada", PASSWORD).unwrap();
    world.advance(10);
    let tablet = world.login("ada", PASSWORD).unwrap();
    let _ = world.events();
    (world, id, [phone, laptop, tablet])
}

#[test]
fn a_list_shows_what_was_used_last_first() {
    let (world, _, [phone, laptop, tablet]) = three_devices();
    let ids = |pairs: [&TokenPair; 3]| pairs.map(|pair| claims(&world, pair).session_id().clone());
    let [of_phone, of_laptop, of_tablet] = ids([&phone, &laptop, &tablet]);
    let listed = |pair| list(&world, pair).into_iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(listed(&phone), [of_tablet.clone(), of_laptop.clone(), of_phone.clone()]);
    world.advance(1_000);
    let phone = world.rotate(&phone);
    assert_eq!(listed(&phone), [of_phone, of_tablet, of_laptop]);
    let sessions = list(&world, &phone);
    let now = world.service.now();
    assert_eq!((sessions[0].last_used_at, sessions[0].created_at.seconds_until(now)), (now, 1_020));
    assert_eq!(sessions[1].last_used_at.seconds_until(now), 1_000, "it was at its login");
    assert_eq!(now.seconds_until(sessions[0].expires_at), 14 * 86_400);
}

/// Asks each second, from 100 s before the owner's refresh to the end of the thief's access token.
#[test]
fn whoever_polls_the_list_with_a_stolen_access_token_does_not_see_the_owners_refresh() {
    let poll = |refreshes_at: Option<u64>| {
        let (world, _, [phone, laptop, _]) = three_devices();
        let stolen = [claims(&world, &phone), claims(&world, &laptop)];
        let mut seen = Vec::new();
        for second in 0..880 {
            if Some(second) == refreshes_at {
                world.rotate(&phone);
            }
            for claims in &stolen {
                seen.push(world.service.own_sessions(claims.clone(), None).run_blocking().unwrap());
            }
            world.advance(1);
        }
        seen
    };
    let without = poll(None);
    assert!(poll(Some(100)) == without, "the answers are the same");
    assert!(poll(Some(879)) == without, "in the last second, too");
}

#[test]
fn a_session_is_listed_with_what_is_known_of_its_device() {
    let world = World::per_device(5);
    world.register("ada");
    let address = "192.0.2.7".parse().ok();
    let device = Device::from(address).with_user_agent("curl/8").with_label("Ada's phone");
    let credentials = Credentials::new("ada", PASSWORD);
    let LoginAnswer::LoggedIn(pair) =
        world.service.login(credentials, device).run_blocking().unwrap();
    let session = list(&world, &pair).remove(0);
    assert_eq!(session.client_address, address);
    assert_eq!(session.user_agent.as_deref(), Some("curl/8"));
    assert_eq!(session.label.as_deref(), Some("Ada's phone"));
}

#[test]
fn one_session_ends_and_the_others_go_on() {
    let (world, _, [phone, laptop, tablet]) = three_devices();
    assert!(end(&world, &phone, &laptop));
    assert_eq!(world.events(), [AuthEventKind::SessionRevoked]);
    world.assert_refused(&laptop, &RefreshRefusal::NoSession);
    assert!(!end(&world, &phone, &laptop), "it has ended");
    world.rotate(&tablet);
    assert!(end(&world, &phone, &phone), "ones own is a logout");
    assert!(world.events().contains(&AuthEventKind::LoggedOut));
    world.assert_refused(&phone, &RefreshRefusal::NoSession);
}

#[test]
fn nobody_ends_anothers_session() {
    let (world, _, [phone, ..]) = three_devices();
    let (_, neighbour) = world.session("bob");
    assert!(!end(&world, &phone, &neighbour));
    assert_eq!(world.events(), []);
    world.rotate(&neighbour);
}

#[test]
fn the_others_end_or_all() {
    for (ending, count, goes_on) in [(OwnSessions::Others, 2, true), (OwnSessions::All, 3, false)] {
        let (world, _, [phone, laptop, tablet]) = three_devices();
        let (_, neighbour) = world.session("bob");
        let ended = world.service.end_own_sessions(claims(&world, &laptop), ending, None);
        assert_eq!(ended.run_blocking().unwrap(), count);
        assert_eq!(world.events(), [AuthEventKind::SessionsEnded { count }]);
        for pair in [&phone, &tablet] {
            world.assert_refused(pair, &RefreshRefusal::NoSession);
        }
        let own = world.refresh(laptop.refresh_token.expose_token());
        assert_eq!(own.is_ok(), goes_on, "{ending:?}");
        world.rotate(&neighbour);
    }
}

#[test]
fn a_token_that_outlived_its_session_shows_and_ends_nothing() {
    let (world, _, [phone, laptop, _]) = three_devices();
    assert!(end(&world, &laptop, &phone));
    let _ = world.events();
    let address = Some(IpAddr::from([192, 0, 2, 7]));
    let (service, of) = (&world.service, |pair| claims(&world, pair));
    let listed = service.own_sessions(of(&phone), address).run_blocking();
    assert!(matches!(listed, Err(OwnSessionsError::SessionEnded)));
    let other = of(&laptop).session_id().clone();
    let ended = service.end_own_session(of(&phone), other, address).run_blocking();
    assert!(matches!(ended, Err(OwnSessionsError::SessionEnded)));
    let all = service.end_own_sessions(of(&phone), OwnSessions::All, address).run_blocking();
    assert!(matches!(all, Err(OwnSessionsError::SessionEnded)));
    let events = world.recorded();
    let recorded: Vec<_> = events.iter().map(|event| (&event.kind, event.client_address)).collect();
    assert_eq!(recorded, [(&AuthEventKind::EndedSessionPresented, address); 3]);
    world.rotate(&laptop);
}

#[test]
fn a_session_is_over_with_the_password_it_was_begun_with() {
    let (world, id, [phone, ..]) = three_devices();
    world.store.edit(&id, |user| user.password_hash = PasswordHash::new("$2b$04$by_other_means"));
    let listed = world.service.own_sessions(claims(&world, &phone), None).run_blocking();
    assert!(matches!(listed, Err(OwnSessionsError::SessionEnded)), "{listed:?}");
    world.assert_refused(&phone, &RefreshRefusal::PasswordChanged);
}

#[test]
fn what_has_expired_is_not_listed() {
    let world = World::per_device(5);
    let (_, phone) = world.session("ada");
    world.advance(14 * 86_400);
    let laptop = world.login("ada", PASSWORD).unwrap();
    assert_eq!(list(&world, &laptop).len(), 1);
    let claims = claims(&world, &laptop);
    let removed = world.service.remove_dead_sessions(Duration::ZERO, 10).run_blocking().unwrap();
    assert_eq!(removed, 1);
    assert!(world.service.is_alive(claims).run_blocking().unwrap());
    assert!(world.refresh(phone.refresh_token.expose_token()).is_err());
}
