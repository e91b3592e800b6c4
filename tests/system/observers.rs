//! Who is told the outcomes: the log, and each observer that the application adds.

use std::sync::Arc;

use actix_hallpass::hallpass::testing::{
    ManualClock, MemoryStore, RecordingObserver, SeededRandom,
};
use actix_hallpass::hallpass::{AuthEvent, AuthEventKind, AuthObserver, Credentials};
use actix_hallpass::testing::TestAuth;
use actix_hallpass::{Auth, AuthBuilder, TracingObserver};

fn build(change: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Auth {
    let builder = Auth::builder()
        .clock(Arc::new(ManualClock::default()))
        .random(Arc::new(SeededRandom::new(7)))
        .random_secrets()
        .store(Arc::new(MemoryStore::default()))
        .password_hash_cost(4)
        .refresh_hash_cost(4);
    change(builder).build().unwrap()
}

fn register_and_log_in(auth: &Auth) {
    let credentials = || Credentials::new("ada", "correct horse");
    auth.service().register(credentials(), None).run_blocking().unwrap();
    auth.service().login(credentials(), None).run_blocking().unwrap();
}

/// Returns the log lines of a registration and a login.
fn logged(auth: &Auth) -> Vec<String> {
    let ((), log) = crate::log::during(|| register_and_log_in(auth));
    log.lines().map(str::to_owned).collect()
}

fn assert_told(observer: &RecordingObserver) {
    let kinds = observer.take_kinds();
    assert!(matches!(kinds[..], [AuthEventKind::Registered, _]), "{kinds:?}");
}

fn assert_logs_both(lines: &[String]) {
    let [first, second] = lines else { panic!("{lines:?}") };
    assert!(first.contains("registered") && second.contains("login succeeded"), "{lines:?}");
}

#[test]
fn the_log_and_each_observer_are_told_every_outcome_once() {
    let observers = [(); 2].map(|()| Arc::new(RecordingObserver::default()));
    let [one, other] = observers.clone();
    let auth = build(|builder| builder.observer(one).observer(other));
    assert_logs_both(&logged(&auth));
    observers.iter().for_each(|observer| assert_told(observer));
}

#[test]
fn the_log_may_be_left_out_before_or_after_observers_are_added() {
    let observer = Arc::new(RecordingObserver::default());
    let added = observer.clone();
    let before = build(|builder| builder.without_log().observer(added));
    assert_eq!(logged(&before), [""; 0]);
    assert_told(&observer);
    let added = observer.clone();
    let after = build(|builder| builder.observer(added).without_log());
    assert_eq!(logged(&after), [""; 0]);
    assert_told(&observer);
}

/// Writes to the log that a registration took place, and nothing else.
struct Registrations;

impl AuthObserver for Registrations {
    fn observe(&self, event: &AuthEvent) {
        if event.kind == AuthEventKind::Registered {
            TracingObserver.observe(event);
        }
    }
}

#[test]
fn an_observer_may_write_some_outcomes_to_the_log() {
    let auth = build(|builder| builder.without_log().observer(Arc::new(Registrations)));
    let lines = logged(&auth);
    assert!(matches!(&lines[..], [line] if line.contains("registered")), "{lines:?}");
}

#[test]
fn an_observer_of_a_test_is_told_beside_the_one_that_records() {
    let added = Arc::new(RecordingObserver::default());
    let auth = TestAuth::with(|builder| builder.observer(added.clone()));
    assert_eq!(logged(&auth), [""; 0]);
    assert_told(&added);
    assert_told(auth.observer());
}
