//! One test for each sentence about access tokens, with tokens made by hand and by other software.

mod differential;
mod mutation;
mod plain;
mod times;

use std::collections::BTreeMap;

use super::*;
use crate::keys::JwsError;
use crate::testing::forge::{ACCESS_SECRET, REFRESH_SECRET, base64url};
use crate::testing::{SeededRandom, forge};
use crate::token::{AccessClaims, AccessTokenError};

const HEADER: &str = r#"{"typ":"at+jwt","alg":"HS256"}"#;
const CLAIMS: &str = r#"{"iss":"hallpass","aud":"hallpass","sub":"7","iat":2000000000,"exp":2000000900,"jti":"j1","sid":"s1","auth_time":2000000000,"scope":"a b"}"#;

fn at(unix_seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(unix_seconds).unwrap()
}

fn now() -> Timestamp {
    at(2_000_000_000)
}

fn tokens_with(leeway: u64, key_id: Option<&str>) -> AccessTokens {
    AccessTokens::new(AccessTokenSettings {
        secret: TokenSecret::new(ACCESS_SECRET).unwrap(),
        key_id: key_id.map(str::to_owned),
        issuer: "hallpass".to_owned(),
        audience: "hallpass".to_owned(),
        lifetime: Duration::from_secs(900),
        leeway: Duration::from_secs(leeway),
    })
}

fn verify(token: &str) -> Result<AccessClaims, AccessTokenError> {
    tokens_with(0, None).verify(token, now())
}

fn forged(header: &str, claims: &str) -> Result<AccessClaims, AccessTokenError> {
    verify(&forge::token(header, claims, ACCESS_SECRET))
}

/// Verifies the usual token with `from` in its claims replaced by `to`.
fn with_claim(from: &str, to: &str) -> Result<AccessClaims, AccessTokenError> {
    assert!(CLAIMS.contains(from), "{from}");
    forged(HEADER, &CLAIMS.replace(from, to))
}

#[track_caller]
fn assert_jws(result: Result<AccessClaims, AccessTokenError>, expected: JwsError) {
    assert_eq!(result.unwrap_err(), AccessTokenError::NotAuthentic(expected));
}

#[test]
fn a_token_made_by_hand_is_accepted_with_all_it_says() {
    let claims = forged(HEADER, CLAIMS).unwrap();
    assert_eq!(claims.user_id().as_str(), "7");
    assert_eq!(claims.session_id().as_str(), "s1");
    assert_eq!(claims.scope().as_str(), "a b");
    assert_eq!(claims.issued_at(), at(2_000_000_000));
    assert_eq!(claims.expires_at(), at(2_000_000_900));
    assert_eq!(claims.auth_time(), Some(at(2_000_000_000)));
    assert_eq!(claims.token_id(), "j1");
}

#[test]
fn a_token_made_by_python_is_accepted() {
    let token = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJoYWxscGFzcyIsImF1ZCI6ImhhbGxwYXNzIiwic3ViIjoiNyIsImlhdCI6MjAwMDAwMDAwMCwiZXhwIjoyMDAwMDAwOTAwLCJqdGkiOiJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwic2lkIjoiczEiLCJhdXRoX3RpbWUiOjIwMDAwMDAwMDAsInNjb3BlIjoiYSBiIn0.vSlzTdQJByOa0H_ww94EKI3-zTA7c8stNVI2mdUDHi8";
    assert_eq!(verify(token).unwrap().token_id(), "AAAAAAAAAAAAAAAAAAAAAA");
}

