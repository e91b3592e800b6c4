//! Access tokens that were verified before: bounded memory, so that a client's next request need not pay for
//! the same signature and the same claims again.
//!
//! It is worth its memory: docs/performance.md has what a verification costs with it and without. Nothing
//! that can change is remembered: who a token is for and what it allows is what it says. Its time is checked
//! by who asks.

#[cfg(all(test, feature = "testing"))]
mod differential;

use std::fmt;
use std::hash::{Hash, Hasher};

use hallpass::AccessClaims;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use subtle::ConstantTimeEq as _;

/// How much is remembered, in bytes: about 14,000 usual tokens. Those that come seldom go first.
const MAXIMUM_BYTES: u64 = 16 * 1024 * 1024;

/// What a token takes beside twice its text, in bytes: the claims and the cache's own bookkeeping take 351, as
/// an allocator counts them.
const BYTES_BESIDE_TEXT: u64 = 384;

/// What is remembered: tokens of one `Auth`, and what they say.
pub(crate) struct VerifiedTokens(Cache<Verified, AccessClaims, ByBytes>);

/// A token that was verified, which its claims have a copy of: a part of what a connection has read would
/// keep all of that in memory.
#[derive(Clone, PartialEq, Eq)]
struct Verified(AccessClaims);

/// The bytes of a token, or of what may be one.
struct TokenBytes<'a>(&'a [u8]);

#[derive(Clone)]
struct ByBytes;

impl VerifiedTokens {
    pub(crate) fn new() -> Self {
        let expected = usize::try_from(MAXIMUM_BYTES / 1024).expect("it is a few thousand");
        Self(Cache::with_weighter(expected, MAXIMUM_BYTES, ByBytes))
    }

    /// Returns what `presented` says, if it is a token that was verified before; it may have expired since.
    pub(crate) fn claims_of(&self, presented: &[u8]) -> Option<AccessClaims> {
        self.0.get(&TokenBytes(presented))
    }

    /// Remembers that the token that says this was verified.
    pub(crate) fn remember(&self, claims: &AccessClaims) {
        self.0.insert(Verified(claims.clone()), claims.clone());
    }
}

impl Hash for Verified {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().hash(state);
    }
}

impl Verified {
    fn bytes(&self) -> TokenBytes<'_> {
        TokenBytes(self.0.expose_token().as_bytes())
    }
}

impl TokenBytes<'_> {
    /// Returns the end of the token's signature, which is as good as random.
    fn telling_end(&self) -> u128 {
        self.0.last_chunk().map_or(0, |end| u128::from_ne_bytes(*end))
    }
}

/// Only tokens with a right signature are remembered, and a token has one spelling, so nobody without the
/// key can make many of them alike.
impl Hash for TokenBytes<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.telling_end());
    }
}

impl Equivalent<Verified> for TokenBytes<'_> {
    /// First what nobody can guess, in constant time: else the time would tell a forger how much of
    /// somebody's token is right. Who has that right has the token.
    fn equivalent(&self, verified: &Verified) -> bool {
        let verified = verified.bytes();
        bool::from(self.telling_end().ct_eq(&verified.telling_end())) && self.0 == verified.0
    }
}

