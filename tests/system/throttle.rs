//! Guessing is slowed down: what a client sees of it, and whose address counts behind proxies.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_hallpass::AuthBuilder;
use actix_hallpass::hallpass::{
    AuthEvent, AuthEventKind, LoginLimits, LoginThrottle, PasswordRuleError, Throttle,
    ThrottlePolicy,
};
use actix_hallpass::testing::TestAuth;
use actix_web::rt::net::TcpSocket;
use actix_web::{App, HttpServer};
use serde_json::json;

use crate::app::TestApp;
use crate::databases::{TestDatabase, on_every_database};
use crate::http::Answer;
use crate::process::{Process, command, command_on};

on_every_database!(
    two_throttled_servers_on_one_database_share_the_limit,
    a_damaged_count_of_attempts_is_429_once_and_a_warning_and_not_503_for_ever,
);

const ACCOUNT: ThrottlePolicy = ThrottlePolicy::new(3, Duration::from_secs(30));
const ADDRESS: ThrottlePolicy = ThrottlePolicy::new(10, Duration::from_secs(1));

/// An app with small limits.
fn throttled(change: impl FnOnce(AuthBuilder) -> AuthBuilder) -> TestApp {
    TestApp::with(|builder| {
        let limits = LoginLimits::default()
            .with_address(ADDRESS)
            .with_account_at_address(ACCOUNT)
            .with_account(ACCOUNT);
        change(builder.login_throttle(LoginThrottle::Memory).login_limits(limits))
    })
}

/// Logs in through a proxy, which says that the client is `client`.
fn login_for(app: &TestApp, client: &str, login: &str, password: &str) -> Answer {
    let headers = [("Content-Type", "application/json"), ("X-Forwarded-For", client)];
    let body = json!({ "login": login, "password": password }).to_string();
    app.send("POST", "/auth/login", &headers, &body)
}

#[test]
fn a_throttled_login_says_when_to_come_back_and_is_good_then() {
    let app = throttled(|builder| builder);
    app.register("ada", "correct horse");
    for _ in 0..3 {
        app.login("ada", "wrong horse").assert_refused(401, "invalid_credentials");
    }
    let answer = app.login("ada", "correct horse");
    answer.assert_refused(429, "throttled");
    assert_eq!(answer.header("retry-after"), Some("30"));
    assert_eq!(answer.header("www-authenticate"), None);
    app.auth.clock().advance(Duration::from_secs(29));
    assert_eq!(app.login("ada", "correct horse").header("retry-after"), Some("1"));
    app.auth.clock().advance(Duration::from_secs(1));
    app.login("ada", "correct horse").tokens();
}

#[test]
fn a_throttled_login_of_nobody_is_like_that_of_a_user_to_the_byte() {
    let app = throttled(|builder| builder);
    app.register("ada", "correct horse");
    let [of_ada, of_nobody] = ["ada", "nobody"].map(|login| {
        for _ in 0..3 {
            app.login(login, "wrong horse").assert_refused(401, "invalid_credentials");
        }
        app.login(login, "wrong horse")
    });
    of_ada.assert_refused(429, "throttled");
    assert_eq!(of_ada.body, of_nobody.body);
    let headers = |answer: &Answer| {
        let named = answer.headers.iter().filter(|(name, _)| *name != "date");
        named.map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>()
    };
    assert_eq!(headers(&of_ada), headers(&of_nobody));
}

#[test]
fn a_throttled_address_may_try_no_other_account() {
    let app = throttled(|builder| builder);
    app.register("ada", "correct horse");
    let _ = app.auth.observer().take();
    for number in 0..10 {
        let answer = app.login(&format!("user{number}"), "password1");
        answer.assert_refused(401, "invalid_credentials");
    }
    let answer = app.login("ada", "correct horse");
    answer.assert_refused(429, "throttled");
    assert_eq!(answer.header("retry-after"), Some("1"));
    let last = app.auth.observer().take().pop().unwrap();
    assert_eq!(last.kind, AuthEventKind::Throttled(Throttle::Address));
    assert!(last.client_address.unwrap().is_loopback());
}

#[test]
fn an_address_whose_registrations_are_refused_is_throttled_there_alone() {
    let app = throttled(|builder| {
        builder.password_rule(|password: &str| match password {
            "password1" => Err(PasswordRuleError::Refused("it is on a list".to_owned())),
            _ => Ok(()),
        })
    });
    assert_eq!(app.register("ada", "correct horse").status, 201);
    for _ in 0..5 {
        app.register("bob", "password1").assert_refused(422, "password_unacceptable");
        app.register("ada", "correct horse").assert_refused(409, "login_taken");
        app.register("bob", "short").assert_refused(422, "password_unacceptable");
    }
    let answer = app.register("bob", "correct horse");
    answer.assert_refused(429, "throttled");
    assert_eq!(answer.header("retry-after"), Some("1"));
    app.login("ada", "correct horse").tokens();
    app.auth.clock().advance(Duration::from_secs(1));
    assert_eq!(app.register("bob", "correct horse").status, 201);
}

