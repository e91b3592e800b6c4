//! The store on real files: the conformance suite, rows that make no sense, databases in trouble.

#[cfg(unix)]
mod modes;

use std::fs;
use std::num::NonZeroU32;
use std::thread;
use std::time::Duration;

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use hallpass::testing::conformance::{self, Subject};
use hallpass::{Device, PasswordHash, RefreshTokenHash, Scope, Session};
use tempfile::TempDir;

use super::*;
use crate::connection::engine::{Engine as _, sqlite};
use crate::connection::pool::Pool;
use crate::connection::url::DatabaseUrl;
use crate::open::{own_users, pooled};
use crate::schema::migrations::Migrations;
use crate::schema::schema_table::SchemaTable;
use crate::schema::users::Users;

/// A store on a file of its own.
struct Fixture {
    directory: TempDir,
    store: DieselStore<Users, Pool<SqliteConnection>>,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = url(&directory);
        let four = NonZeroU32::new(4).unwrap();
        let pool =
            pooled(&url, &[SchemaTable::Users], Migrations::Run, four, sqlite::create).unwrap();
        let store = own_users(pool);
        Self { directory, store }
    }

    /// Adds a user with a session and returns their id.
    fn user(&self) -> UserId {
        let (login, password_hash) = (LoginName::parse("ada").unwrap(), PasswordHash::new("p"));
        let (scope, created_at) = (Scope::default(), Timestamp::MAX);
        let new = NewUser { login, password_hash: password_hash.clone(), scope, created_at };
        let user_id = self.store.create(&new).unwrap().unwrap();
        let session = Session {
            id: SessionId::new("s1"),
            refresh_token_hash: RefreshTokenHash::new("h0", None),
            generation: 0,
            rotated_at: Timestamp::from_unix_seconds(1).unwrap(),
        };
        let start = SessionStart {
            user_id: user_id.clone(),
            verified_password_hash: password_hash,
            upgraded_password_hash: None,
            session,
            expires_at: Timestamp::MAX,
            device: Device::default(),
        };
        assert!(self.store.start_session(&start).unwrap());
        user_id
    }

    fn rotate(&self, user_id: &UserId) -> Result<bool, StoreError> {
        self.store.rotate(&Rotation {
            user_id: user_id.clone(),
            session_id: SessionId::new("s1"),
            verified_hash: RefreshTokenHash::new("h0", None),
            successor_hash: RefreshTokenHash::new("h1", None),
            generation: 1,
            rotated_at: Timestamp::from_unix_seconds(2).unwrap(),
            auth_time: Timestamp::from_unix_seconds(1).unwrap(),
            expires_at: Timestamp::MAX,
        })
    }

    /// Runs SQL on a connection of its own, as an administrator would.
    fn sql(&self, sql: &str) {
        other_connection(&self.directory).batch_execute(sql).unwrap();
    }
}

fn url(directory: &TempDir) -> DatabaseUrl {
    DatabaseUrl::parse(directory.path().join("a b%20#?.db").to_str().unwrap()).unwrap()
}

fn other_connection(directory: &TempDir) -> SqliteConnection {
    SqliteConnection::connect(&url(directory)).unwrap()
}

impl Subject for Fixture {
    fn store(&self) -> &dyn UserStore {
        &self.store
    }

    fn disable(&self, id: &UserId) -> bool {
        self.sql(&format!("UPDATE users SET disabled_at = 1 WHERE id = {id}"));
        true
    }

    fn delete(&self, id: &UserId) {
        self.sql(&format!("DELETE FROM users WHERE id = {id}"));
    }
}

#[test]
fn the_store_conforms_races_included() {
    conformance::run(&Fixture::new());
}

