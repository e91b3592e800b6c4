//! What a logout ends, and what it can't be harmed by.

use std::time::Duration;

use crate::event::AuthEventKind;
use crate::service::{TokenPair, UseCase};
use crate::session::RefreshRefusal;
use crate::testing::forge;
use crate::testing::world::{PASSWORD, World};

fn logout(world: &World, refresh: Option<&str>, access: Option<&str>) {
    world.service.logout(refresh, access, None).run_blocking().unwrap();
}

fn tokens(pair: &TokenPair) -> (&str, &str) {
    (pair.refresh_token.expose_token(), pair.access_token.expose_token())
}

#[test]
fn either_token_ends_its_session_and_a_second_time_is_no_error() {
    for by_refresh_token in [true, false] {
        let world = World::new();
        let (id, pair) = world.session("ada");
        let (refresh, access) = tokens(&pair);
        for _ in 0..2 {
            match by_refresh_token {
                true => logout(&world, Some(refresh), None),
                false => logout(&world, None, Some(access)),
            }
            assert_eq!(world.row(&id), None);
        }
        assert_eq!(world.events(), [AuthEventKind::LoggedOut]);
        world.assert_refused(&pair, &RefreshRefusal::NoSession);
    }
}

#[test]
fn an_expired_token_and_one_of_an_old_generation_end_their_session() {
    let world = World::new();
    let (id, first) = world.session("ada");
    let second = world.rotate(&first);
    world.rotate(&second);
    logout(&world, Some(tokens(&first).0), None);
    assert_eq!(world.row(&id), None);

    let pair = world.login("ada", PASSWORD).unwrap();
    world.clock.advance(Duration::from_secs(365 * 86_400));
    logout(&world, None, Some(tokens(&pair).1));
    assert_eq!(world.row(&id), None);
}

#[test]
fn each_of_two_tokens_ends_its_own_session() {
    let world = World::new();
    let (ada, of_ada) = world.session("ada");
    let (bob, of_bob) = world.session("bob");
    logout(&world, Some(tokens(&of_ada).0), Some(tokens(&of_bob).1));
    assert_eq!((world.row(&ada), world.row(&bob)), (None, None));
}

#[test]
fn a_token_of_an_earlier_login_ends_nothing() {
    let world = World::new();
    let (id, earlier) = world.session("ada");
    world.login("ada", PASSWORD).unwrap();
    let (refresh, access) = tokens(&earlier);
    logout(&world, Some(refresh), Some(access));
    assert!(world.row(&id).is_some());
}

#[test]
fn an_authentic_token_whose_subject_is_no_id_asks_nothing_of_the_store() {
    let world = World::new();
    for subject in ["01", "+1", "ada"] {
        let payload = format!(
            r#"{{"iss":"hallpass","aud":"hallpass","sub":"{subject}","iat":1,"exp":2,"jti":"j","sid":"s"}}"#
        );
        let header = r#"{"typ":"at+jwt","alg":"HS256"}"#;
        let token = forge::token(header, &payload, forge::ACCESS_SECRET);
        let use_case = world.service.logout(None, Some(&token), None);
        assert!(matches!(use_case, UseCase::Answered(Ok(()))), "{subject}");
    }
}

#[test]
fn garbage_ends_nothing_and_asks_nothing_of_the_store() {
    let world = World::new();
    let (id, pair) = world.session("ada");
    let (refresh, access) = tokens(&pair);
    // Each token in the place of the other is garbage, too.
    for (refresh, access) in
        [(None, None), (Some("x"), Some("y")), (Some(access), Some(refresh)), (Some(""), None)]
    {
        let use_case = world.service.logout(refresh, access, None);
        assert!(matches!(use_case, UseCase::Answered(Ok(()))));
    }
    assert!(world.row(&id).is_some());
}
