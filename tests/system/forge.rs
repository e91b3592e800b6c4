//! Makes tokens by hand, from the text of their parts, with the secrets of the tests.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub(crate) const ACCESS_SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
pub(crate) const REFRESH_SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";

/// Two thousand million seconds after 1970: where the clock of the tests starts.
pub(crate) const NOW: u64 = 2_000_000_000;

/// Returns a token with this header and payload, signed with HMAC-SHA256 under `secret`.
pub(crate) fn token(header: &Value, payload: &Value, secret: &str) -> String {
    let base64url = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", base64url(header), base64url(payload));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes())))
}

/// The payload of a good access token; a test changes what it is about.
pub(crate) fn access_claims() -> Value {
    json!({
        "iss": "hallpass", "aud": "hallpass", "sub": "7", "iat": NOW, "exp": NOW + 900,
        "jti": "j1", "sid": "s1", "auth_time": NOW,
    })
}

pub(crate) fn access_header() -> Value {
    json!({ "typ": "at+jwt", "alg": "HS256" })
}

/// Returns the payload of a token, unverified.
pub(crate) fn payload(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