#[derive(QueryableByName)]
struct Pragma {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

#[test]
fn every_connection_is_set_up() {
    let fixture = Fixture::new();
    for (pragma, expected) in [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("foreign_keys", "1"),
        ("busy_timeout", "2000"),
    ] {
        let column = if pragma == "busy_timeout" { "timeout" } else { pragma };
        let query = format!("SELECT CAST({column} AS TEXT) AS value FROM pragma_{pragma}");
        let value = fixture
            .store
            .run(|connection| diesel::sql_query(&query).get_result::<Pragma>(connection));
        assert_eq!(value.unwrap().value, expected, "{pragma}");
    }
}

#[test]
fn a_row_that_makes_no_sense_names_table_column_and_id() {
    let fixture = Fixture::new();
    let id = fixture.user();
    for (column, value) in [
        ("session_id", "NULL"),
        ("session_id", "''"),
        ("session_id", "x'ff00'"),
        ("scope", "x'ff00'"),
        ("refresh_generation", "-1"),
        ("refresh_generation", "'many'"),
        ("rotated_at", "NULL"),
        ("rotated_at", "-1"),
        ("rotated_at", "'yesterday'"),
        ("rotated_at", "1.5"),
        ("rotated_at", "253402300800"),
        ("scope", "'caf\u{e9}'"),
    ] {
        fixture.sql(&format!("UPDATE users SET {column} = {value}"));
        let error = fixture.store.load(&id).unwrap_err().to_string();
        let expected = format!("users.{column} of id {id} makes no sense: ");
        assert!(error.starts_with(&expected), "{column} = {value}: {error}");
        fixture.sql(
            "UPDATE users SET session_id = 's1', refresh_token_hash = 'h0', password_hash = 'p',
                refresh_generation = 0, rotated_at = 1,
                disabled_at = NULL, scope = ''",
        );
        assert!(fixture.store.load(&id).unwrap().is_some(), "mended");
    }
}

#[test]
fn a_hash_that_is_no_text_is_one_that_matches_nothing() {
    let fixture = Fixture::new();
    let id = fixture.user();
    fixture.sql("UPDATE users SET password_hash = x'ff00', refresh_token_hash = x'ff00'");
    let user = fixture.store.load(&id).unwrap().unwrap();
    assert_eq!(user.password_hash.expose_hash(), "");
    assert_eq!(user.session.unwrap().refresh_token_hash.expose_bcrypt_hash(), "");
}

#[test]
fn a_hash_set_to_null_is_logged_out_whatever_stands_beside_it() {
    let fixture = Fixture::new();
    let id = fixture.user();
    fixture.sql("UPDATE users SET refresh_token_hash = NULL, rotated_at = 'x'");
    assert_eq!(fixture.store.load(&id).unwrap().unwrap().session, None);
}

#[test]
fn a_user_is_disabled_by_anything_but_null() {
    let fixture = Fixture::new();
    let id = fixture.user();
    for (value, is_disabled) in [("NULL", false), ("0", true), ("1", true), ("'2024-01-01'", true)]
    {
        fixture.sql(&format!("UPDATE users SET disabled_at = {value}"));
        assert_eq!(fixture.store.load(&id).unwrap().unwrap().is_disabled, is_disabled, "{value}");
    }
}

#[test]
fn an_id_is_never_given_again() {
    let fixture = Fixture::new();
    let id = fixture.user();
    fixture.sql("DELETE FROM users");
    assert_ne!(fixture.user(), id);
}

#[test]
fn ids_are_canonical_whole_numbers() {
    let fixture = Fixture::new();
    for (text, expected) in [
        ("1", true),
        ("-1", true),
        ("9223372036854775807", true),
        ("9223372036854775808", false),
        ("01", false),
        ("+1", false),
        (" 1", false),
        ("1.0", false),
        ("", false),
        ("-0", false),
    ] {
        assert_eq!(fixture.store.is_id(text), expected, "{text:?}");
    }
}

#[test]
fn a_locked_database_is_unavailable_after_two_seconds_and_recovers() {
    let fixture = Fixture::new();
    let id = fixture.user();
    let mut locker = other_connection(&fixture.directory);
    locker.batch_execute("BEGIN IMMEDIATE").unwrap();
    assert!(fixture.store.load(&id).unwrap().is_some(), "readers go on");
    let error = fixture.rotate(&id).unwrap_err();
    assert!(format!("{error:?}").contains("database is locked"), "{error:?}");
    locker.batch_execute("ROLLBACK").unwrap();
    assert!(fixture.rotate(&id).unwrap(), "nothing was lost");
}

#[test]
fn who_has_waited_for_a_connection_waits_so_much_less_for_a_lock() {
    let fixture = Fixture::new();
    let lock_patience = || {
        let query = "SELECT CAST(timeout AS TEXT) AS value FROM pragma_busy_timeout";
        let pragma = |connection: &mut _| diesel::sql_query(query).get_result::<Pragma>(connection);
        fixture.store.run(pragma).unwrap().value.parse::<u32>().unwrap()
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| fixture.store.pool.get().unwrap()).collect();
        let waiting = scope.spawn(lock_patience);
        // Time has to pass in earnest: it is the pool that waits.
        thread::sleep(Duration::from_millis(700));
        drop(all);
        let left = waiting.join().unwrap();
        assert!(left <= 1400, "{left} ms of 2000");
    });
    assert_eq!(lock_patience(), 2000, "who has not waited has all of it");
}

