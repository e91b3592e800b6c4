//! Session-bound guards in an application's own tests, and around the whole app.

use super::*;

/// An application's tests make tokens without a login.
#[test]
fn a_token_that_a_test_made_has_no_session() {
    let world = World::new();
    world.app.session("ada");
    for user in [1, 99] {
        let access = world.app.auth.token_for(user).mint();
        let made = Tokens { access, refresh: String::new() };
        world.assert_ended("/minute/user", &made);
        world.assert_ended("/always/user", &made);
        assert_eq!(world.status("/plain/user", &made), 200);
    }
}

#[actix_web::test]
async fn a_user_of_a_test_has_a_row_and_a_session() {
    use actix_web::test::{TestRequest, call_service, init_service};

    let several = Sessions::PerDevice { max: 2 };
    let with_ids = MemoryStore::with_ids(|number| format!("user-{number}")).with_sessions(several);
    for auth in [
        TestAuth::new(),
        TestAuth::with(|auth| auth.sessions(several)),
        TestAuth::with(|auth| auth.store(Arc::new(with_ids)).password_hash_cost(5)),
    ] {
        let guard = auth.guard().scope("orders:read").session_bound(30 * SECOND);
        let app = init_service(App::new().wrap(guard).configure(handlers)).await;
        let ask = async |user: &TestUser| {
            let request = TestRequest::get().uri("/text").insert_header(user.header()).to_request();
            call_service(&app, request).await.status().as_u16()
        };
        let ada = auth.user("ada").scope("orders:read").await;
        assert_eq!(ask(&ada).await, 200);
        assert_eq!(ask(&auth.user("bob").await).await, 403, "without the scope");
        let again = auth.user("ada").await;
        assert_eq!(again.id(), ada.id(), "the same user");
        auth.clock().advance(MINUTE);
        assert_eq!(ask(&again).await, 200);
        assert!(auth.set_password(ada.id(), "another horse").await.unwrap());
        assert_eq!(ask(&again).await, 401, "the session ends as others do");
    }
}

#[actix_web::test]
async fn around_the_whole_app_it_locks_nobody_out_of_its_own_routes() {
    use actix_web::test::{TestRequest, call_service, init_service};

    let auth = TestAuth::with(|auth| auth.sessions(Sessions::PerDevice { max: 5 }));
    let dead = auth.token_for(7).session_id("no-such-session").header();
    let app = App::new()
        .wrap(auth.guard().session_bound(MINUTE))
        .configure(auth.routes("/auth"))
        .configure(handlers);
    let app = init_service(app).await;
    let credentials = r#"{"login":"ada","password":"correct horse"}"#;
    for (method, path, body, expected) in [
        ("GET", "/user", "", 401),
        ("POST", "/auth/register", credentials, 201),
        ("POST", "/auth/login", credentials, 200),
        ("POST", "/auth/logout", "{}", 204),
        // These ask for a session that is alive by themselves.
        ("GET", "/auth/sessions", "", 401),
        ("DELETE", "/auth/sessions/x", "", 401),
        ("POST", "/auth/logout/all", "", 401),
        ("POST", "/auth/reauthenticate", r#"{"password":"x"}"#, 401),
    ] {
        let request = TestRequest::with_uri(path)
            .method(method.parse().unwrap())
            .insert_header(dead.clone())
            .insert_header(("Content-Type", "application/json"))
            .set_payload(body);
        let response = call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), expected, "{method} {path}");
    }
}

/// A guard that asks for more than a user's own sessions need.
#[actix_web::test]
async fn around_the_whole_app_a_scope_locks_nobody_out_of_their_own_sessions() {
    use actix_hallpass::hallpass::{Credentials, LoginAnswer};
    use actix_web::test::{TestRequest, call_service, init_service};

    let auth = TestAuth::with(|auth| auth.sessions(Sessions::PerDevice { max: 5 }));
    let credentials = || Credentials::new("ada", "correct horse");
    auth.run(auth.service().register(credentials(), None)).await.unwrap().unwrap();
    let LoginAnswer::LoggedIn(pair) =
        auth.run(auth.service().login(credentials(), None)).await.unwrap().unwrap();
    let header = ("Authorization", format!("Bearer {}", pair.access_token.expose_token()));
    let app = App::new()
        .wrap(auth.guard().scope("admin"))
        .configure(auth.routes("/auth"))
        .configure(handlers);
    let app = init_service(app).await;
    for (method, path, expected) in [
        ("GET", "/user", 403),
        ("GET", "/auth/sessions", 200),
        ("HEAD", "/auth/sessions", 200),
        ("HEAD", "/auth/sessions/unknown", 403),
        ("HEAD", "/auth/logout/others", 403),
        ("DELETE", "/auth/sessions/unknown", 404),
        ("GET", "/auth/sessions/unknown", 403),
        ("POST", "/auth/logout/others", 204),
        ("GET", "/auth/logout/others", 403),
        ("POST", "/auth/logout/all", 204),
    ] {
        let request = TestRequest::with_uri(path).method(method.parse().unwrap());
        let request = request.insert_header(header.clone()).to_request();
        let response = call_service(&app, request).await;
        assert_eq!(response.status(), expected, "{method} {path}");
    }
}

#[actix_web::test]
async fn a_user_whom_a_test_signs_in_needs_no_session() {
    use actix_web::test::{TestRequest, call_service, init_service};

    let auth = TestAuth::new();
    let guard = auth.guard().session_bound(Duration::ZERO);
    let app = init_service(App::new().wrap(guard).configure(handlers)).await;
    let request = TestRequest::get().uri("/user").to_request();
    auth.sign_in(&request, 7);
    assert_eq!(call_service(&app, request).await.status(), 200);
}
