//! Who is throttled, by what, for how long, and what it costs.

mod in_session;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;
use crate::event::LoginRefusal;
use crate::limit::LoginLimits;
use crate::password::PasswordRuleError;
use crate::service::{
    LoginAnswer, LoginError, OwnSessions, PasswordChangeError, ReauthenticateError, RegisterError,
    TokenPair, UseCase,
};
use crate::testing::world::{PASSWORD, World, resume};
use crate::testing::{MemoryLimiter, Verb, bcrypt_runs};
use crate::time::Timestamp;
use crate::user::Credentials;

const ACCOUNT: ThrottlePolicy = ThrottlePolicy { burst: 3, interval: Duration::from_secs(30) };
const ADDRESS: ThrottlePolicy = ThrottlePolicy { burst: 5, interval: Duration::from_secs(1) };
const LIMITS: LoginLimits =
    LoginLimits { address: ADDRESS, account_at_address: ACCOUNT, account: ACCOUNT };

fn world() -> World {
    World::throttled(LIMITS, Arc::new(MemoryLimiter::default()))
}

fn login_from(
    world: &World,
    address: &str,
    login: &str,
    password: &str,
) -> Result<LoginAnswer, LoginError> {
    let request = Credentials::new(login, password);
    let address: IpAddr = address.parse().unwrap();
    world.service.login(request, Some(address)).run_blocking()
}

#[track_caller]
fn assert_wrong<T: std::fmt::Debug>(outcome: Result<T, LoginError>) {
    assert!(matches!(outcome, Err(LoginError::Refused(_))), "{outcome:?}");
}

