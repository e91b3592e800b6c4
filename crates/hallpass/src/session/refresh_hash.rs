//! The bcrypt hash of a refresh token's secret, bound to a password: what the database holds.

use std::fmt;

use crate::password::bcrypt::salt::Salt;
use crate::password::hash_match::HashMatch;
use crate::password::{PasswordHash, PasswordStamp, UnusableHash, bcrypt};
use crate::token::refresh_secret::RefreshSecret;

/// The highest cost a stored hash may have: about 0.9 s.
const COST_CEILING: u32 = 14;

/// Between the hash and the stamp. It is in neither's alphabet.
const SEPARATOR: char = ':';

/// The content of a `refresh_token_hash` column: a bcrypt hash, and after a colon the
/// [`PasswordStamp`] of the password that its session was begun with.
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
    /// Takes what a store holds. Without a colon in it, it is bound to no password.
    #[must_use]
    pub fn new(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// Takes what a store holds that keeps the stamp apart from the hash.
    #[must_use]
    pub fn from_parts(bcrypt_hash: &str, stamp: Option<&PasswordStamp>) -> Self {
        match stamp {
            Some(stamp) => Self(format!("{bcrypt_hash}{SEPARATOR}{}", stamp.expose_stamp())),
            None => Self(bcrypt_hash.to_owned()),
        }
    }

    /// Returns the text to store. Named so that a search finds every use.
    #[must_use]
    pub fn expose_hash(&self) -> &str {
        &self.0
    }

    /// Returns the bcrypt hash alone, for a store that keeps the stamp apart from it.
    #[must_use]
    pub fn expose_bcrypt_hash(&self) -> &str {
        self.0.split_once(SEPARATOR).map_or(&self.0, |(bcrypt_hash, _)| bcrypt_hash)
    }

    /// Returns the stamp of the password that it is bound to, if it is bound to one.
    #[must_use]
    pub fn password_stamp(&self) -> Option<PasswordStamp> {
        self.0.split_once(SEPARATOR).map(|(_, stamp)| PasswordStamp::new(stamp))
    }

    /// Returns the same hash, bound to another password.
    #[must_use]
    pub fn bound_to(&self, password_hash: &PasswordHash) -> Self {
        Self::from_parts(self.expose_bcrypt_hash(), Some(&PasswordStamp::of(password_hash)))
    }

    /// Returns whether the password has not been changed since. One that is bound to none was made by
    /// other software.
    pub(crate) fn is_bound_to(&self, password_hash: &PasswordHash) -> bool {
        self.password_stamp().is_none_or(|stamp| stamp == PasswordStamp::of(password_hash))
    }

    pub(crate) fn of(secret: &RefreshSecret, cost: u32, salt: Salt) -> Self {
        Self(bcrypt::hash_with_salt(secret.expose_secret().as_bytes(), cost, salt))
    }

    /// Returns the salt, of which the secret of a successor is made.
    pub(crate) fn salt(&self) -> Result<Salt, UnusableHash> {
        Salt::of(self.expose_bcrypt_hash())
    }

    pub(crate) fn compare(&self, secret: &RefreshSecret) -> HashMatch {
        let bcrypt_hash = self.expose_bcrypt_hash();
        bcrypt::compare(secret.expose_secret().as_bytes(), bcrypt_hash, COST_CEILING).outcome
    }
}

impl fmt::Debug for RefreshTokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshTokenHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'hallpass password stamp v1$2b$04$x' | openssl dgst -sha256 -binary | basenc --base64url`
    const STAMP: &str = "IEO4TDfphbcn_uxj47MgahC86RI_8R6AxDmtRPAr-0w";

    #[test]
    fn the_stamp_of_a_password_hash_is_the_one_that_other_software_makes() {
        let stamp = PasswordStamp::of(&PasswordHash::new("$2b$04$x"));
        assert_eq!(stamp.expose_stamp(), STAMP);
    }

    #[test]
    fn hash_and_stamp_come_apart_and_together_again() {
        let stored = RefreshTokenHash::new(format!("$2b$04$hash:{STAMP}"));
        assert_eq!(stored.expose_bcrypt_hash(), "$2b$04$hash");
        let stamp = stored.password_stamp();
        assert!(RefreshTokenHash::from_parts("$2b$04$hash", stamp.as_ref()) == stored);
        assert!(stored.is_bound_to(&PasswordHash::new("$2b$04$x")));
        assert!(!stored.is_bound_to(&PasswordHash::new("$2b$04$X")));
        assert!(
            stored
                .bound_to(&PasswordHash::new("$2b$04$X"))
                .is_bound_to(&PasswordHash::new("$2b$04$X"))
        );
    }

    #[test]
    fn a_hash_of_other_software_is_bound_to_no_password() {
        let stored = RefreshTokenHash::new("$2b$04$hash");
        assert!(stored.password_stamp().is_none());
        assert!(stored.is_bound_to(&PasswordHash::new("any")));
        assert!(!RefreshTokenHash::new("$2b$04$hash:").is_bound_to(&PasswordHash::new("any")));
    }
}
