//! Mutated tokens, verified in the plain way and in the one that every request takes: what one accepts the
//! other does, with the same claims, and what one refuses the other refuses for the same reason.
//!
//! `HALLPASS_MUTATED_TOKENS=1000000` compares as many.

use std::collections::BTreeMap;
use std::env;

use serde_json::{Map, Value};

use crate::testing::dice::Dice;
use crate::token::access::AccessTokens;
use crate::token::access::tests::plain::{PlainClaims, Terms};
use crate::token::access::tests::{at, mutation, plain, tokens_with};
use crate::token::{AccessClaims, AccessTokenError};

/// A few seconds' worth without optimisation, and enough to come to every answer: never fewer.
const TOKENS: usize = 20_000;

/// Every answer there is; a mutation that is never made compares nothing.
const ANSWERS: [&str; 16] = [
    "accepted",
    "accepted with claims of the application",
    "Algorithm",
    "Audience",
    "Claims",
    "Encoding",
    "Expired",
    "Extension",
    "Header",
    "Issuer",
    "KeyId",
    "NotYetValid",
    "Parts",
    "Signature",
    "TooLong",
    "Type",
];

#[test]
fn a_mutated_token_gets_the_answer_of_the_plain_way() {
    let mut dice = Dice::new(1);
    let mut answers = BTreeMap::from(ANSWERS.map(|answer| (answer.to_owned(), 0)));
    let verifiers = verifiers();
    for _ in 0..number_of_tokens() {
        let (terms, verifier) = &verifiers[dice.below(verifiers.len())];
        let token = mutation::next_token(&mut dice);
        let answer = compare(&token, *terms, verifier);
        *answers.get_mut(&answer).unwrap_or_else(|| panic!("{answer} is no answer")) += 1;
    }
    let missing: Vec<_> = answers.iter().filter(|(_, times)| **times == 0).collect();
    assert!(missing.is_empty(), "no token came to {missing:?}");
}

fn number_of_tokens() -> usize {
    let asked = env::var("HALLPASS_MUTATED_TOKENS");
    asked.map_or(TOKENS, |number| number.parse().expect("it is a number")).max(TOKENS)
}

/// At the edges of the token's time, with and without a key id.
fn verifiers() -> Vec<(Terms, AccessTokens)> {
    let mut verifiers = Vec::new();
    for key_id in [None, Some("key-1")] {
        for leeway_seconds in [0, 60] {
            for now in [2_000_000_000, 2_000_000_899, 2_000_000_900, 2_000_000_959] {
                let terms = Terms { key_id, leeway_seconds, now };
                verifiers.push((terms, tokens_with(leeway_seconds, key_id)));
            }
        }
    }
    verifiers
}

/// Returns the name of the answer that both gave.
fn compare(token: &str, terms: Terms, verifier: &AccessTokens) -> String {
    let plain = plain::verify(token, terms);
    let ours = verifier.verify(token, at(terms.now));
    match (&plain, &ours) {
        (Ok(plain), Ok(ours)) => assert_eq!(*plain, seen(ours), "{token}"),
        // Where in the text the mistake is seems different to who reads it once.
        (Err(AccessTokenError::Claims(_)), Err(AccessTokenError::Claims(_))) => {}
        (Err(plain), Err(ours)) => assert_eq!(plain, ours, "{token}"),
        _ => panic!("plain: {plain:?}, ours: {ours:?}, {terms:?}: {token}"),
    }
    name(&plain)
}

fn name(answer: &Result<PlainClaims, AccessTokenError>) -> String {
    let debug = match answer {
        Ok(claims) if claims.app_claims.is_empty() => return "accepted".to_owned(),
        Ok(_) => return "accepted with claims of the application".to_owned(),
        Err(AccessTokenError::NotAuthentic(error)) => format!("{error:?}"),
        Err(error) => format!("{error:?}"),
    };
    debug.split(|character: char| !character.is_alphanumeric()).next().unwrap().to_owned()
}

fn seen(claims: &AccessClaims) -> PlainClaims {
    PlainClaims {
        user_id: claims.user_id().as_str().to_owned(),
        session_id: claims.session_id().as_str().to_owned(),
        token_id: claims.token_id().to_owned(),
        issued_at: claims.issued_at().as_unix_seconds(),
        expires_at: claims.expires_at().as_unix_seconds(),
        not_before: claims.not_before().map(|time| time.as_unix_seconds()),
        auth_time: claims.auth_time().map(|time| time.as_unix_seconds()),
        scope: claims.scope().as_str().to_owned(),
        app_claims: claims.app_claims::<Map<String, Value>>().unwrap(),
    }
}
