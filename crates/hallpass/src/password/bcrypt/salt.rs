//! The salt of a bcrypt hash: what makes each hash of one secret another text.

use ::bcrypt::HashParts;

use crate::password::UnusableHash;
use crate::random::{Random, RandomUnavailable, random_bytes};

/// 128 random bits. A hash writes them as 22 characters, which have room for 132.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Salt([u8; 16]);

impl Salt {
    pub(crate) fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        random_bytes(random).map(Self)
    }

    /// Reads the salt of a `stored` hash. Four bits that are not zero at its end make it
    /// unparsable: two texts are never one salt.
    pub(crate) fn of(stored: &str) -> Result<Self, UnusableHash> {
        parts_of(stored).map(|parts| Self(parts.get_salt_raw()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Reads a `stored` hash.
pub(crate) fn parts_of(stored: &str) -> Result<HashParts, UnusableHash> {
    // `2x` marks hashes of a broken implementation, which this one does not imitate.
    match stored.parse::<HashParts>() {
        Ok(parts) if !stored.starts_with("$2x$") => Ok(parts),
        _ => Err(UnusableHash::Unparsable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `crypt.crypt('x', '$2b$04$..CA.uOD/eaGAOmJB.yMBu')` of Python, over libcrypt.
    const STORED: &str = "$2b$04$..CA.uOD/eaGAOmJB.yMBu0VzI5evuM99wrkCOI98QoCwL6oDJyYS";

    #[test]
    fn the_salt_of_a_hash_that_other_software_made_is_read() {
        let ascending = std::array::from_fn(|index| u8::try_from(index).unwrap());
        for version in ["$2a$", "$2b$", "$2y$"] {
            let stored = STORED.replace("$2b$", version);
            assert!(Salt::of(&stored) == Ok(Salt(ascending)), "{version}");
        }
    }

    #[test]
    fn what_is_no_hash_has_no_salt() {
        let broken = STORED.replace("$2b$", "$2x$");
        for stored in ["", "nonsense", &STORED[..29], &STORED[..59], &broken] {
            assert!(Salt::of(stored) == Err(UnusableHash::Unparsable), "{stored}");
        }
    }

    #[test]
    fn a_salt_has_one_text() {
        let alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let with_last = |last: char| format!("{}{last}{}", &STORED[..28], &STORED[29..]);
        let is_read = |last: &char| Salt::of(&with_last(*last)).is_ok();
        assert_eq!(alphabet.chars().filter(is_read).collect::<String>(), ".Oeu");
    }
}
