//! The plain way to verify an access token: every part is decoded, the header is always read, the
//! signature is jsonwebtoken's to check, the claims are read twice, and a member that comes twice
//! is missed when members are counted. Slow, and easy to believe. What a scope and a session's id
//! look like, and that `null` is no text, is asked of the code itself: those have tests of their
//! own.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::json;
use crate::keys::JwsError;
use crate::session::SessionId;
use crate::testing::forge::ACCESS_SECRET;
use crate::time::Timestamp;
use crate::token::AccessTokenError;
use crate::token::app_claims::RESERVED;
use crate::user::Scope;

/// Who verifies, and how; everything else is fixed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) key_id: Option<&'static str>,
    pub(super) leeway_seconds: u64,
    pub(super) now: u64,
}

/// What an accepted token says.
#[derive(Debug, PartialEq)]
pub(super) struct PlainClaims {
    pub(super) user_id: String,
    pub(super) session_id: String,
    pub(super) token_id: String,
    pub(super) issued_at: u64,
    pub(super) expires_at: u64,
    pub(super) not_before: Option<u64>,
    pub(super) auth_time: Option<u64>,
    pub(super) scope: String,
    pub(super) app_claims: Map<String, Value>,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    #[serde(default, deserialize_with = "json::not_null")]
    kid: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: u64,
    exp: u64,
    #[serde(default, deserialize_with = "json::not_null")]
    nbf: Option<u64>,
    jti: String,
    sid: String,
    #[serde(default, deserialize_with = "json::not_null")]
    auth_time: Option<u64>,
    #[serde(default)]
    scope: String,
}

pub(super) fn verify(token: &str, terms: Terms) -> Result<PlainClaims, AccessTokenError> {
    let payload = open(token, terms)?;
    // The plain way has no place for what is wrong, and places are not compared.
    let nowhere = || AccessTokenError::Claims(json::from_slice::<Value>(b"").unwrap_err());
    let claims: Claims = read(&payload).ok_or_else(nowhere)?;
    let scope = Scope::parse(&claims.scope).filter(|_| is_well_typed(&claims));
    let scope = scope.ok_or_else(nowhere)?;
    check(&claims, terms)?;
    Ok(PlainClaims {
        user_id: claims.sub,
        session_id: claims.sid,
        token_id: claims.jti,
        issued_at: claims.iat,
        expires_at: claims.exp,
        not_before: claims.nbf,
        auth_time: claims.auth_time,
        scope: scope.as_str().to_owned(),
        app_claims: app_claims(&payload),
    })
}

fn open(token: &str, terms: Terms) -> Result<Vec<u8>, JwsError> {
    if token.len() > 4096 {
        return Err(JwsError::TooLong { bytes: token.len() });
    }
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { return Err(JwsError::Parts) };
    check_header(&decode(header)?, terms)?;
    let key = DecodingKey::from_secret(ACCESS_SECRET.as_bytes());
    let verifier = (DEFAULT_PROVIDER.verifier_factory)(&Algorithm::HS256, &key).unwrap();
    let signed = format!("{header}.{payload}");
    let verified = verifier.verify(signed.as_bytes(), &decode(signature)?);
    verified.or(Err(JwsError::Signature))?;
    decode(payload)
}

fn check_header(header: &[u8], terms: Terms) -> Result<(), JwsError> {
    let members: Map<String, Value> = read(header).ok_or(JwsError::Header)?;
    let header: Header = read(header).ok_or(JwsError::Header)?;
    if header.alg != "HS256" {
        return Err(JwsError::Algorithm);
    }
    if !["at+jwt", "application/at+jwt"].contains(&header.typ.to_ascii_lowercase().as_str()) {
        return Err(JwsError::Type);
    }
    if ["crit", "b64", "zip"].into_iter().any(|name| members.contains_key(name)) {
        return Err(JwsError::Extension);
    }
    match header.kid {
        Some(key_id) if terms.key_id != Some(&*key_id) => Err(JwsError::KeyId),
        _ => Ok(()),
    }
}

fn is_well_typed(claims: &Claims) -> bool {
    let times = [Some(claims.iat), Some(claims.exp), claims.nbf, claims.auth_time];
    times.into_iter().flatten().all(|time| time <= Timestamp::MAX.as_unix_seconds())
        && SessionId::parse(&claims.sid).is_some()
}

fn check(claims: &Claims, terms: Terms) -> Result<(), AccessTokenError> {
    let at = |seconds| Timestamp::from_unix_seconds(seconds).unwrap();
    let now = at(terms.now);
    if claims.iss != "hallpass" {
        return Err(AccessTokenError::Issuer);
    }
    if claims.aud != "hallpass" {
        return Err(AccessTokenError::Audience);
    }
    if terms.now >= claims.exp + terms.leeway_seconds {
        return Err(AccessTokenError::Expired { expired_at: at(claims.exp), now });
    }
    match claims.nbf {
        Some(not_before) if not_before > terms.now + terms.leeway_seconds => {
            Err(AccessTokenError::NotYetValid { not_before: at(not_before), now })
        }
        _ => Ok(()),
    }
}

fn app_claims(payload: &[u8]) -> Map<String, Value> {
    let mut members: Map<String, Value> = read(payload).unwrap();
    members.retain(|name, _| !RESERVED.contains(&name.as_str()));
    members
}

/// Reads an object in which no member comes twice, at any depth.
fn read<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    let object: Map<String, Value> = serde_json::from_slice(json).ok()?;
    let is_unique = members_written(json) == members_kept(&Value::Object(object));
    is_unique.then(|| serde_json::from_slice(json).ok())?
}

/// Each member has a colon outside of its texts, and nothing else has.
fn members_written(json: &[u8]) -> usize {
    let (mut is_in_text, mut is_escaped, mut members) = (false, false, 0);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => is_in_text = !is_in_text,
            b':' if !is_in_text => members += 1,
            _ => {}
        }
    }
    members
}

/// Of a member that comes twice, serde_json keeps one.
fn members_kept(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.len() + members.values().map(members_kept).sum::<usize>(),
        Value::Array(values) => values.iter().map(members_kept).sum(),
        _ => 0,
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(part).or(Err(JwsError::Encoding))
}
