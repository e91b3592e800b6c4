//! Hashes the secrets of refresh tokens, and compares them with what a store holds.

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, UnitWeighter};
use zeroize::Zeroizing;

use crate::keys::hmac::HmacKey;
use crate::password::bcrypt::salt::Salt;
use crate::password::hash_match::HashMatch;
use crate::random::{Random, RandomUnavailable, random_bytes};
use crate::session::RefreshTokenHash;
use crate::token::refresh_secret::RefreshSecret;

/// How many sessions are remembered, in some 10 MB; those that were refreshed longest ago go first.
const MAXIMUM_REMEMBERED: usize = 100_000;

/// Hashes with bcrypt, and remembers which hash it made of which secret once a store holds it, so
/// that the next refresh of a session at the same process need not run bcrypt to find that out:
/// half of what a refresh costs, and nearly all of what a retry does.
///
/// # Security
/// What is remembered is an HMAC over hash and secret, under a key that is never stored. It proves what
/// bcrypt would prove, that the stored hash is of this very secret, and without the key nobody can make
/// one; it tells nothing of a secret, which has 256 random bits. A pair that is not known is compared by
/// bcrypt.
pub(crate) struct RefreshTokenHasher {
    cost: u32,
    key: HmacKey,
    /// The proofs of the pairs that were made here.
    made_here: Cache<[u8; 32], ()>,
}

impl RefreshTokenHasher {
    /// Returns one that hashes at `cost` and remembers nothing yet.
    pub(crate) fn new(cost: u32, random: &dyn Random) -> Result<Self, RandomUnavailable> {
        let key = Zeroizing::new(random_bytes::<32>(random)?);
        Ok(Self { cost, key: HmacKey::new(&*key), made_here: first_in_first_out() })
    }

    /// Returns the hash of a secret, which is bound to no password yet. The salt must be a new one:
    /// the hash is the version stamp of its row.
    pub(crate) fn hash(&self, secret: &RefreshSecret, salt: Salt) -> RefreshTokenHash {
        RefreshTokenHash::of(secret, self.cost, salt)
    }

    /// Remembers a pair that was made here, once a store holds it: others would never be forgotten.
    pub(crate) fn remember(&self, stored: &RefreshTokenHash, secret: &RefreshSecret) {
        self.made_here.insert(self.proof(stored, secret), ());
    }

    /// Forgets a pair that no store holds any more, so that sessions take memory and refreshes take none.
    pub(crate) fn forget(&self, replaced: &RefreshTokenHash, secret: &RefreshSecret) {
        self.made_here.remove(&self.proof(replaced, secret));
    }

    /// Compares a secret with a hash that a store holds.
    pub(crate) fn compare(&self, stored: &RefreshTokenHash, secret: &RefreshSecret) -> HashMatch {
        match self.made_here.get(&self.proof(stored, secret)) {
            Some(()) => HashMatch::Matches,
            None => stored.compare(secret),
        }
    }

    fn proof(&self, hash: &RefreshTokenHash, secret: &RefreshSecret) -> [u8; 32] {
        let bcrypt_hash = hash.expose_bcrypt_hash().as_bytes();
        // The length tells where the hash ends, which is a text from the database.
        let length = (bcrypt_hash.len() as u64).to_be_bytes();
        self.key.code_of(&[&length, bcrypt_hash, secret.expose_secret().as_bytes()])
    }

    /// Returns how many pairs are remembered.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.made_here.len()
    }
}

