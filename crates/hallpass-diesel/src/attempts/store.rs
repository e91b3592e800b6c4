//! Attempts counted in the database, for all servers together. The statements are in `statements.rs`.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use hallpass::{
    AttemptKey, AttemptLimiter, NoAttempt, StoreError, ThrottlePolicy, Timestamp, Verdict,
};

use crate::attempts::statements::AttemptStatements as _;
use crate::connection::pool::Connections;
use crate::connection::retry::{is_lost, run_on};
use crate::declare::value::{Whole, seconds};

/// How often a row is read and written that others write meanwhile. Each time, one of them got an attempt:
/// a usual burst is over long before.
const MAXIMUM_ROUNDS: u32 = 50;

/// How long somebody waits who was always too late: others tried as often in that moment.
const PAUSE: Duration = Duration::from_secs(1);

/// After how many new rows those that say nothing are removed, and how many then: more than have come, so
/// that the table does not grow.
const NEW_ROWS: u64 = 100;
const REMOVED_ROWS: i64 = 200;

/// How far the clocks of servers may differ, in seconds: a row that is full for one of them may not be so
/// for another.
const CLOCK_DIFFERENCE_SECONDS: u64 = 60;

/// The attempts in the table `login_attempts`. A row is read, hallpass's arithmetic decides, and it is
/// written if it still is what was read: whoever finds another value looks again.
pub(crate) struct AttemptStore<P> {
    pool: P,
    new_rows: AtomicU64,
}

/// When the allowance of a row is full, as it was read.
type Row = Option<Whole>;

impl<P> AttemptStore<P>
where
    P: Connections,
{
    pub(crate) fn new(pool: P) -> Self {
        Self { pool, new_rows: AtomicU64::new(0) }
    }

    /// Runs rounds of `round` until one says that nobody came in between, and returns what it found;
    /// `None` if somebody always did.
    fn until_alone<T>(
        &self,
        round: impl Fn() -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        for _ in 0..MAXIMUM_ROUNDS {
            match round() {
                Ok(None) => {}
                Err(StoreError::Unavailable(error)) if is_lost(&*error) => {}
                done => return done,
            }
        }
        Ok(None)
    }

    fn read(&self, key: &str) -> Result<Row, StoreError> {
        run_on(&self.pool, |connection| connection.find(key))
    }

    /// Writes the row if it still is what was read; returns whether it was.
    fn write(&self, key: &str, read: Row, new: Timestamp) -> Result<bool, StoreError> {
        let new = seconds(new);
        run_on(&self.pool, |connection| match read.map(Whole::number) {
            Some(Some(old)) => connection.swap(key, old, new).map(|rows| rows == 1),
            Some(None) => connection.replace_other_type(key, new).map(|rows| rows == 1),
            None => inserted(connection.insert(key, new)),
        })
    }

    /// Removes rows that say nothing, now and then. Nobody waits for it in vain: what fails is done the
    /// next time.
    fn clean_up(&self, now: Timestamp) {
        if self.new_rows.fetch_add(1, Ordering::Relaxed) % NEW_ROWS != NEW_ROWS - 1 {
            return;
        }
        let before = now.as_unix_seconds().saturating_sub(CLOCK_DIFFERENCE_SECONDS);
        let before = Timestamp::from_unix_seconds(before).map_or(0, seconds);
        let _ = run_on(&self.pool, |connection| {
            let keys = connection.full_since(before, REMOVED_ROWS)?;
            connection.remove(&keys, before)
        });
    }
}

impl<P> AttemptLimiter for AttemptStore<P>
where
    P: Connections,
{
    fn take(
        &self,
        key: &AttemptKey,
        policy: ThrottlePolicy,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let key = key.to_text();
        let verdict = self.until_alone(|| {
            let row = self.read(&key)?;
            let taken = match take_from(row, policy, now) {
                Ok(taken) => taken,
                Err(NoAttempt { wait, full_at }) => {
                    let is_kept = match full_at {
                        Some(full_at) => self.write(&key, row, full_at)?,
                        None => true,
                    };
                    return Ok(is_kept.then_some(refusal(row, wait)));
                }
            };
            let is_taken = self.write(&key, row, taken)?;
            if is_taken && row.is_none() {
                self.clean_up(now);
            }
            Ok(is_taken.then_some(Verdict::Allowed))
        })?;
        Ok(verdict.unwrap_or(Verdict::Wait(PAUSE)))
    }

    fn give_back(&self, key: &AttemptKey, policy: ThrottlePolicy) -> Result<(), StoreError> {
        let key = key.to_text();
        let given_back = self.until_alone(|| {
            let row = self.read(&key)?;
            // What is no time is left to the next one who takes, who says so.
            let Some(full_at) = row.and_then(Whole::time) else { return Ok(Some(())) };
            let is_written = self.write(&key, row, policy.give_back(full_at))?;
            Ok(is_written.then_some(()))
        });
        // Who was always too late keeps an attempt that is counted: it comes back with time.
        given_back.map(|_| ())
    }
}

/// Takes one attempt. A row that holds no time counts as an empty allowance, and is replaced.
fn take_from(row: Row, policy: ThrottlePolicy, now: Timestamp) -> Result<Timestamp, NoAttempt> {
    match row.map(Whole::time) {
        Some(None) => Err(policy.exhausted(now)),
        Some(full_at) => policy.take(full_at, now),
        None => policy.take(None, now),
    }
}

fn refusal(row: Row, wait: Duration) -> Verdict {
    match row.map(Whole::time) {
        Some(None) => Verdict::Invalid { wait, table: "login_attempts", column: "full_at" },
        _ => Verdict::Wait(wait),
    }
}

/// Somebody else may have been first.
fn inserted(result: QueryResult<usize>) -> QueryResult<bool> {
    match result {
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        inserted => inserted.map(|rows| rows == 1),
    }
}

impl<P> fmt::Debug for AttemptStore<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AttemptStore(…)")
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
