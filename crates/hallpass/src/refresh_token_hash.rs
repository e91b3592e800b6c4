//! The bcrypt hash of a refresh token's secret: what the database holds.

use std::fmt;

use crate::bcrypt::{self, HashMatch};
use crate::random::{Random, RandomUnavailable};
use crate::refresh_token::RefreshSecret;

/// The highest cost a stored hash may have: about 0.9 s.
const COST_CEILING: u32 = 14;

/// The content of a `refresh_token_hash` column.
///
/// It is the hash of the token's `jti`, never of the whole token: bcrypt reads 72 bytes, which in
/// a JWT end inside the claims, so every refresh token of a user would match.
///
/// A bcrypt hash has a salt of its own, so no two are equal: it is the version stamp of its row.
///
/// # Security
/// `Debug` shows no character of it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshTokenHash(String);

impl RefreshTokenHash {
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

    pub(crate) fn of(
        secret: &RefreshSecret,
        cost: u32,
        random: &dyn Random,
    ) -> Result<Self, RandomUnavailable> {
        bcrypt::hash(secret.expose_secret().as_bytes(), cost, random).map(Self)
    }

    pub(crate) fn compare(&self, secret: &RefreshSecret) -> HashMatch {
        bcrypt::compare(secret.expose_secret().as_bytes(), &self.0, COST_CEILING).outcome
    }
}

impl fmt::Debug for RefreshTokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshTokenHash(…)")
    }
}
