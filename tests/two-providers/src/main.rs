//! With both providers on, jsonwebtoken panics at first use unless one is chosen for the process.
//! hallpass names its own and must work all the same, and leave the choice to the application.

use std::panic::catch_unwind;

use actix_hallpass::testing::TestAuth;
use jsonwebtoken::crypto::{CryptoProvider, rust_crypto};
use jsonwebtoken::{EncodingKey, Header, encode};

fn main() {
    let jsonwebtoken_alone = || encode(&Header::default(), &(), &EncodingKey::from_secret(b"x"));
    issue_and_verify();
    CryptoProvider::install_default(&rust_crypto::DEFAULT_PROVIDER)
        .expect("hallpass has chosen no provider for the process");
    assert!(catch_unwind(jsonwebtoken_alone).is_ok(), "the application's choice counts");
    issue_and_verify();
    println!("two providers: hallpass works beside both");
}

fn issue_and_verify() {
    let auth = TestAuth::new();
    let token = auth.token_for(7).mint();
    let claims = auth.service().verify_access(&token).expect("the token was just issued");
    assert_eq!(claims.user_id().as_str(), "7");
}
