//! The compact serialization of a signed token (RFC 7515): three base64url parts and an HMAC.
//!
//! jsonwebtoken is what the tests compare this with, not what it is made of: its `decode` ignores `typ` and
//! `crit`, sets the key up for each token, and goes through a crypto provider of the whole process, which
//! panics when another crate of the application has turned a second one on.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::json;
use crate::keys::TokenSecret;
use crate::keys::hmac::HmacKey;

/// The longest token that is looked at, in bytes: more than any of ours, less than a nuisance.
pub(crate) const MAXIMUM_BYTES: usize = 4096;

/// Two dots and a signature.
const BYTES_BESIDE_PARTS: usize = 2 + 43;

/// Signs and opens tokens of one type with one key and one algorithm, HMAC-SHA256.
pub(crate) struct Jws {
    token_type: &'static str,
    key_id: Option<String>,
    /// The header of every token that is signed here, as it stands in the token.
    header: String,
    key: HmacKey,
}

/// Why a text is not a token signed with our key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// It is longer than 4 KiB.
    #[error("it has {bytes} bytes, more than {MAXIMUM_BYTES}")]
    TooLong {
        /// How many bytes it has.
        bytes: usize,
    },
    /// It is not three parts joined by dots.
    #[error("it does not have three parts")]
    Parts,
    /// A part is not base64url without padding.
    #[error("a part is not base64url without padding")]
    Encoding,
    /// The header is not a JSON object with unique members of the right types.
    #[error("its header is not the JSON of a JOSE header")]
    Header,
    /// The algorithm is not the one configured for the key, whatever the token asks for.
    #[error("its algorithm is not the key's")]
    Algorithm,
    /// `typ` is not the one expected (RFC 8725 §3.11).
    #[error("its type is another one")]
    Type,
    /// It names a key that is not ours.
    #[error("its key id is not the key's")]
    KeyId,
    /// It has `crit`, `b64` or `zip`, none of which is understood here.
    #[error("its header has `crit`, `b64` or `zip`")]
    Extension,
    /// The signature does not belong to the text.
    #[error("its signature is wrong")]
    Signature,
}

#[derive(Serialize)]
struct HeaderOut<'a> {
    typ: &'a str,
    alg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Deserialize)]
struct HeaderIn {
    typ: String,
    alg: String,
    #[serde(default, deserialize_with = "json::not_null")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "json::is_present")]
    crit: bool,
    #[serde(default, deserialize_with = "json::is_present")]
    b64: bool,
    #[serde(default, deserialize_with = "json::is_present")]
    zip: bool,
}

impl Jws {
    /// Returns the signer and opener of tokens of `token_type` under `secret`.
    pub(crate) fn new(
        token_type: &'static str,
        secret: &TokenSecret,
        key_id: Option<String>,
    ) -> Self {
        Self {
            header: encode_json(&HeaderOut {
                typ: token_type,
                alg: "HS256",
                kid: key_id.as_deref(),
            }),
            token_type,
            key_id,
            key: HmacKey::new(secret.expose_secret()),
        }
    }

    /// Returns the signed token with `claims` as its payload.
    ///
    /// Both texts are wiped, and neither moves while it grows: there is room from the beginning for any token
    /// that is not too long.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Zeroizing<String> {
        let mut payload = Zeroizing::new(Vec::with_capacity(MAXIMUM_BYTES));
        write_json(claims, &mut payload);
        let bytes = self.header.len() + payload.len().div_ceil(3) * 4 + BYTES_BESIDE_PARTS;
        let mut token = Zeroizing::new(String::with_capacity(bytes));
        token.push_str(&self.header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&payload, &mut token);
        let signature = self.key.code_of(&[token.as_bytes()]);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }

    /// Returns the payload of a token of this type that was signed with this key.
    ///
    /// # Errors
    /// [`JwsError`]: the first rule that `token` breaks.
    pub(crate) fn open(&self, token: &str) -> Result<Vec<u8>, JwsError> {
        if token.len() > MAXIMUM_BYTES {
            return Err(JwsError::TooLong { bytes: token.len() });
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Parts)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Parts)?;
        if payload.contains('.') {
            return Err(JwsError::Parts);
        }
        // What is written like our own says what ours says, and need not be read again.
        if header != self.header {
            self.check_header(&decode(header)?)?;
        }
        if !self.key.is_code_of(&decode(signature)?, signed.as_bytes()) {
            return Err(JwsError::Signature);
        }
        decode(payload)
    }

    fn check_header(&self, header: &[u8]) -> Result<(), JwsError> {
        let Ok(header) = json::from_slice::<HeaderIn>(header) else {
            return Err(JwsError::Header);
        };
        if header.alg != "HS256" {
            return Err(JwsError::Algorithm);
        }
        if !is_media_type(&header.typ, self.token_type) {
            return Err(JwsError::Type);
        }
        if header.crit || header.b64 || header.zip {
            return Err(JwsError::Extension);
        }
        if header.kid.is_some() && header.kid != self.key_id {
            return Err(JwsError::KeyId);
        }
        Ok(())
    }
}

/// Returns the payload of a token that has been opened before.
pub(crate) fn payload_of_opened(token: &str) -> Vec<u8> {
    let payload = token.split('.').nth(1).expect("a token that was opened has three parts");
    URL_SAFE_NO_PAD.decode(payload).expect("the payload of a token that was opened is base64url")
}

/// Compares `typ` as RFC 7515 §4.1.9 has it: case does not count, `application/` may be left out.
fn is_media_type(presented: &str, expected: &str) -> bool {
    const PREFIX: &str = "application/";
    let subtype = match presented.get(..PREFIX.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => &presented[PREFIX.len()..],
        _ => presented,
    };
    subtype.eq_ignore_ascii_case(expected)
}

fn encode_json(value: &impl Serialize) -> String {
    let mut json = Vec::new();
    write_json(value, &mut json);
    URL_SAFE_NO_PAD.encode(json)
}

fn write_json(value: &impl Serialize, json: &mut Vec<u8>) {
    serde_json::to_writer(json, value).expect("structs of strings and numbers are JSON");
}

fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(part).or(Err(JwsError::Encoding))
}