#[track_caller]
fn assert_throttled<T: std::fmt::Debug>(
    outcome: Result<T, LoginError>,
    throttle: Throttle,
    seconds: u64,
) {
    let wait = Duration::from_secs(seconds);
    match outcome {
        Err(LoginError::Throttled(throttled)) => {
            assert_eq!(throttled, Throttled { throttle, wait });
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_burst_of_wrong_passwords_passes_and_then_one_per_interval() {
    let world = world();
    world.register("ada");
    for _ in 0..3 {
        assert_wrong(world.login("ada", "wrong horse"));
    }
    assert_throttled(world.login("ada", "wrong horse"), Throttle::Account, 30);
    world.advance(29);
    assert_throttled(world.login(" ADA", PASSWORD), Throttle::Account, 1);
    world.advance(1);
    assert!(world.login("ada", PASSWORD).is_ok(), "nobody is locked out");
}

/// Whoever keeps using up the attempts that an account has at their address.
#[test]
fn one_network_does_not_take_an_accounts_attempts_from_its_owner() {
    let wide = ThrottlePolicy { burst: 5, interval: Duration::from_secs(10) };
    let limits = LoginLimits { account: wide, ..LIMITS };
    let world = World::throttled(limits, Arc::new(MemoryLimiter::default()));
    world.register("ada");
    for _ in 0..3 {
        assert_wrong(login_from(&world, "192.0.2.66", "ada", "wrong horse"));
    }
    let thief = login_from(&world, "192.0.2.66", "ada", "wrong horse");
    assert_throttled(thief, Throttle::Account, 30);
    assert!(login_from(&world, "192.0.2.1", "ada", PASSWORD).is_ok());
    for other in ["192.0.2.67", "192.0.2.68"] {
        assert_wrong(login_from(&world, other, "ada", "wrong horse"));
    }
    assert_throttled(login_from(&world, "192.0.2.69", "ada", PASSWORD), Throttle::Account, 10);
}

#[test]
fn who_has_no_attempt_left_costs_no_bcrypt_and_is_told_to_the_observer() {
    let world = world();
    world.register("ada");
    for _ in 0..3 {
        assert_wrong(world.login("ada", "wrong horse"));
    }
    let _ = world.events();
    let runs = bcrypt_runs::during(|| {
        assert_throttled(world.login("ada", PASSWORD), Throttle::Account, 30);
    });
    assert_eq!(runs, [] as [u32; 0]);
    assert_eq!(world.events(), [AuthEventKind::Throttled(Throttle::Account)]);
}

/// Every name that a login can come with: of a user, of nobody, of a disabled user, and no name at all.
#[test]
fn a_name_that_nobody_has_is_throttled_like_any_other() {
    let world = world();
    world.register("ada");
    let disabled = world.register("eve");
    world.store.edit(&disabled, |user| user.is_disabled = true);
    for (login, password) in
        [("ada", "no"), ("nobody", "no"), ("eve", PASSWORD), ("no\0name", "no")]
    {
        for _ in 0..3 {
            assert_wrong(world.login(login, password));
        }
        assert_throttled(world.login(login, password), Throttle::Account, 30);
    }
}

#[test]
fn a_login_that_succeeds_does_not_count_and_forgives_no_other() {
    let world = world();
    world.register("ada");
    for _ in 0..10 {
        assert!(login_from(&world, "192.0.2.1", "ada", PASSWORD).is_ok());
    }
    for _ in 0..2 {
        assert_wrong(login_from(&world, "192.0.2.1", "ada", "wrong horse"));
        assert!(login_from(&world, "192.0.2.1", "ada", PASSWORD).is_ok());
    }
    assert_wrong(login_from(&world, "192.0.2.1", "ada", "wrong horse"));
    assert_throttled(login_from(&world, "192.0.2.1", "ada", PASSWORD), Throttle::Account, 30);
}

#[test]
fn an_address_that_tries_many_names_is_throttled_and_no_other_one() {
    let world = world();
    world.register("ada");
    for number in 0..5 {
        assert_wrong(login_from(&world, "192.0.2.1", &format!("user{number}"), "password1"));
    }
    assert_throttled(login_from(&world, "192.0.2.1", "ada", PASSWORD), Throttle::Address, 1);
    assert!(login_from(&world, "192.0.2.2", "ada", PASSWORD).is_ok());
    world.advance(1);
    assert!(login_from(&world, "192.0.2.1", "ada", PASSWORD).is_ok());
}

#[test]
fn an_address_without_attempts_uses_up_none_of_an_account() {
    let world = world();
    world.register("ada");
    for number in 0..5 {
        assert_wrong(login_from(&world, "192.0.2.1", &format!("user{number}"), "password1"));
    }
    for _ in 0..10 {
        assert_throttled(login_from(&world, "192.0.2.1", "ada", "no"), Throttle::Address, 1);
    }
    for _ in 0..3 {
        assert_wrong(login_from(&world, "192.0.2.2", "ada", "wrong horse"));
    }
}

#[test]
fn of_parallel_attempts_no_more_than_the_burst_reach_bcrypt() {
    let world = world();
    world.register("ada");
    // Each is stopped where it would wait for a permit to hash.
    let waiting: Vec<_> = (0..20).map(|_| resume(world.login_case("ada", "wrong horse"))).collect();
    let hashing = waiting.iter().filter(|it| matches!(it, UseCase::Waiting(..))).count();
    assert_eq!(hashing, 3);
    let throttled =
        |login: &UseCase<_>| matches!(login, UseCase::Answered(Err(LoginError::Throttled(_))));
    assert_eq!(waiting.iter().filter(|login| throttled(login)).count(), 17);
}

#[test]
fn an_outage_is_nobodys_guess() {
    let is_out = Arc::new(AtomicBool::new(true));
    let of_store = Arc::clone(&is_out);
    let limiter: Arc<dyn AttemptLimiter> = Arc::new(MemoryLimiter::default());
    let world = World::throttled_over(LIMITS, limiter, |store| {
        store.before(move |_, verb| match verb {
            Verb::LoadByLogin if of_store.load(Ordering::SeqCst) => {
                Err(StoreError::Unavailable("the disk is on fire".into()))
            }
            _ => Ok(()),
        })
    });
    world.register("ada");
    for _ in 0..10 {
        assert!(matches!(world.login("ada", "no"), Err(LoginError::Store(_))));
    }
    is_out.store(false, Ordering::SeqCst);
    assert!(world.login("ada", PASSWORD).is_ok());
}

fn register_from(
    world: &World,
    address: &str,
    login: &str,
    password: &str,
) -> Result<UserId, RegisterError> {
    let request = Credentials::new(login, password);
    let address: IpAddr = address.parse().unwrap();
    world.service.register(request, Some(address)).run_blocking()
}

/// Returns a throttled world with a rule, and how often the rule was asked.
fn ruled_world() -> (World, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let limiter = Arc::new(MemoryLimiter::default());
    let world = World::throttled_and_ruled(LIMITS, limiter, move |password| {
        counter.fetch_add(1, Ordering::SeqCst);
        match password {
            "password1" => Err(PasswordRuleError::Refused("it is on a list".into())),
            "outage of the list" => {
                Err(PasswordRuleError::Unavailable(StoreError::Unavailable("down".into())))
            }
            _ => Ok(()),
        }
    });
    (world, calls)
}

/// A rule may ask another service, and everybody may register.
#[test]
fn an_address_whose_registrations_are_refused_is_throttled_and_asks_the_rule_no_more() {
    let (world, calls) = ruled_world();
    world.register("ada");
    let before = calls.load(Ordering::SeqCst);
    for (login, password) in [
        ("a", "password1"),
        ("ada", PASSWORD),
        ("b", "password1"),
        ("ada", PASSWORD),
        ("c", "password1"),
    ] {
        let refused = register_from(&world, "192.0.2.1", login, password);
        assert!(matches!(refused, Err(RegisterError::Refused(_))), "{refused:?}");
    }
    let _ = world.events();
    let runs = bcrypt_runs::during(|| {
        let throttled = register_from(&world, "192.0.2.1", "bob", PASSWORD);
        let wait = Duration::from_secs(1);
        let expected = Throttled { throttle: Throttle::Registration, wait };
        assert!(matches!(throttled, Err(RegisterError::Throttled(it)) if it == expected));
    });
    assert_eq!((runs, calls.load(Ordering::SeqCst) - before), (vec![], 5));
    assert_eq!(world.events(), [AuthEventKind::Throttled(Throttle::Registration)]);
    assert!(register_from(&world, "192.0.2.2", "bob", PASSWORD).is_ok());
    assert!(login_from(&world, "192.0.2.1", "ada", PASSWORD).is_ok(), "logins are counted apart");
    world.advance(1);
    assert!(register_from(&world, "192.0.2.1", "eve", PASSWORD).is_ok());
}

#[test]
fn guesses_at_the_login_keep_nobody_at_the_same_address_from_registering() {
    let (world, _) = ruled_world();
    for number in 0..5 {
        assert_wrong(login_from(&world, "192.0.2.1", &format!("user{number}"), "no"));
    }
    assert_throttled(login_from(&world, "192.0.2.1", "ada", "no"), Throttle::Address, 1);
    assert!(register_from(&world, "192.0.2.1", "ada", PASSWORD).is_ok());
}

#[test]
fn a_registration_counts_only_if_the_rule_or_the_name_refuses_it() {
    let (world, calls) = ruled_world();
    for number in 0..10 {
        let login = format!("user{number}");
        assert!(register_from(&world, "192.0.2.1", &login, PASSWORD).is_ok());
        for (login, password) in [("", PASSWORD), ("bob", "short")] {
            let refused = register_from(&world, "192.0.2.1", login, password);
            assert!(matches!(refused, Err(RegisterError::Refused(_))), "{refused:?}");
        }
        let unavailable = register_from(&world, "192.0.2.1", "bob", "outage of the list");
        assert!(matches!(unavailable, Err(RegisterError::Store(_))), "{unavailable:?}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 20, "not for what is too short");
}

/// Counts nothing, and says so.
struct BrokenLimiter;

impl AttemptLimiter for BrokenLimiter {
    fn take(&self, _: &AttemptKey, _: ThrottlePolicy, _: Timestamp) -> Result<Verdict, StoreError> {
        Err(StoreError::Unavailable("the table is gone".into()))
    }

    fn give_back(&self, _: &AttemptKey, _: ThrottlePolicy) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("the table is gone".into()))
    }
}

#[test]
fn where_attempts_cannot_be_counted_nobody_logs_in() {
    let world = World::throttled(LIMITS, Arc::new(BrokenLimiter));
    world.register("ada");
    let runs = bcrypt_runs::during(|| {
        let outcome = world.login("ada", PASSWORD);
        assert!(matches!(outcome, Err(LoginError::Store(_))), "{outcome:?}");
    });
    assert_eq!(runs, [] as [u32; 0]);
}

/// Finds an invalid count of each account.
struct InvalidCounts;

impl AttemptLimiter for InvalidCounts {
    fn take(&self, _: &AttemptKey, _: ThrottlePolicy, _: Timestamp) -> Result<Verdict, StoreError> {
        let wait = Duration::from_secs(30);
        Ok(Verdict::Invalid { wait, table: "login_attempts", column: "full_at" })
    }

    fn give_back(&self, _: &AttemptKey, _: ThrottlePolicy) -> Result<(), StoreError> {
        Ok(())
    }
}

#[test]
fn an_invalid_count_of_attempts_throttles_and_warns() {
    let world = World::throttled(LIMITS, Arc::new(InvalidCounts));
    world.register("ada");
    let _ = world.events();
    let Err(LoginError::Throttled(throttled)) = world.login("ada", PASSWORD) else { panic!() };
    assert_eq!(throttled.wait, Duration::from_secs(30));
    let (table, column) = ("login_attempts", "full_at");
    let replaced = AuthEventKind::InvalidAttemptsReplaced { table, column };
    assert_eq!(replaced.severity(), crate::event::Severity::Warning);
    assert_eq!(world.events(), [replaced, AuthEventKind::Throttled(Throttle::Account)]);
}
