//! Whether a secret matches a stored hash.

/// How a secret compares with a stored hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HashMatch {
    /// The secret is the one that was hashed.
    Matches,
    /// It is another one.
    Differs,
    /// Nothing was computed, because the stored text can't be used.
    Unusable(UnusableHash),
}

/// Why a stored hash matches nothing. The hash column is input: a row made by hand, a broken
/// import, an attacker with write access.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableHash {
    /// It is not a bcrypt hash of version `2a`, `2b` or `2y`.
    #[error("the stored hash is not a bcrypt hash")]
    Unparsable,
    /// Its cost is above the ceiling; `$2b$31$` would run for 31 hours.
    #[error("the stored hash has cost {cost}, above {ceiling}")]
    CostTooHigh {
        /// The cost it has.
        cost: u32,
        /// The highest cost that is run.
        ceiling: u32,
    },
}
