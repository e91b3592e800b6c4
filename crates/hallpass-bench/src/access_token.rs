//! The access token that all contenders are shown, and the broken ones that they have to refuse.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::clock;

pub(crate) const ACCESS_TOKEN_SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
pub(crate) const REFRESH_TOKEN_SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
pub(crate) const ISSUER: &str = "hallpass";
pub(crate) const AUDIENCE: &str = "hallpass";

/// The user of the token.
pub(crate) const SUBJECT: &str = "7";

/// Longer than any section takes.
const LIFETIME_SECONDS: u64 = 3600;

/// Returns a good token that is as old as this call.
pub(crate) fn good() -> String {
    token(&header("HS256"), &claims(), ACCESS_TOKEN_SECRET, hmac::HMAC_SHA256)
}

/// Returns tokens with one thing wrong each.
pub(crate) fn refused() -> Vec<String> {
    let with = |claim: &str, value: Value| {
        let mut claims = claims();
        claims[claim] = value;
        token(&header("HS256"), &claims, ACCESS_TOKEN_SECRET, hmac::HMAC_SHA256)
    };
    // Two minutes: longer than the leeway that any contender gives.
    let expired_at = clock::unix_seconds() - 120;
    vec![
        with("iss", json!("somebody")),
        with("aud", json!("somebody")),
        with("exp", json!(expired_at)),
        token(&header("HS256"), &claims(), REFRESH_TOKEN_SECRET, hmac::HMAC_SHA256),
        token(&header("HS512"), &claims(), ACCESS_TOKEN_SECRET, hmac::HMAC_SHA512),
    ]
}

/// As hallpass writes it; other software has the members in another order.
fn header(algorithm: &str) -> String {
    format!(r#"{{"typ":"at+jwt","alg":"{algorithm}"}}"#)
}

fn claims() -> Value {
    let now = clock::unix_seconds();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "exp": now + LIFETIME_SECONDS,
        "jti": "AAECAwQFBgcICQoLDA0ODw", "sid": "DxAREhMUFRYXGBkaGxwdHg", "auth_time": now,
    })
}

fn token(header: &str, claims: &Value, secret: &str, algorithm: hmac::Algorithm) -> String {
    let base64url = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", base64url(header), base64url(&claims.to_string()));
    let key = hmac::Key::new(algorithm, secret.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes())))
}
