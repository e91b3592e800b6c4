//! Who counts attempts: a port, so that several servers may count together.

use std::time::Duration;

use crate::limit::{AttemptKey, ThrottlePolicy};
use crate::store::StoreError;
use crate::time::Timestamp;

/// Counts attempts. Synchronous: it is called where blocking is allowed.
///
/// An attempt is taken before the password is looked at, so that of a hundred at once no more pass than
/// there are, and given back unless the password was wrong, so that whoever logs in often is not slowed
/// down. Nothing is refused for good, and nothing has to be unlocked.
///
/// When it can't tell, the login is refused with the store's error: whoever can disturb the counting must
/// not be let off it.
///
/// To count elsewhere:
///
/// 1. implement this trait: keep for each key the moment when its allowance is full, and change it by
///    [`ThrottlePolicy::take`] and [`ThrottlePolicy::give_back`] in one step that nobody comes between (a
///    lock, or a comparison with the moment that was read);
/// 2. in a test, with the feature `testing`, call `hallpass::testing::limiter_conformance::run`, races and
///    all;
/// 3. hand it to `actix_hallpass::Auth::builder().attempt_limiter(…)`.
///
/// Keys come from whoever sends requests, so bound how many are kept. Those whose moment has passed say
/// nothing and may go at any time. To forget another one gives its attempts back, so an attacker must not
/// be able to have it forgotten for less than it is worth.
///
/// `hallpass::testing::MemoryLimiter` is the shortest example, without a bound.
pub trait AttemptLimiter: Send + Sync {
    /// Takes one attempt, if there is one, and says whether there was.
    ///
    /// # Errors
    /// [`StoreError`] when it can't tell.
    fn take(
        &self,
        key: &AttemptKey,
        policy: ThrottlePolicy,
        now: Timestamp,
    ) -> Result<Verdict, StoreError>;

    /// Gives one attempt back that was taken. Never makes the allowance more than full.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be done; the attempt counts then.
    fn give_back(&self, key: &AttemptKey, policy: ThrottlePolicy) -> Result<(), StoreError>;
}

/// Whether there was an attempt to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There was, and it is taken.
    Allowed,
    /// There was none; the next one comes after this time.
    Wait(Duration),
    /// What was stored is no time. It has been replaced by [`ThrottlePolicy::exhausted`], so there was none.
    Invalid {
        /// How long until the next one.
        wait: Duration,
        /// Where it was stored.
        table: &'static str,
        /// In which column.
        column: &'static str,
    },
}
