//! The `WWW-Authenticate` challenge of a refusal (RFC 6750 §3), for tokens that come as bearer credentials.
//!
//! actix-web-httpauth's own challenge writes its parameters without commas, so this one implements its
//! `Challenge`.

use std::fmt;
use std::sync::Arc;

use actix_web::http::header::{HeaderValue, InvalidHeaderValue, TryIntoHeaderValue};
use actix_web::web::Bytes;
use actix_web_httpauth::headers::www_authenticate::Challenge;

/// The realm of a challenge: printable ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Realm(Arc<str>);

impl Realm {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.bytes().all(|byte| matches!(byte, b' '..=b'~')).then(|| Self(text.into()))
    }
}

/// A `WWW-Authenticate` challenge (RFC 6750 §3).
#[derive(Clone, Debug)]
pub(crate) struct BearerChallenge {
    pub(crate) realm: Realm,
    /// What is wrong with the credentials; `None` when none were sent.
    pub(crate) error: Option<ChallengeError>,
}

/// What is wrong with the credentials, in the words of RFC 6750 §3.1.
#[derive(Clone, Debug)]
pub(crate) struct ChallengeError {
    pub(crate) code: &'static str,
    pub(crate) description: &'static str,
    /// What is needed: the scope (RFC 6750 §3), or the `max_age` (RFC 9470 §3).
    pub(crate) needed: Option<(&'static str, String)>,
}

impl fmt::Display for BearerChallenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Bearer realm={}", Quoted(&self.realm.0))?;
        let Some(ChallengeError { code, description, needed }) = &self.error else { return Ok(()) };
        let (code, description) = (Quoted(code), Quoted(description));
        write!(formatter, ", error={code}, error_description={description}")?;
        match needed {
            Some((name, value)) => write!(formatter, ", {name}={}", Quoted(value)),
            None => Ok(()),
        }
    }
}

impl Challenge for BearerChallenge {
    fn to_bytes(&self) -> Bytes {
        self.to_string().into()
    }
}

impl TryIntoHeaderValue for BearerChallenge {
    type Error = InvalidHeaderValue;

    fn try_into_value(self) -> Result<HeaderValue, InvalidHeaderValue> {
        HeaderValue::from_maybe_shared(self.to_bytes())
    }
}

/// A quoted string (RFC 9110 §5.6.4).
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\"", self.0.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_realm_is_quoted() {
        let realm = Realm::parse(r#"a "b" \c"#).unwrap();
        let challenge = BearerChallenge { realm, error: None };
        assert_eq!(challenge.to_string(), r#"Bearer realm="a \"b\" \\c""#);
        assert_eq!(Realm::parse("caf\u{e9}"), None);
    }
}
