//! What a refresh token must be, and the successor that follows from it.

use std::time::Duration;

use super::*;
use crate::password::hash_match::HashMatch;
use crate::session::RefreshTokenHash;
use crate::testing::forge::{ACCESS_SECRET, REFRESH_SECRET};
use crate::testing::{SeededRandom, forge};

const HEADER: &str = r#"{"typ":"rt+jwt","alg":"HS256"}"#;
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const CLAIMS: &str = r#"{"iss":"hallpass","aud":"hallpass#refresh","sub":"7","sid":"s1","gen":3,"iat":2000000000,"exp":2001209600,"auth_time":2000000000,"jti":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}"#;
const DAY: u64 = 24 * 60 * 60;

fn at(unix_seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(unix_seconds).unwrap()
}

fn tokens() -> RefreshTokens {
    let policy = SessionPolicy {
        idle_limit: Duration::from_secs(14 * DAY),
        absolute_limit: Duration::from_secs(90 * DAY),
        grace: Duration::from_secs(30),
    };
    let secret = TokenSecret::new(REFRESH_SECRET).unwrap();
    RefreshTokens::new(&secret, "hallpass", "hallpass", policy)
}

fn forged(header: &str, claims: &str) -> Result<RefreshClaims, RefreshTokenError> {
    tokens().authenticate(&forge::token(header, claims, REFRESH_SECRET))
}

#[test]
fn a_token_made_by_python_is_accepted_and_made_again_to_the_byte() {
    let token = "eyJ0eXAiOiJydCtqd3QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJoYWxscGFzcyIsImF1ZCI6ImhhbGxwYXNzI3JlZnJlc2giLCJzdWIiOiI3Iiwic2lkIjoiczEiLCJnZW4iOjMsImlhdCI6MjAwMDAwMDAwMCwiZXhwIjoyMDAxMjA5NjAwLCJhdXRoX3RpbWUiOjIwMDAwMDAwMDAsImp0aSI6IkFBRUNBd1FGQmdjSUNRb0xEQTBPRHhBUkVoTVVGUllYR0JrYUd4d2RIaDgifQ.bl_agdXyJ0F1RpH3Jv-ShSRklIKR2zQXHvthTTY6m1o";
    let claims = tokens().authenticate(token).unwrap();
    assert_eq!(claims.user_id.as_str(), "7");
    assert_eq!(claims.session_id.as_str(), "s1");
    assert_eq!(claims.generation, 3);
    assert_eq!(tokens().sign(&claims).expose_token(), token);
}

/// ```python
/// import base64, crypt, hmac
/// number = lambda it: it.to_bytes(8, "big")
/// text = lambda it: number(len(it)) + it
/// key = hmac.digest(REFRESH_SECRET, b"hallpass successor key v1", "sha256")
/// message = (b"hallpass successor v2" + text(b"s1") + number(3) + text(SECRET)
///     + number(2_000_000_100) + bytes(range(16)))
/// successor = base64.urlsafe_b64encode(hmac.digest(key, message, "sha256")).rstrip(b"=").decode()
/// stored = crypt.crypt(successor, "$2b$04$..CA.uOD/eaGAOmJB.yMBu")
/// ```
#[test]
fn the_successor_is_the_one_that_python_computes() {
    let stored = "$2b$04$..CA.uOD/eaGAOmJB.yMBuSAPBxu53H5hsH8OKTuCKJiKg7TfkNx6";
    let stored = RefreshTokenHash::new(stored, None);
    let salt = stored.salt().unwrap();
    let successor = tokens().successor(&forged(HEADER, CLAIMS).unwrap(), at(2_000_000_100), salt);
    assert_eq!(successor.secret.expose_secret(), "auh16xWP4QC6edTEL8QoO1WiBBRx5PJpt-24rYfL5Nw");
    assert_eq!(stored.compare(&successor.secret), HashMatch::Matches);
    assert_eq!(successor.generation, 4);
    assert_eq!(successor.issued_at, at(2_000_000_100));
    assert_eq!(successor.expires_at, at(2_000_000_100 + 14 * DAY));
    assert_eq!(successor.auth_time, at(2_000_000_000));
    assert_eq!(successor.session_id.as_str(), "s1");
}

