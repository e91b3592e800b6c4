//! What a user may do: scopes and rules at guards, and at single handlers.

use std::ops::Deref as _;
use std::sync::Arc;

use actix_hallpass::hallpass::{Scope, ScopeRule, UserId};
use actix_hallpass::testing::TestAuth;
use actix_hallpass::{AuthUser, MaybeAuthUser, RequireScope, RequiredScope};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpServer};
use uuid::Uuid;

use crate::app::TestApp;
use crate::http::Answer;

struct OrdersWrite;

impl RequiredScope for OrdersWrite {
    const RULE: ScopeRule = ScopeRule::all("orders:write");
}

struct OrdersAny;

impl RequiredScope for OrdersAny {
    const RULE: ScopeRule = ScopeRule::any("orders:read orders:write");
}

fn start() -> TestApp {
    TestApp::serve(TestAuth::new(), |auth| {
        HttpServer::new(move || {
            let auth = Arc::clone(&auth);
            App::new().configure(auth.routes("/auth")).configure(move |config| areas(&auth, config))
        })
        .workers(1)
        .bind("127.0.0.1:0")
        .map(|server| (server.addrs()[0], server.run()))
        .unwrap()
    })
}

fn areas(auth: &TestAuth, config: &mut ServiceConfig) {
    let guard = || auth.guard();
    for (path, guard) in [
        ("/any-user", guard()),
        ("/write", guard().scope("orders:write")),
        ("/both", guard().scope("orders:read orders:write")),
        ("/both-apart", guard().scope("orders:read").scope("orders:write")),
        ("/either", guard().any_scope(["orders:read", "orders:write"])),
        ("/optional-write", guard().optional().scope("orders:write")),
        ("/optional-seven", guard().optional().require(|user: &AuthUser| user.id == 7)),
        ("/seven", guard().require(|user: &AuthUser| user.id == 7)),
        ("/seven-write", guard().require(|user: &AuthUser| user.id == 7).scope("orders:write")),
        ("/other-ids", guard().require(|_: &AuthUser<Uuid>| true)),
    ] {
        config.service(web::scope(path).wrap(guard).route("", web::get().to(async || "in")));
    }
    config
        .route("/handler", web::get().to(async |_: RequireScope<OrdersWrite>| "in"))
        .route("/handler-any", web::get().to(async |_: RequireScope<OrdersAny>| "in"))
        .service(
            web::scope("/guarded-handler")
                .wrap(auth.guard().optional())
                .route("", web::get().to(async |_: RequireScope<OrdersWrite>, _: AuthUser| "in")),
        )
        .service(
            web::scope("/nested").wrap(auth.guard().optional()).service(
                web::scope("/write")
                    .wrap(auth.guard().scope("orders:write"))
                    .route("", web::get().to(async |_: MaybeAuthUser| "in")),
            ),
        );
}

/// `in` or the status and code of the refusal.
fn outcome(answer: &Answer) -> String {
    match answer.status {
        200 => answer.body.clone(),
        status => format!("{status} {}", answer.refusal().1),
    }
}

#[test]
fn every_area_lets_in_whom_it_names() {
    const FORBIDDEN: &str = "403 insufficient_scope";
    const MISSING: &str = "401 token_missing";
    let app = start();
    let token = |id: i64, scope: &str| app.auth.token_for(id).scope(scope).mint();
    let (nothing, read) = (token(8, ""), token(8, "orders:read"));
    let (write, both) = (token(8, "x orders:write"), token(7, "orders:write orders:read"));
    for (path, anonymous, nobody, reader, writer, seven) in [
        ("/any-user", MISSING, "in", "in", "in", "in"),
        ("/write", MISSING, FORBIDDEN, FORBIDDEN, "in", "in"),
        ("/both", MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, "in"),
        ("/both-apart", MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, "in"),
        ("/either", MISSING, FORBIDDEN, "in", "in", "in"),
        ("/optional-write", MISSING, FORBIDDEN, FORBIDDEN, "in", "in"),
        ("/optional-seven", MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, "in"),
        ("/seven", MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, "in"),
        ("/seven-write", MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, "in"),
        ("/handler", MISSING, FORBIDDEN, FORBIDDEN, "in", "in"),
        ("/handler-any", MISSING, FORBIDDEN, "in", "in", "in"),
        ("/guarded-handler", MISSING, FORBIDDEN, FORBIDDEN, "in", "in"),
        ("/nested/write", MISSING, FORBIDDEN, FORBIDDEN, "in", "in"),
    ] {
        assert_eq!(outcome(&app.get(path)), anonymous, "{path} anonymous");
        for (token, expected) in
            [(&nothing, nobody), (&read, reader), (&write, writer), (&both, seven)]
        {
            assert_eq!(outcome(&app.get_with_token(path, token)), expected, "{path} {token}");
        }
        assert_eq!(outcome(&app.get_with_token(path, "garbage")), "401 token_invalid", "{path}");
    }
}

