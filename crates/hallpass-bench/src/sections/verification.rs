//! What verifying an access token takes, without HTTP around it.
//!
//! HS256 in process: `jsonwebtoken::decode` with the same checks into a struct of the same claims; hallpass
//! without its memory of verified tokens, which is the cost of a first verification; and hallpass with it. 1, 1,000
//! or 1,000,000 different tokens come in turn. hallpass signs with HS256 alone, so ES256, EdDSA and RS256 are not
//! measured.

use std::hint::black_box;
use std::sync::Arc;

use actix_hallpass::testing::TestAuth;
use actix_web::http::header::HeaderValue;
use hallpass::{Clock, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::Section;
use crate::access_token::{ACCESS_TOKEN_SECRET, AUDIENCE, ISSUER, REFRESH_TOKEN_SECRET};
use crate::clock::{Stopwatch, unix_seconds};
use crate::failure::Failure;
use crate::finding::{Finding, Table, with_separators};
use crate::judgement::Target;
use crate::plan::Plan;
use crate::workshop::Workshop;

pub(super) const SECTION: Section = Section {
    name: "verification",
    title: "Verifying an access token",
    about: "In process, without HTTP: hallpass with and without its memory of verified tokens, \
            next to `jsonwebtoken::decode` with the same checks. The memory cannot hold \
            1,000,000 tokens.",
    measure,
};

/// The claims that hallpass reads.
#[derive(Deserialize)]
#[expect(dead_code, reason = "that they are read is what is measured")]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: u64,
    exp: u64,
    jti: String,
    sid: String,
    auth_time: u64,
}

/// Who verifies.
struct Verifiers {
    auth: TestAuth,
    key: DecodingKey,
    validation: Validation,
}

/// A way to verify, and what it is called.
type Way = (&'static str, fn(&Verifiers, &HeaderValue));

const DECODE: Way = ("jsonwebtoken", Verifiers::decode);
const FIRST: Way = ("hallpass, which does not remember", Verifiers::verify);
const AGAIN: Way = ("hallpass, which remembers", Verifiers::verify_or_remember);

/// The system's, as a server has it.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(unix_seconds()).expect("this is not the year 10000")
    }
}

fn measure(_: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let verifiers = Verifiers::new();
    let mut table = Table::new("time of a verification, µs", 3);
    let mut finding = Finding::default();
    for &live in plan.live_tokens {
        eprintln!("verification: {live} live tokens");
        let headers: Vec<_> = (0..live).map(|number| verifiers.header(number)).collect();
        let mut ways = [DECODE, FIRST, AGAIN].map(|(who, verify)| (label(who, live), verify));
        let [decode, first, again] = ways.clone().map(|(label, _)| label);
        for _ in 0..plan.rounds {
            for (label, verify) in &ways {
                table.add(label, verifiers.time(plan, &headers, *verify), 0);
            }
            ways.reverse();
        }
        let of_first = table.ratio(&first, &decode).named(compared("first sight", live));
        finding.judge(of_first.against(Target::AtMost(0.5)).plausible_within(0.1..=1.5));
        // More than are remembered: each is verified as if it were seen first, and remembered in vain. The page
        // says so beside the ratio.
        let target = Target::AtMost(if live <= 1000 { 0.15 } else { 0.5 });
        let of_again = table.ratio(&again, &decode).named(compared("with memory", live));
        finding.judge(of_again.against(target).plausible_within(0.005..=3.0));
    }
    finding.add_table(table);
    Ok(finding)
}

impl Verifiers {
    fn new() -> Self {
        let auth = TestAuth::with(|auth| {
            auth.access_token_secret(ACCESS_TOKEN_SECRET)
                .refresh_token_secret(REFRESH_TOKEN_SECRET)
                .clock(Arc::new(SystemClock))
        });
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self { auth, key: DecodingKey::from_secret(ACCESS_TOKEN_SECRET.as_bytes()), validation }
    }

    /// Returns the header of a token as a login makes them.
    fn header(&self, number: usize) -> HeaderValue {
        let token = self.auth.token_for(number).session_id("DxAREhMUFRYXGBkaGxwdHg");
        let text =
            format!("Bearer {}", token.lifetime(std::time::Duration::from_secs(3600)).mint());
        HeaderValue::from_str(&text).expect("a token is visible ASCII")
    }

    /// Returns the microseconds that one verification takes, on an average over all headers in turn.
    fn time(&self, plan: &Plan, headers: &[HeaderValue], verify: fn(&Self, &HeaderValue)) -> f64 {
        let watch = Stopwatch::start();
        // All of them, however many they are.
        let verifications = plan.verifications.max(headers.len());
        for header in headers.iter().cycle().take(verifications) {
            verify(self, black_box(header));
        }
        watch.elapsed().as_secs_f64() * 1e6 / verifications as f64
    }

    fn decode(&self, header: &HeaderValue) {
        let claims = jsonwebtoken::decode::<Claims>(token_in(header), &self.key, &self.validation);
        black_box(claims.expect("the token is good"));
    }

    fn verify(&self, header: &HeaderValue) {
        let claims = self.auth.service().verify_access(token_in(header));
        black_box(claims.expect("the token is good"));
    }

    fn verify_or_remember(&self, header: &HeaderValue) {
        let claims = self.auth.verify_header(header);
        black_box(claims.expect("the token is good"));
    }
}

/// Returns what a ratio to jsonwebtoken is called.
fn compared(way: &str, live: usize) -> String {
    format!("hallpass ÷ jsonwebtoken, {way}, tokens: {}", with_separators(live as u64))
}

fn label(who: &str, live: usize) -> String {
    match live {
        1 => format!("{who}, the same token"),
        _ => format!("{who}, {} tokens in turn", with_separators(live as u64)),
    }
}

fn token_in(header: &HeaderValue) -> &str {
    let text = header.to_str().expect("a token is visible ASCII");
    text.strip_prefix("Bearer ").expect("it was made so")
}
