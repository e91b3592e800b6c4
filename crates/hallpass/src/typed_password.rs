//! A password as a client presents it, to be compared with a stored hash.

use zeroize::Zeroizing;

use crate::bcrypt::{self, Comparison};
use crate::{Password, PasswordUnacceptable};

/// A password that a client presents.
///
/// A stored hash may have been made by other software, so several texts are compared with it, one after
/// the other. Which ones depends on what was typed alone: neither on the user nor on the stored hash, so
/// that the time of a refusal reveals nothing about them.
pub(crate) struct TypedPassword {
    password: Password,
}

/// A text that may have been hashed where the typed password was set.
pub(crate) enum Candidate {
    /// What hallpass hashes.
    Whole(Zeroizing<Vec<u8>>),
    /// What other bcrypt implementations hash of a longer password: the first 72 bytes, even inside of a
    /// character.
    ///
    /// No hash of hallpass's matches such a text: bcrypt repeats its key, a NUL included, up to 72 bytes.
    /// A key of hallpass's has the NUL behind at most 71 bytes of password or 64 of base64. These 72 bytes
    /// of a password have none.
    Cut(Zeroizing<[u8; bcrypt::READ_BYTES]>),
}

impl TypedPassword {
    /// Takes `text` as a typed password.
    ///
    /// # Errors
    /// [`PasswordUnacceptable`] for a text that nobody can have set, as [`Password::parse`].
    pub(crate) fn parse(text: Zeroizing<String>) -> Result<Self, PasswordUnacceptable> {
        Password::parse(text).map(|password| Self { password })
    }

    /// Returns the password that a new hash is made of.
    pub(crate) fn password(&self) -> &Password {
        &self.password
    }

    /// Returns what may have been hashed. First what [`TypedPassword::password`] is hashed as.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let whole = Candidate::Whole(self.password.expose_bcrypt_input());
        let cut = self.password.expose_password().as_bytes().first_chunk();
        let cut = cut.map(|bytes| Candidate::Cut(Zeroizing::new(*bytes)));
        [Some(whole), cut].into_iter().flatten().collect()
    }
}

impl Candidate {
    /// Compares this text with the `stored` hash, unless its cost is above `ceiling`.
    pub(crate) fn compare(&self, stored: &str, ceiling: u32) -> Comparison {
        match self {
            Self::Whole(text) => bcrypt::compare(text, stored, ceiling),
            Self::Cut(text) => bcrypt::compare_cut(text, stored, ceiling),
        }
    }
}
