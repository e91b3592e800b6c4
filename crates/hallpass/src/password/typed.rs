//! A password as a client presents it, to be compared with a stored hash.

use std::iter;

use zeroize::Zeroizing;

use crate::password::bcrypt::Comparison;
use crate::password::password::bcrypt_input;
use crate::password::{Password, PasswordText, PasswordUnacceptable, bcrypt};

/// A password that a client presents.
///
/// A stored hash may have been made by other software, or of another spelling, so up to four texts are
/// compared with it, one after the other. They depend on the typed text alone and not on the user or the
/// stored hash, so the time of a refusal reveals nothing about those.
pub(crate) struct TypedPassword {
    password: Password,
    /// The text as it was typed, where that is another one.
    typed: Option<Zeroizing<String>>,
}

/// A text that may have been hashed where the typed password was set.
pub(crate) enum Candidate {
    /// What hallpass hashes of a spelling.
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
    /// [`PasswordUnacceptable`] for a text that can't be a password, as [`Password::parse`].
    pub(crate) fn parse(text: PasswordText) -> Result<Self, PasswordUnacceptable> {
        let password = Password::parse(text.clone())?;
        let text = text.into_text();
        let typed = (*text != password.expose_password()).then_some(text);
        Ok(Self { password, typed })
    }

    /// Returns the password that a new hash is made of.
    pub(crate) fn password(&self) -> &Password {
        &self.password
    }

    /// Returns what may have been hashed. First what [`TypedPassword::password`] is hashed as, then what
    /// was typed as it is, and at last both as others cut them.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let spellings = self.expose_spellings();
        let whole = spellings.clone().map(|it| Candidate::Whole(bcrypt_input(it)));
        let cut = spellings.filter_map(|it| it.as_bytes().first_chunk());
        whole.chain(cut.map(|bytes| Candidate::Cut(Zeroizing::new(*bytes)))).collect()
    }

    fn expose_spellings(&self) -> impl Iterator<Item = &str> + Clone {
        let typed = self.typed.as_ref().map(|text| text.as_str());
        iter::once(self.password.expose_password()).chain(typed)
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
