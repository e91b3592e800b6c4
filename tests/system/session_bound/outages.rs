//! While the database does not answer.

use super::*;

#[test]
fn without_an_answer_it_refuses() {
    let world = World::new();
    let tokens = world.app.session("ada");
    assert_eq!(world.status("/minute/user", &tokens), 200);
    world.set_down(true);
    assert_eq!(world.status("/minute/user", &tokens), 200, "what it remembers is young enough");
    let always = world.app.get_with_token("/always/user", &tokens.access);
    always.assert_refused(503, "unavailable");
    assert_eq!(always.header("retry-after"), Some("1"));
    assert_eq!(always.header("www-authenticate"), None);
    world.advance(MINUTE);
    world.app.get_with_token("/minute/user", &tokens.access).assert_refused(503, "unavailable");
    world.set_down(false);
    world.advance(SECOND);
    assert_eq!(world.status("/minute/user", &tokens), 200);
}

/// Each question to a host that is silent takes two seconds and a thread: nobody queues for another one.
#[test]
fn a_store_that_does_not_answer_is_asked_once_a_second_by_all_together() {
    let world = World::new();
    let (ada, bob) = (world.app.session("ada"), world.app.session("bob"));
    world.set_down(true);
    world.looks();
    thread::scope(|scope| {
        for number in 0..32 {
            let (world, tokens) = (&world, if number % 2 == 0 { &ada } else { &bob });
            let path = if number < 16 { "/minute/user" } else { "/always/user" };
            scope.spawn(move || assert_eq!(world.status(path, tokens), 503));
        }
    });
    for path in ["/minute/user", "/always/user", "/tolerant/user"] {
        assert_eq!(world.status(path, &ada), 503);
    }
    let asked_at_once = world.looks();
    assert!((1..=32).contains(&asked_at_once), "those that came before the first answer");
    world.status("/minute/user", &bob);
    assert_eq!(world.looks(), 0, "not again within the second");
    world.advance(SECOND);
    world.status("/always/user", &bob);
    world.status("/minute/user", &ada);
    assert_eq!(world.looks(), 1);
}

#[test]
fn an_outage_is_tolerated_for_the_time_that_was_set() {
    let world = World::new();
    let (ada, bob) = (world.app.session("ada"), world.app.session("bob"));
    let gone = world.app.session("eve");
    world.app.logout(&gone.refresh);
    assert_eq!(world.status("/tolerant/user", &ada), 200);
    world.assert_ended("/tolerant/user", &gone);
    world.set_down(true);
    world.looks();
    world.advance(6 * MINUTE - SECOND);
    for _ in 0..5 {
        assert_eq!(world.status("/tolerant/user", &ada), 200);
    }
    assert_eq!(world.looks(), 1, "a database that is down is asked once a second");
    world.assert_ended("/tolerant/user", &gone);
    world.app.get_with_token("/tolerant/user", &bob.access).assert_refused(503, "unavailable");
    world.app.get_with_token("/minute/user", &ada.access).assert_refused(503, "unavailable");
    world.advance(SECOND);
    world.app.get_with_token("/tolerant/user", &ada.access).assert_refused(503, "unavailable");
    world.set_down(false);
    world.advance(SECOND);
    assert_eq!(world.status("/tolerant/user", &ada), 200);
}

#[test]
fn an_outage_is_tolerated_for_ever() {
    let world = World::new();
    let ada = world.app.session("ada");
    assert_eq!(world.status("/patient/user", &ada), 200);
    world.set_down(true);
    world.advance(10 * MINUTE);
    assert_eq!(world.status("/patient/user", &ada), 200);
}
