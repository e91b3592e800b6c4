//! The example server: what it needs, what it serves, how it ends.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::forge;
use crate::process::{self, Process, example};

#[test]
fn it_needs_no_set_up_and_says_what_it_made_up() {
    let directory = tempfile::tempdir().unwrap();
    let server = Process::run(
        Command::new(example("server"))
            .current_dir(directory.path())
            .env_clear()
            .env("BIND", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    );
    assert_eq!((server.get("/health").status, server.get("/health").body.as_str()), (200, "ok"));
    server.log_with("no secrets are set");
    assert!(directory.path().join("hallpass-example.db").exists());
}

#[test]
fn it_tells_who_asks() {
    let directory = tempfile::tempdir().unwrap();
    let server = Process::start(&directory);
    let tokens = server.session("ada");
    server.get("/api/me").assert_refused(401, "token_missing");
    let me = server.get_with_token("/api/me", &tokens.access).json();
    assert_eq!((&me["id"], &me["scope"]), (&json!("1"), &json!(null)));
    assert!(me["session_id"].is_string());
    assert_eq!(server.get_with_token("/whoami", &tokens.access).json(), me);
    let nobody = json!({ "id": null, "session_id": null, "scope": null });
    assert_eq!(server.get("/whoami").json(), nobody);
    server.get_with_token("/whoami", "garbage").assert_refused(401, "token_invalid");
}

#[test]
fn the_scope_of_a_row_is_in_the_token_after_the_next_refresh() {
    let directory = tempfile::tempdir().unwrap();
    let server = Process::start(&directory);
    let tokens = server.session("ada");
    process::sql(&directory, "UPDATE users SET scope = 'orders:read orders:write'");
    let tokens = server.refresh(&tokens.refresh).tokens();
    let me = server.get_with_token("/api/me", &tokens.access).json();
    assert_eq!(me["scope"], "orders:read orders:write");
}

#[test]
fn it_ends_cleanly_on_sigterm_and_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let server = Process::start(&directory);
    let tokens = server.session("ada");
    assert!(server.terminate().success());
    let server = Process::start(&directory);
    server.refresh(&tokens.refresh).tokens();
}

#[test]
fn its_log_tells_what_happened_and_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let server = Process::run(process::command(&directory).env("RUST_LOG", "trace"));
    let first = server.session("ada@example.com");
    server.login("ada@example.com", "wrong horse").assert_refused(401, "invalid_credentials");
    let second = server.refresh(&first.refresh).tokens();
    server.refresh(&first.refresh).tokens();
    server.get_with_token("/api/me", "garbage").assert_refused(401, "token_invalid");
    server.post_text("/auth/login", r#"{"login": "x", "password": s3cret"#);
    server.logout(&second.refresh);
    let log = server.into_log();
    for what in [
        "registered user=1",
        "login succeeded user=1",
        "login refused user=1",
        "reason=\"wrong password\"",
        "refreshed user=1",
        "refresh retried user=1",
        "logged out user=1",
        "client=127.0.0.1",
    ] {
        assert!(log.contains(what), "{what}: {log}");
    }
    let parts = |token: &str| token.split('.').skip(1).map(str::to_owned).collect::<Vec<_>>();
    let tokens = [first.access, first.refresh, second.access, second.refresh];
    let secrets = tokens.iter().flat_map(|token| parts(token));
    let known = [
        forge::ACCESS_SECRET,
        forge::REFRESH_SECRET,
        "correct horse",
        "wrong horse",
        "s3cret",
        "$2b$",
    ];
    // Ours alone: at this level other libraries write what they receive.
    let ours: Vec<_> = log.lines().filter(|line| line.contains(" hallpass")).collect();
    for secret in secrets.chain(known.map(str::to_owned)) {
        assert!(!ours.iter().any(|line| line.contains(&secret)), "{secret}");
    }
}

