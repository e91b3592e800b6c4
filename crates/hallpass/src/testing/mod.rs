//! What tests need: a clock set by hand, a store in memory, chance that repeats itself, and suites that
//! any [`crate::UserStore`] and any [`crate::AttemptLimiter`] must pass.
//!
//! Behind the feature `testing`. Nothing here belongs into a running server.

pub mod bcrypt_runs;
pub mod conformance;
#[cfg(test)]
pub(crate) mod dice;
#[cfg(test)]
pub(crate) mod forge;
pub mod limiter_conformance;
mod manual_clock;
mod memory_limiter;
mod memory_store;
#[cfg(test)]
mod model;
mod recording_observer;
mod seeded_random;
mod test_claims;
#[cfg(test)]
pub(crate) mod world;

pub use manual_clock::ManualClock;
pub use memory_limiter::MemoryLimiter;
pub use memory_store::{MemoryStore, Verb};
pub use recording_observer::RecordingObserver;
pub use seeded_random::SeededRandom;
pub use test_claims::TestClaims;
