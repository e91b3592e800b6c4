//! When a verb of a store is run again.
//!
//! A verb is one statement or one transaction. An error of the server means that nothing was changed, so
//! the verb may be run again. Diesel reports an error code (SQLSTATE) only as a kind, and most codes as
//! `Unknown`. Messages are in the server's language and are not compared.

use std::error::Error;
use std::hash::{BuildHasher as _, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::TransactionManager;
use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use hallpass::StoreError;

use crate::connection::engine::{Engine, PATIENCE};
use crate::connection::pool::Connections;

/// How often a verb is run that loses a race against another transaction. The winner has changed the row
/// by then, so a second run is nearly always enough. The others are for databases that abort more than
/// they have to (PostgreSQL's SERIALIZABLE does).
const MAXIMUM_RUNS: u32 = 8;

/// The last time, after the start of the first run, at which a pause before another run may begin.
/// PostgreSQL takes a second to detect a deadlock.
const LAST_PAUSE: Duration = PATIENCE.saturating_sub(Duration::from_millis(500));

/// The last time, after the start of the first run, at which a verb is run again at once. A wait for a
/// lock that was not granted takes all of the patience and is not repeated. One that was granted may be
/// followed by another of the same length, so a verb holds its thread for up to 4 s; on MySQL, which
/// counts whole seconds, for up to 5 s.
const LAST_START: Duration = PATIENCE;

/// A run that took this long may have waited for another transaction.
const WAIT: Duration = Duration::from_millis(100);

/// The shortest pause after such a run. The other transaction needs the time to continue first.
const PAUSE_AFTER_WAIT: Duration = Duration::from_millis(20);

/// What happens after a run that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    GiveUp,
    /// Another run on the same connection, whose plans were discarded.
    AtOnce,
    /// Another run after at least this pause, with the connection back in the pool.
    AfterPause(Duration),
}

/// The runs of a verb so far.
///
/// Another run cures two causes of an `Unknown` error: plans of a table that was altered since, and a
/// deadlock. Old plans need a run at once, on the connection whose plans were discarded. A deadlock needs
/// a run after a pause. Each is tried once, so a verb is run at most three times. After a wait either may
/// be the cause. Then the pause comes first, because the run after it may get a connection that still has
/// old plans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Runs {
    number: u32,
    has_paused: bool,
    has_run_at_once: bool,
}

/// Runs one statement or one transaction on a connection of the pool, and again after an error that
/// another run may avoid.
#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
pub(crate) fn run_on<P: Connections, R>(
    pool: &P,
    statement: impl Fn(&mut P::Connection) -> QueryResult<R>,
) -> Result<R, StoreError> {
    let start = Instant::now();
    let mut runs = Runs::default();
    loop {
        let mut next = Next::GiveUp;
        let answer = pool.with(|connection| {
            let answer = run_with_fresh_plans(connection, &statement, &mut runs, start);
            answer.map_err(|failure| {
                next = failure.next;
                failure.error
            })
        });
        match (answer, next) {
            (Err(StoreError::Unavailable(_)), Next::AfterPause(least)) => {
                thread::sleep(pause(least));
            }
            (answer, _) => return answer,
        }
    }
}

/// How the last run on a connection failed.
struct Failure {
    error: DieselError,
    next: Next,
}

