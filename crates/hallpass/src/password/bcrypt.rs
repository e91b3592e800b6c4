//! The only file that runs bcrypt. It never cuts its input and draws no salt of its own.

pub(crate) mod salt;
#[cfg(test)]
pub(crate) mod stand_in;

use ::bcrypt::{BcryptResult, non_truncating_hash_with_salt, non_truncating_verify};

use crate::password::bcrypt::salt::{Salt, parts_of};
use crate::password::hash_match::{HashMatch, UnusableHash};
use crate::random::{Random, RandomUnavailable, random_bytes};

/// The lowest cost bcrypt knows: 2^4 rounds.
pub(crate) const MINIMUM_COST: u32 = 4;

/// How much of its input bcrypt reads. Other implementations ignore the rest of a longer text.
pub(crate) const READ_BYTES: usize = 72;

/// The longest text bcrypt reads whole, with the NUL that ends it.
pub(crate) const MAXIMUM_BYTES: usize = READ_BYTES - 1;

/// What a comparison came to, and what it cost.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) outcome: HashMatch,
    /// The cost of the bcrypt run, `None` when none was needed.
    pub(crate) cost: Option<u32>,
}

/// Returns the bcrypt hash of `secret` with a random salt: see [`hash_with_salt`].
pub(crate) fn hash(
    secret: &[u8],
    cost: u32,
    random: &dyn Random,
) -> Result<String, RandomUnavailable> {
    Salt::generate(random).map(|salt| hash_with_salt(secret, cost, salt))
}

/// Returns the bcrypt hash of `secret`, 60 ASCII characters beginning with `$2b$`.
///
/// # Panics
/// When `secret` is longer than [`MAXIMUM_BYTES`] or `cost` is outside of 4 to 31. Its callers
/// hash 43 characters or what `Password` makes of a password, at a cost from a checked `Config`.
pub(crate) fn hash_with_salt(secret: &[u8], cost: u32, salt: Salt) -> String {
    let salt = *salt.as_bytes();
    #[cfg(test)]
    if let Some(hash) = stand_in::hash(secret, cost, salt) {
        return hash;
    }
    count_run(cost);
    let hash = non_truncating_hash_with_salt(secret, cost, salt)
        .expect("Password and Config bound length and cost");
    hash.to_string()
}

/// Compares `secret` with the `stored` hash, unless its cost is above `ceiling`.
pub(crate) fn compare(secret: &[u8], stored: &str, ceiling: u32) -> Comparison {
    compare_with(secret, stored, ceiling, |secret, stored| non_truncating_verify(secret, stored))
}

/// Compares the first 72 bytes of a longer text with a `stored` hash of another implementation, which has
/// ignored the rest.
///
/// # Security
/// All texts that begin with these bytes match. A refresh token hashed like that would match every later
/// one of its user. So there is no function here that makes such a hash, and the type takes no text to cut.
#[expect(clippy::disallowed_methods, reason = "there is nothing to cut: the text has 72 bytes")]
pub(crate) fn compare_cut(secret: &[u8; READ_BYTES], stored: &str, ceiling: u32) -> Comparison {
    compare_with(secret, stored, ceiling, |secret, stored| ::bcrypt::verify(secret, stored))
}

fn compare_with(
    secret: &[u8],
    stored: &str,
    ceiling: u32,
    verify: impl FnOnce(&[u8], &str) -> BcryptResult<bool>,
) -> Comparison {
    let cost = match usable_cost(stored, ceiling) {
        Ok(cost) => cost,
        Err(unusable) => {
            return Comparison { outcome: HashMatch::Unusable(unusable), cost: None };
        }
    };
    #[cfg(test)]
    if let Some(is_same) = stand_in::verify(secret, stored) {
        let outcome = if is_same { HashMatch::Matches } else { HashMatch::Differs };
        return Comparison { outcome, cost: Some(cost) };
    }
    count_run(cost);
    let outcome = match verify(secret, stored) {
        Ok(true) => HashMatch::Matches,
        // An error is a secret too long to have been hashed, since the hash has just been read.
        Ok(false) | Err(_) => HashMatch::Differs,
    };
    Comparison { outcome, cost: Some(cost) }
}

/// Lets tests count the work; nothing otherwise.
#[cfg_attr(
    not(any(test, feature = "testing")),
    expect(unused_variables, reason = "only tests count the runs")
)]
fn count_run(cost: u32) {
    #[cfg(any(test, feature = "testing"))]
    crate::testing::bcrypt_runs::record(cost);
}

/// Returns the cost of the `stored` hash if it can be run.
pub(crate) fn usable_cost(stored: &str, ceiling: u32) -> Result<u32, UnusableHash> {
    match parts_of(stored)?.get_cost() {
        ..MINIMUM_COST => Err(UnusableHash::Unparsable),
        cost if cost > ceiling => Err(UnusableHash::CostTooHigh { cost, ceiling }),
        cost => Ok(cost),
    }
}

/// Returns a hash of `cost` that no secret is known to match: random salt, random digest.
///
/// Comparing with it costs what comparing with a real one costs; making it costs nothing.
pub(crate) fn unmatchable(cost: u32, random: &dyn Random) -> Result<String, RandomUnavailable> {
    use base64::Engine as _;

    let salt = ::bcrypt::BASE_64.encode(random_bytes::<16>(random)?);
    let digest = ::bcrypt::BASE_64.encode(random_bytes::<23>(random)?);
    Ok(format!("$2b${cost:02}${salt}{digest}"))
}
