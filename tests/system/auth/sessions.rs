//! `GET /auth/sessions`, `DELETE /auth/sessions/{id}`, `POST /auth/logout/all` and `/auth/logout/others`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use actix_hallpass::hallpass::Sessions;
use actix_hallpass::testing::TestAuth;
use actix_web::{App, HttpServer};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::forge;
use crate::http::{Answer, Tokens};

fn app() -> TestApp {
    TestApp::with(|builder| builder.sessions(Sessions::PerDevice { max: 3 }))
}

fn login_from(app: &TestApp, user_agent: &str, label: &Value) -> Tokens {
    let body = json!({ "login": "ada", "password": "correct horse", "label": label });
    let headers = [("Content-Type", "application/json"), ("User-Agent", user_agent)];
    app.send("POST", "/auth/login", &headers, &body.to_string()).tokens()
}

fn list(app: &TestApp, tokens: &Tokens) -> Vec<Value> {
    let answer = app.get_with_token("/auth/sessions", &tokens.access);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()["sessions"].as_array().unwrap().clone()
}

fn sid(tokens: &Tokens) -> String {
    forge::payload(&tokens.access)["sid"].as_str().unwrap().to_owned()
}

fn end(app: &TestApp, tokens: &Tokens, id: &str) -> Answer {
    app.send_with_token("DELETE", &format!("/auth/sessions/{id}"), &tokens.access)
}

#[test]
fn ones_own_sessions_are_listed_and_the_present_one_is_marked() {
    let app = app();
    app.register("ada", "correct horse");
    let phone = login_from(&app, "phone/1", &json!("Ada's phone"));
    app.auth.clock().advance(Duration::from_secs(100));
    let laptop = login_from(&app, &"l".repeat(300), &Value::Null);
    app.session("bob");
    let sessions = list(&app, &phone);
    let began = 2_000_000_000_u64;
    assert_eq!(
        sessions,
        [
            json!({
                "id": sid(&laptop),
                "current": false,
                "created_at": began + 100,
                "last_used_at": began + 100,
                "expires_at": began + 100 + 14 * 86_400,
                "user_agent": "l".repeat(255),
                "client_address": "127.0.0.1",
                "label": null,
            }),
            json!({
                "id": sid(&phone),
                "current": true,
                "created_at": began,
                "last_used_at": began + 100,
                "expires_at": began + 100 + 14 * 86_400,
                "user_agent": "phone/1",
                "client_address": "127.0.0.1",
                "label": "Ada's phone",
            }),
        ]
    );
}

#[test]
fn a_label_comes_back_with_its_emoji_and_without_what_shows_as_nothing() {
    let app = app();
    app.register("ada", "correct horse");
    let phone = login_from(&app, "phone/1", &json!("\u{1f469}\u{200d}\u{1f4bb} laptop"));
    login_from(&app, "a\u{200d}b\u{3164}\u{202e}", &json!("\u{202e}pho\u{3164}ne\u{e0041}"));
    login_from(&app, "\u{2800}", &json!("\u{115f} \u{2800}\u{200d}"));
    let mut texts: Vec<_> = list(&app, &phone)
        .iter()
        .map(|session| (session["label"].clone(), session["user_agent"].clone()))
        .collect();
    texts.sort_by_key(|texts| format!("{texts:?}"));
    let expected = [
        (Value::Null, Value::Null),
        (json!("phone"), json!("a\u{200d}b")),
        (json!("\u{1f469}\u{200d}\u{1f4bb} laptop"), json!("phone/1")),
    ];
    assert_eq!(texts, expected);
}

#[test]
fn a_user_agent_is_read_up_to_8_kib() {
    let app = app();
    app.register("ada", "correct horse");
    for (ignored, expected) in [(8000, json!("curl")), (8_190, json!("cu")), (100_000, Value::Null)]
    {
        let user_agent = format!("{}curl", "\u{ad}".repeat(ignored / 2));
        let tokens = login_from(&app, &user_agent, &Value::Null);
        let sessions = list(&app, &tokens);
        let session = sessions.iter().find(|session| session["current"] == true).unwrap();
        assert_eq!(session["user_agent"], expected, "{ignored}");
    }
}