#[test]
fn each_guess_at_a_refresh_token_with_its_signing_secret_is_a_warning_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let server = Process::start(&directory);
    let tokens = server.session("ada@example.com");
    let mut payload = forge::payload(&tokens.refresh);
    for guess in ["A", "B"] {
        payload["jti"] = json!(format!("{}A", guess.repeat(42)));
        let header = json!({ "typ": "rt+jwt", "alg": "HS256" });
        let token = forge::token(&header, &payload, forge::REFRESH_SECRET);
        server.refresh(&token).assert_refused(401, "refresh_invalid");
    }
    server.refresh(&tokens.refresh).tokens();
    let log = server.into_log();
    let lines =
        log.lines().filter(|line| line.contains("refresh token with a wrong secret refused"));
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), 2, "{log}");
    for part in ["WARN", "user=1", "client=127.0.0.1", "the secret does not match the stored hash"]
    {
        assert!(lines.iter().all(|line| line.contains(part)), "{part}: {log}");
    }
}

#[test]
fn the_shop_keeps_its_own_table_pool_and_migrations() {
    let directory = tempfile::tempdir().unwrap();
    let mut shop = Command::new(example("own_table"));
    process::configure(&mut shop, &directory);
    // Its table says nothing of sessions for each device.
    shop.env_remove("SESSIONS_PER_USER").env_remove("DATABASE_URL");
    let shop = Process::run(shop.env("SHOP_DATABASE", "app.db"));
    let tokens = shop.session("ada@example.com");
    let tokens = shop.refresh(&tokens.refresh).tokens();
    assert_eq!(shop.get_with_token("/api/me", &tokens.access).body, "hello, a new customer");
    process::sql(&directory, "UPDATE accounts SET is_active = FALSE");
    shop.refresh(&tokens.refresh).assert_refused(401, "refresh_invalid");
    shop.login("ada@example.com", "correct horse").assert_refused(401, "invalid_credentials");
}

/// The program of the README's part about devices: everything that it says, on each database.
fn the_devices_of_the_readme_do_what_it_says(database: &crate::databases::TestDatabase) {
    let mut command = Command::new(example("devices"));
    process::configure(&mut command, database.directory());
    let server = Process::run(command.env("DATABASE_URL", database.url()));
    server.register("ada", "correct horse").assert_refused(422, "password_unacceptable");
    assert_eq!(server.register("ada", "battery staple").status, 201);
    let login = || server.login("ada", "battery staple").tokens();
    let (phone, laptop) = (login(), login());
    let me = server.get_with_token("/api/me", &phone.access).json();
    assert_eq!(me, serde_json::json!({ "id": 1, "tenant": "tenant-1", "scope": "" }));
    let listed = server.get_with_token("/auth/sessions", &phone.access).json();
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/auth/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(server.send_with_token("DELETE", &path, &phone.access).status, 204);
    server.get_with_token("/api/me", &laptop.access).assert_refused(401, "session_revoked");

    let disable = |token: &str| server.send_with_token("POST", "/admin/users/1/disable", token);
    disable(&phone.access).assert_refused(403, "insufficient_scope");
    server.register("root", "battery staple");
    database.sql("UPDATE users SET scope = 'admin' WHERE login = 'root'");
    let root = server.login("root", "battery staple").tokens();
    assert_eq!(disable(&root.access).status, 204);
    server.get_with_token("/api/me", &phone.access).assert_refused(401, "session_revoked");
    server.refresh(&phone.refresh).assert_refused(401, "refresh_invalid");
    server.login("ada", "battery staple").assert_refused(401, "invalid_credentials");
    let enabled = server.send_with_token("POST", "/admin/users/1/enable", &root.access);
    assert_eq!(enabled.status, 204);
    let phone = login();
    assert_eq!(server.send_with_token("DELETE", "/api/me", &phone.access).status, 204);
    server.get_with_token("/api/me", &phone.access).assert_refused(401, "session_revoked");
    server.login("ada", "battery staple").assert_refused(401, "invalid_credentials");
    assert_eq!(server.send_with_token("POST", "/admin/users/1/enable", &root.access).status, 404);
}

crate::databases::on_every_database!(the_devices_of_the_readme_do_what_it_says);
