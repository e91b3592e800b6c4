//! Credentials that were verified before: bounded memory, so that a client's next request need not pay for
//! the same signature and the same claims again.
//!
//! It is worth its memory: docs/performance.md has what a verification costs with it and without. Nothing
//! that can change is remembered: who a token is for and what it allows is what it says. Its time is checked
//! by who asks.

use std::fmt;
use std::hash::{Hash, Hasher};

use actix_web::http::header::HeaderValue;
use hallpass::AccessClaims;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// How much is remembered, in bytes: about 16,000 usual tokens. Those that have not come for longest go
/// first.
const MAXIMUM_BYTES: u64 = 16 * 1024 * 1024;

/// What credentials take beside their text: the claims, and the cache's own bookkeeping.
const BYTES_BESIDE_TEXT: u64 = 512;

/// What is remembered: the `Authorization` headers of one `Auth`, and what their tokens say.
pub(crate) struct VerifiedCredentials(Cache<Verified, AccessClaims, ByBytes>);

/// A header with a token that was verified; wiped when it is forgotten.
///
/// A copy, since a part of what a connection has read keeps all of that in memory.
#[derive(Clone, PartialEq, Eq)]
struct Verified(Zeroizing<Vec<u8>>);

/// A header of which nothing is known yet.
struct Presented<'a>(&'a [u8]);

#[derive(Clone)]
struct ByBytes;

impl VerifiedCredentials {
    pub(crate) fn new() -> Self {
        let expected = usize::try_from(MAXIMUM_BYTES / 1024).expect("it is a few thousand");
        Self(Cache::with_weighter(expected, MAXIMUM_BYTES, ByBytes))
    }

    /// Returns what the token in `header` says, if it was verified before; it may have expired since.
    pub(crate) fn claims_of(&self, header: &HeaderValue) -> Option<AccessClaims> {
        self.0.get(&Presented(header.as_bytes()))
    }

    /// Remembers that the token in `header` was verified.
    pub(crate) fn remember(&self, header: &HeaderValue, claims: &AccessClaims) {
        let header = Verified(Zeroizing::new(header.as_bytes().to_vec()));
        self.0.insert(header, claims.clone());
    }
}

impl Hash for Verified {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Presented(&self.0).hash(state);
    }
}

impl Presented<'_> {
    /// Returns the end of the token's signature, which is as good as random.
    fn telling_end(&self) -> u128 {
        self.0.last_chunk().map_or(0, |end| u128::from_ne_bytes(*end))
    }
}

/// Only tokens with a right signature are remembered, so nobody without the key can make many of them
/// alike.
impl Hash for Presented<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.telling_end());
    }
}

impl Equivalent<Verified> for Presented<'_> {
    /// First what nobody can guess, in constant time: else the time would tell a forger how much of
    /// somebody's token is right. Who has that right has the token.
    fn equivalent(&self, verified: &Verified) -> bool {
        let verified = Presented(&verified.0);
        bool::from(self.telling_end().ct_eq(&verified.telling_end())) && self.0 == verified.0
    }
}

impl Weighter<Verified, AccessClaims> for ByBytes {
    /// The application's claims are a part of the token, decoded.
    fn weight(&self, header: &Verified, _: &AccessClaims) -> u64 {
        2 * header.0.len() as u64 + BYTES_BESIDE_TEXT
    }
}

impl fmt::Debug for VerifiedCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VerifiedCredentials(…)")
    }
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use std::time::Duration;

    use actix_web::HttpRequest;
    use actix_web::http::header::AUTHORIZATION;
    use actix_web::test::TestRequest;
    use hallpass::AccessTokenError;

    use super::*;
    use crate::authenticate::authenticate;
    use crate::testing::TestAuth;
    use crate::{Auth, AuthErrorReason};

    fn header(auth: &TestAuth) -> HeaderValue {
        let (_, text) = auth.token_for(7).lifetime(Duration::from_secs(60)).header();
        HeaderValue::from_str(&text).unwrap()
    }

    fn request(header: &HeaderValue) -> HttpRequest {
        TestRequest::default().insert_header((AUTHORIZATION, header.clone())).to_http_request()
    }

    fn is_known(auth: &Auth, header: &HeaderValue) -> bool {
        auth.verified_credentials().claims_of(header).is_some()
    }

    #[test]
    fn what_was_verified_is_remembered_with_what_it_says() {
        let auth = TestAuth::new();
        let header = header(&auth);
        assert!(!is_known(&auth, &header));
        let [first, second] = [(); 2].map(|()| authenticate(&auth, &request(&header)).unwrap());
        assert!(is_known(&auth, &header));
        assert_eq!(first, second);
        assert_eq!(second.unwrap().user_id().as_str(), "7");
    }

    #[test]
    fn a_remembered_token_is_refused_in_the_very_second_of_its_exp() {
        let auth = TestAuth::new();
        let header = header(&auth);
        authenticate(&auth, &request(&header)).unwrap();
        auth.clock().advance(Duration::from_secs(59));
        assert!(authenticate(&auth, &request(&header)).is_ok());
        auth.clock().advance(Duration::from_secs(1));
        let refusal = authenticate(&auth, &request(&header)).unwrap_err();
        let reason = refusal.reason();
        let expected = AccessTokenError::Expired {
            expired_at: auth.service().now(),
            now: auth.service().now(),
        };
        assert!(
            matches!(reason, AuthErrorReason::Refused(error) if *error == expected),
            "{reason:?}"
        );
    }

    /// A forger may know all of a token but one character, or have it without its end.
    #[test]
    fn what_differs_anywhere_from_a_remembered_header_is_verified_by_itself() {
        let auth = TestAuth::new();
        let header = header(&auth);
        authenticate(&auth, &request(&header)).unwrap();
        let text = header.as_bytes();
        let changed = (0..text.len()).map(|place| {
            let mut changed = text.to_vec();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            changed
        });
        let shortened = (0..text.len()).map(|length| text[..length].to_vec());
        let without_front = (1..text.len()).map(|start| text[start..].to_vec());
        for other in changed.chain(shortened).chain(without_front) {
            let other = HeaderValue::from_bytes(&other).unwrap();
            assert!(!is_known(&auth, &other), "{other:?}");
            let is_refused = !matches!(authenticate(&auth, &request(&other)), Ok(Some(_)));
            assert!(is_refused, "{other:?}");
        }
    }

    #[test]
    fn nothing_is_remembered_that_was_refused() {
        let (auth, other) = (TestAuth::new(), TestAuth::new());
        let header = header(&other);
        authenticate(&other, &request(&header)).unwrap();
        assert!(authenticate(&auth, &request(&header)).is_err(), "it is signed with another key");
        assert!(!is_known(&auth, &header));
    }

    #[test]
    fn memory_is_bounded_whatever_the_length() {
        let auth = TestAuth::new();
        let claims = authenticate(&auth, &request(&header(&auth))).unwrap().unwrap();
        let credentials = VerifiedCredentials::new();
        for number in 0..40_000 {
            let text = format!("Bearer {}{number:016}", "A".repeat(number % 4000));
            credentials.remember(&HeaderValue::from_str(&text).unwrap(), &claims);
        }
        assert!(credentials.0.weight() <= MAXIMUM_BYTES, "{}", credentials.0.weight());
        assert!(credentials.0.len() > 1000, "{}", credentials.0.len());
    }
}
