//! Headers that are those of remembered tokens but for something, each verified twice through the memory and
//! once without it: the answers are the same.

use std::time::Duration;

use actix_web::http::header::HeaderValue;
use hallpass::AccessClaims;
use hallpass::Random as _;
use hallpass::testing::SeededRandom;

use crate::answer::AuthErrorReason;
use crate::testing::TestAuth;
use crate::transport::bearer::AuthorizationHeader;
use crate::transport::presented::Presented;

/// A few seconds' worth without optimisation: never fewer.
const HEADERS: usize = 20_000;

/// As many as `HALLPASS_MUTATED_TOKENS` says.
fn number_of_headers() -> usize {
    let asked = std::env::var("HALLPASS_MUTATED_TOKENS");
    asked.map_or(HEADERS, |number| number.parse().expect("it is a number")).max(HEADERS)
}

#[test]
fn a_mutated_header_gets_the_answer_that_it_gets_without_memory() {
    let auth = TestAuth::new();
    let headers = remembered(&auth);
    let dice = Dice(SeededRandom::new(7));
    let (mut accepted, mut refused, mut found) = (0_u32, 0_u32, 0_u32);
    let number = number_of_headers();
    for compared in 0..number {
        // Half of them expire in the end, and are remembered all the same.
        if compared % (number / 32) == 0 {
            auth.clock().advance(Duration::from_secs(1));
        }
        let header = dice.mutated(&headers);
        found += u32::from(is_remembered(&auth, &header));
        let expected = told(without_memory(&auth, &header));
        for _ in 0..2 {
            assert_eq!(told(auth.verify_header(&header)), expected, "{header:?}");
        }
        if expected.starts_with("Ok(Some") { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted > 100 && refused > 100, "{accepted} accepted, {refused} refused");
    assert!(found > accepted / 2, "{found} found in memory, {accepted} accepted");
}

fn is_remembered(auth: &TestAuth, header: &HeaderValue) -> bool {
    let token = header.as_bytes().strip_prefix(b"Bearer ");
    token.is_some_and(|token| auth.shared().verified_tokens().claims_of(token).is_some())
}

/// Tokens of different users that live for different times, some of which are over soon.
fn remembered(auth: &TestAuth) -> Vec<Vec<u8>> {
    let headers = (1..=16).map(|user| {
        let token = auth.token_for(user).lifetime(Duration::from_secs(user * 4));
        let (_, header) = token.header();
        let value = HeaderValue::from_str(&header).expect("a token is visible ASCII");
        auth.verify_header(&value).expect("it is good");
        header.into_bytes()
    });
    headers.collect()
}

fn without_memory(
    auth: &TestAuth,
    header: &HeaderValue,
) -> Result<Option<AccessClaims>, AuthErrorReason> {
    match AuthorizationHeader::One(header).presented() {
        Presented::Absent => Ok(None),
        Presented::Malformed => Err(AuthErrorReason::Malformed),
        Presented::Ambiguous => Err(AuthErrorReason::Ambiguous),
        Presented::Token(token) => {
            let claims = auth.service().verify_access(token);
            claims.map(Some).map_err(AuthErrorReason::Refused)
        }
    }
}

/// The claims with the token that they were read from, or the reason.
fn told(answer: Result<Option<AccessClaims>, AuthErrorReason>) -> String {
    let token = answer.as_ref().ok().and_then(Option::as_ref).map(AccessClaims::expose_token);
    format!("{answer:?} {token:?}")
}

struct Dice(SeededRandom);

impl Dice {
    fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes).expect("it is made of a seed");
        usize::try_from(u64::from_ne_bytes(bytes) % end as u64).expect("it is below a usize")
    }

    /// The next that may stand in a request.
    fn mutated(&self, headers: &[Vec<u8>]) -> HeaderValue {
        loop {
            if let Ok(header) = HeaderValue::from_bytes(&self.mutate(headers)) {
                return header;
            }
        }
    }

    /// One of the headers, or one that is made of it.
    fn mutate(&self, headers: &[Vec<u8>]) -> Vec<u8> {
        let mut header = headers[self.below(headers.len())].clone();
        let place = self.below(header.len());
        match self.below(8) {
            0 => {}
            1 => header[place] ^= 1 << self.below(8),
            2 => header.truncate(place),
            3 => header.insert(place, header[self.below(header.len())]),
            4 => drop(header.remove(place)),
            5 => header[..6].make_ascii_lowercase(),
            6 => header.splice(6..6, [b' '].repeat(self.below(3))).for_each(drop),
            // The front of one and the end of another.
            _ => {
                let other = &headers[self.below(headers.len())];
                header.truncate(place);
                header.extend(&other[place.min(other.len())..]);
            }
        }
        header
    }
}