#[test]
fn a_refusal_names_the_scope_in_its_challenge_and_in_its_detail() {
    const BEGINNING: &str = r#"Bearer realm="hallpass", error="insufficient_scope", error_description="the access token does not allow this""#;
    let app = start();
    let token = app.auth.token_for(8).mint();
    for (path, scope, detail) in [
        ("/write", r#", scope="orders:write""#, "this needs the scope `orders:write`"),
        (
            "/both",
            r#", scope="orders:read orders:write""#,
            "this needs all of the scopes `orders:read`, `orders:write`",
        ),
        (
            "/both-apart",
            r#", scope="orders:read orders:write""#,
            "this needs all of the scopes `orders:read`, `orders:write`",
        ),
        (
            "/either",
            r#", scope="orders:read orders:write""#,
            "this needs one of the scopes `orders:read`, `orders:write`",
        ),
        ("/handler", r#", scope="orders:write""#, "this needs the scope `orders:write`"),
        ("/seven", "", "the access token does not allow this"),
    ] {
        let answer = app.get_with_token(path, &token);
        answer.assert_refused(403, "insufficient_scope");
        let challenge = format!("{BEGINNING}{scope}");
        assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()), "{path}");
        assert_eq!(answer.json()["detail"], detail, "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
}

#[test]
fn a_changed_scope_shows_at_the_next_refresh() {
    let app = start();
    let set_scope = |scope: &str| {
        let scope = Scope::parse(scope).unwrap();
        app.auth.store().edit(&UserId::new(1), |user| user.scope = scope.clone());
    };
    let first = app.session("ada");
    set_scope("orders:write");
    app.get_with_token("/write", &first.access).assert_refused(403, "insufficient_scope");
    let second = app.refresh(&first.refresh).tokens();
    assert_eq!(app.get_with_token("/write", &second.access).status, 200);
    set_scope("");
    assert_eq!(app.get_with_token("/write", &second.access).status, 200, "until it expires");
    let third = app.refresh(&second.refresh).tokens();
    app.get_with_token("/write", &third.access).assert_refused(403, "insufficient_scope");
}

#[test]
fn a_rule_for_another_id_type_is_an_internal_error() {
    let app = start();
    let answer = app.get_with_token("/other-ids", &app.auth.token_for(7).mint());
    answer.assert_refused(500, "internal");
}

#[actix_web::test]
async fn around_the_whole_app_a_scope_locks_nobody_out_of_login() {
    use actix_web::test::{TestRequest, call_service, init_service};

    let auth = TestAuth::new();
    let app = App::new()
        .wrap(auth.guard().scope("admin"))
        .configure(auth.routes("/auth"))
        .configure(crate::app::handlers);
    let app = init_service(app).await;
    for (path, expected) in [("/auth/logout", 204), ("/auth/unknown", 403), ("/user", 403)] {
        let request = TestRequest::post().uri(path).insert_header(auth.token_for(7).header());
        assert_eq!(call_service(&app, request.to_request()).await.status(), expected, "{path}");
    }
}

#[actix_web::test]
async fn of_two_auths_each_guard_asks_its_own() {
    use actix_web::test::{TestRequest, call_service, init_service};

    let (outer, inner) = (TestAuth::new(), TestAuth::new());
    let scope = web::scope("/inner")
        .wrap(inner.guard().scope("b"))
        .route("", web::get().to(async |user: AuthUser| user.scope.to_string()));
    let app =
        App::new().service(web::scope("/outer").wrap(outer.guard().optional()).service(scope));
    let app = init_service(app).await;
    for (token, expected) in [
        (inner.token_for(7).scope("b"), 401),
        (outer.token_for(7).scope("b"), 401),
        (outer.token_for(7).scope("a"), 401),
    ] {
        let request = TestRequest::get().uri("/outer/inner").insert_header(token.header());
        assert_eq!(call_service(&app, request.to_request()).await.status(), expected);
    }
    let request = TestRequest::get().uri("/outer/inner").to_request();
    assert_eq!(call_service(&app, request).await.status(), 401, "anonymous");
}

#[actix_web::test]
async fn who_is_signed_in_by_a_test_has_to_fulfil_the_same() {
    use std::time::Duration;

    use actix_web::test::{TestRequest, call_service, init_service};

    let auth = TestAuth::new();
    let guard = auth.guard().scope("a").max_age(Duration::from_secs(300));
    let guard = guard.require(|user: &AuthUser| user.id == 7);
    let api = web::scope("/api").wrap(guard).configure(crate::app::handlers);
    let app = init_service(App::new().service(api)).await;
    let ago = Duration::from_secs;
    for (token, expected) in [
        (auth.token_for(7).scope("a"), 200),
        (auth.token_for(7).scope("a").auth_time_ago(ago(300)), 200),
        (auth.token_for(7).scope("a").auth_time_ago(ago(301)), 401),
        (auth.token_for(7), 403),
        (auth.token_for(8).scope("a"), 403),
    ] {
        let request = TestRequest::get().uri("/api/user").to_request();
        token.sign_in(&request);
        assert_eq!(call_service(&app, request).await.status(), expected);
    }
}

/// actix-web's own: what it costs has to be known, and is said at the extractors.
#[actix_web::test]
async fn an_option_of_a_requirement_refuses_nobody() {
    use actix_hallpass::RequireRecent;
    use actix_web::FromRequest as _;
    use actix_web::test::TestRequest;

    let auth = TestAuth::new();
    let request = TestRequest::default().app_data(auth.deref().clone()).to_http_request();
    assert!(RequireScope::<OrdersWrite>::extract(&request).await.is_err());
    assert!(RequireRecent::<300>::extract(&request).await.is_err());
    assert!(Option::<RequireScope<OrdersWrite>>::extract(&request).await.unwrap().is_none());
    assert!(Option::<RequireRecent<300>>::extract(&request).await.unwrap().is_none());
}

#[test]
fn a_scope_that_is_none_is_refused_when_the_app_is_built() {
    let auth = TestAuth::new();
    for scope in ["", " ", "a\"b"] {
        let build = std::panic::AssertUnwindSafe(|| auth.guard().scope(scope));
        assert!(std::panic::catch_unwind(build).is_err(), "{scope:?}");
    }
}
