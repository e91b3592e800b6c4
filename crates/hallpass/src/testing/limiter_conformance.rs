//! A suite that any [`AttemptLimiter`] must pass before it is put in front of accounts.
//!
//! Each check has keys of its own, so the suite may run on a limiter that counts others, and twice on
//! one. The races use threads of their own: give the limiter real connections.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::limit::{AttemptKey, AttemptLimiter, ThrottlePolicy, Verdict};
use crate::time::Timestamp;
use crate::user::UserId;

const POLICY: ThrottlePolicy = ThrottlePolicy { burst: 3, interval: Duration::from_secs(30) };

/// Threads that want an attempt at once.
const RIVALS: usize = 16;

/// How often each race is run: the first rounds only warm the connections up.
const ROUNDS: usize = 10;

/// Runs every check.
///
/// # Panics
/// At the first one that does not do what [`AttemptLimiter`] says.
pub fn run(limiter: &dyn AttemptLimiter) {
    a_burst_passes_and_the_next_attempt_waits(limiter);
    an_attempt_comes_back_with_time(limiter);
    a_refusal_costs_nothing(limiter);
    what_is_given_back_can_be_taken_again(limiter);
    to_give_back_what_was_not_taken_gives_nothing(limiter);
    a_clock_that_goes_back_locks_nobody_out(limiter);
    keys_are_counted_apart(limiter);
    for _ in 0..ROUNDS {
        no_more_than_the_burst_pass_at_once(limiter);
        what_is_given_back_meanwhile_is_not_lost(limiter);
    }
}

fn a_burst_passes_and_the_next_attempt_waits(limiter: &dyn AttemptLimiter) {
    let key = unused_key();
    let verdicts = [0; 5].map(|_| take(limiter, &key, 1000));
    let wait = Verdict::Wait(POLICY.interval);
    assert_eq!(verdicts, [Verdict::Allowed, Verdict::Allowed, Verdict::Allowed, wait, wait]);
}

fn an_attempt_comes_back_with_time(limiter: &dyn AttemptLimiter) {
    let key = unused_key();
    exhaust(limiter, &key, 1000);
    assert_eq!(take(limiter, &key, 1029), Verdict::Wait(Duration::from_secs(1)));
    assert_eq!(take(limiter, &key, 1030), Verdict::Allowed);
    assert_eq!(take(limiter, &key, 1030), Verdict::Wait(POLICY.interval));
    exhaust(limiter, &key, 10_000);
}

fn a_refusal_costs_nothing(limiter: &dyn AttemptLimiter) {
    let key = unused_key();
    exhaust(limiter, &key, 1000);
    for second in 1000..1030 {
        assert!(matches!(take(limiter, &key, second), Verdict::Wait(_)), "{second}");
    }
    assert_eq!(take(limiter, &key, 1030), Verdict::Allowed, "nobody is locked out by asking");
}

fn what_is_given_back_can_be_taken_again(limiter: &dyn AttemptLimiter) {
    let key = unused_key();
    for _ in 0..10 {
        assert_eq!(take(limiter, &key, 1000), Verdict::Allowed);
        give_back(limiter, &key);
    }
    exhaust(limiter, &key, 1000);
    give_back(limiter, &key);
    assert_eq!(take(limiter, &key, 1000), Verdict::Allowed);
    assert_eq!(take(limiter, &key, 1000), Verdict::Wait(POLICY.interval));
}

fn to_give_back_what_was_not_taken_gives_nothing(limiter: &dyn AttemptLimiter) {
    let key = unused_key();
    give_back(limiter, &key);
    exhaust(limiter, &key, 1000);
    for _ in 0..10 {
        give_back(limiter, &key);
    }
    exhaust(limiter, &key, 1000);
}

fn a_clock_that_goes_back_locks_nobody_out(limiter: &dyn AttemptLimiter) {
    let key = unused_key();
    exhaust(limiter, &key, 1_000_000);
    assert_eq!(take(limiter, &key, 1000), Verdict::Wait(POLICY.interval));
    let then = 1000 + POLICY.interval.as_secs();
    assert_eq!(take(limiter, &key, then), Verdict::Allowed, "after the wait that was told");
}

fn keys_are_counted_apart(limiter: &dyn AttemptLimiter) {
    let [one, other] = [unused_key(), unused_key()];
    exhaust(limiter, &one, 1000);
    exhaust(limiter, &other, 1000);
    let id = UserId::new(format!("limiter-conformance-{}", number()));
    exhaust(limiter, &AttemptKey::of_user(&id), 1000);
    exhaust(limiter, &AttemptKey::of_login(id.as_str()), 1000);
}

/// First of a key that nobody knows, then of the same key, when its allowance has come back.
fn no_more_than_the_burst_pass_at_once(limiter: &dyn AttemptLimiter) {
    let key = unused_key();
    for now in [1000, 10_000] {
        let passed = at_once(|_| take(limiter, &key, now) == Verdict::Allowed);
        assert_eq!(passed, POLICY.burst as usize, "of {RIVALS} at once");
    }
}

fn what_is_given_back_meanwhile_is_not_lost(limiter: &dyn AttemptLimiter) {
    let wide = ThrottlePolicy { burst: 2 * RIVALS as u32, ..POLICY };
    let key = unused_key();
    let take = |now| limiter.take(&key, wide, at(now)).expect("take answers");
    at_once(|_| take(1000) == Verdict::Allowed);
    // Half of those are given back, while as many others are taken.
    let passed = at_once(|number| {
        if number % 2 == 0 {
            return take(1000) == Verdict::Allowed;
        }
        limiter.give_back(&key, wide).expect("give_back answers");
        false
    });
    assert_eq!(passed, RIVALS / 2);
    let left = (0..=2 * RIVALS).take_while(|_| take(1000) == Verdict::Allowed).count();
    assert_eq!(left, RIVALS, "as many as were taken and not given back are gone");
}

/// Runs `one(0)` to `one(RIVALS - 1)` at once and returns how many said yes.
fn at_once(one: impl Fn(usize) -> bool + Sync) -> usize {
    let start = Barrier::new(RIVALS);
    thread::scope(|scope| {
        let rival = |number| {
            let (start, one) = (&start, &one);
            scope.spawn(move || {
                start.wait();
                one(number)
            })
        };
        let rivals: Vec<_> = (0..RIVALS).map(rival).collect();
        rivals.into_iter().map(|rival| rival.join().expect("no panic")).filter(|yes| *yes).count()
    })
}

/// Takes what a full allowance has, and looks that there is no more.
#[track_caller]
fn exhaust(limiter: &dyn AttemptLimiter, key: &AttemptKey, now: u64) {
    for _ in 0..POLICY.burst {
        assert_eq!(take(limiter, key, now), Verdict::Allowed);
    }
    assert_eq!(take(limiter, key, now), Verdict::Wait(POLICY.interval));
}

fn take(limiter: &dyn AttemptLimiter, key: &AttemptKey, now: u64) -> Verdict {
    limiter.take(key, POLICY, at(now)).expect("take answers")
}

fn give_back(limiter: &dyn AttemptLimiter, key: &AttemptKey) {
    limiter.give_back(key, POLICY).expect("give_back answers");
}

fn unused_key() -> AttemptKey {
    AttemptKey::of_login(&format!("limiter-conformance-{}", number()))
}

/// A number that no other check has, in this process or another one.
fn number() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), LAST.fetch_add(1, Ordering::SeqCst))
}

fn at(unix_seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(unix_seconds).expect("it is before the year 10000")
}
