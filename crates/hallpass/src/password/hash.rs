//! The bcrypt hash of a password, and the one who makes and compares it.

use std::fmt;

use crate::password::hash_match::HashMatch;
use crate::password::typed::TypedPassword;
use crate::password::{Password, bcrypt};
use crate::random::{Random, RandomUnavailable};

/// The highest cost a stored hash may have unless a higher one is configured: seconds, not hours.
const COST_CEILING: u32 = 15;

/// The content of a `password_hash` column: a bcrypt hash, or whatever else stands there.
///
/// # Security
/// `Debug` shows no character of it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes what a store holds.
    #[must_use]
    pub fn new(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// Returns the text to store. Named so that a search finds every use.
    #[must_use]
    pub fn expose_hash(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(…)")
    }
}

/// What comparing a typed password with a stored hash came to, and what it cost.
pub(crate) struct PasswordComparison {
    pub(crate) outcome: HashMatch,
    /// How many candidates there were to compare; at least 1.
    candidates: usize,
    /// The cost of each bcrypt run, in the order of the candidates. The last one may have matched.
    runs: Vec<u32>,
}

/// Makes and compares password hashes so that the time taken tells nothing about the user.
#[derive(Debug)]
pub(crate) struct PasswordHasher {
    cost: u32,
    /// One hash that matches nothing for each cost from the lowest to the configured one.
    dummies: Vec<PasswordHash>,
}

impl PasswordHasher {
    /// Returns a hasher for new hashes of `cost`, 4 to 31.
    pub(crate) fn new(cost: u32, random: &dyn Random) -> Result<Self, RandomUnavailable> {
        let dummies = (bcrypt::MINIMUM_COST..=cost)
            .map(|cost| bcrypt::unmatchable(cost, random).map(PasswordHash))
            .collect::<Result<_, _>>()?;
        Ok(Self { cost, dummies })
    }

    /// Returns the hash of a password that is being set.
    pub(crate) fn hash(
        &self,
        password: &Password,
        random: &dyn Random,
    ) -> Result<PasswordHash, RandomUnavailable> {
        bcrypt::hash(&password.expose_bcrypt_input(), self.cost, random).map(PasswordHash)
    }

    /// Compares the candidates of `password` with `stored`, up to the first match; without one of the two
    /// they differ, at no cost yet.
    ///
    /// Whoever refuses must call [`PasswordHasher::spend_the_rest`].
    pub(crate) fn compare(
        &self,
        password: Option<&TypedPassword>,
        stored: Option<&PasswordHash>,
    ) -> PasswordComparison {
        let candidates = password.map(TypedPassword::candidates).unwrap_or_default();
        let mut comparison = PasswordComparison::none_yet(candidates.len());
        let Some(stored) = stored else { return comparison };
        for candidate in candidates {
            let compared = candidate.compare(&stored.0, self.ceiling());
            comparison.runs.extend(compared.cost);
            comparison.outcome = compared.outcome;
            if comparison.outcome != HashMatch::Differs {
                break;
            }
        }
        comparison
    }

    /// Returns a new hash of the password that matched, unless the stored one is what hallpass makes of it,
    /// at the configured cost or a higher one.
    pub(crate) fn upgrade(
        &self,
        password: &TypedPassword,
        comparison: &PasswordComparison,
        random: &dyn Random,
    ) -> Result<Option<PasswordHash>, RandomUnavailable> {
        match *comparison.runs {
            [cost] if cost >= self.cost => Ok(None),
            _ => self.hash(password.password(), random).map(Some),
        }
    }

    /// Makes a refusal cost as much as one comparison at the configured cost for each candidate of what was
    /// typed, whether there was a user, a usable hash, or a password that could be one (user enumeration by
    /// timing, OWASP Authentication Cheat Sheet). Only a stored hash above that cost has taken longer.
    ///
    /// After a comparison at cost s, one more at each cost from there to below the configured
    /// one, c, makes up the difference: 2^s + (2^s + 2^(s+1) + … + 2^(c-1)) = 2^c.
    pub(crate) fn spend_the_rest(&self, comparison: &PasswordComparison) {
        for spent in &comparison.runs {
            (*spent..self.cost).for_each(|cost| self.spend(cost));
        }
        for _ in comparison.runs.len()..comparison.candidates {
            self.spend(self.cost);
        }
    }

    fn spend(&self, cost: u32) {
        let dummy = &self.dummies[(cost - bcrypt::MINIMUM_COST) as usize];
        bcrypt::compare(b"", &dummy.0, cost);
    }

    /// Returns whether `stored` is a hash that [`PasswordHasher::compare`] can compare a password with.
    pub(crate) fn verifies(&self, stored: &PasswordHash) -> bool {
        bcrypt::usable_cost(&stored.0, self.ceiling()).is_ok()
    }

    /// Our own hashes must stay usable where somebody configures more than the ceiling.
    fn ceiling(&self) -> u32 {
        COST_CEILING.max(self.cost)
    }
}

impl PasswordComparison {
    /// A text that can't be a password costs as much as one candidate.
    fn none_yet(candidates: usize) -> Self {
        Self { outcome: HashMatch::Differs, candidates: candidates.max(1), runs: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
