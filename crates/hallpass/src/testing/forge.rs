//! Makes tokens by hand, from the text of their parts and with another HMAC: nothing of the code under test is used.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The secret of access tokens in the tests of this crate.
pub(crate) const ACCESS_SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// The secret of refresh tokens in the tests of this crate.
pub(crate) const REFRESH_SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";

/// Returns `header.payload.signature`, signed with HMAC-SHA256 under `secret`.
pub(crate) fn token(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>, secret: &str) -> String {
    let signed = format!("{}.{}", base64url(header), base64url(payload));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", base64url(signature))
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