/// Runs a statement on a connection, and again for as long as that is to be done at once.
#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
fn run_with_fresh_plans<C: Engine, R>(
    connection: &mut C,
    statement: impl Fn(&mut C) -> QueryResult<R>,
    runs: &mut Runs,
    start: Instant,
) -> Result<R, Failure> {
    loop {
        let begin = Instant::now();
        let error = match statement(connection) {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let has_waited = begin.elapsed() >= WAIT;
        // Whatever the time: a connection whose plans are kept would fail in the next verb, too.
        let answers = !is_unknown(&error) || starts_over(connection);
        let error = if answers { error } else { closed(error) };
        let next = runs.next(&error, has_waited, start.elapsed());
        if next != Next::AtOnce {
            return Err(Failure { error, next });
        }
    }
}

impl Runs {
    /// Counts a run that ended with this error, `elapsed` after the start of the first, and returns what
    /// happens next.
    fn next(&mut self, error: &DieselError, has_waited: bool, elapsed: Duration) -> Next {
        self.number += 1;
        let next = self.decide(error, has_waited, elapsed);
        self.has_paused |= matches!(next, Next::AfterPause(_));
        self.has_run_at_once |= next == Next::AtOnce;
        next
    }

    fn decide(self, error: &DieselError, has_waited: bool, elapsed: Duration) -> Next {
        let may_pause = elapsed < LAST_PAUSE;
        if is_lost(error) && may_pause && self.number < MAXIMUM_RUNS {
            return Next::AfterPause(Duration::from_millis(1 << (self.number - 1)));
        }
        if !is_unknown(error) {
            return Next::GiveUp;
        }
        if has_waited && may_pause && !self.has_paused {
            return Next::AfterPause(PAUSE_AFTER_WAIT);
        }
        if elapsed < LAST_START && !self.has_run_at_once { Next::AtOnce } else { Next::GiveUp }
    }
}

/// Returns one to three times `least`. Transactions that were aborted together must not meet again: MySQL
/// would abort them again.
fn pause(least: Duration) -> Duration {
    let spread = 2 * least.as_micros() as u64;
    least + Duration::from_micros(RandomState::new().hash_one(()) % spread)
}

/// Prepares the connection for another run. Returns whether it still answers.
fn starts_over<C: Engine>(connection: &mut C) -> bool {
    !C::TransactionManager::is_broken_transaction_manager(connection)
        && connection.start_over().is_ok()
}

/// Returns the error of a connection that does not answer any more as such. Diesel reports a lost reply of
/// MySQL as `Unknown`. The statement may have been executed, so it must not be run again.
#[expect(clippy::wildcard_enum_match_arm, reason = "Diesel adds kinds of errors")]
fn closed(error: DieselError) -> DieselError {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, information)
        }
        error => error,
    }
}

fn is_unknown(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(DatabaseErrorKind::Unknown, _))
}

/// Another transaction went first. Then this rotation did not, and the service looks again.
pub(crate) fn no_if_lost(rotated: Result<bool, StoreError>) -> Result<bool, StoreError> {
    match rotated {
        Err(StoreError::Unavailable(error)) if is_lost(&*error) => Ok(false),
        rotated => rotated,
    }
}

/// Returns whether a statement lost a race against another transaction: PostgreSQL's 40001 and MySQL's
/// 1213.
pub(crate) fn is_lost(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<DieselError>();
    matches!(error, Some(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)))
}

