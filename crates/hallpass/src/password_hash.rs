//! The bcrypt hash of a password, and the one who makes and compares it.

use std::fmt;

use crate::Password;
use crate::bcrypt::{self, Comparison, HashMatch};
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

    /// Compares `password` with `stored`; without one of the two they differ, at no cost yet.
    ///
    /// Whoever refuses must call [`PasswordHasher::spend_the_rest`].
    pub(crate) fn compare(
        &self,
        password: Option<&Password>,
        stored: Option<&PasswordHash>,
    ) -> Comparison {
        let (Some(password), Some(stored)) = (password, stored) else {
            return Comparison { outcome: HashMatch::Differs, cost: None };
        };
        bcrypt::compare(&password.expose_bcrypt_input(), &stored.0, self.ceiling())
    }

    /// Returns the hash of the password at the configured cost, if it matched at a lower one.
    pub(crate) fn upgrade(
        &self,
        password: &Password,
        comparison: &Comparison,
        random: &dyn Random,
    ) -> Result<Option<PasswordHash>, RandomUnavailable> {
        match comparison.cost {
            Some(cost) if cost < self.cost => self.hash(password, random).map(Some),
            _ => Ok(None),
        }
    }

    /// Makes a refusal cost as much as one comparison at the configured cost, whether there was
    /// a user, a usable hash, or a password that could be one (user enumeration by timing, OWASP
    /// Authentication Cheat Sheet). Only a stored hash above that cost has taken longer.
    ///
    /// After a comparison at cost s, one more at each cost from there to below the configured
    /// one, c, makes up the difference: 2^s + (2^s + 2^(s+1) + … + 2^(c-1)) = 2^c.
    pub(crate) fn spend_the_rest(&self, comparison: &Comparison) {
        match comparison.cost {
            Some(spent) => (spent..self.cost).for_each(|cost| self.spend(cost)),
            None => self.spend(self.cost),
        }
    }

    fn spend(&self, cost: u32) {
        let dummy = &self.dummies[(cost - bcrypt::MINIMUM_COST) as usize];
        bcrypt::compare(b"", &dummy.0, cost);
    }

    /// Our own hashes must stay usable where somebody configures more than the ceiling.
    fn ceiling(&self) -> u32 {
        COST_CEILING.max(self.cost)
    }
}

#[cfg(test)]
mod tests;
