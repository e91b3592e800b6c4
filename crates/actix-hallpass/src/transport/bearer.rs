//! Bearer credentials in the `Authorization` header (RFC 6750 §2.1).
//!
//! actix-web-httpauth's parser compares the scheme's case, takes any text for a token, and copies it;
//! so this reads the header itself.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};

use crate::transport::presented::Presented;

/// The `Authorization` header of a request, before it is parsed.
#[derive(Clone, Copy)]
pub(crate) enum AuthorizationHeader<'a> {
    Absent,
    One(&'a HeaderValue),
    Several,
}

impl<'a> AuthorizationHeader<'a> {
    pub(crate) fn of(request: &'a HttpRequest) -> Self {
        let mut headers = request.headers().get_all(AUTHORIZATION);
        match (headers.next(), headers.next()) {
            (None, _) => Self::Absent,
            (Some(header), None) => Self::One(header),
            (Some(_), Some(_)) => Self::Several,
        }
    }

    /// Parses the header. Of several headers, none is read: who reads another one sees another user.
    pub(crate) fn presented(self) -> Presented<'a> {
        match self {
            Self::Absent => Presented::Absent,
            Self::One(header) => parse(header.as_bytes()),
            Self::Several => Presented::Ambiguous,
        }
    }

    /// Returns the bytes after `Bearer` and one space, unparsed. Other spellings of the scheme are valid too,
    /// and rare.
    pub(crate) fn in_usual_spelling(self) -> Option<&'a [u8]> {
        match self {
            Self::One(header) => header.as_bytes().strip_prefix(b"Bearer "),
            Self::Absent | Self::Several => None,
        }
    }
}

/// Parses the value of the one header. Another scheme is not for hallpass.
fn parse(header: &[u8]) -> Presented<'_> {
    let scheme_end =
        header.iter().position(|byte| !is_scheme_character(*byte)).unwrap_or(header.len());
    let (scheme, rest) = header.split_at(scheme_end);
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Presented::Absent;
    }
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let token = &rest[spaces..];
    if spaces == 0 || !is_b64token(token) {
        return Presented::Malformed;
    }
    Presented::Token(std::str::from_utf8(token).expect("the characters of a b64token are ASCII"))
}

/// RFC 9110 §5.6.2: the characters of a scheme's name.
fn is_scheme_character(byte: u8) -> bool {
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

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(headers: &[&[u8]], assertion: impl Fn(Presented<'_>)) {
        let request = headers.iter().fold(TestRequest::default(), |request, header| {
            let value = HeaderValue::from_bytes(header).unwrap();
            request.append_header((AUTHORIZATION, value))
        });
        assertion(AuthorizationHeader::of(&request.to_http_request()).presented());
    }

    #[test]
    fn a_header_presents_nothing_something_malformed_or_a_token() {
        use Presented::{Absent, Malformed, Token};
        for (header, expected) in [
            ("", Absent),
            ("Basic YTpi", Absent),
            ("Bearerx abc", Absent),
            ("abc", Absent),
            ("Bearer", Malformed),
            ("Bearer ", Malformed),
            ("Bearer\tabc", Malformed),
            ("Bearer,abc", Malformed),
            ("Bearer abc def", Malformed),
            ("Bearer abc,", Malformed),
            ("Bearer =", Malformed),
            ("Bearer a=b", Malformed),
            ("Bearer abc\u{e9}", Malformed),
            ("Bearer abc", Token("abc")),
            ("bEARER   abc", Token("abc")),
            ("Bearer aZ09-._~+/==", Token("aZ09-._~+/==")),
        ] {
            seen(&[header.as_bytes()], |it| assert!(it == expected, "{header:?}: {it:?}"));
        }
    }

    #[test]
    fn no_header_is_absent_and_two_are_ambiguous_whatever_they_hold() {
        seen(&[], |it| assert_eq!(it, Presented::Absent));
        let pairs: [[&[u8]; 2]; 3] =
            [[b"Bearer abc", b"Bearer abc"], [b"Basic YTpi", b"Bearer abc"], [b"", b""]];
        for pair in pairs {
            seen(&pair, |it| assert_eq!(it, Presented::Ambiguous));
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
}
