//! Attempts in memory: the shortest limiter there is.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::limit::{AttemptKey, AttemptLimiter, NoAttempt, ThrottlePolicy, Verdict};
use crate::store::StoreError;
use crate::time::Timestamp;

/// A limiter that keeps every key until it is dropped: for tests, and not for a server.
///
/// ```
/// use hallpass::testing::{MemoryLimiter, limiter_conformance};
///
/// limiter_conformance::run(&MemoryLimiter::default());
/// ```
#[derive(Debug, Default)]
pub struct MemoryLimiter(Mutex<HashMap<AttemptKey, Timestamp>>);

impl AttemptLimiter for MemoryLimiter {
    fn take(
        &self,
        key: &AttemptKey,
        policy: ThrottlePolicy,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match policy.take(full_at.get(key).copied(), now) {
            Ok(taken) => {
                full_at.insert(key.clone(), taken);
                Verdict::Allowed
            }
            Err(NoAttempt { wait, full_at: corrected }) => {
                corrected.map(|corrected| full_at.insert(key.clone(), corrected));
                Verdict::Wait(wait)
            }
        })
    }

    fn give_back(&self, key: &AttemptKey, policy: ThrottlePolicy) -> Result<(), StoreError> {
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = full_at.get_mut(key) {
            *full_at = policy.give_back(*full_at);
        }
        Ok(())
    }
}
