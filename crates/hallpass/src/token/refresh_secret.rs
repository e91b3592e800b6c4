//! The secret in a refresh token.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::random::{Random, RandomUnavailable, random_text};

/// The secret in a refresh token: its `jti`, 32 bytes as 43 base64url characters.
///
/// # Security
/// `Debug` shows no character of it; memory is wiped on drop.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct RefreshSecret(Zeroizing<String>);

/// A text that is not 32 bytes in base64url.
#[derive(Debug, thiserror::Error)]
#[error("the token id is not 43 base64url characters")]
pub(crate) struct NotASecret;

impl RefreshSecret {
    /// Returns the secret that `bytes` are.
    pub(crate) fn of(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes)))
    }

    pub(crate) fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        Ok(Self(Zeroizing::new(random_text::<32>(random)?)))
    }

    pub(crate) fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RefreshSecret {
    type Error = NotASecret;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = Zeroizing::new(text);
        match URL_SAFE_NO_PAD.decode(text.as_bytes()).map(|bytes| Zeroizing::new(bytes).len()) {
            Ok(32) => Ok(Self(text)),
            _ => Err(NotASecret),
        }
    }
}

impl fmt::Debug for RefreshSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshSecret(…)")
    }
}