impl Weighter<Verified, AccessClaims> for ByBytes {
    /// Twice the text: the scope and the ids are parts of it, decoded, with memory of their own.
    fn weight(&self, _: &Verified, claims: &AccessClaims) -> u64 {
        2 * claims.expose_token().len() as u64 + BYTES_BESIDE_TEXT
    }
}

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VerifiedTokens(…)")
    }
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use std::time::Duration;

    use actix_web::HttpRequest;
    use actix_web::http::header::{AUTHORIZATION, HeaderValue};
    use actix_web::test::TestRequest;
    use hallpass::AccessTokenError;
    use serde_json::json;

    use super::*;
    use crate::answer::AuthErrorReason;
    use crate::auth::Auth;
    use crate::testing::TestAuth;
    use crate::transport::authenticate::authenticate;

    const LONG_SCOPE: &str = "orders:read orders:write customers:read";

    fn header(auth: &TestAuth) -> HeaderValue {
        let (_, text) = auth.token_for(7).lifetime(Duration::from_secs(60)).header();
        HeaderValue::from_str(&text).unwrap()
    }

    fn request(header: &HeaderValue) -> HttpRequest {
        TestRequest::default().insert_header((AUTHORIZATION, header.clone())).to_http_request()
    }

    fn is_known(auth: &Auth, header: &HeaderValue) -> bool {
        let presented = header.as_bytes().strip_prefix(b"Bearer ");
        presented.is_some_and(|token| auth.shared().verified_tokens().claims_of(token).is_some())
    }

    #[test]
    fn what_was_verified_is_remembered_with_what_it_says() {
        let auth = TestAuth::new();
        let header = header(&auth);
        assert!(!is_known(&auth, &header));
        let [first, second] =
            [(); 2].map(|()| authenticate(auth.shared(), &request(&header)).unwrap());
        assert!(is_known(&auth, &header));
        assert_eq!(first, second);
        assert_eq!(second.unwrap().user_id().as_str(), "7");
    }

    #[test]
    fn a_remembered_token_is_refused_in_the_very_second_of_its_exp() {
        let auth = TestAuth::new();
        let header = header(&auth);
        authenticate(auth.shared(), &request(&header)).unwrap();
        auth.clock().advance(Duration::from_secs(59));
        assert!(authenticate(auth.shared(), &request(&header)).is_ok());
        auth.clock().advance(Duration::from_secs(1));
        let refusal = authenticate(auth.shared(), &request(&header)).unwrap_err();
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
        authenticate(auth.shared(), &request(&header)).unwrap();
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
            let is_refused = !matches!(authenticate(auth.shared(), &request(&other)), Ok(Some(_)));
            assert!(is_refused, "{other:?}");
        }
    }

    /// Else whoever has one token could fill the memory with its spellings.
    #[test]
    fn a_token_is_remembered_once_however_its_header_is_spelt() {
        let auth = TestAuth::new();
        let token = header(&auth).to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned();
        for scheme in ["Bearer", "bearer", "BEARER", "bEARER"] {
            for spaces in 1..100 {
                let text = format!("{scheme}{}{token}", " ".repeat(spaces));
                let header = HeaderValue::from_str(&text).unwrap();
                authenticate(auth.shared(), &request(&header)).unwrap();
            }
        }
        assert_eq!(auth.shared().verified_tokens().0.len(), 1);
    }

    #[test]
    fn nothing_is_remembered_that_was_refused() {
        let (auth, other) = (TestAuth::new(), TestAuth::new());
        let header = header(&other);
        authenticate(other.shared(), &request(&header)).unwrap();
        assert!(
            authenticate(auth.shared(), &request(&header)).is_err(),
            "it is signed with another key"
        );
        assert!(!is_known(&auth, &header));
    }

    #[test]
    fn memory_is_bounded_whatever_the_length() {
        for (longest, tokens) in [(1, 16_000), (2500, 8000)] {
            let auth = TestAuth::new();
            for number in 0..tokens {
                let claims = json!({ "filler": "A".repeat(number % longest) });
                let token = auth.token_for(number).scope(LONG_SCOPE).claims(&claims);
                let header = HeaderValue::from_str(&token.header().1).unwrap();
                auth.verify_header(&header).unwrap();
            }
            let remembered = &auth.shared().verified_tokens().0;
            let half = MAXIMUM_BYTES / 2;
            let bytes = remembered.weight();
            assert!((half..=MAXIMUM_BYTES).contains(&bytes), "{bytes} up to {longest}");
            assert!(remembered.len() < tokens, "{} up to {longest}", remembered.len());
        }
    }
}
