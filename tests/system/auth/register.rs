//! `POST /auth/register`.

use actix_hallpass::testing::TestAuth;
use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service};

use crate::app::TestApp;

#[test]
fn a_registration_answers_with_the_id_and_the_name_is_taken_in_every_spelling() {
    let app = TestApp::start();
    let answer = app.register("Ada@Example.com", "correct horse");
    assert_eq!((answer.status, answer.body.as_str()), (201, r#"{"id":"1"}"#));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for spelling in ["ada@example.com", " ADA@EXAMPLE.COM", "\u{ff21}da@example.com"] {
        app.register(spelling, "correct horse").assert_refused(409, "login_taken");
    }
}

#[test]
fn an_unacceptable_name_or_password_says_what_is_wrong_and_not_what_it_was() {
    let app = TestApp::start();
    for (login, password, code, reason) in [
        ("", "correct horse", "login_unacceptable", "must not be empty"),
        ("a\u{7}", "correct horse", "login_unacceptable", "must not contain a control character"),
        (&"a".repeat(255), "correct horse", "login_unacceptable", "too long: the maximum is 254"),
        ("ada", "", "password_unacceptable", "must not be empty"),
        ("ada", "s3cret", "password_unacceptable", "too short: 6 characters; the minimum is 8"),
        ("ada", "s3cret\u{0}s3cret", "password_unacceptable", "must not contain a NUL character"),
        (
            &"x".repeat(9),
            &"s3cret".repeat(171),
            "password_unacceptable",
            "too long: the maximum is 1024 bytes",
        ),
    ] {
        let answer = app.register(login, password);
        answer.assert_refused(422, code);
        assert!(answer.body.contains(reason), "{}", answer.body);
        assert!(!answer.body.contains("s3cret"), "{}", answer.body);
    }
}

#[actix_web::test]
async fn registration_is_closed_unless_it_is_opened() {
    let auth = TestAuth::new();
    let open = init_service(App::new().configure(auth.routes("/auth"))).await;
    let closed_auth = actix_hallpass::Auth::builder()
        .store(std::sync::Arc::new(actix_hallpass::hallpass::testing::MemoryStore::default()))
        .random_secrets()
        .password_hash_cost(4)
        .build()
        .unwrap();
    let closed = init_service(App::new().configure(closed_auth.routes("/auth"))).await;
    let request = || TestRequest::post().uri("/auth/register").to_request();
    assert_eq!(call_service(&open, request()).await.status(), 415);
    assert_eq!(call_service(&closed, request()).await.status(), 404);
}
