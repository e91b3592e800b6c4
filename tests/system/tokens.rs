//! Access tokens over HTTP: forged by hand, made by jsonwebtoken, and seen to the very second.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::forge::{self, ACCESS_SECRET, NOW, REFRESH_SECRET, access_claims, access_header};

fn start() -> TestApp {
    TestApp::with(|builder| {
        builder.access_token_secret(ACCESS_SECRET).refresh_token_secret(REFRESH_SECRET)
    })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

#[test]
fn a_token_forged_with_the_secret_is_accepted_and_each_deviation_is_not() {
    let app = start();
    let send = |header: &Value, claims: &Value, secret| {
        app.get_with_token("/guarded/text", &forge::token(header, claims, secret))
    };
    assert_eq!(send(&access_header(), &access_claims(), ACCESS_SECRET).body, "user 7");
    let claims = |name, value| (access_header(), with(access_claims(), name, value), ACCESS_SECRET);
    let header = |name, value| (with(access_header(), name, value), access_claims(), ACCESS_SECRET);
    for (header, claims, secret) in [
        (access_header(), access_claims(), REFRESH_SECRET),
        header("alg", json!("none")),
        header("alg", json!("HS512")),
        header("typ", json!("JWT")),
        header("typ", json!("rt+jwt")),
        header("kid", json!("key-1")),
        header("crit", Value::Null),
        header("b64", json!(true)),
        header("zip", json!("DEF")),
        claims("iss", json!("other")),
        claims("aud", json!(["hallpass"])),
        claims("sub", json!(7)),
        claims("sub", json!("07")),
        claims("sub", json!("+7")),
        claims("sub", json!("ada")),
        claims("sub", json!("")),
        claims("iat", json!("now")),
        claims("jti", Value::Null),
        claims("sid", json!(1)),
        claims("exp", json!(1e300)),
        claims("nbf", json!(NOW + 1)),
    ] {
        let answer = send(&header, &claims, secret);
        assert_eq!(answer.refusal(), (401, "token_invalid".to_owned()), "{header} {claims}");
    }
}

#[test]
fn a_token_of_jsonwebtoken_is_accepted_with_the_right_type_alone() {
    let app = start();
    for (typ, expected) in [(Some("at+jwt"), 200), (Some("JWT"), 401), (None, 401)] {
        let header = Header { typ: typ.map(str::to_owned), ..Header::new(Algorithm::HS256) };
        let key = EncodingKey::from_secret(ACCESS_SECRET.as_bytes());
        let token = encode(&header, &access_claims(), &key).unwrap();
        assert_eq!(app.get_with_token("/guarded/user", &token).status, expected, "{typ:?}");
    }
}

#[test]
fn the_second_of_exp_is_the_first_in_which_a_token_is_expired() {
    let app = start();
    let token = forge::token(&access_header(), &access_claims(), ACCESS_SECRET);
    app.auth.clock().advance(std::time::Duration::from_secs(899));
    assert_eq!(app.get_with_token("/guarded/user", &token).status, 200);
    app.auth.clock().advance(std::time::Duration::from_secs(1));
    app.get_with_token("/guarded/user", &token).assert_refused(401, "token_expired");
}

#[test]
fn one_kind_of_token_never_passes_as_the_other() {
    let app = start();
    let tokens = app.session("ada");
    app.get_with_token("/guarded/user", &tokens.refresh).assert_refused(401, "token_invalid");
    app.refresh(&tokens.access).assert_refused(401, "refresh_invalid");
}

#[test]
fn an_access_token_is_what_rfc_9068_and_the_contract_say() {
    let app = start();
    let access = forge::payload(&app.session("ada").access);
    assert_eq!(access["sub"], "1");
    assert_eq!((access["iat"].as_u64(), access["exp"].as_u64()), (Some(NOW), Some(NOW + 900)));
    let names: Vec<_> = access.as_object().unwrap().keys().collect();
    assert_eq!(names, ["aud", "auth_time", "exp", "iat", "iss", "jti", "sid", "sub"]);
}
