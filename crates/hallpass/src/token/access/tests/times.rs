//! When an access token is valid, to the second.

use super::*;

#[test]
fn a_token_is_expired_in_the_very_second_of_its_exp() {
    let token = forge::token(HEADER, CLAIMS, ACCESS_SECRET);
    for (leeway, now, is_accepted) in [
        (0, 2_000_000_899, true),
        (0, 2_000_000_900, false),
        (60, 2_000_000_959, true),
        (60, 2_000_000_960, false),
    ] {
        let tokens = tokens_with(leeway, None);
        let is_within_acceptance = at(now) < at(2_000_000_000).plus(tokens.acceptance());
        assert_eq!(is_within_acceptance, is_accepted, "leeway {leeway} at {now}");
        let result = tokens.verify(&token, at(now));
        match is_accepted {
            true => assert!(result.is_ok(), "leeway {leeway} at {now}"),
            false => assert_eq!(
                result,
                Err(AccessTokenError::Expired { expired_at: at(2_000_000_900), now: at(now) })
            ),
        }
    }
}

#[test]
fn a_token_is_valid_from_the_very_second_of_its_nbf() {
    let claims = CLAIMS.replace("\"jti\"", "\"nbf\":2000000030,\"jti\"");
    let token = forge::token(HEADER, &claims, ACCESS_SECRET);
    for (leeway, now, is_accepted) in [
        (0, 2_000_000_029, false),
        (0, 2_000_000_030, true),
        (30, 2_000_000_000, true),
        (30, 1_999_999_999, false),
    ] {
        let result = tokens_with(leeway, None).verify(&token, at(now));
        assert_eq!(result.is_ok(), is_accepted, "leeway {leeway} at {now}");
    }
    let null = CLAIMS.replace("\"jti\"", "\"nbf\":null,\"jti\"");
    assert!(matches!(forged(HEADER, &null), Err(AccessTokenError::Claims(_))));
}

#[test]
fn a_token_issued_in_the_future_is_not_refused() {
    assert!(with_claim("\"iat\":2000000000", "\"iat\":2000000800").is_ok());
}

#[test]
fn authenticity_does_not_look_at_the_time() {
    let token = forge::token(HEADER, CLAIMS.replace("2000000900", "1"), ACCESS_SECRET);
    let tokens = tokens_with(0, None);
    assert!(tokens.authenticate(&token).is_ok());
    assert!(tokens.verify(&token, now()).is_err());
}
