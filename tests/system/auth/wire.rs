//! What all routes have in common: methods, paths, bodies.

use std::io::{Read as _, Write as _};

use serde_json::json;

use crate::app::TestApp;

const ROUTES: [&str; 6] = ["login", "refresh", "logout", "register", "reauthenticate", "password"];

#[test]
fn other_methods_are_not_allowed_and_other_paths_not_found() {
    let app = TestApp::start();
    for route in ROUTES {
        for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
            let answer = app.send(method, &format!("/auth/{route}"), &[], "");
            assert_eq!(
                answer.refusal(),
                (405, "method_not_allowed".to_owned()),
                "{method} {route}"
            );
            assert_eq!(answer.header("allow"), Some("POST"));
        }
    }
    for path in ["/auth/unknown", "/auth/login/", "/auth/", "/auth/Login"] {
        app.get(path).assert_refused(404, "not_found");
    }
}

#[test]
fn a_body_is_json_by_name_and_by_content() {
    let app = TestApp::start();
    for route in ROUTES {
        let path = format!("/auth/{route}");
        // Those that ask for a token get one; the others look at the body alone.
        let authorization = format!("Bearer {}", app.auth.token_for(1).mint());
        let needs_token = matches!(route, "reauthenticate" | "password");
        let send = |headers: &[(&str, &str)], body| {
            let mut headers = headers.to_vec();
            if needs_token {
                headers.push(("Authorization", &authorization));
            }
            app.send("POST", &path, &headers, body)
        };
        for headers in [
            &[][..],
            &[("Content-Type", "text/plain")],
            &[("Content-Type", "application/x-www-form-urlencoded")],
            &[("Content-Type", "application/jsonp")],
            &[("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
        ] {
            send(headers, "{}").assert_refused(415, "unsupported_media_type");
        }
        let json = &[("Content-Type", "application/json")][..];
        for body in [
            "{",
            "[]",
            r#"["ada","correct horse"]"#,
            r#"["token"]"#,
            "\"x\"",
            "null",
            "{}}",
            r#"{"login":1,"password":2,"refresh_token":3}"#,
            r#"{"login":"a","login":"b","password":"c","refresh_token":"d"}"#,
            r#"{"login":"a","password":"c","refresh_token":"d","x":{"y":1,"y":2}}"#,
            r#"{"login":"a","password":"c","refresh_token":"d","refresh_\u0074oken":"e"}"#,
            r#"{"login":"a","email":"b","refresh_token":"d","refresh_token":"d"}"#,
        ] {
            let answer = send(json, body);
            assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{route} {body}");
        }
        let too_large = format!(r#"{{"x":"{}"}}"#, "x".repeat(8 * 1024));
        send(json, &too_large).assert_refused(413, "body_too_large");
    }
}

/// RFC 9110 §15.5.16.
#[test]
fn a_body_in_another_form_is_refused_with_the_form_that_is_taken() {
    let app = TestApp::start();
    let (json, text) = ("application/json", "text/plain");
    for (content_type, encodings, accept, accept_encoding) in [
        (json, &["gzip"][..], None, Some("identity")),
        (json, &["br, identity"], None, Some("identity")),
        (json, &["identity", "gzip"], None, Some("identity")),
        (json, &["identity, x-gzip"], None, Some("identity")),
        (text, &[], Some(json), None),
        (text, &["identity"], Some(json), None),
        ("", &[], Some(json), None),
        (text, &["gzip"], Some(json), Some("identity")),
    ] {
        let mut headers = vec![("Content-Type", content_type)];
        headers.retain(|(_, value)| !value.is_empty());
        headers.extend(encodings.iter().map(|encoding| ("Content-Encoding", *encoding)));
        for route in ["login", "logout"] {
            let answer = app.send("POST", &format!("/auth/{route}"), &headers, "{}");
            answer.assert_refused(415, "unsupported_media_type");
            assert_eq!(answer.header("accept"), accept, "{route} {headers:?}");
            assert_eq!(answer.header("accept-encoding"), accept_encoding, "{route} {headers:?}");
        }
    }
}

#[test]
fn a_body_that_is_not_encoded_may_say_so() {
    let app = TestApp::start();
    for encodings in [&["identity"][..], &["Identity, "], &["identity", "IDENTITY"], &[""]] {
        let mut headers = vec![("Content-Type", "application/json")];
        headers.extend(encodings.iter().map(|encoding| ("Content-Encoding", *encoding)));
        let answer = app.send("POST", "/auth/refresh", &headers, r#"{"refresh_token":"x"}"#);
        answer.assert_refused(401, "refresh_invalid");
        assert_eq!(answer.header("accept-encoding"), None);
    }
}

#[test]
fn a_body_of_8_kib_with_unknown_fields_and_a_charset_is_read() {
    let app = TestApp::start();
    let frame = json!({ "refresh_token": "x", "unknown": [""] }).to_string().len();
    let body =
        json!({ "refresh_token": "x", "unknown": ["x".repeat(8 * 1024 - frame)] }).to_string();
    assert_eq!(body.len(), 8 * 1024);
    let headers = [("Content-Type", "Application/JSON; charset=utf-8")];
    app.send("POST", "/auth/refresh", &headers, &body).assert_refused(401, "refresh_invalid");
}

#[test]
fn a_body_that_does_not_come_ends_the_request_and_the_connection() {
    let app = TestApp::start();
    let mut stream = std::net::TcpStream::connect(app.address()).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let head = "POST /auth/logout HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
        Content-Length: 9\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server ends the connection");
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("invalid_request"), "{answer}");
}

#[test]
fn a_chunked_body_is_cut_off_at_8_kib() {
    let app = TestApp::start();
    let mut stream = std::net::TcpStream::connect(app.address()).unwrap();
    let head = "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..9 {
        stream.write_all(format!("400\r\n{}\r\n", " ".repeat(1024)).as_bytes()).unwrap();
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}
