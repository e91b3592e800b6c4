//! When a verb of a store is run again.
//!
//! A verb is one statement or one transaction. If the database answers it with an error, it has changed
//! nothing, so it may be run again. Diesel does not pass on the code of an error (SQLSTATE), but for
//! those that it has a kind for. The server's words are in the server's language and are not compared.

use std::cell::Cell;
use std::error::Error;
use std::hash::{BuildHasher as _, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::TransactionManager;
use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use hallpass::StoreError;

use crate::engine::Engine;
use crate::pool::{Connections, PATIENCE};

/// How often a verb is run that lost a race against another transaction. The winner has changed the row
/// by then, so a second run is nearly always enough; the others are for databases that abort more than
/// they have to (PostgreSQL's SERIALIZABLE does).
const MAXIMUM_RUNS: u32 = 8;

/// How long after its first run a verb may be run again. PostgreSQL takes a second to find a deadlock; a
/// wait for a lock that took all of the patience is not repeated.
const LAST_START: Duration = PATIENCE.saturating_sub(Duration::from_millis(500));

/// A run that took so long has waited for another transaction.
const WAIT: Duration = Duration::from_millis(100);

/// The least pause after such a run: the other transaction has to be scheduled, and goes first.
const PAUSE_AFTER_WAIT: Duration = Duration::from_millis(20);

/// Runs one statement or one transaction on a connection of the pool. Runs it again, after a pause without
/// the connection, when it gave way to another transaction.
#[expect(clippy::disallowed_methods, reason = "spans are measured, not the time of day")]
pub(crate) fn run_on<P: Connections, R>(
    pool: &P,
    statement: impl Fn(&mut P::Connection) -> QueryResult<R>,
) -> Result<R, StoreError> {
    let start = Instant::now();
    let has_waited = Cell::new(false);
    let mut run = 1;
    loop {
        let answer = pool.with(|connection| {
            let begin = Instant::now();
            let answer = run_with_fresh_plans(connection, &statement);
            has_waited.set(begin.elapsed() >= WAIT);
            answer
        });
        let Err(StoreError::Unavailable(error)) = answer else { return answer };
        let pause = pause_after(&*error, run, has_waited.get());
        match pause.filter(|_| run < MAXIMUM_RUNS && start.elapsed() < LAST_START) {
            Some(pause) => thread::sleep(pause),
            None => return Err(StoreError::Unavailable(error)),
        }
        run += 1;
    }
}

/// Runs a statement, and once more after an error that Diesel has no kind for: the plan may be one of a
/// table that was altered since. Not where it has waited: then it gave way to another transaction, which
/// has to go first.
#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
fn run_with_fresh_plans<C: Engine, R>(
    connection: &mut C,
    statement: impl Fn(&mut C) -> QueryResult<R>,
) -> QueryResult<R> {
    let begin = Instant::now();
    match statement(connection) {
        Err(error) if is_unknown(&error) && begin.elapsed() < WAIT && starts_over(connection) => {
            statement(connection)
        }
        answer => answer,
    }
}

/// Returns how long to wait before the next run, `None` if there is none. Where Diesel has no kind for the
/// error, it is a deadlock, if anything, when there was a wait.
fn pause_after(error: &(dyn Error + 'static), run: u32, has_waited: bool) -> Option<Duration> {
    if is_lost(error) {
        return Some(pause(Duration::from_millis(1 << (run - 1))));
    }
    let is_deadlock = has_waited && error.downcast_ref().is_some_and(is_unknown);
    is_deadlock.then(|| pause(PAUSE_AFTER_WAIT))
}

/// Returns one to three times `least`. Those that were aborted together must not meet again: MySQL would
/// abort them again.
fn pause(least: Duration) -> Duration {
    let spread = 2 * least.as_micros() as u64;
    least + Duration::from_micros(RandomState::new().hash_one(()) % spread)
}

/// Returns whether the connection is ready for another run. If it is broken, whether the first run
/// changed something is not known.
fn starts_over<C: Engine>(connection: &mut C) -> bool {
    !C::TransactionManager::is_broken_transaction_manager(connection)
        && connection.start_over().is_ok()
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
        _ => false,
    };
    is_refused && after < PATIENCE / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: DatabaseErrorKind) -> DieselError {
        DieselError::DatabaseError(kind, Box::new("Verklemmung (Deadlock) entdeckt".to_owned()))
    }

    #[test]
    fn what_gave_way_to_another_transaction_is_run_again_after_a_pause() {
        let lost = || error(DatabaseErrorKind::SerializationFailure);
        let unknown = || error(DatabaseErrorKind::Unknown);
        for (error, run, has_waited, least) in [
            (lost(), 1, false, Some(1)),
            (lost(), 2, true, Some(2)),
            (lost(), 7, false, Some(64)),
            (unknown(), 1, true, Some(20)),
            (unknown(), 7, true, Some(20)),
            (unknown(), 1, false, None),
            (error(DatabaseErrorKind::ClosedConnection), 1, true, None),
            (error(DatabaseErrorKind::UniqueViolation), 1, true, None),
            (DieselError::NotFound, 1, true, None),
        ] {
            let pause = pause_after(&error, run, has_waited);
            let is_expected = match (pause, least) {
                (Some(pause), Some(least)) => (least..3 * least).contains(&pause.as_millis()),
                (pause, least) => pause.is_none() && least.is_none(),
            };
            assert!(is_expected, "{error:?} {run} {has_waited}: {pause:?}");
        }
    }

    #[test]
    fn pauses_differ() {
        let pauses: Vec<_> = (0..20).map(|_| pause(PAUSE_AFTER_WAIT)).collect();
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
    }
}
