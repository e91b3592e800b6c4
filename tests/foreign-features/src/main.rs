//! Other crates of an application turn features on that hallpass does not, and it has to work all the same.

use std::env;
use std::process::Command;

use actix_hallpass::testing::TestAuth;
use jsonwebtoken::crypto::{CryptoProvider, rust_crypto};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

/// With this argument, the program does nothing but use jsonwebtoken.
const JSONWEBTOKEN_ALONE: &str = "jsonwebtoken-alone";

fn main() {
    if env::args().any(|argument| argument == JSONWEBTOKEN_ALONE) {
        use_jsonwebtoken();
        return;
    }
    beside_a_second_provider();
    with_numbers_of_any_precision();
    println!("foreign features: hallpass works beside them");
}

/// With both providers on, jsonwebtoken panics at first use unless one is chosen for the process.
/// hallpass needs none, and leaves the choice to the application.
fn beside_a_second_provider() {
    // In a process of its own: jsonwebtoken remembers for good that it could not choose.
    let program = env::current_exe().expect("the program is a file");
    let alone = Command::new(program).arg(JSONWEBTOKEN_ALONE).output().expect("it starts");
    let said = String::from_utf8_lossy(&alone.stderr);
    assert!(!alone.status.success() && said.contains("CryptoProvider"), "it can choose now: {said}");
    issue_and_verify(&json!({}));
    CryptoProvider::install_default(&rust_crypto::DEFAULT_PROVIDER)
        .expect("hallpass has chosen no provider for the process");
    use_jsonwebtoken();
    issue_and_verify(&json!({}));
}

fn use_jsonwebtoken() {
    encode(&Header::default(), &(), &EncodingKey::from_secret(b"x")).expect("there is a provider");
}

/// serde_json hands a number to whoever takes anything as an object then.
fn with_numbers_of_any_precision() {
    issue_and_verify(&json!({ "share": 0.5, "of": [{ "debt": -1.5e-3 }], "count": 7 }));
    let huge: Value = serde_json::from_str("123456789012345678901234567890").unwrap();
    issue_and_verify(&json!({ "huge": huge }));
}

fn issue_and_verify(app_claims: &Value) {
    let auth = TestAuth::new();
    let token = auth.token_for(7).claims(app_claims).mint();
    let claims = auth.service().verify_access(&token).expect("the token was just issued");
    assert_eq!(claims.user_id().as_str(), "7");
    assert_eq!(claims.app_claims::<Value>().expect("they were put in"), *app_claims);
}
