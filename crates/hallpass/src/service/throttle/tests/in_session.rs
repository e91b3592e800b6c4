//! Passwords that are given in a session are counted apart from those at the login.

use super::*;

#[test]
fn a_password_in_a_session_is_counted_for_its_user_whichever_way_it_is_given() {
    let world = world();
    let (id, pair) = world.session("ada");
    let claims = world.service.verify_access(pair.access_token.expose_token()).unwrap();
    let text = |password: &str| password.to_owned().into();
    let reauthenticate = |password| {
        world.service.reauthenticate(claims.clone(), text(password), None).run_blocking()
    };
    let change = |current| {
        let (current, new) = (text(current), text("another horse"));
        let ending = OwnSessions::Others;
        world.service.change_password(&claims, current, new, ending, None).run_blocking()
    };
    for _ in 0..10 {
        assert!(reauthenticate(PASSWORD).is_ok(), "the right one does not count");
    }
    let wrong = LoginRefusal::WrongPassword;
    assert!(matches!(reauthenticate("no"), Err(ReauthenticateError::Refused(it)) if it == wrong));
    assert!(matches!(change("no"), Err(PasswordChangeError::Refused(it)) if it == wrong));
    assert!(matches!(reauthenticate("no"), Err(ReauthenticateError::Refused(it)) if it == wrong));
    let _ = world.recorded();
    let runs = bcrypt_runs::during(|| {
        assert!(matches!(reauthenticate(PASSWORD), Err(ReauthenticateError::Throttled(_))));
        assert!(matches!(change(PASSWORD), Err(PasswordChangeError::Throttled(_))));
    });
    assert_eq!(runs, [] as [u32; 0]);
    let events = world.recorded();
    assert_eq!(events.len(), 2);
    for event in events {
        assert_eq!(event.kind, AuthEventKind::Throttled(Throttle::Account));
        assert_eq!((event.user_id.as_ref(), event.session_id.is_some()), (Some(&id), true));
    }
    assert!(world.login("ada", PASSWORD).is_ok(), "the login is counted apart");
    world.service.set_password(id, text("another horse")).run_blocking().unwrap();
}

/// The address of every client in the tests below.
const SHARED: &str = "192.0.2.1";

/// Gives `password` in the session of `pair`, from the shared address.
fn reauthenticate_from_shared(
    world: &World,
    pair: &TokenPair,
    password: &str,
) -> Result<(), ReauthenticateError> {
    let claims = world.service.verify_access(pair.access_token.expose_token()).unwrap();
    let address = SHARED.parse().ok();
    let step = world.service.reauthenticate(claims, password.to_owned().into(), address);
    step.run_blocking().map(drop)
}

#[test]
fn an_address_without_attempts_may_still_give_a_password_in_a_session() {
    let world = world();
    let (_, pair) = world.session("ada");
    for number in 0..5 {
        assert_wrong(login_from(&world, SHARED, &format!("user{number}"), "password1"));
    }
    assert_throttled(login_from(&world, SHARED, "ada", PASSWORD), Throttle::Address, 1);
    reauthenticate_from_shared(&world, &pair, PASSWORD).unwrap();
    let claims = world.service.verify_access(pair.access_token.expose_token()).unwrap();
    let (current, new) = (PASSWORD.to_owned().into(), "another horse".to_owned().into());
    let (ending, address) = (OwnSessions::Others, SHARED.parse().ok());
    let change = world.service.change_password(&claims, current, new, ending, address);
    change.run_blocking().unwrap();
}

#[test]
fn wrong_passwords_in_sessions_take_no_attempt_of_the_address_from_the_login() {
    let world = world();
    world.register("eve");
    for user in ["ada", "bob"] {
        let (_, pair) = world.session(user);
        for _ in 0..3 {
            let outcome = reauthenticate_from_shared(&world, &pair, "wrong horse");
            assert!(matches!(outcome, Err(ReauthenticateError::Refused(_))), "{outcome:?}");
        }
    }
    for number in 0..4 {
        assert_wrong(login_from(&world, SHARED, &format!("user{number}"), "password1"));
    }
    assert!(login_from(&world, SHARED, "eve", PASSWORD).is_ok(), "one of the five is left");
}

#[test]
fn wrong_passwords_in_a_session_are_limited_at_their_address_first() {
    let wide = ThrottlePolicy { burst: 5, interval: Duration::from_secs(10) };
    let limits = LoginLimits { account: wide, ..LIMITS };
    let world = World::throttled(limits, Arc::new(MemoryLimiter::default()));
    let (_, pair) = world.session("ada");
    for _ in 0..3 {
        let outcome = reauthenticate_from_shared(&world, &pair, "wrong horse");
        assert!(matches!(outcome, Err(ReauthenticateError::Refused(_))), "{outcome:?}");
    }
    let outcome = reauthenticate_from_shared(&world, &pair, PASSWORD);
    let expected = Throttled { throttle: Throttle::Account, wait: Duration::from_secs(30) };
    assert!(
        matches!(outcome, Err(ReauthenticateError::Throttled(it)) if it == expected),
        "{outcome:?}"
    );
}
