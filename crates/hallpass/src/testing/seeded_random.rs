//! Chance that repeats itself.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use crate::random::{Random, RandomUnavailable};

/// A random source whose answers follow from its seed and their number: the same run twice is the
/// same.
#[derive(Debug, Default)]
pub struct SeededRandom {
    seed: u64,
    answers: AtomicU64,
}

impl SeededRandom {
    /// Returns a source that answers otherwise than those with other seeds.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, answers: AtomicU64::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in bytes.chunks_mut(32) {
            let number = self.answers.fetch_add(1, Ordering::SeqCst);
            let seeded = Sha256::new().chain_update(self.seed.to_be_bytes());
            let block = seeded.chain_update(number.to_be_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}
