//! The guard among other middleware, around scopes and around the whole app.

use actix_cors::Cors;
use actix_hallpass::testing::TestAuth;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::{DefaultHeaders, ErrorHandlerResponse, ErrorHandlers, Logger};
use actix_web::test::{self, TestRequest};
use actix_web::{App, Error, web};

/// Sends `request` to `app`; panics where the app answers with an error instead of a response.
async fn call<T, B>(app: App<T>, request: TestRequest) -> ServiceResponse<B>
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let app = test::init_service(app).await;
    test::call_service(&app, request.to_request()).await
}

fn header<B>(response: &ServiceResponse<B>, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

fn json(path: &str, body: &str) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(("Content-Type", "application/json"))
        .set_payload(body.to_owned())
}

#[actix_web::test]
async fn around_the_whole_app_it_does_not_lock_out_its_own_routes() {
    let auth = TestAuth::new();
    let app = || {
        App::new()
            .wrap(auth.guard())
            .configure(auth.routes("/auth"))
            .configure(crate::app::handlers)
            .service(web::scope("/v1").configure(auth.routes("/session")))
    };
    let credentials = r#"{"login":"ada","password":"correct horse"}"#;
    for (path, body, expected) in [
        ("/auth/register", credentials, 201),
        ("/auth/login", credentials, 200),
        ("/auth/refresh", r#"{"refresh_token":"x"}"#, 401),
        ("/auth/logout", "{}", 204),
        ("/v1/session/login", credentials, 200),
    ] {
        for authorization in ["", "Bearer garbage", "Basic YTpi"] {
            let request = json(path, body).insert_header(("Authorization", authorization));
            let response = call(app(), request).await;
            let expected =
                if expected == 201 && !authorization.is_empty() { 409 } else { expected };
            assert_eq!(response.status(), expected, "{path} {authorization}");
        }
    }
    for path in ["/user", "/nobody", "/unknown", "/auth/unknown", "/auth", "/auth/login/more"] {
        let response = call(app(), TestRequest::get().uri(path)).await;
        assert_eq!(response.status(), 401, "{path}");
    }
    let request = TestRequest::get().uri("/user").insert_header(auth.token_for(7).header());
    assert_eq!(call(app(), request).await.status(), 200);
}

#[actix_web::test]
async fn around_the_scope_that_holds_its_routes_it_lets_them_through_too() {
    let auth = TestAuth::new();
    let app = || {
        App::new().service(
            web::scope("/{tenant}/api")
                .wrap(auth.guard())
                .configure(auth.routes("/auth"))
                .configure(crate::app::handlers),
        )
    };
    for (path, expected) in
        [("/acme/api/auth/logout", 204), ("/acme/api/auth/unknown", 401), ("/acme/api/user", 401)]
    {
        assert_eq!(call(app(), json(path, "")).await.status(), expected, "{path}");
    }
}

#[actix_web::test]
async fn what_only_looks_like_its_own_route_is_guarded() {
    let auth = TestAuth::new();
    let app = || {
        App::new()
            .wrap(auth.guard())
            .service(web::resource("/admin/{tail:.*}").to(async || "secret"))
            .configure(auth.routes("/{tenant}/auth"))
    };
    assert_eq!(call(app(), json("/acme/auth/logout", "")).await.status(), 204);
    for path in
        ["/admin/auth/login", "/%61dmin/auth/login", "/adm%69n/auth/logout", "/acme%2fauth/login"]
    {
        let get = TestRequest::get().uri(path);
        assert_eq!(call(app(), json(path, "")).await.status(), 401, "POST {path}");
        assert_eq!(call(app(), get).await.status(), 401, "GET {path}");
    }
    let get = TestRequest::get().uri("/acme/auth/login");
    assert_eq!(call(app(), get).await.status(), 401, "only POST is let through");
}

#[actix_web::test]
async fn a_page_at_the_path_of_a_route_does_not_lock_the_route_out() {
    let auth = TestAuth::new();
    let app = || {
        App::new()
            .wrap(auth.guard())
            .route("/auth/login", web::get().to(async || "a page"))
            .service(
                web::scope("/auth")
                    .guard(actix_web::guard::Get())
                    .route("/logout", web::get().to(async || "a page")),
            )
            .configure(auth.routes("/auth"))
    };
    let login = json("/auth/login", r#"{"login":"ada","password":"correct horse"}"#);
    assert_eq!(call(app(), json("/auth/logout", "")).await.status(), 204);
    let response = call(app(), login).await;
    assert_eq!(header(&response, "www-authenticate").unwrap(), r#"Bearer realm="hallpass""#);
    for page in ["/auth/login", "/auth/logout"] {
        assert_eq!(call(app(), TestRequest::get().uri(page)).await.status(), 401, "{page}");
    }
}

#[actix_web::test]
async fn two_authorization_headers_are_refused_by_logout_itself() {
    let auth = TestAuth::new();
    let app = App::new().wrap(auth.guard()).configure(auth.routes("/auth"));
    let request = json("/auth/logout", "")
        .append_header(("Authorization", "Bearer a"))
        .append_header(("Authorization", "Bearer b"));
    assert_eq!(call(app, request).await.status(), 400);
}

#[actix_web::test]
async fn a_refusal_passes_through_the_middleware_around_the_guard() {
    let auth = TestAuth::new();
    let mark = |mut response: ServiceResponse<_>| {
        response.headers_mut().insert("x-handled".parse().unwrap(), "yes".parse().unwrap());
        Ok(ErrorHandlerResponse::Response(response.map_into_left_body()))
    };
    let app = App::new()
        .wrap(auth.guard())
        .wrap(ErrorHandlers::new().handler(StatusCode::UNAUTHORIZED, mark))
        .wrap(DefaultHeaders::new().add(("x-default", "yes")))
        .wrap(Logger::default())
        .wrap(Cors::permissive());
    let request = TestRequest::get().uri("/").insert_header(("Origin", "https://app.example"));
    let response = call(app, request).await;
    assert_eq!(response.status(), 401);
    for name in ["x-handled", "x-default", "access-control-allow-origin", "www-authenticate"] {
        assert!(header(&response, name).is_some(), "{name}");
    }
}

fn preflight() -> TestRequest {
    TestRequest::default()
        .method(actix_web::http::Method::OPTIONS)
        .uri("/api/nobody")
        .insert_header(("Origin", "https://app.example"))
        .insert_header(("Access-Control-Request-Method", "GET"))
}

#[actix_web::test]
async fn a_preflight_passes_where_cors_is_outside_or_where_the_guard_lets_it() {
    let auth = TestAuth::new();
    let outside = App::new().wrap(auth.guard()).wrap(Cors::permissive());
    assert_eq!(call(outside, preflight()).await.status(), 200);

    let inside = App::new().wrap(Cors::permissive()).wrap(auth.guard());
    assert_eq!(call(inside, preflight()).await.status(), 401);

    let app = || App::new().wrap(Cors::permissive()).wrap(auth.guard().allow_preflight());
    assert_eq!(call(app(), preflight()).await.status(), 200);
    for incomplete in [
        TestRequest::default().method(actix_web::http::Method::OPTIONS),
        preflight().insert_header(("Access-Control-Request-Method", "(")),
        preflight().insert_header(("Access-Control-Request-Method", "")),
        TestRequest::default()
            .method(actix_web::http::Method::OPTIONS)
            .insert_header(("Origin", "https://app.example")),
        TestRequest::get()
            .insert_header(("Origin", "https://app.example"))
            .insert_header(("Access-Control-Request-Method", "GET")),
    ] {
        assert_eq!(call(app(), incomplete).await.status(), 401);
    }
}

#[actix_web::test]
async fn two_auths_in_one_app_do_not_accept_each_others_tokens() {
    let staff = TestAuth::with(|builder| builder.realm("staff"));
    let customers = TestAuth::with(|builder| builder.realm("customers"));
    let app = || {
        App::new()
            .configure(staff.routes("/staff/auth"))
            .configure(customers.routes("/auth"))
            .service(web::scope("/staff").wrap(staff.guard()).configure(crate::app::handlers))
            .service(web::scope("/shop").wrap(customers.guard()).configure(crate::app::handlers))
    };
    for (path, token, expected) in [
        ("/staff/user", staff.token_for(1).header(), 200),
        ("/staff/user", customers.token_for(1).header(), 401),
        ("/shop/user", customers.token_for(1).header(), 200),
        ("/shop/user", staff.token_for(1).header(), 401),
    ] {
        let response = call(app(), TestRequest::get().uri(path).insert_header(token)).await;
        assert_eq!(response.status(), expected, "{path}");
    }
    let body = r#"{"login":"ada","password":"correct horse"}"#;
    assert_eq!(call(app(), json("/staff/auth/register", body)).await.status(), 201);
    assert_eq!(call(app(), json("/staff/auth/login", body)).await.status(), 200);
    let unknown = call(app(), json("/auth/login", body)).await;
    assert_eq!(header(&unknown, "www-authenticate").unwrap(), r#"Bearer realm="customers""#);
}

#[actix_web::test]
async fn routes_at_the_root_leave_the_other_paths_to_the_app() {
    let auth = TestAuth::new();
    for base in ["", "/"] {
        let app = || App::new().configure(auth.routes(base)).configure(crate::app::handlers);
        assert_eq!(call(app(), json("/logout", "")).await.status(), 204);
        assert_eq!(call(app(), TestRequest::get().uri("/nobody")).await.status(), 200);
    }
    for base in ["auth", "/auth", "/auth/", "auth/"] {
        let app = App::new().configure(auth.routes(base));
        assert_eq!(call(app, json("/auth/logout", "")).await.status(), 204, "{base}");
    }
}