#[test]
fn a_connection_that_found_the_file_read_only_is_not_used_again() {
    let fixture = Fixture::new();
    let id = fixture.user();
    // Every connection is made one that may not write, as those to a write-protected file are.
    let all: Vec<_> = (0..4).map(|_| fixture.store.pool.get().unwrap()).collect();
    for mut connected in all {
        connected.connection.batch_execute("PRAGMA query_only = ON").unwrap();
    }
    for _ in 0..4 {
        let error = fixture.rotate(&id).unwrap_err();
        assert!(format!("{error:?}").contains("readonly database"), "{error:?}");
    }
    assert!(fixture.rotate(&id).unwrap(), "with a new connection");
}

#[test]
fn a_full_database_is_unavailable_and_loses_nothing() {
    let fixture = Fixture::new();
    let id = fixture.user();
    // The limit belongs to a connection, so every one of the pool gets it.
    let all: Vec<_> = (0..4).map(|_| fixture.store.pool.get().unwrap()).collect();
    for mut connected in all {
        connected.connection.batch_execute("PRAGMA max_page_count = 1").unwrap();
    }
    let long = "x".repeat(100_000);
    let password_hash = PasswordHash::new(long);
    let change = PasswordChange {
        user_id: id.clone(),
        verified_password_hash: PasswordHash::new("p"),
        password_hash,
        proven_session: None,
        sessions: SessionsToEnd::All,
        changed_at: Timestamp::MAX,
    };
    let error = fixture.store.set_password(&change).unwrap_err();
    assert!(format!("{error:?}").contains("full"), "{error:?}");
    assert!(fixture.store.load(&id).unwrap().unwrap().session.is_some());
    assert!(fixture.rotate(&id).unwrap());
}

#[test]
fn a_file_that_is_moved_away_is_unavailable_until_it_is_back() {
    let fixture = Fixture::new();
    let id = fixture.user();
    let path = url(&fixture.directory).path().to_owned();
    let away = path.with_extension("away");
    fs::rename(&path, &away).unwrap();
    // More than there are connections, at once: each is told why.
    thread::scope(|scope| {
        let load = || format!("{:?}", fixture.store.load(&id).unwrap_err());
        let loads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
        for load in loads {
            let error = load.join().unwrap();
            assert!(error.contains("a b%20#?.db "), "{error}");
        }
    });
    assert!(!path.exists(), "no empty database takes its place");
    fs::rename(&away, &path).unwrap();
    // The pool tries again four times a second; whoever comes before is told at once.
    let recovered = (0..20).any(|_| {
        thread::sleep(Duration::from_millis(50));
        fixture.store.load(&id).is_ok_and(|user| user.is_some())
    });
    assert!(recovered, "within a second, and what the refusals themselves take");
}

#[test]
fn a_file_that_is_replaced_is_noticed_before_the_next_statement() {
    let fixture = Fixture::new();
    let id = fixture.user();
    let backup = fixture.directory.path().join("backup.db");
    fixture.sql(&format!("VACUUM INTO '{}'", backup.display()));
    assert!(fixture.rotate(&id).unwrap());
    let path = url(&fixture.directory).path().to_owned();
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", path.display()));
    }
    fs::rename(&backup, &path).unwrap();
    assert_eq!(fixture.store.load(&id).unwrap().unwrap().session.unwrap().generation, 0);
    assert!(fixture.rotate(&id).unwrap(), "the write goes to the file that is there");
    let session = fixture.store.load(&id).unwrap().unwrap().session.unwrap();
    assert_eq!(session.generation, 1);
}

#[test]
fn more_requests_than_connections_wait_their_turn() {
    let fixture = Fixture::new();
    let id = fixture.user();
    thread::scope(|scope| {
        let load = || fixture.store.load(&id).unwrap();
        let loads: Vec<_> = (0..64).map(|_| scope.spawn(load)).collect();
        assert!(loads.into_iter().all(|load| load.join().unwrap().is_some()));
    });
    assert_eq!(fixture.store.pool().connections_in_use(), 0);
}