/// Returns whether the database refused what was to be read or written, and at once: most likely it
/// refuses it every time.
pub(crate) fn is_refused(error: &StoreError, after: Duration) -> bool {
    let is_refused = match error {
        StoreError::Constraint(_) => true,
        StoreError::Unavailable(error) => error.downcast_ref().is_some_and(is_unknown),
        StoreError::Unsupported(_) | StoreError::Row { .. } => false,
    };
    is_refused && after < PATIENCE / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: DatabaseErrorKind) -> DieselError {
        DieselError::DatabaseError(kind, Box::new("Verklemmung (Deadlock) entdeckt".to_owned()))
    }

    const FIRST: Runs = Runs { number: 0, has_paused: false, has_run_at_once: false };
    const PAUSED: Runs = Runs { number: 1, has_paused: true, has_run_at_once: false };
    const AT_ONCE: Runs = Runs { number: 1, has_paused: false, has_run_at_once: true };
    const BOTH: Runs = Runs { number: 2, has_paused: true, has_run_at_once: true };

    fn after_pause(millis: u64) -> Next {
        Next::AfterPause(Duration::from_millis(millis))
    }

    #[test]
    fn an_unknown_error_is_followed_by_one_run_at_once_and_one_after_a_pause_at_most() {
        for (has_waited, runs, millis, expected) in [
            (false, FIRST, 5, Next::AtOnce),
            (false, FIRST, 1999, Next::AtOnce),
            (false, FIRST, 2000, Next::GiveUp),
            (false, PAUSED, 1200, Next::AtOnce),
            (false, AT_ONCE, 10, Next::GiveUp),
            (false, BOTH, 300, Next::GiveUp),
            (true, FIRST, 150, after_pause(20)),
            (true, FIRST, 1499, after_pause(20)),
            (true, FIRST, 1500, Next::AtOnce),
            (true, FIRST, 1999, Next::AtOnce),
            (true, FIRST, 2000, Next::GiveUp),
            (true, PAUSED, 350, Next::AtOnce),
            (true, PAUSED, 2000, Next::GiveUp),
            (true, AT_ONCE, 1100, after_pause(20)),
            (true, AT_ONCE, 1500, Next::GiveUp),
            (true, BOTH, 500, Next::GiveUp),
        ] {
            let unknown = error(DatabaseErrorKind::Unknown);
            let elapsed = Duration::from_millis(millis);
            let next = { runs }.next(&unknown, has_waited, elapsed);
            assert_eq!(next, expected, "{has_waited} {runs:?} {millis}");
            let next = { runs }.next(&closed(unknown), has_waited, elapsed);
            assert_eq!(next, Next::GiveUp, "no answer: {has_waited} {runs:?} {millis}");
        }
    }

    #[test]
    fn an_unknown_error_ends_after_three_runs() {
        for waits in [[false; 9], [true; 9], std::array::from_fn(|run| run % 2 == 0)] {
            let mut runs = Runs::default();
            let goes_on = |has_waited: &bool| {
                let unknown = error(DatabaseErrorKind::Unknown);
                runs.next(&unknown, *has_waited, Duration::ZERO) != Next::GiveUp
            };
            let further = waits.iter().copied().take_while(goes_on).count();
            assert!(further <= 2, "{waits:?}: {further}");
        }
    }

    #[test]
    fn a_lost_race_is_run_again_after_a_pause_up_to_eight_times() {
        for (number, millis, expected) in [
            (0, 0, after_pause(1)),
            (1, 1000, after_pause(2)),
            (6, 1499, after_pause(64)),
            (6, 1500, Next::GiveUp),
            (7, 300, Next::GiveUp),
        ] {
            for has_waited in [false, true] {
                for runs in [Runs { number, ..FIRST }, Runs { number, ..BOTH }] {
                    let lost = error(DatabaseErrorKind::SerializationFailure);
                    let next = { runs }.next(&lost, has_waited, Duration::from_millis(millis));
                    assert_eq!(next, expected, "{runs:?} {millis}");
                }
            }
        }
    }

    #[test]
    fn no_other_error_is_followed_by_another_run() {
        for error in [
            error(DatabaseErrorKind::ClosedConnection),
            error(DatabaseErrorKind::UniqueViolation),
            error(DatabaseErrorKind::ReadOnlyTransaction),
            DieselError::NotFound,
            DieselError::BrokenTransactionManager,
        ] {
            for has_waited in [false, true] {
                let next = Runs::default().next(&error, has_waited, Duration::ZERO);
                assert_eq!(next, Next::GiveUp, "{error:?} {has_waited}");
            }
        }
    }

    #[test]
    fn what_got_no_answer_was_not_refused() {
        let unknown = || error(DatabaseErrorKind::Unknown);
        for (error, expected) in [(unknown(), true), (closed(unknown()), false)] {
            let error = StoreError::Unavailable(Box::new(error));
            assert_eq!(is_refused(&error, Duration::ZERO), expected, "{error:?}");
        }
    }

    #[test]
    fn pauses_differ() {
        let pauses: Vec<_> = (0..20).map(|_| pause(PAUSE_AFTER_WAIT)).collect();
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
    }
}