#[test]
fn the_successor_depends_on_all_that_it_is_made_of() {
    let presented = forged(HEADER, CLAIMS).unwrap();
    let rotated_at = at(2_000_000_100);
    let random = SeededRandom::default();
    let salt = Salt::generate(&random).unwrap();
    let salted = |claims: &RefreshClaims, rotated_at, salt| {
        tokens().successor(claims, rotated_at, salt).secret.expose_secret().to_owned()
    };
    let secret = |claims: &RefreshClaims, rotated_at| salted(claims, rotated_at, salt);
    let other_secret = RefreshSecret::try_from(SECRET.replace("AAEC", "AAED")).unwrap();
    let others = [
        salted(&presented, rotated_at, Salt::generate(&random).unwrap()),
        secret(&presented, at(2_000_000_101)),
        secret(&RefreshClaims { generation: 4, ..presented.clone() }, rotated_at),
        secret(&RefreshClaims { secret: other_secret, ..presented.clone() }, rotated_at),
        secret(
            &RefreshClaims { session_id: SessionId::new("s2"), ..presented.clone() },
            rotated_at,
        ),
    ];
    assert!(!others.contains(&secret(&presented, rotated_at)));
    assert_eq!(secret(&presented, rotated_at), secret(&presented, rotated_at));
}

#[test]
fn a_successor_ends_with_the_session() {
    let presented = forged(HEADER, CLAIMS).unwrap();
    let late = at(2_000_000_000 + 80 * DAY);
    let salt = Salt::generate(&SeededRandom::default()).unwrap();
    let successor = tokens().successor(&presented, late, salt);
    assert_eq!(successor.expires_at, at(2_000_000_000 + 90 * DAY));
}

#[test]
fn two_tokens_of_one_user_never_match_each_others_hash() {
    let random = SeededRandom::default();
    let first = |random| {
        let session_id = SessionId::new("s1");
        tokens().first(UserId::new(7), session_id, at(2_000_000_000), random).unwrap()
    };
    let (one, other) = (first(&random), first(&random));
    let whole_token = |claims| tokens().sign(claims).expose_token().to_owned();
    assert_eq!(whole_token(&one)[..72], whole_token(&other)[..72], "what bcrypt would read");

    let salt = Salt::generate(&random).unwrap();
    let hash = RefreshTokenHash::of(&one.secret, 4, salt);
    assert_eq!(hash.compare(&one.secret), HashMatch::Matches);
    assert_eq!(hash.compare(&other.secret), HashMatch::Differs);
    let successor = tokens().successor(&one, at(2_000_000_100), salt);
    assert_eq!(hash.compare(&successor.secret), HashMatch::Differs);
}

#[test]
fn a_stored_hash_that_cannot_be_used_matches_nothing_and_costs_nothing() {
    let secret = forged(HEADER, CLAIMS).unwrap().secret;
    let salt = Salt::generate(&SeededRandom::default()).unwrap();
    let good = RefreshTokenHash::of(&secret, 4, salt);
    let too_costly = good.expose_bcrypt_hash().replace("$04$", "$15$");
    let thirty_one_hours = good.expose_bcrypt_hash().replace("$04$", "$31$");
    let broken = good.expose_bcrypt_hash().replace("$2b$", "$2x$");
    for stored in ["", "x", "$2b$04$short", &too_costly, &thirty_one_hours, &broken] {
        let runs = crate::testing::bcrypt_runs::during(|| {
            let outcome = RefreshTokenHash::new(stored, None).compare(&secret);
            assert!(matches!(outcome, HashMatch::Unusable(_)), "{stored}");
        });
        assert!(runs.is_empty(), "{stored}");
    }
}