#[test]
fn a_session_is_used_when_it_is_refreshed_and_not_before() {
    let app = app();
    let began = 2_000_000_000_u64;
    let phone = app.session("ada");
    app.auth.clock().advance(Duration::from_secs(100));
    assert_eq!(app.get_with_token("/guarded/user", &phone.access).status, 200);
    app.auth.clock().advance(Duration::from_secs(900));
    let laptop = app.login("ada", "correct horse").tokens();
    let last_uses =
        || list(&app, &laptop).into_iter().map(|it| it["last_used_at"].clone()).collect::<Vec<_>>();
    assert_eq!(last_uses(), [began + 1_000, began]);
    app.refresh(&phone.refresh).tokens();
    assert_eq!(last_uses(), [began + 1_000, began + 1_000]);
    assert_eq!(list(&app, &laptop)[1]["created_at"], began);
}

/// The second of the owner's refresh would allow a thief of both tokens to follow within the grace.
#[test]
fn whoever_polls_the_list_during_a_refresh_sees_nothing_of_it() {
    let app = app();
    let phone = app.session("ada");
    let second = || app.auth.clock().advance(Duration::from_secs(1));
    second();
    let laptop = app.login("ada", "correct horse").tokens();
    for number in 0..100 {
        second();
        let [before, after] = [false, true].map(|is_refreshed| {
            if is_refreshed && number == 50 {
                app.refresh(&phone.refresh).tokens();
            }
            [&phone, &laptop].map(|thief| list(&app, thief))
        });
        assert_eq!(after, before, "in second {number}");
        let now = 2_000_000_002_u64 + number;
        for session in after.concat() {
            assert_eq!(session["last_used_at"], now, "{session}");
            assert_eq!(session["expires_at"], now + 14 * 86_400, "{session}");
        }
    }
}

#[test]
fn one_session_ends_and_anothers_or_none_is_404() {
    let app = app();
    let phone = app.session("ada");
    let laptop = app.login("ada", "correct horse").tokens();
    let neighbour = app.session("bob");
    for id in
        [&*sid(&neighbour), "no-such-session", "%2e%2e", "%ff", "%00", "a%20b", &"x".repeat(5000)]
    {
        end(&app, &phone, id).assert_refused(404, "not_found");
    }
    let answer = end(&app, &phone, &sid(&laptop));
    assert_eq!((answer.status, &*answer.body), (204, ""));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    app.refresh(&laptop.refresh).assert_refused(401, "session_revoked");
    end(&app, &phone, &sid(&laptop)).assert_refused(404, "not_found");
    app.refresh(&neighbour.refresh).tokens();
    assert_eq!(end(&app, &phone, &sid(&phone)).status, 204);
    app.refresh(&phone.refresh).assert_refused(401, "session_revoked");
}

#[test]
fn the_others_log_out_or_all() {
    for (path, goes_on) in [("/auth/logout/others", true), ("/auth/logout/all", false)] {
        let app = app();
        let phone = app.session("ada");
        let laptop = app.login("ada", "correct horse").tokens();
        let neighbour = app.session("bob");
        let answer = app.send_with_token("POST", path, &laptop.access);
        assert_eq!((answer.status, &*answer.body), (204, ""), "{path}");
        app.refresh(&phone.refresh).assert_refused(401, "session_revoked");
        assert_eq!(app.refresh(&laptop.refresh).status == 200, goes_on, "{path}");
        app.refresh(&neighbour.refresh).tokens();
    }
}

