//! Databases and columns of smaller character sets, and columns that are too short: a login
//! name that can't be stored is unknown, and a device text that can't be stored never costs a login.

use actix_hallpass::hallpass::{LoginName, NewUser, PasswordHash, Scope, StoreError, Timestamp};
#[cfg(feature = "postgres")]
use actix_hallpass::hallpass_diesel::{Migrations, open, open_limiter, open_per_device};
use serde_json::{Value, json};

use super::own_table::accounts_stores;
use crate::databases::{Kind, Server, TestDatabase, on_every_server};
use crate::http::{Answer, Tokens};
use crate::process::{Process, command_on};

on_every_server!(
    what_can_not_be_stored_about_a_device_costs_no_login,
    what_a_condition_of_the_table_says_about_a_device_costs_no_login,
);

const CRAB: &str = "\u{1f980}@example.com";

#[cfg(feature = "postgres")]
fn postgres_in(encoding: &str) -> Option<TestDatabase> {
    let server = Server::of(Kind::Postgres)?;
    let options = format!("ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
    Some(TestDatabase::on_server_with(server, &options))
}

#[test]
#[cfg(feature = "postgres")]
fn a_postgres_database_that_can_not_hold_every_name_is_refused_with_its_encoding() {
    for encoding in ["LATIN1", "WIN1252", "EUC_JP"] {
        let Some(database) = postgres_in(encoding) else { return };
        let url = database.database_url();
        for migrations in [Migrations::Run, Migrations::Check] {
            for error in [
                open(&url, migrations, None).err(),
                open_per_device(&url, 5, migrations, None).err(),
                open_limiter(&url, migrations, None).err(),
            ] {
                let expected = format!(
                    "the database {url} has the encoding {encoding}, which lacks letters that login names \
                     have; make one with ENCODING 'UTF8' TEMPLATE template0"
                );
                assert_eq!(error.unwrap().to_string(), expected);
            }
        }
    }
}

#[test]
#[cfg(feature = "postgres")]
fn a_postgres_database_that_takes_all_bytes_takes_every_name() {
    let Some(database) = postgres_in("SQL_ASCII") else { return };
    let server = Process::run(&mut command_on(&database));
    server.login(CRAB, "correct horse").assert_refused(401, "invalid_credentials");
    server.session(CRAB);
    assert!(!server.into_log().contains("ERROR"));
}

/// On a table of one's own, in a database that is as it is.
#[test]
#[cfg(feature = "postgres")]
fn a_name_that_the_database_can_not_hold_is_nobodys_on_postgres() {
    let Some(database) = postgres_in("LATIN1") else { return };
    let (store, _) = accounts_stores(&database);
    assert!(store.load_by_login(&login(CRAB)).unwrap().is_none());
    let error = store.create(&new(CRAB)).unwrap_err();
    assert!(matches!(error, StoreError::Constraint(_)), "{error:?}");
    let id = store.create(&new("\u{e1}d\u{e1}")).unwrap().unwrap();
    assert_eq!(store.load_by_login(&login("\u{e1}d\u{e1}")).unwrap().unwrap().id, id);
}

#[test]
#[cfg(feature = "mysql")]
fn a_name_that_the_column_can_not_hold_is_nobodys_on_mysql() {
    for set in ["latin1", "ascii", "utf8mb3"] {
        let Some(database) = TestDatabase::on(Kind::Mysql) else { return };
        let (store, _) = accounts_stores(&database);
        database
            .sql(&format!("ALTER TABLE accounts MODIFY email VARCHAR(254) CHARACTER SET {set}"));
        assert!(store.load_by_login(&login(CRAB)).unwrap().is_none(), "{set}");
        let error = store.create(&new(CRAB)).unwrap_err();
        assert!(matches!(error, StoreError::Constraint(_)), "{set}: {error:?}");
        if set != "ascii" {
            let id = store.create(&new("\u{e1}d\u{e1}")).unwrap().unwrap();
            assert_eq!(store.load_by_login(&login("\u{e1}d\u{e1}")).unwrap().unwrap().id, id);
        }
    }
}

#[test]
#[cfg(feature = "mysql")]
fn a_name_that_the_column_can_not_hold_is_a_wrong_login_and_no_error() {
    let Some(database) = TestDatabase::on(Kind::Mysql) else { return };
    let server = Process::run(&mut command_on(&database));
    server.session("ada");
    for column in ["latin1 COLLATE latin1_swedish_ci", "ascii COLLATE ascii_bin", "utf8mb3"] {
        database
            .sql(&format!("ALTER TABLE users MODIFY login VARCHAR(254) CHARACTER SET {column}"));
        server.login(CRAB, "correct horse").assert_refused(401, "invalid_credentials");
        server.login("ada", "correct horse").tokens();
    }
    let log = server.into_log();
    assert!(!log.contains("ERROR"), "{log}");
}

/// A database whose default is latin1: hallpass's columns say that they are not.
#[test]
#[cfg(feature = "mysql")]
fn a_crab_logs_in_on_a_mysql_whose_default_is_latin1() {
    let Some(server) = Server::of(Kind::Mysql) else { return };
    let database = TestDatabase::on_server_with(server, "CHARACTER SET latin1");
    let server = Process::run(command_on(&database).env("SESSIONS_PER_USER", "5"));
    server.register(CRAB, "correct horse");
    let tokens = login_from(&server, CRAB, "crab/1 \u{1f980}", "\u{1f980}").tokens();
    assert_eq!(sessions(&server, &tokens)[0]["label"], "\u{1f980}");
}

fn login(name: &str) -> LoginName {
    LoginName::parse(name).unwrap()
}

fn new(name: &str) -> NewUser {
    NewUser {
        login: login(name),
        password_hash: PasswordHash::new("p"),
        scope: Scope::default(),
        created_at: Timestamp::MAX,
    }
}

fn login_from(server: &Process, name: &str, user_agent: &str, label: &str) -> Answer {
    let body = json!({ "login": name, "password": "correct horse", "label": label });
    let headers = [("Content-Type", "application/json"), ("User-Agent", user_agent)];
    server.send("POST", "/auth/login", &headers, &body.to_string())
}

fn sessions(server: &Process, tokens: &Tokens) -> Vec<Value> {
    let answer = server.get_with_token("/auth/sessions", &tokens.access);
    answer.json()["sessions"].as_array().unwrap().clone()
}

/// Logs in from a device with an unusual label and returns what is shown of it.
fn shown_of_a_device(server: &Process) -> Value {
    let tokens = login_from(server, "ada", "a browser of many words", "\u{1f980}").tokens();
    let shown = sessions(server, &tokens).into_iter().find(|session| session["current"] == true);
    let shown = shown.unwrap();
    json!([shown["user_agent"], shown["label"], shown["client_address"]])
}

fn what_can_not_be_stored_about_a_device_costs_no_login(database: &TestDatabase) {
    let server = Process::run(command_on(database).env("SESSIONS_PER_USER", "5"));
    server.register("ada", "correct horse");
    let all = json!(["a browser of many words", "\u{1f980}", "127.0.0.1"]);
    assert_eq!(shown_of_a_device(&server), all);
    let is_mysql = database.url().starts_with("mysql");
    // PostgreSQL's columns have no character set of their own: a condition stands for one.
    let alterations = match is_mysql {
        true => [
            "MODIFY user_agent VARCHAR(10)",
            "MODIFY user_agent TEXT, MODIFY label VARCHAR(255) CHARACTER SET latin1",
            "MODIFY client_address VARCHAR(3)",
        ],
        false => [
            "ALTER user_agent TYPE VARCHAR(10)",
            "ALTER user_agent TYPE TEXT, ADD CONSTRAINT ascii CHECK (label ~ '^[ -~]*$')",
            "ALTER client_address TYPE VARCHAR(3)",
        ],
    };
    let expected = [
        json!([null, null, "127.0.0.1"]),
        json!([null, null, "127.0.0.1"]),
        json!([null, null, null]),
    ];
    for (alteration, expected) in alterations.iter().zip(expected) {
        database.sql("DELETE FROM sessions");
        database.sql(&format!("ALTER TABLE sessions {alteration}"));
        assert_eq!(shown_of_a_device(&server), expected, "{alteration}");
    }
    let log = server.into_log();
    assert!(!log.contains("ERROR"), "{log}");
}

fn what_a_condition_of_the_table_says_about_a_device_costs_no_login(database: &TestDatabase) {
    let server = Process::run(command_on(database).env("SESSIONS_PER_USER", "5"));
    server.register("ada", "correct horse");
    database.sql(
        "ALTER TABLE sessions ADD CONSTRAINT no_browser CHECK (user_agent NOT LIKE '%browser%')",
    );
    assert_eq!(shown_of_a_device(&server), json!([null, null, "127.0.0.1"]));
    let log = server.into_log();
    assert!(!log.contains("ERROR"), "{log}");
}
