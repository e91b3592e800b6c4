//! When a verb of a store is run again.

use std::thread;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use hallpass::StoreError;

use crate::pool::Connections;

/// How often a statement is run that the database gives up in favour of another one. Whoever wins
/// has changed the row by then, so a second run nearly always tells; the rest is for databases that
/// give up more than they have to (PostgreSQL's SERIALIZABLE does).
const MAXIMUM_RUNS: u32 = 8;

/// Runs one statement on a connection of its own and gives it back. Runs it again when the database gave
/// it up: it changed nothing then, and the next run sees what the winner did.
pub(crate) fn run_on<P: Connections, R>(
    pool: &P,
    statement: impl Fn(&mut P::Connection) -> QueryResult<R>,
) -> Result<R, StoreError> {
    pool.with(|connection| {
        let mut runs = 1;
        loop {
            match statement(connection) {
                Err(error) if is_lost_race(&error) && runs < MAXIMUM_RUNS => {
                    // Those who were given up together must not meet again at once: MySQL would
                    // give them up again. 2 ms, 4 ms, …, a quarter of a second in all.
                    thread::sleep(Duration::from_millis(1 << runs));
                    runs += 1;
                }
                answer => return answer,
            }
        }
    })
}

/// Whoever it was that won, it was not this one: the service looks again.
pub(crate) fn no_if_lost(rotated: Result<bool, StoreError>) -> Result<bool, StoreError> {
    match rotated {
        Err(StoreError::Unavailable(error)) if is_lost(&*error) => Ok(false),
        rotated => rotated,
    }
}

/// PostgreSQL's 40001 and 40P01 and MySQL's 1213: another transaction went first, and this one has
/// changed nothing. Diesel has no kind for 40P01, a deadlock.
fn is_lost_race(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            information.message() == "deadlock detected"
        }
        _ => false,
    }
}

pub(crate) fn is_lost(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<DieselError>().is_some_and(is_lost_race)
}
