//! The bcrypt hash of a refresh token's secret, bound to a password: what the database holds.

use std::fmt;

use crate::password::bcrypt::salt::Salt;
use crate::password::hash_match::HashMatch;
use crate::password::{PasswordHash, PasswordStamp, UnusableHash, bcrypt};
use crate::token::refresh_secret::RefreshSecret;

/// The highest cost a stored hash may have: about 0.9 s.
const COST_CEILING: u32 = 14;

/// What a store holds of a session's refresh token: the bcrypt hash of its secret, and the
/// [`PasswordStamp`] of the password that its session was begun with. A store keeps them in two columns,
/// or joined in one.
///
/// It is the hash of the token's `jti`, never of the whole token: bcrypt reads 72 bytes, which in
/// a JWT end inside the claims, so every refresh token of a user would match.
///
/// A bcrypt hash has a salt of its own, so no two are equal: it is the version stamp of its row.
///
/// # Security
/// `Debug` shows no character of it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshTokenHash {
    bcrypt_hash: String,
    password_stamp: Option<PasswordStamp>,
}

impl RefreshTokenHash {
    /// Takes what a store holds. Without a stamp, it is bound to no password.
    #[must_use]
    pub fn new(bcrypt_hash: impl Into<String>, password_stamp: Option<PasswordStamp>) -> Self {
        Self { bcrypt_hash: bcrypt_hash.into(), password_stamp }
    }

    /// Returns the bcrypt hash to store. Named so that a search finds every use.
    #[must_use]
    pub fn expose_bcrypt_hash(&self) -> &str {
        &self.bcrypt_hash
    }

    /// Returns the stamp of the password that it is bound to, if it is bound to one.
    #[must_use]
    pub fn password_stamp(&self) -> Option<&PasswordStamp> {
        self.password_stamp.as_ref()
    }

    /// Returns the same hash, bound to another password.
    #[must_use]
    pub fn bound_to(&self, password_hash: &PasswordHash) -> Self {
        Self::new(self.expose_bcrypt_hash(), Some(PasswordStamp::of(password_hash)))
    }

    /// Returns whether the password has not been changed since. One that is bound to none was made by
    /// other software.
    pub(crate) fn is_bound_to(&self, password_hash: &PasswordHash) -> bool {
        self.password_stamp().is_none_or(|stamp| *stamp == PasswordStamp::of(password_hash))
    }

    pub(crate) fn of(secret: &RefreshSecret, cost: u32, salt: Salt) -> Self {
        Self::new(bcrypt::hash_with_salt(secret.expose_secret().as_bytes(), cost, salt), None)
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
    fn a_hash_is_bound_to_one_password() {
        let (password, other) = (PasswordHash::new("$2b$04$x"), PasswordHash::new("$2b$04$X"));
        let stored = RefreshTokenHash::new("$2b$04$hash", Some(PasswordStamp::new(STAMP)));
        assert!(stored.is_bound_to(&password));
        assert!(!stored.is_bound_to(&other));
        assert!(stored.bound_to(&other).is_bound_to(&other));
    }

    #[test]
    fn a_hash_of_other_software_is_bound_to_no_password() {
        let any = PasswordHash::new("any");
        assert!(RefreshTokenHash::new("$2b$04$hash", None).is_bound_to(&any));
        let with_empty_stamp = RefreshTokenHash::new("$2b$04$hash", Some(PasswordStamp::new("")));
        assert!(!with_empty_stamp.is_bound_to(&any));
    }
}
