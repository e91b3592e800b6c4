//! The system's randomness. No other file asks for it.

use hallpass::{Random, RandomUnavailable};

/// The operating system's cryptographically secure random source.
#[derive(Debug)]
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the one file that asks the system")]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        getrandom::fill(bytes).map_err(|error| RandomUnavailable(Box::new(error)))
    }
}
