//! The table of guards and extractors, cell by cell, and what a refusal says.

use std::time::Duration;

use actix_web::FromRequest as _;
use actix_web::test::TestRequest;

use crate::app::TestApp;
use crate::http::Answer;

const CHALLENGE: &str = r#"Bearer realm="hallpass""#;
const EXPIRED: &str = r#"Bearer realm="hallpass", error="invalid_token", error_description="the access token expired""#;
const INVALID: &str = r#"Bearer realm="hallpass", error="invalid_token", error_description="the access token is invalid""#;
const AMBIGUOUS: &str = r#"Bearer realm="hallpass", error="invalid_request", error_description="the request has more than one Authorization header""#;

/// What a request presents.
#[derive(Clone, Copy, Debug)]
enum Presents {
    Nothing,
    Garbage,
    AnExpiredToken,
    AToken,
}

fn send(app: &TestApp, path: &str, presents: Presents) -> Answer {
    match presents {
        Presents::Nothing => app.get(path),
        Presents::Garbage => app.get_with_token(path, "garbage"),
        Presents::AnExpiredToken => {
            app.get_with_token(path, &app.auth.token_for(7).lifetime(Duration::ZERO).mint())
        }
        Presents::AToken => app.get_with_token(path, &app.auth.token_for(7).mint()),
    }
}

/// An answer in two words: the body of a 200, the code of a refusal.
fn outcome(answer: &Answer) -> String {
    match answer.status {
        200 => answer.body.clone(),
        _ => answer.refusal().1,
    }
}

#[test]
fn every_cell_of_the_table() {
    let app = TestApp::start();
    for (path, nothing, garbage, expired, token) in [
        ("/open/user", "token_missing", "token_invalid", "token_expired", "user 7 test-session []"),
        ("/open/maybe", "anonymous", "token_invalid", "token_expired", "user 7"),
        (
            "/open/result",
            "error token_missing",
            "error token_invalid",
            "error token_expired",
            "user 7",
        ),
        ("/open/text", "token_missing", "token_invalid", "token_expired", "user 7"),
        ("/open/nobody", "anybody", "anybody", "anybody", "anybody"),
        (
            "/optional/user",
            "token_missing",
            "token_invalid",
            "token_expired",
            "user 7 test-session []",
        ),
        ("/optional/maybe", "anonymous", "token_invalid", "token_expired", "user 7"),
        ("/optional/result", "error token_missing", "token_invalid", "token_expired", "user 7"),
        ("/optional/nobody", "anybody", "token_invalid", "token_expired", "anybody"),
        (
            "/guarded/user",
            "token_missing",
            "token_invalid",
            "token_expired",
            "user 7 test-session []",
        ),
        ("/guarded/maybe", "token_missing", "token_invalid", "token_expired", "user 7"),
        ("/guarded/result", "token_missing", "token_invalid", "token_expired", "user 7"),
        ("/guarded/text", "token_missing", "token_invalid", "token_expired", "user 7"),
        ("/guarded/nobody", "token_missing", "token_invalid", "token_expired", "anybody"),
        ("/guarded/unknown", "token_missing", "token_invalid", "token_expired", ""),
        (
            "/twice/again/user",
            "token_missing",
            "token_invalid",
            "token_expired",
            "user 7 test-session []",
        ),
    ] {
        for (presents, expected) in [
            (Presents::Nothing, nothing),
            (Presents::Garbage, garbage),
            (Presents::AnExpiredToken, expired),
            (Presents::AToken, token),
        ] {
            let answer = send(&app, path, presents);
            match expected {
                "" => assert_eq!((answer.status, answer.body.as_str()), (404, "")),
                _ => assert_eq!(outcome(&answer), expected, "{path} {presents:?}"),
            }
        }
    }
}

#[test]
fn the_challenge_is_written_byte_for_byte() {
    let app = TestApp::start();
    for path in ["/guarded/user", "/optional/user", "/open/user"] {
        for (presents, expected) in [
            (Presents::Nothing, CHALLENGE),
            (Presents::Garbage, INVALID),
            (Presents::AnExpiredToken, EXPIRED),
        ] {
            let answer = send(&app, path, presents);
            assert_eq!(answer.status, 401);
            let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
            assert_eq!(challenges, [expected], "{path} {presents:?}");
        }
    }
}

#[test]
fn a_refusal_is_a_problem_with_all_its_members() {
    let app = TestApp::start();
    let answer = app.get("/guarded/user");
    assert_eq!(
        answer.body,
        r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"token_missing","detail":"this needs an access token"}"#
    );
}