#[test]
fn a_token_is_kept_with_what_it_says_however_long() {
    for length in (0..2500).step_by(7) {
        let filler = "f".repeat(length);
        let claims = CLAIMS.replace("{", &format!(r#"{{"filler":"{filler}","#));
        let token = forge::token(HEADER, &claims, ACCESS_SECRET);
        let claims = verify(&token).unwrap();
        assert_eq!(claims.expose_token(), token);
        let read: BTreeMap<String, String> = claims.app_claims().unwrap();
        assert_eq!(read, BTreeMap::from([("filler".to_owned(), filler)]));
    }
}

#[test]
fn a_token_made_by_jsonwebtoken_is_accepted_and_one_of_its_other_algorithms_is_not() {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

    let claims: serde_json::Value = serde_json::from_str(CLAIMS).unwrap();
    let key = EncodingKey::from_secret(ACCESS_SECRET.as_bytes());
    for (algorithm, is_accepted) in
        [(Algorithm::HS256, true), (Algorithm::HS384, false), (Algorithm::HS512, false)]
    {
        let header = Header { typ: Some("at+jwt".to_owned()), ..Header::new(algorithm) };
        let token = encode(&header, &claims, &key).unwrap();
        assert_eq!(verify(&token).is_ok(), is_accepted, "{algorithm:?}");
    }
}

#[test]
fn an_issued_token_is_what_the_contract_says_in_the_eyes_of_jsonwebtoken() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

    let issuer = tokens_with(0, Some("key-1"));
    let (user_id, session_id) = (UserId::new(7), SessionId::new("s1"));
    let grant = AccessGrant {
        user_id: &user_id,
        session_id: &session_id,
        auth_time: at(1_999_999_000),
        expires_at: issuer.expiry(now(), Timestamp::MAX),
        scope: &Scope::default(),
        app_claims: &AppClaims::of(&BTreeMap::from([("tenant", "acme")])).unwrap(),
    };
    let token = issuer.issue(&grant, now(), &SeededRandom::default()).unwrap();
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&["hallpass"]);
    validation.set_audience(&["hallpass"]);
    let read = decode::<BTreeMap<String, serde_json::Value>>(
        token.expose_token(),
        &DecodingKey::from_secret(ACCESS_SECRET.as_bytes()),
        &validation,
    )
    .unwrap();
    assert_eq!(read.header.typ.as_deref(), Some("at+jwt"));
    assert_eq!(read.header.kid.as_deref(), Some("key-1"));
    let names: Vec<_> = read.claims.keys().map(String::as_str).collect();
    assert_eq!(names, ["aud", "auth_time", "exp", "iat", "iss", "jti", "sid", "sub", "tenant"]);
    assert_eq!(read.claims["sub"], "7");
    assert_eq!(read.claims["tenant"], "acme");
    assert_eq!(read.claims["iat"], 2_000_000_000);
    assert_eq!(read.claims["exp"], 2_000_000_900);
    assert_eq!(read.claims["auth_time"], 1_999_999_000);
    assert_eq!(read.claims["jti"].as_str().unwrap().len(), 22, "128 bits in base64url");
}

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Tenant {
    tenant: String,
}

