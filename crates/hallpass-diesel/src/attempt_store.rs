//! Attempts counted in the database, for all servers together. The statements are in `attempts_table.rs`.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use hallpass::{
    AttemptKey, AttemptLimiter, NoAttempt, StoreError, ThrottlePolicy, Timestamp, Verdict,
};

use crate::attempts_table::AttemptsTable;
use crate::declaration::seconds;
use crate::pool::Connections;
use crate::retry::{is_lost, run_on};
use crate::value::{Reader, Whole};

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

/// A row, as it was read.
type Row = Option<(i64, Timestamp)>;

impl<P> AttemptStore<P>
where
    P: Connections,
    P::Connection: AttemptsTable,
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
        let read = run_on(&self.pool, |connection| connection.find(key))?;
        read.map(|whole| moment(key, whole)).transpose()
    }

    /// Writes the row if it still is what was read; returns whether it was.
    fn write(&self, key: &str, read: Row, new: Timestamp) -> Result<bool, StoreError> {
        run_on(&self.pool, |connection| match read {
            Some((old, _)) => connection.swap(key, old, seconds(new)).map(|rows| rows == 1),
            None => inserted(connection.insert(key, seconds(new))),
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
    P::Connection: AttemptsTable,
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
            let taken = match policy.take(row.map(|(_, full_at)| full_at), now) {
                Ok(taken) => taken,
                Err(NoAttempt { wait, full_at }) => {
                    let is_kept = match full_at {
                        Some(full_at) => self.write(&key, row, full_at)?,
                        None => true,
                    };
                    return Ok(is_kept.then_some(Verdict::Wait(wait)));
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
            let Some((_, full_at)) = row else { return Ok(Some(())) };
            let is_written = self.write(&key, row, policy.give_back(full_at))?;
            Ok(is_written.then_some(()))
        });
        // Who was always too late keeps an attempt that is counted: it comes back with time.
        given_back.map(|_| ())
    }
}

fn moment(key: &str, whole: Whole) -> Result<(i64, Timestamp), StoreError> {
    let reader = Reader { id: key.to_owned(), table: "login_attempts" };
    let full_at = reader.time("full_at", Some(whole))?;
    Ok((seconds(full_at), full_at))
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