#[test]
fn two_authorization_headers_are_ambiguous_with_any_guard() {
    let app = TestApp::start();
    let token = format!("Bearer {}", app.auth.token_for(7).mint());
    let headers = [("Authorization", token.as_str()), ("Authorization", "Basic YTpi")];
    for path in ["/guarded/user", "/optional/maybe", "/open/user", "/open/maybe"] {
        let answer = app.send("GET", path, &headers, "");
        answer.assert_refused(400, "request_ambiguous");
        assert_eq!(answer.header("www-authenticate"), Some(AMBIGUOUS), "{path}");
    }
}

#[test]
fn another_scheme_is_no_credentials_and_broken_bearer_credentials_are_bad() {
    let app = TestApp::start();
    let token = app.auth.token_for(7).mint();
    for (header, guarded, optional) in [
        ("Basic YTpi".to_owned(), "token_missing", "anonymous"),
        (String::new(), "token_missing", "anonymous"),
        (format!("Token {token}"), "token_missing", "anonymous"),
        ("Bearer".to_owned(), "token_invalid", "token_invalid"),
        (format!("Bearer {token} x"), "token_invalid", "token_invalid"),
        (format!("Bearer \"{token}\""), "token_invalid", "token_invalid"),
        (format!("bearer {token}"), "user 7", "user 7"),
        (format!("BEARER   {token}"), "user 7", "user 7"),
    ] {
        for (path, expected) in [("/guarded/maybe", guarded), ("/optional/maybe", optional)] {
            let answer = app.send("GET", path, &[("Authorization", &header)], "");
            assert_eq!(outcome(&answer), expected, "{path} {header:?}");
        }
    }
}

#[test]
fn a_token_is_looked_for_in_the_header_alone() {
    let app = TestApp::start();
    let token = app.auth.token_for(7).mint();
    app.get(&format!("/guarded/user?access_token={token}")).assert_refused(401, "token_missing");
    let cookie = format!("access_token={token}");
    let answer = app.send("GET", "/guarded/user", &[("Cookie", &cookie)], "");
    answer.assert_refused(401, "token_missing");
}

#[test]
fn scope_and_session_reach_the_handler() {
    let app = TestApp::start();
    let token = app.auth.token_for(7).scope("orders:read x").session_id("s9").mint();
    assert_eq!(app.get_with_token("/guarded/user", &token).body, "user 7 s9 [orders:read x]");
}

#[test]
fn a_handler_with_another_id_type_is_an_internal_error_and_no_401() {
    let app = TestApp::start();
    let answer = app.get_with_token("/guarded/uuid", &app.auth.token_for(7).mint());
    answer.assert_refused(500, "internal");
    assert_eq!(answer.header("www-authenticate"), None);
}

#[test]
fn a_user_of_the_login_route_passes_the_guard() {
    let app = TestApp::start();
    let tokens = app.session("ada");
    let body = app.get_with_token("/guarded/user", &tokens.access).body;
    assert!(body.starts_with("user 1 "), "{body}");
}

#[actix_web::test]
async fn without_auth_in_the_app_an_extractor_is_an_internal_error_that_names_the_fix() {
    use actix_hallpass::{AuthError, AuthUser, MaybeAuthUser};

    let request = TestRequest::default().to_http_request();
    let errors: [AuthError; 3] = [
        actix_hallpass::Auth::extract(&request).await.unwrap_err(),
        <AuthUser>::extract(&request).await.unwrap_err(),
        <MaybeAuthUser>::extract(&request).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.code().as_str(), "internal");
        assert!(error.to_string().contains("auth.routes"), "{error}");
        let (response, log) =
            crate::log::during(|| actix_web::ResponseError::error_response(&error));
        assert_eq!(response.status(), 500);
        assert!(!response.headers().contains_key("www-authenticate"));
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains("ERROR") && log.contains("auth.routes"), "{log}");
    }
}

#[actix_web::test]
async fn a_test_may_sign_a_request_in_without_a_token() {
    use actix_hallpass::testing::TestAuth;
    use actix_web::{App, test, web};

    let auth = TestAuth::new();
    let api = web::scope("/api").wrap(auth.guard()).configure(crate::app::handlers);
    let app = test::init_service(App::new().service(api)).await;
    let request = TestRequest::get().uri("/api/user").to_request();
    auth.token_for(7).scope("a b").sign_in(&request);
    assert_eq!(test::call_and_read_body(&app, request).await, "user 7 test-session [a b]");
}

#[actix_web::test]
async fn auth_may_be_put_into_the_app_by_hand_bare_or_as_data() {
    use actix_hallpass::{Auth, AuthUser, testing::TestAuth};
    use actix_web::web::Data;

    let auth = TestAuth::new();
    let bare: Auth = Auth::clone(&auth);
    for request in [
        TestRequest::default().app_data(bare.clone()),
        TestRequest::default().app_data(Data::new(bare)),
    ] {
        let request = request.insert_header(auth.token_for(7).header()).to_http_request();
        assert_eq!(<AuthUser>::extract(&request).await.unwrap().id, 7);
        assert!(Auth::extract(&request).await.is_ok());
    }
}