/// Hallpass's claims are not the application's to read, and must not be in its way.
#[test]
fn the_applications_claims_are_read_without_hallpasss() {
    let claims = with_claim(r#""sub""#, r#""tenant":"acme","sub""#).unwrap();
    assert_eq!(claims.app_claims::<Tenant>().unwrap().tenant, "acme");
    let map = claims.app_claims::<BTreeMap<String, String>>().unwrap();
    assert_eq!(map, BTreeMap::from([("tenant".to_owned(), "acme".to_owned())]));
    let maybe = claims.app_claims::<Option<Tenant>>().unwrap();
    assert_eq!(maybe.unwrap().tenant, "acme");
    assert!(claims.app_claims::<BTreeMap<String, u8>>().is_err());
}

#[test]
fn recent_is_up_to_the_second_and_never_without_a_time_or_from_a_wrong_clock() {
    let claims_of = |member: &str| with_claim(r#""auth_time":2000000000,"#, member).unwrap();
    let (at_now, ago) =
        (claims_of(r#""auth_time":2000000000,"#), claims_of(r#""auth_time":1999999700,"#));
    let ahead = |seconds| claims_of(&format!(r#""auth_time":{},"#, 2_000_000_000 + seconds));
    for (claims, max_age, expected) in [
        (&at_now, 0, true),
        (&ago, 299, false),
        (&ago, 300, true),
        (&ago, u64::MAX, true),
        (&ahead(59), 0, true),
        (&ahead(60), 0, true),
        (&ahead(61), u64::MAX, false),
        (&ahead(86_400), 300, false),
        (&claims_of(""), u64::MAX, false),
    ] {
        let is_recent = claims.is_recent(Duration::from_secs(max_age), now());
        assert_eq!(is_recent, expected, "{claims:?} {max_age}");
    }
}

#[test]
fn a_token_ends_with_its_session() {
    let tokens = tokens_with(0, None);
    assert_eq!(tokens.expiry(now(), at(2_000_000_899)), at(2_000_000_899));
    assert_eq!(tokens.expiry(now(), at(2_000_000_901)), at(2_000_000_900));
}

#[test]
fn a_token_has_three_parts() {
    let token = forge::token(HEADER, CLAIMS, ACCESS_SECRET);
    let two_parts = token.rsplit_once('.').unwrap().0;
    for text in ["", "a", two_parts, &format!("{token}."), &format!("{token}.e30")] {
        assert_jws(verify(text), JwsError::Parts);
    }
}

#[test]
fn a_part_is_base64url_without_padding_in_its_one_spelling() {
    let token = forge::token(HEADER, CLAIMS, ACCESS_SECRET);
    assert_jws(verify(&format!("{token}=")), JwsError::Encoding);
    assert_jws(verify(&format!("{token}\n")), JwsError::Encoding);
    assert_jws(verify(&token.replacen('e', "+", 1)), JwsError::Encoding);
    // The last character of 32 bytes carries four bits; its other two must be zero.
    let (rest, last) = token.split_at(token.len() - 1);
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.iter().position(|byte| *byte == last.as_bytes()[0]).unwrap();
    let twin = alphabet[index | 1] as char;
    assert_jws(verify(&format!("{rest}{twin}")), JwsError::Encoding);
}

#[test]
fn a_token_has_at_most_4_kib() {
    let padded = |bytes: usize| CLAIMS.replace("\"j1\"", &format!("\"{}\"", "j".repeat(bytes)));
    let length = |bytes| forge::token(HEADER, padded(bytes), ACCESS_SECRET).len();
    let bytes = (0..4096).rev().find(|bytes| length(*bytes) <= 4096).unwrap();
    assert!(forged(HEADER, &padded(bytes)).is_ok());
    let longer = length(bytes + 1);
    assert_jws(forged(HEADER, &padded(bytes + 1)), JwsError::TooLong { bytes: longer });
}

#[test]
fn the_algorithm_is_the_keys_and_never_the_tokens() {
    for algorithm in ["none", "None", "hs256", "HS384", "HS512", "RS256", "ES256", "EdDSA", ""] {
        let header = HEADER.replace("HS256", algorithm);
        assert_jws(forged(&header, CLAIMS), JwsError::Algorithm);
    }
    let unsigned = format!("{}.{}.", base64url(HEADER.replace("HS256", "none")), base64url(CLAIMS));
    assert_jws(verify(&unsigned), JwsError::Algorithm);
    assert_jws(forged(r#"{"typ":"at+jwt"}"#, CLAIMS), JwsError::Header);
}

#[test]
fn the_signature_is_right() {
    assert_jws(verify(&forge::token(HEADER, CLAIMS, REFRESH_SECRET)), JwsError::Signature);
    let token = forge::token(HEADER, CLAIMS, ACCESS_SECRET);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let shortened = base64url(&signature.as_bytes()[..30]);
    for signature in ["", "AAAA", &shortened] {
        assert_jws(verify(&format!("{signed}.{signature}")), JwsError::Signature);
    }
    let (header, _) = signed.split_once('.').unwrap();
    let other_claims = base64url(CLAIMS.replace("\"7\"", "\"8\""));
    assert_jws(verify(&format!("{header}.{other_claims}.{signature}")), JwsError::Signature);
}

#[test]
fn the_type_is_at_jwt_in_any_case_with_or_without_application() {
    for (typ, is_accepted) in [
        ("at+jwt", true),
        ("AT+JWT", true),
        ("application/at+jwt", true),
        ("Application/At+Jwt", true),
        ("JWT", false),
        ("rt+jwt", false),
        ("text/at+jwt", false),
        ("application/application/at+jwt", false),
        ("at+jwt ", false),
        ("", false),
    ] {
        let result = forged(&HEADER.replace("at+jwt", typ), CLAIMS);
        assert_eq!(result.is_ok(), is_accepted, "{typ}");
        if !is_accepted {
            assert_jws(result, JwsError::Type);
        }
    }
    assert_jws(forged(r#"{"alg":"HS256"}"#, CLAIMS), JwsError::Header);
}

#[test]
fn a_header_with_crit_b64_or_zip_is_refused_even_if_null() {
    for member in ["crit", "b64", "zip"] {
        for value in ["null", "[]", "[\"exp\"]", "true", "false", "\"DEF\""] {
            let header = HEADER.replace('}', &format!(",\"{member}\":{value}}}"));
            assert_jws(forged(&header, CLAIMS), JwsError::Extension);
        }
    }
    let unknown = HEADER.replace('}', ",\"x\":{\"crit\":null}}");
    assert!(forged(&unknown, CLAIMS).is_ok(), "unknown members are ignored (RFC 7515 §4)");
}

#[test]
fn a_kid_is_accepted_only_if_it_is_the_keys() {
    let with_kid = HEADER.replace('}', ",\"kid\":\"key-1\"}");
    let token = forge::token(&with_kid, CLAIMS, ACCESS_SECRET);
    assert_jws(verify(&token), JwsError::KeyId);
    assert_jws(tokens_with(0, Some("key-2")).verify(&token, now()), JwsError::KeyId);
    assert!(tokens_with(0, Some("key-1")).verify(&token, now()).is_ok());
    let without_kid = forge::token(HEADER, CLAIMS, ACCESS_SECRET);
    assert!(tokens_with(0, Some("key-1")).verify(&without_kid, now()).is_ok());
    assert_jws(forged(&HEADER.replace('}', ",\"kid\":null}"), CLAIMS), JwsError::Header);
}

#[test]
fn issuer_and_audience_are_present_and_strings_equal_to_ours() {
    let issuer = r#""iss":"hallpass","#;
    let audience = r#""aud":"hallpass","#;
    assert_eq!(with_claim(issuer, r#""iss":"Hallpass","#), Err(AccessTokenError::Issuer));
    assert_eq!(with_claim(issuer, r#""iss":"","#), Err(AccessTokenError::Issuer));
    assert_eq!(with_claim(audience, r#""aud":"other","#), Err(AccessTokenError::Audience));
    assert_eq!(
        with_claim(audience, r#""aud":"hallpass#refresh","#),
        Err(AccessTokenError::Audience)
    );
    for (from, to) in [
        (issuer, ""),
        (issuer, r#""iss":null,"#),
        (issuer, r#""iss":["hallpass"],"#),
        (audience, ""),
        (audience, r#""aud":null,"#),
        (audience, r#""aud":["hallpass"],"#),
    ] {
        assert!(matches!(with_claim(from, to), Err(AccessTokenError::Claims(_))), "{from} {to}");
    }
}

#[test]
fn every_claim_is_present_and_of_the_right_type() {
    for (from, wrong) in [
        (r#""sub":"7","#, ["", r#""sub":7,"#, r#""sub":null,"#]),
        (r#""sid":"s1","#, ["", r#""sid":1,"#, r#""sid":null,"#]),
        (r#""jti":"j1","#, ["", r#""jti":1,"#, r#""jti":null,"#]),
        (r#""iat":2000000000,"#, ["", r#""iat":"2000000000","#, r#""iat":null,"#]),
        (r#""exp":2000000900,"#, ["", r#""exp":"2000000900","#, r#""exp":null,"#]),
        (
            r#""auth_time":2000000000,"#,
            [r#""auth_time":"x","#, r#""auth_time":-1,"#, r#""auth_time":null,"#],
        ),
        (r#""scope":"a b""#, [r#""scope":["a"]"#, r#""scope":null"#, "\"scope\":\"\u{e9}\""]),
    ] {
        for to in wrong {
            let result = with_claim(from, to);
            assert!(matches!(result, Err(AccessTokenError::Claims(_))), "{from} {to}");
        }
    }
    assert_eq!(with_claim(r#""auth_time":2000000000,"#, "").unwrap().auth_time(), None);
    assert!(with_claim(r#","scope":"a b""#, "").unwrap().scope().is_empty());
}

#[test]
fn times_are_whole_numbers_from_0_to_the_year_9999() {
    for (exp, is_accepted) in [
        ("253402300799", true),
        ("253402300800", false),
        ("18446744073709551616", false),
        ("-1", false),
        ("2000000900.0", false),
        ("2e9", false),
        ("true", false),
    ] {
        let result = with_claim("2000000900", exp);
        assert_eq!(result.is_ok(), is_accepted, "{exp}");
    }
}

#[test]
fn header_and_claims_are_objects() {
    assert_jws(forged(r#"["at+jwt","HS256"]"#, CLAIMS), JwsError::Header);
    let array = r#"["hallpass","hallpass","7",2000000000,2000000900,"j1","s1","a b"]"#;
    assert!(matches!(forged(HEADER, array), Err(AccessTokenError::Claims(_))));
}

#[test]
fn no_member_comes_twice() {
    for (header, claims) in [
        (HEADER.replace('}', r#","alg":"HS256"}"#), CLAIMS.to_owned()),
        (HEADER.replace('}', r#","x":1,"x":1}"#), CLAIMS.to_owned()),
    ] {
        assert_jws(forged(&header, &claims), JwsError::Header);
    }
    for more in
        [r#","sub":"7"}"#, r#","su\u0062":"8"}"#, r#","x":1,"x":2}"#, r#","x":{"y":1,"y":1}}"#]
    {
        let claims = CLAIMS.replace('}', more);
        assert!(matches!(forged(HEADER, &claims), Err(AccessTokenError::Claims(_))), "{more}");
    }
}

#[test]
fn a_refresh_token_is_no_access_token_be_it_signed_with_our_key() {
    let refresh = r#"{"typ":"rt+jwt","alg":"HS256"}"#;
    assert_jws(verify(&forge::token(refresh, CLAIMS, REFRESH_SECRET)), JwsError::Type);
    assert_jws(verify(&forge::token(refresh, CLAIMS, ACCESS_SECRET)), JwsError::Type);
}

#[test]
fn no_token_is_ever_printed() {
    let token = AccessToken { text: Zeroizing::new("s3cret".to_owned()), expires_at: now() };
    assert_eq!(format!("{token:?}"), "AccessToken(…)");
    assert!(!format!("{:?}", tokens_with(0, None)).contains(ACCESS_SECRET));
}