#[test]
fn throttled_step_up_and_password_change_are_429_and_the_session_goes_on() {
    let app = throttled(|builder| builder);
    let tokens = app.session("ada");
    let step_up = |password: &str| {
        app.post_with_token(
            "/auth/reauthenticate",
            &tokens.access,
            &json!({ "password": password }),
        )
    };
    let change = |current: &str| {
        let body = json!({ "current_password": current, "new_password": "another horse" });
        app.post_with_token("/auth/password", &tokens.access, &body)
    };
    step_up("wrong horse").assert_refused(401, "invalid_credentials");
    change("wrong horse").assert_refused(401, "invalid_credentials");
    step_up("wrong horse").assert_refused(401, "invalid_credentials");
    for answer in [step_up("correct horse"), change("correct horse")] {
        answer.assert_refused(429, "throttled");
        assert_eq!(answer.header("retry-after"), Some("30"));
    }
    app.login("ada", "wrong horse").assert_refused(401, "invalid_credentials");
    assert_eq!(app.get_with_token("/guarded/user", &tokens.access).status, 200);
    assert_eq!(app.refresh(&tokens.refresh).status, 200);
}

#[test]
fn guesses_at_the_login_of_an_address_leave_its_users_their_password_change() {
    let app = TestApp::with(|builder| builder.login_throttle(LoginThrottle::Memory));
    let tokens = app.session("ada");
    for number in 0..130 {
        let answer = app.login(&format!("user{number}"), "password1");
        assert_eq!(answer.status, if number < 100 { 401 } else { 429 });
    }
    let body = json!({ "password": "correct horse" });
    let answer = app.post_with_token("/auth/reauthenticate", &tokens.access, &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = json!({ "current_password": "correct horse", "new_password": "another horse" });
    let answer = app.post_with_token("/auth/password", &tokens.access, &body);
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[test]
fn guesses_in_sessions_leave_the_login_of_their_address() {
    let app = throttled(|builder| builder);
    app.register("eve", "correct horse");
    for user in ["ada", "bob", "cyd", "dan"] {
        let tokens = app.session(user);
        for _ in 0..3 {
            let body = json!({ "password": "wrong horse" });
            let answer = app.post_with_token("/auth/reauthenticate", &tokens.access, &body);
            answer.assert_refused(401, "invalid_credentials");
        }
    }
    app.login("eve", "wrong horse").assert_refused(401, "invalid_credentials");
    app.login("eve", "correct horse").tokens();
}

#[test]
fn a_throttled_address_is_the_clients_behind_a_trusted_proxy_alone() {
    for (proxies, is_believed) in [(&["127.0.0.0/8"][..], true), (&["192.0.2.7"][..], false)] {
        let app = throttled(|builder| builder.trusted_proxies(proxies.iter().copied()));
        app.register("ada", "correct horse");
        for number in 0..10 {
            let user = format!("user{number}");
            let answer = login_for(&app, "203.0.113.5", &user, "password1");
            answer.assert_refused(401, "invalid_credentials");
        }
        login_for(&app, "9.9.9.9, 203.0.113.5", "ada", "no").assert_refused(429, "throttled");
        let _ = app.auth.observer().take();
        let other = login_for(&app, "203.0.113.6", "ada", "correct horse");
        let client = app.auth.observer().take().pop().unwrap().client_address.unwrap();
        if is_believed {
            other.tokens();
            assert_eq!(client.to_string(), "203.0.113.6");
        } else {
            other.assert_refused(429, "throttled");
            assert!(client.is_loopback());
        }
    }
}

/// An app that listens on a Unix socket and over TCP, with the usual limits.
fn app_at(socket: PathBuf, proxies: &[&str]) -> TestApp {
    let auth = TestAuth::with(|builder| {
        builder.login_throttle(LoginThrottle::Memory).trusted_proxies(proxies.iter().copied())
    });
    TestApp::serve(auth, move |auth| {
        let server = HttpServer::new(move || App::new().configure(auth.routes("/auth")))
            .workers(1)
            .bind_uds(socket)
            .and_then(|server| server.bind("127.0.0.1:0"))
            .unwrap();
        // The first address stands for the Unix socket.
        (server.addrs()[1], server.run())
    })
}

fn login_request(client: &str, password: &str) -> String {
    let body = json!({ "login": "ada", "password": password }).to_string();
    format!(
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: {client}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Logs in as a proxy at the Unix socket does for `client`; returns the status.
fn login_at(socket: &Path, client: &str, password: &str) -> u16 {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(login_request(client, password).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn behind_a_trusted_unix_socket_one_guesser_does_not_shut_out_the_owner_elsewhere() {
    for (proxies, expected) in [(&["unix"][..], 200), (&["127.0.0.1", "unix"], 200), (&[], 429)] {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("socket");
        let app = app_at(socket.clone(), proxies);
        app.register("ada", "correct horse");
        for _ in 0..30 {
            let status = login_at(&socket, "203.0.113.5", "wrong horse");
            assert!([401, 429].contains(&status), "{status}");
        }
        let owner = login_at(&socket, "9.9.9.9, 203.0.113.6", "correct horse");
        assert_eq!(owner, expected, "{proxies:?}");
        let client = app.auth.observer().take().pop().unwrap().client_address;
        let address = if expected == 200 { "203.0.113.6" } else { "0.0.0.0" };
        assert_eq!(client, Some(address.parse().unwrap()), "{proxies:?}");
    }
}

#[test]
fn a_trusted_unix_socket_makes_no_header_over_tcp_believed() {
    let directory = tempfile::tempdir().unwrap();
    let app = app_at(directory.path().join("socket"), &["unix"]);
    login_for(&app, "203.0.113.5", "ada", "no").assert_refused(401, "invalid_credentials");
    let client = app.auth.observer().take().pop().unwrap().client_address;
    assert_eq!(client, Some("127.0.0.1".parse().unwrap()));
}

/// Sends `request` and resets the connection: the server may read it when there is no peer any more.
async fn send_and_reset(server: SocketAddr, request: &str) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_zero_linger().unwrap();
    let stream = socket.connect(server).await.unwrap();
    stream.writable().await.unwrap();
    assert_eq!(stream.try_write(request.as_bytes()).unwrap(), request.len());
}

/// The next events, once there are `count` of them: nothing else says that the guesses were looked at.
fn events(app: &TestApp, count: usize) -> Vec<AuthEvent> {
    let mut events = Vec::new();
    for _ in 0..1000 {
        events.extend(app.auth.observer().take());
        if events.len() >= count {
            return events;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{} of {count} events came within ten seconds", events.len());
}

/// Blind guesses: the client reads no answer, but uses up the account's attempts.
#[test]
fn a_guesser_who_resets_the_connection_has_an_address_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let app = app_at(socket.clone(), &["unix"]);
    app.register("ada", "correct horse");
    let _ = app.auth.observer().take();
    actix_web::rt::System::new().block_on(async {
        for number in 0..60 {
            let request = login_request(&format!("203.0.113.{number}"), "wrong horse");
            send_and_reset(app.address(), &request).await;
        }
    });
    // A reset may also get ahead of its request, which is lost then.
    let addresses = events(&app, 45).into_iter().map(|event| event.client_address.unwrap());
    let (unknown, known): (Vec<_>, Vec<_>) = addresses.partition(IpAddr::is_unspecified);
    assert!(!unknown.is_empty(), "no connection was reset in time");
    assert!(known.iter().all(IpAddr::is_loopback), "{known:?}");
    // Ten guesses came from either address at most, and the account has thirty.
    assert_eq!(login_at(&socket, "203.0.113.99", "correct horse"), 200);
}

#[test]
fn guessing_is_throttled_by_default_and_not_where_it_is_off() {
    for (setting, expected) in [("", 429), ("on", 429), ("off", 401)] {
        let directory = tempfile::tempdir().unwrap();
        let server = Process::run(command(&directory).env("LOGIN_THROTTLE", setting));
        for _ in 0..10 {
            assert_eq!(server.login("ada", "wrong horse").status, 401);
        }
        assert_eq!(server.login("ada", "wrong horse").status, expected, "{setting:?}");
        if expected == 429 {
            let log = server.log_with("password attempt throttled");
            assert!(log.contains("too many attempts for the account"), "{log}");
        }
    }
}

fn two_throttled_servers_on_one_database_share_the_limit(database: &TestDatabase) {
    let start = || Process::run(command_on(database).env("LOGIN_THROTTLE", "database"));
    let servers = [start(), start()];
    servers[0].register("ada", "correct horse");
    for number in 0..10 {
        servers[number % 2].login("ada", "wrong horse").assert_refused(401, "invalid_credentials");
    }
    for server in &servers {
        let answer = server.login("ada", "correct horse");
        answer.assert_refused(429, "throttled");
        let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=30).contains(&seconds), "{seconds}");
    }
    database.sql("DROP TABLE login_attempts");
    let answer = servers[0].login("ada", "correct horse");
    answer.assert_refused(503, "unavailable");
}

fn a_damaged_count_of_attempts_is_429_once_and_a_warning_and_not_503_for_ever(
    database: &TestDatabase,
) {
    let server = Process::run(command_on(database).env("LOGIN_THROTTLE", "database"));
    server.register("ada", "correct horse");
    server.login("ada", "wrong horse").assert_refused(401, "invalid_credentials");
    database.sql("UPDATE login_attempts SET full_at = -1");
    let answer = server.login("ada", "correct horse");
    answer.assert_refused(429, "throttled");
    assert_eq!(answer.header("retry-after"), Some("1"), "the first one is the address's");
    let log = server.log_with("invalid count of attempts replaced");
    let line = log.lines().find(|line| line.contains("attempts replaced")).unwrap();
    assert!(line.contains("WARN"), "{line}");
    assert!(line.contains("login_attempts.full_at was not a time in Unix seconds"), "{line}");
    assert_eq!(database.count("login_attempts WHERE full_at > 0"), 1, "the address's is replaced");
    let keys = database.count("login_attempts");
    assert_eq!(keys, 4, "those of the registration and the account are, when they are looked at");
}