/// A pair is asked for by the next refresh, which forgets it, and by a retry now and then. A cache that keeps
/// what was asked for most would keep the last pairs of sessions that have ended, which nobody asks for any
/// more, and have no room for others.
fn first_in_first_out() -> Cache<[u8; 32], ()> {
    let mut options = OptionsBuilder::new();
    options.estimated_items_capacity(MAXIMUM_REMEMBERED).weight_capacity(MAXIMUM_REMEMBERED as u64);
    let options =
        options.hot_allocation(0.0).ghost_allocation(0.0).build().expect("the capacity is set");
    let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
    Cache::with_options(options, UnitWeighter, hasher, lifecycle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::PasswordHash;
    use crate::password::UnusableHash;
    use crate::testing::SeededRandom;
    use crate::testing::bcrypt_runs;

    fn hasher(seed: u64) -> RefreshTokenHasher {
        RefreshTokenHasher::new(4, &SeededRandom::new(seed)).unwrap()
    }

    fn salt() -> Salt {
        Salt::generate(&SeededRandom::default()).unwrap()
    }

    /// Returns a hash that `hasher` made and remembers.
    fn remembered_hash(hasher: &RefreshTokenHasher, secret: &RefreshSecret) -> RefreshTokenHash {
        let hash = hasher.hash(secret, salt());
        hasher.remember(&hash, secret);
        hash
    }

    fn secret(character: char) -> RefreshSecret {
        RefreshSecret::try_from(format!("{}A", character.to_string().repeat(42))).unwrap()
    }

    #[test]
    fn what_was_hashed_here_is_compared_without_bcrypt_and_what_was_not_with_it() {
        let (here, elsewhere) = (hasher(1), hasher(2));
        let hash = remembered_hash(&here, &secret('a'));
        let rebound = hash.bound_to(&PasswordHash::new("another password"));
        for (hasher, hash, secret, expected, runs) in [
            (&here, &hash, secret('a'), HashMatch::Matches, 0),
            (&here, &rebound, secret('a'), HashMatch::Matches, 0),
            (&here, &hash, secret('b'), HashMatch::Differs, 1),
            (&elsewhere, &hash, secret('a'), HashMatch::Matches, 1),
            (&elsewhere, &hash, secret('b'), HashMatch::Differs, 1),
        ] {
            let counted = bcrypt_runs::during(|| {
                assert_eq!(hasher.compare(hash, &secret), expected);
            });
            assert_eq!(counted.len(), runs, "{expected:?}");
        }
    }

    /// Whoever can write to the database must not be able to make a remembered pair of others.
    #[test]
    fn a_stored_text_that_was_changed_is_not_known() {
        let here = hasher(1);
        let hash = remembered_hash(&here, &secret('a'));
        let text = hash.expose_bcrypt_hash();
        for place in 0..text.len() {
            let mut changed = text.as_bytes().to_vec();
            changed[place] = if changed[place] == b'.' { b'/' } else { b'.' };
            let changed = RefreshTokenHash::new(String::from_utf8(changed).unwrap(), None);
            assert_ne!(here.compare(&changed, &secret('a')), HashMatch::Matches, "{place}");
        }
        let shorter = RefreshTokenHash::new(&text[..text.len() - 1], None);
        let unusable = HashMatch::Unusable(UnusableHash::Unparsable);
        assert_eq!(here.compare(&shorter, &secret('a')), unusable);
    }

    #[test]
    fn what_was_forgotten_is_compared_by_bcrypt() {
        let hasher = hasher(1);
        let hash = remembered_hash(&hasher, &secret('a'));
        hasher.forget(&hash, &secret('a'));
        let runs = bcrypt_runs::during(|| {
            assert_eq!(hasher.compare(&hash, &secret('a')), HashMatch::Matches);
        });
        assert_eq!((runs.len(), hasher.remembered()), (1, 0));
    }

    /// Sessions that have ended leave their last pairs behind; those that live must have room all the same.
    #[test]
    fn memory_is_bounded_and_holds_the_newest() {
        let hasher = hasher(1);
        let hash = RefreshTokenHash::new("a hash", None);
        let proof = |number: usize| {
            let secret = RefreshSecret::try_from(format!("{number:042}A")).unwrap();
            hasher.proof(&hash, &secret)
        };
        let all = 3 * MAXIMUM_REMEMBERED;
        (0..all).for_each(|number| hasher.made_here.insert(proof(number), ()));
        assert!(hasher.remembered() <= MAXIMUM_REMEMBERED);
        let newest = all - MAXIMUM_REMEMBERED / 2..all;
        let forgotten = newest.filter(|number| hasher.made_here.get(&proof(*number)).is_none());
        assert_eq!(forgotten.count(), 0);
    }
}