#[test]
fn a_claim_that_is_missing_or_ill_typed_is_refused() {
    let secret = format!(r#""jti":"{SECRET}""#);
    for (from, to) in [
        (r#""iss":"hallpass","#, ""),
        (r#""aud":"hallpass#refresh","#, ""),
        (r#""aud":"hallpass#refresh","#, r#""aud":["hallpass#refresh"],"#),
        (r#""sub":"7","#, r#""sub":7,"#),
        (r#""sid":"s1","#, ""),
        (r#""gen":3,"#, ""),
        (r#""gen":3,"#, r#""gen":-1,"#),
        (r#""gen":3,"#, r#""gen":3.0,"#),
        (r#""gen":3,"#, r#""gen":3,"gen":3,"#),
        (r#""iat":2000000000,"#, ""),
        (r#""exp":2001209600,"#, r#""exp":null,"#),
        (r#""auth_time":2000000000,"#, ""),
        (&secret, r#""jti":"short""#),
        (&secret, r#""jti":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9""#),
        (&secret, r#""jti":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=""#),
        (&secret, r#""jti":5"#),
    ] {
        assert!(CLAIMS.contains(from), "{from}");
        let result = forged(HEADER, &CLAIMS.replace(from, to));
        assert!(matches!(result, Err(RefreshTokenError::Claims(_))), "{to}");
    }
}

#[test]
fn the_rules_of_the_header_hold_for_refresh_tokens_too() {
    for (header, expected) in [
        (HEADER.replace("HS256", "none"), JwsError::Algorithm),
        (HEADER.replace("HS256", "HS512"), JwsError::Algorithm),
        (HEADER.replace("rt+jwt", "JWT"), JwsError::Type),
        (HEADER.replace('}', r#","crit":null}"#), JwsError::Extension),
        (HEADER.replace('}', r#","b64":true}"#), JwsError::Extension),
        (HEADER.replace('}', r#","zip":"DEF"}"#), JwsError::Extension),
        (HEADER.replace('}', r#","kid":"key-1"}"#), JwsError::KeyId),
        (HEADER.replace('}', r#","typ":"rt+jwt"}"#), JwsError::Header),
        (r#"["rt+jwt","HS256"]"#.to_owned(), JwsError::Header),
    ] {
        let result = forged(&header, CLAIMS).map(|_| ());
        assert_eq!(result, Err(RefreshTokenError::NotAuthentic(expected)), "{header}");
    }
    let long = CLAIMS.replace(r#""jti""#, &format!(r#""x":"{}","jti""#, "x".repeat(4096)));
    let result = forged(HEADER, &long);
    assert!(matches!(result, Err(RefreshTokenError::NotAuthentic(JwsError::TooLong { .. }))));
}

#[test]
fn an_access_token_or_one_of_another_audience_never_passes_as_a_refresh_token() {
    let access = r#"{"typ":"at+jwt","alg":"HS256"}"#;
    let of_access_key = forge::token(HEADER, CLAIMS, ACCESS_SECRET);
    let not_authentic = |error| Err::<(), _>(RefreshTokenError::NotAuthentic(error));
    let seen = |result: Result<RefreshClaims, _>| result.map(|_| ());
    assert_eq!(seen(tokens().authenticate(&of_access_key)), not_authentic(JwsError::Signature));
    assert_eq!(seen(forged(access, CLAIMS)), not_authentic(JwsError::Type));
    for audience in ["hallpass", "admin#refresh", "", "hallpass#refresh#refresh"] {
        let claims = CLAIMS.replace("hallpass#refresh", audience);
        assert_eq!(seen(forged(HEADER, &claims)), Err(RefreshTokenError::Audience), "{audience}");
    }
    let issuer = CLAIMS.replace(r#""iss":"hallpass""#, r#""iss":"other""#);
    assert_eq!(seen(forged(HEADER, &issuer)), Err(RefreshTokenError::Issuer));
}

#[test]
fn a_token_is_not_valid_before_its_nbf_and_there_is_no_leeway() {
    let claims = forged(HEADER, &CLAIMS.replace(r#""jti""#, r#""nbf":2000000030,"jti""#)).unwrap();
    assert_eq!(claims.check_not_before(at(2_000_000_030)), Ok(()));
    let (not_before, now) = (at(2_000_000_030), at(2_000_000_029));
    assert_eq!(
        claims.check_not_before(now),
        Err(RefreshTokenError::NotYetValid { not_before, now })
    );
}

#[test]
fn no_token_or_secret_is_ever_printed() {
    let claims = forged(HEADER, CLAIMS).unwrap();
    assert!(!format!("{claims:?}").contains(SECRET));
    assert_eq!(format!("{:?}", tokens().sign(&claims)), "RefreshToken(…)");
    assert!(!format!("{:?}", tokens()).contains(REFRESH_SECRET));
}
