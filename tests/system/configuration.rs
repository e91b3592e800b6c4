//! What a server says when it is set up wrongly.

mod env_file;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use tempfile::TempDir;

#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::databases::{TestDatabase, on_every_server};
use crate::forge::{self, ACCESS_SECRET, REFRESH_SECRET};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::process::command_on;
use crate::process::{self, Process, command, configure, example, run_to_end};

/// Starts the server with `variables` on top of good ones; returns what it says.
#[track_caller]
fn refusal(variables: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    refusal_of(command(&directory).envs(variables.iter().copied()))
}

#[track_caller]
fn refusal_of(command: &mut Command) -> String {
    let (status, text) = run_to_end(command);
    assert!(!status.success(), "{text}");
    text
}

#[test]
fn every_broken_rule_is_named_at_once_and_no_secret_is_shown() {
    let broken = [
        ("DATABASE_URL", "postgress://ada:s3cret-password@db/app"),
        ("MIGRATE", "yes"),
        ("DATABASE_POOL_SIZE", "0"),
        ("ACCESS_TOKEN_SECRET", "s3cret-access-changeme-0123456789"),
        ("REFRESH_TOKEN_SECRET", "s3cret-short"),
        ("ACCESS_TOKEN_EXPIRATION", "900"),
        ("REFRESH_TOKEN_EXPIRATION", "soon"),
        ("SESSION_EXPIRATION", "1500ms"),
        ("REFRESH_TOKEN_GRACE", "301s"),
        ("TOKEN_ISSUER", "\"s3cret\""),
        ("TOKEN_AUDIENCE", "s3cret\u{a0}"),
        ("TOKEN_LEEWAY", "61s"),
        ("PASSWORD_HASH_COST", "3"),
        ("REFRESH_HASH_COST", "15"),
        ("HASH_CONCURRENCY", "0"),
        ("HASH_WAIT", "31s"),
        ("LOGIN_THROTTLE", "s3cret"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,s3cret"),
    ];
    let text = refusal(&broken);
    assert!(text.contains("18 settings are wrong"), "{text}");
    for (variable, _) in broken {
        assert!(text.contains(&format!("\n  {variable}: ")), "{variable}: {text}");
    }
    assert!(!text.contains("s3cret") && !text.contains("ada"), "{text}");
}

/// A good value of every setting that the server takes from its environment.
const SETTINGS: [(&str, &str); 19] = [
    ("DATABASE_URL", "sqlite:app.db"),
    ("MIGRATE", "true"),
    ("DATABASE_POOL_SIZE", "2"),
    ("ACCESS_TOKEN_SECRET", ACCESS_SECRET),
    ("REFRESH_TOKEN_SECRET", REFRESH_SECRET),
    ("ACCESS_TOKEN_EXPIRATION", "10m"),
    ("REFRESH_TOKEN_EXPIRATION", "2h"),
    ("SESSION_EXPIRATION", "3h"),
    ("REFRESH_TOKEN_GRACE", "10s"),
    ("TOKEN_ISSUER", "https://id.example"),
    ("TOKEN_AUDIENCE", "https://api.example"),
    ("TOKEN_LEEWAY", "1s"),
    ("PASSWORD_HASH_COST", "4"),
    ("REFRESH_HASH_COST", "4"),
    ("HASH_CONCURRENCY", "1"),
    ("HASH_WAIT", "30s"),
    ("SESSIONS_PER_USER", "3"),
    ("LOGIN_THROTTLE", "off"),
    ("TRUSTED_PROXIES", "127.0.0.1"),
];

#[test]
fn white_space_at_the_ends_of_every_setting_is_trimmed() {
    for (before, after) in [("", "\n"), ("", "\r\n"), (" \t", " ")] {
        let directory = tempfile::tempdir().unwrap();
        let padded =
            SETTINGS.map(|(variable, value)| (variable, format!("{before}{value}{after}")));
        let server = Process::run(command(&directory).envs(padded));
        let token = server.session("ada").access;
        let claims = forge::payload(&token);
        let names = (claims["iss"].as_str(), claims["aud"].as_str());
        assert_eq!(names, (Some("https://id.example"), Some("https://api.example")));
        let forged = forge::token(&forge::access_header(), &claims, ACCESS_SECRET);
        assert_eq!(server.get_with_token("/api/me", &forged).status, 200, "the key is trimmed");
        let files = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let database = files.into_iter().find(|name| !name.to_str().unwrap().contains('-'));
        assert_eq!(database.unwrap(), "app.db");
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn a_line_break_after_the_url_of_a_server_is_trimmed(database: &TestDatabase) {
    let url = format!("{}\n", database.url());
    Process::run(command_on(database).env("DATABASE_URL", url)).session("ada");
}

#[test]
fn a_setting_of_white_space_alone_is_unset() {
    let directory = tempfile::tempdir().unwrap();
    let blank = [("TOKEN_ISSUER", " "), ("ACCESS_TOKEN_EXPIRATION", "\n"), ("MIGRATE", " ")];
    let server = Process::run(command(&directory).envs(blank));
    assert_eq!(forge::payload(&server.session("ada").access)["iss"], "hallpass");
    for text in ["", " ", "\n"] {
        let refused = refusal(&[("ACCESS_TOKEN_SECRET", text)]);
        assert!(refused.contains("ACCESS_TOKEN_SECRET: it is not set"), "{refused}");
    }
}

#[test]
fn an_invisible_character_in_a_setting_is_named_with_its_place_and_no_secret_is_shown() {
    for (form, shown) in [
        ("\u{feff}VALUE", r"character 1 is invisible: `\u{feff}`"),
        ("VALUE\u{a0}", r" is invisible: `\u{a0}`"),
        ("\u{200b}VALUE", r"character 1 is invisible: `\u{200b}`"),
        ("VALUE\u{200e}\n", r" is invisible: `\u{200e}`"),
        ("VALUE\nVALUE", r" is invisible: `\n`"),
        ("\"VALUE\"", "the quotes around it are part of the value"),
        ("'VALUE'\n", "the quotes around it are part of the value"),
    ] {
        let bad = SETTINGS.map(|(variable, value)| (variable, form.replace("VALUE", value)));
        let directory = tempfile::tempdir().unwrap();
        let text = refusal_of(command(&directory).envs(bad));
        assert!(text.contains("19 settings are wrong"), "{text}");
        for (variable, _) in SETTINGS {
            let problem = text.lines().find(|line| line.starts_with(&format!("  {variable}: ")));
            assert!(problem.expect(&text).contains(shown), "{form}: {text}");
        }
        assert!(!text.contains(ACCESS_SECRET) && !text.contains(REFRESH_SECRET), "{text}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{form:?} has made a file");
    }
}

#[test]
fn limits_that_contradict_each_other_are_named() {
    let text = refusal(&[
        ("ACCESS_TOKEN_EXPIRATION", "1h"),
        ("REFRESH_TOKEN_EXPIRATION", "1h"),
        ("REFRESH_TOKEN_GRACE", "16m"),
    ]);
    assert!(text.contains("REFRESH_TOKEN_EXPIRATION: it must be longer than"), "{text}");
    assert!(text.contains("REFRESH_TOKEN_GRACE: 16m is not from 0s to 5m"), "{text}");
    let text = refusal(&[("SESSION_EXPIRATION", "1d")]);
    assert!(text.contains("SESSION_EXPIRATION: it must not be below"), "{text}");
    let text = refusal(&[("REFRESH_TOKEN_SECRET", ACCESS_SECRET)]);
    assert!(text.contains("REFRESH_TOKEN_SECRET: it is the same as"), "{text}");
}

#[test]
fn one_secret_alone_is_an_error_in_the_example_too() {
    for (variable, other) in [
        ("ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET"),
        ("REFRESH_TOKEN_SECRET", "ACCESS_TOKEN_SECRET"),
    ] {
        let text = refusal(&[(variable, "")]);
        assert!(text.contains(&format!("{variable}: it is not set")), "{text}");
        assert!(!text.contains(&format!("{other}: ")), "{text}");
    }
}

#[test]
fn the_minimal_program_lists_what_it_needs() {
    let directory = tempfile::tempdir().unwrap();
    let mut minimal = Command::new(example("minimal"));
    configure(&mut minimal, &directory);
    let text = refusal_of(minimal.env_clear());
    for variable in ["DATABASE_URL", "ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET"] {
        assert!(text.contains(&format!("\n  {variable}: it is not set")), "{text}");
    }
}

#[test]
fn a_database_that_cannot_be_used_says_why() {
    for (url, reason) in [
        ("sqlite:no/such/folder/app.db", "unable to open database file"),
        ("sqllite:app.db", "`sqllite:` is no database"),
        ("\"postgres://ada:s3cret@db/app\"", "the quotes around it"),
        ("\"postgres://ada:s3cret@db/app", "its path is not a plain one"),
        ("postgres//ada:s3cret@db/app", "its path is not a plain one"),
        ("s3cretpassword:x", "its path is not a plain one"),
        (":memory:", "a database in memory"),
    ] {
        let text = refusal(&[("DATABASE_URL", url)]);
        assert!(text.to_lowercase().contains(reason), "{url}: {text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("app.db"), "not a database, but long enough to be one")
        .unwrap();
    let text = refusal_of(&mut command(&directory));
    assert!(text.contains("file is not a database"), "{text}");
}

/// Starts the server on `url`; returns what it says, and looks that it has made no file on its way: a
/// mistyped URL must not become an SQLite database.
#[track_caller]
fn refusal_of_url(url: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let text = refusal_of(command(&directory).env("DATABASE_URL", url));
    assert!(!text.contains("s3cret"), "{text}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{url} has made a file");
    text
}

#[test]
#[cfg(not(any(feature = "postgres", feature = "mysql")))]
fn a_scheme_whose_feature_is_off_names_the_feature() {
    for (url, expected) in [
        ("postgres://ada:s3cret@db/app", "`postgres:` needs the feature `postgres`"),
        ("mysql://ada:s3cret@db/app", "`mysql:` needs the feature `mysql`"),
        ("mariadb://ada:s3cret@db/app", "`mariadb:` needs the feature `mysql`"),
    ] {
        let text = refusal_of_url(url);
        assert!(text.contains(&format!("DATABASE_URL: {expected}")), "{text}");
    }
}

#[test]
#[cfg(feature = "postgres")]
fn a_postgres_that_cannot_be_used_says_why() {
    for (url, reason) in [
        ("postgres://ada:s3cret@127.0.0.1:1/app", "postgres://127.0.0.1:1/app can't be opened"),
        ("postgres://ada:s3cret@127.0.0.1:1/app", "Connection refused"),
        ("postgres://ada:s3cret@no-such-host.invalid/app", "could not translate host name"),
        ("postgres://ada:s3cret@127.0.0.1:1/app?sslmod=off", "\"sslmod\""),
        ("postgres://ada:s3cret@db:54x2/app", "its port is not a number"),
        ("postgres://ada:s3@cret@db/app", "write `@` as %40"),
        ("postgress://ada:s3cret@db/app", "`postgress:` is no database"),
    ] {
        let text = refusal_of_url(url);
        assert!(text.contains(reason), "{url}: {text}");
    }
}

#[test]
#[cfg(feature = "mysql")]
fn a_mysql_that_cannot_be_used_says_why() {
    for (url, reason) in [
        ("mysql://ada:s3cret@127.0.0.1:1/app", "mysql://127.0.0.1:1/app can't be opened"),
        ("mysql://ada:s3cret@127.0.0.1:1/app", "Can't connect to server on '127.0.0.1'"),
        ("mariadb://ada:s3cret@no-such-host.invalid/app", "Unknown"),
        ("mysql://ada:s3cret@127.0.0.1:1/app?sslmode=required", "it has a parameter other than"),
        ("mysql://ada:s3cret@127.0.0.1:1", "it names no database"),
        ("mysqll://ada:s3cret@db/app", "`mysqll:` is no database"),
    ] {
        let text = refusal_of_url(url);
        assert!(text.contains(reason), "{url}: {text}");
    }
}

#[test]
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
fn a_server_that_says_nothing_is_given_up_after_two_seconds() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for (scheme, is_on) in
        [("postgres", cfg!(feature = "postgres")), ("mysql", cfg!(feature = "mysql"))]
    {
        if is_on {
            let url = format!("{scheme}://ada:s3cret@{}/app", silent.local_addr().unwrap());
            let start = std::time::Instant::now();
            let text = refusal_of_url(&url);
            assert!(text.contains("can't be opened"), "{text}");
            let seconds = start.elapsed().as_secs();
            assert!((1..6).contains(&seconds), "{seconds} s: {text}");
        }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
on_every_server!(
    a_database_that_the_server_does_not_have_is_named,
    a_line_break_after_the_url_of_a_server_is_trimmed
);

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn a_database_that_the_server_does_not_have_is_named(database: &TestDatabase) {
    let name = format!("{}_none", database.name());
    let url = database.url().replace(database.name(), &name);
    let text = refusal_of_url(&url);
    let (_, reason) = text.split_once("can't be opened: ").expect(&text);
    assert!(reason.contains(&name), "{text}");
}

#[test]
fn without_migrations_the_schema_has_to_be_there() {
    let text = refusal(&[("MIGRATE", "false")]);
    assert!(text.to_lowercase().contains("unable to open database file"), "{text}");
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("app.db"), "").unwrap();
    let text = refusal_of(command(&directory).env("MIGRATE", "false"));
    assert!(text.contains("the table `users` is missing"), "{text}");
    Process::start(&directory).session("ada");
    let server = Process::run(command(&directory).env("MIGRATE", "false"));
    server.login("ada", "correct horse").tokens();
}