#[test]
fn reuse_ends_the_one_session_it_happened_in() {
    let app = app();
    let phone = app.session("ada");
    let laptop = app.login("ada", "correct horse").tokens();
    let rotated = app.refresh(&phone.refresh).tokens();
    app.auth.clock().advance(Duration::from_secs(31));
    app.refresh(&phone.refresh).assert_refused(401, "session_revoked");
    app.refresh(&rotated.refresh).assert_refused(401, "session_revoked");
    app.refresh(&laptop.refresh).tokens();
}

#[test]
fn the_least_recently_used_device_goes_when_there_is_one_too_many() {
    let app = app();
    let mut phone = app.session("ada");
    let wait = || app.auth.clock().advance(Duration::from_secs(60));
    wait();
    let laptop = app.login("ada", "correct horse").tokens();
    wait();
    let tablet = app.login("ada", "correct horse").tokens();
    wait();
    phone = app.refresh(&phone.refresh).tokens();
    let fourth = app.login("ada", "correct horse").tokens();
    app.refresh(&laptop.refresh).assert_refused(401, "session_superseded");
    for alive in [phone, tablet, fourth] {
        app.refresh(&alive.refresh).tokens();
    }
}

/// Sends `requests` over one connection, which the last one asks to close; returns all that comes back.
fn bytes_of(app: &TestApp, requests: &str) -> String {
    let mut stream = TcpStream::connect(app.address()).unwrap();
    stream.write_all(requests.as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    answers
}

/// The head of an answer without what depends on the moment and the connection, and what comes behind it.
fn split_answer(answer: &str) -> (Vec<&str>, &str) {
    let (head, rest) = answer.split_once("\r\n\r\n").unwrap();
    let varies = |line: &&str| line.starts_with("date:") || line.starts_with("connection:");
    let mut head: Vec<_> = head.split("\r\n").filter(|line| !varies(line)).collect();
    head.sort_unstable();
    (head, rest)
}

/// RFC 9110 §9.3.2. A byte behind the head would be taken for the next answer, also when the next request is
/// there already.
#[test]
fn head_is_answered_like_get_without_a_body() {
    let app = app();
    let tokens = app.session("ada");
    for authorization in [format!("Bearer {}", tokens.access), "Bearer garbage".to_owned()] {
        let ask = |method: &str, connection: &str| {
            format!(
                "{method} /auth/sessions HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\n\
                 Authorization: {authorization}\r\n\r\n"
            )
        };
        let of_get = bytes_of(&app, &ask("GET", "close"));
        let (mut of_get, body) = split_answer(&of_get);
        assert!(!body.is_empty());
        of_get.retain(|line| !line.starts_with("content-length:"));
        let alone = bytes_of(&app, &ask("HEAD", "close"));
        assert_eq!(split_answer(&alone), (of_get.clone(), ""));
        let answers =
            bytes_of(&app, &format!("{}{}", ask("HEAD", "keep-alive"), ask("GET", "close")));
        let (of_head, next) = split_answer(&answers);
        assert_eq!(of_head, of_get);
        assert_eq!(split_answer(next).1, body, "{answers}");
    }
}

#[test]
fn head_is_refused_without_a_body_where_get_is_no_method_of_the_route() {
    let app = app();
    for path in ["/auth/login", "/auth/sessions/x"] {
        let answer = bytes_of(
            &app,
            &format!("HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        );
        let (head, rest) = split_answer(&answer);
        assert!(head.contains(&"HTTP/1.1 405 Method Not Allowed"), "{answer}");
        assert_eq!(rest, "");
    }
}

/// A guard that looks up the session answers later than one that does not.
#[test]
fn head_is_refused_without_a_body_also_where_the_next_request_is_there_already() {
    let app = app();
    let tokens = app.session("ada");
    assert_eq!(app.logout(&tokens.refresh).status, 204);
    for (path, status) in
        [("/bound", "401"), ("/guarded/user", "200"), ("/auth/login", "405"), ("/auth/none", "404")]
    {
        let ask = |method: &str, connection: &str| {
            format!(
                "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\n\
                 Authorization: Bearer {}\r\n\r\n",
                tokens.access
            )
        };
        let answers =
            bytes_of(&app, &format!("{}{}", ask("HEAD", "keep-alive"), ask("GET", "close")));
        let (_, next) = split_answer(&answers);
        if status != "200" {
            assert!(next.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answers}");
        }
    }
}

/// An application may call a part of its base what it likes.
#[test]
fn under_a_base_with_parameters_the_named_session_ends_and_no_other() {
    for base in ["/{id}/auth", "/{session_id}/auth", "/{tail:.*}/auth", "/{sid:[^/]+}/{id}"] {
        let auth = TestAuth::with(|builder| builder.sessions(Sessions::PerDevice { max: 3 }));
        let app = TestApp::serve(auth, move |auth| {
            HttpServer::new(move || {
                App::new()
                    .wrap(auth.guard())
                    .configure(auth.routes("/auth"))
                    .configure(auth.routes(base))
            })
            .workers(1)
            .bind("127.0.0.1:0")
            .map(|server| (server.addrs()[0], server.run()))
            .unwrap()
        });
        let phone = app.session("ada");
        let [laptop, tablet] = [0; 2].map(|_| app.login("ada", "correct horse").tokens());
        let path = format!("/{}/auth/sessions/{}", sid(&laptop), sid(&tablet));
        assert_eq!(app.send_with_token("DELETE", &path, &phone.access).status, 204, "{base}");
        app.refresh(&tablet.refresh).assert_refused(401, "session_revoked");
        app.refresh(&laptop.refresh).tokens();
        app.refresh(&phone.refresh).tokens();
    }
}

/// A route, and how it is asked.
const ROUTES: [(&str, &str); 4] = [
    ("GET", "/auth/sessions"),
    ("DELETE", "/auth/sessions/x"),
    ("POST", "/auth/logout/all"),
    ("POST", "/auth/logout/others"),
];

#[test]
fn each_route_needs_a_valid_token_of_a_session_that_is_alive() {
    let app = app();
    let tokens = app.session("ada");
    app.logout(&tokens.refresh);
    let expired = app.auth.token_for(1).lifetime(Duration::ZERO).mint();
    for (method, path) in ROUTES {
        let missing = app.send(method, path, &[], "");
        missing.assert_refused(401, "token_missing");
        assert_eq!(missing.header("www-authenticate"), Some("Bearer realm=\"hallpass\""));
        for (token, code) in [
            ("garbage", "token_invalid"),
            (&*tokens.refresh, "token_invalid"),
            (&*expired, "token_expired"),
            (&*tokens.access, "session_revoked"),
        ] {
            let answer = app.send_with_token(method, path, token);
            answer.assert_refused(401, code);
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.contains(r#"error="invalid_token""#), "{path} {challenge}");
        }
    }
}

#[test]
fn other_methods_are_405_with_those_that_are_taken() {
    let app = app();
    for (method, path) in ROUTES {
        let answer = app.send("PUT", path, &[], "");
        answer.assert_refused(405, "method_not_allowed");
        let allowed = if method == "GET" { "GET, HEAD" } else { method };
        assert_eq!(answer.header("allow"), Some(allowed), "{path}");
        let detail = format!("this route takes {allowed}");
        assert_eq!(answer.json()["detail"], detail, "{path}");
    }
}

#[test]
fn without_sessions_for_each_device_the_routes_are_not_there() {
    let app = TestApp::serve(TestAuth::new(), |auth| {
        HttpServer::new(move || App::new().configure(auth.routes("/auth")))
            .workers(1)
            .bind("127.0.0.1:0")
            .map(|server| (server.addrs()[0], server.run()))
            .unwrap()
    });
    let tokens = app.session("ada");
    for (method, path) in ROUTES {
        app.send_with_token(method, path, &tokens.access).assert_refused(404, "not_found");
    }
}
