//! What stands in for bcrypt where a test runs millions of hashes: SHA-256, in bcrypt's form.
//!
//! It exists in this crate's own unit tests alone, and only on a thread that holds a [`StandIn`].

use std::cell::Cell;
use std::marker::PhantomData;
use std::rc::Rc;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

/// Between `$2b$05$` and the digest: the salt, in base64.
const SALT: std::ops::Range<usize> = 7..29;

thread_local! {
    static IS_STANDING_IN: Cell<bool> = const { Cell::new(false) };
}

/// As long as it lives, no bcrypt runs on its thread, which it can't leave.
pub(crate) struct StandIn(PhantomData<Rc<()>>);

impl StandIn {
    pub(crate) fn step_in() -> Self {
        IS_STANDING_IN.set(true);
        Self(PhantomData)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        IS_STANDING_IN.set(false);
    }
}

/// Returns what stands in for the bcrypt hash, `None` where bcrypt itself is to run.
pub(super) fn hash(secret: &[u8], cost: u32, salt: [u8; 16]) -> Option<String> {
    if !IS_STANDING_IN.get() {
        return None;
    }
    let salt = ::bcrypt::BASE_64.encode(salt);
    Some(format!("$2b${cost:02}${salt}{}", digest_of(secret, &salt)))
}

/// Returns whether `secret` is what `stored` stands for, `None` where bcrypt itself is to run.
pub(super) fn verify(secret: &[u8], stored: &str) -> Option<bool> {
    let is_same = || digest_of(secret, &stored[SALT]) == stored[SALT.end..];
    IS_STANDING_IN.get().then(is_same)
}

fn digest_of(secret: &[u8], salt: &str) -> String {
    let digest = Sha256::new().chain_update(salt).chain_update(secret).finalize();
    ::bcrypt::BASE_64.encode(&digest[..23])
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;
    use crate::testing::SeededRandom;
    use crate::testing::bcrypt_runs;

    const CEILING: u32 = 14;

    fn hash(secret: &[u8]) -> String {
        super::super::hash(secret, MINIMUM_COST, &SeededRandom::default()).unwrap()
    }

    #[test]
    fn it_tells_secrets_apart_and_costs_nothing() {
        let runs = bcrypt_runs::during(|| {
            let _no_bcrypt = StandIn::step_in();
            let stored = hash(b"secret");
            assert_eq!(stored.len(), 60);
            assert_eq!(compare(b"secret", &stored, CEILING).outcome, HashMatch::Matches);
            assert_eq!(compare(b"Secret", &stored, CEILING).outcome, HashMatch::Differs);
        });
        assert!(runs.is_empty());
    }

    #[test]
    fn bcrypt_is_back_once_it_is_gone() {
        let stored = {
            let _no_bcrypt = StandIn::step_in();
            hash(b"secret")
        };
        assert_eq!(compare(b"secret", &stored, CEILING).outcome, HashMatch::Differs);
        assert_eq!(compare(b"secret", &hash(b"secret"), CEILING).outcome, HashMatch::Matches);
    }
}
