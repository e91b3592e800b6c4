//! The `Bearer` scheme (RFC 6750), strict where actix-web-httpauth's own is not: that one compares
//! the scheme's case, takes any text for a token, and writes challenges without commas.

use std::fmt;
use std::sync::Arc;

use actix_web::http::header::{HeaderValue, InvalidHeaderValue, TryIntoHeaderValue};
use actix_web::web::Bytes;
use actix_web_httpauth::headers::authorization::{ParseError, Scheme};
use actix_web_httpauth::headers::www_authenticate::Challenge;

/// What an `Authorization` header holds, seen as bearer credentials: none, something broken, or a
/// token. Parsing never fails, so nothing can turn a broken token into none.
///
/// `Debug` and `Display`, which the scheme must have, show no token.
#[derive(Clone)]
pub(crate) enum Bearer {
    /// It is empty or of another scheme.
    OtherScheme,
    /// It is of this scheme, without a well-formed token.
    Malformed,
    /// It is a token.
    Token(BearerToken),
}

/// A well-formed token, and the header that it came in.
#[derive(Clone)]
pub(crate) struct BearerToken {
    header: HeaderValue,
    start: usize,
}

impl Scheme for Bearer {
    fn parse(header: &HeaderValue) -> Result<Self, ParseError> {
        let bytes = header.as_bytes();
        let scheme_end =
            bytes.iter().position(|byte| !is_token_character(*byte)).unwrap_or(bytes.len());
        if !bytes[..scheme_end].eq_ignore_ascii_case(b"bearer") {
            return Ok(Self::OtherScheme);
        }
        let rest = &bytes[scheme_end..];
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        if spaces == 0 || !is_b64token(&rest[spaces..]) {
            return Ok(Self::Malformed);
        }
        Ok(Self::Token(BearerToken { header: header.clone(), start: scheme_end + spaces }))
    }
}

impl Bearer {
    /// Returns the credentials in a header.
    pub(crate) fn of(header: &HeaderValue) -> Self {
        Self::parse(header).unwrap_or(Self::Malformed)
    }
}

impl BearerToken {
    /// Returns the token. Named so that a search finds every use.
    pub(crate) fn expose_token(&self) -> &str {
        let token = &self.header.as_bytes()[self.start..];
        std::str::from_utf8(token).expect("the characters of a b64token are ASCII")
    }
}

/// RFC 9110 §5.6.2: the characters of a scheme's name.
fn is_token_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 6750 §2.1: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(bytes: &[u8]) -> bool {
    let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
    let token = &bytes[..bytes.len() - padding];
    // To the end, and without a branch for each byte: a compiler compares sixteen at once then, and a token
    // has hundreds.
    !token.is_empty() && token.iter().fold(true, |all, byte| all & is_b64token_character(*byte))
}

/// From `-` to `9` are `-`, `.`, `/` and the digits.
fn is_b64token_character(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'-'..=b'9' | b'_' | b'~' | b'+')
}

impl TryIntoHeaderValue for Bearer {
    type Error = InvalidHeaderValue;

    fn try_into_value(self) -> Result<HeaderValue, InvalidHeaderValue> {
        match self {
            Self::Token(token) => Ok(token.header),
            Self::OtherScheme | Self::Malformed => HeaderValue::from_str("Bearer"),
        }
    }
}

impl fmt::Display for Bearer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Bearer …")
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Bearer(…)")
    }
}

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
    fn a_header_is_no_credentials_broken_ones_or_a_token() {
        const NONE: &str = "none";
        const BROKEN: &str = "broken";
        for (header, expected) in [
            ("", NONE),
            ("Basic YTpi", NONE),
            ("Bearerx abc", NONE),
            ("abc", NONE),
            ("Bearer", BROKEN),
            ("Bearer ", BROKEN),
            ("Bearer\tabc", BROKEN),
            ("Bearer,abc", BROKEN),
            ("Bearer abc def", BROKEN),
            ("Bearer abc,", BROKEN),
            ("Bearer =", BROKEN),
            ("Bearer a=b", BROKEN),
            ("Bearer abc\u{e9}", BROKEN),
            ("Bearer abc", "abc"),
            ("bEARER   abc", "abc"),
            ("Bearer aZ09-._~+/==", "aZ09-._~+/=="),
        ] {
            let value = HeaderValue::from_bytes(header.as_bytes()).unwrap();
            let parsed = Bearer::parse(&value).unwrap();
            let seen = match &parsed {
                Bearer::OtherScheme => NONE,
                Bearer::Malformed => BROKEN,
                Bearer::Token(token) => token.expose_token(),
            };
            assert_eq!(seen, expected, "{header:?}");
        }
    }

    #[test]
    fn the_characters_of_a_token_are_those_of_rfc_6750() {
        let letters_and_digits = |byte: &u8| byte.is_ascii_alphanumeric();
        let expected: Vec<_> =
            (0..=255).filter(|byte| letters_and_digits(byte) || b"-._~+/".contains(byte)).collect();
        let accepted: Vec<_> = (0..=255).filter(|byte| is_b64token_character(*byte)).collect();
        assert_eq!(accepted, expected);
    }

    #[test]
    fn credentials_are_never_printed() {
        let bearer = Bearer::parse(&HeaderValue::from_static("Bearer s3cret")).unwrap();
        assert_eq!(format!("{bearer} {bearer:?}"), "Bearer … Bearer(…)");
    }

    #[test]
    fn a_realm_is_quoted() {
        let realm = Realm::parse(r#"a "b" \c"#).unwrap();
        let challenge = BearerChallenge { realm, error: None };
        assert_eq!(challenge.to_string(), r#"Bearer realm="a \"b\" \\c""#);
        assert_eq!(Realm::parse("caf\u{e9}"), None);
    }
}
