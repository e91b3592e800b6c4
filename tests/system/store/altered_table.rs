//! Tables that are altered, and restored from a dump, under a running server: no request is lost, and
//! nothing has to be restarted.

use std::thread;

use actix_hallpass::hallpass::{
    Device, LoginName, NewUser, PasswordHash, RefreshTokenHash, Scope, Session, SessionId,
    SessionStart, Timestamp, UserId, UserStore,
};

#[cfg(feature = "postgres")]
use crate::databases::{Kind, wait_for};
use crate::databases::{TestDatabase, on_every_database};
use crate::process::{Process, command_on};

on_every_database!(
    tables_altered_under_a_server_cost_no_request,
    tables_altered_under_a_server_of_sessions_per_device_cost_no_request,
    tables_restored_from_a_dump_under_a_server_cost_no_request,
    a_table_altered_under_a_pool_of_the_applications_costs_no_verb,
);

/// More than there are connections in the pool: each has its own plans of the old table.
const CLIENTS: usize = 12;

/// How the tables are altered on each kind of database, one after the other.
fn alterations(database: &TestDatabase) -> &'static [&'static str] {
    match database.url() {
        url if url.starts_with("postgres") => &[
            "ALTER TABLE users ALTER COLUMN login TYPE VARCHAR(320)",
            "ALTER TABLE users ALTER COLUMN scope TYPE VARCHAR(4096), ALTER COLUMN session_id TYPE VARCHAR(300)",
            "ALTER TABLE users ADD COLUMN shoe_size INTEGER DEFAULT 42",
            "ALTER TABLE users DROP COLUMN shoe_size",
        ],
        url if url.starts_with("mysql") => &[
            "ALTER TABLE users MODIFY login VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
            "ALTER TABLE users MODIFY scope TEXT NOT NULL, MODIFY session_id VARCHAR(300)",
            "ALTER TABLE users ADD COLUMN shoe_size INTEGER DEFAULT 42 FIRST",
            "ALTER TABLE users DROP COLUMN shoe_size",
        ],
        _ => &[
            "ALTER TABLE users ADD COLUMN shoe_size INTEGER DEFAULT 42",
            "ALTER TABLE users DROP COLUMN shoe_size",
        ],
    }
}

/// The same for the tables beside `users`.
fn further_alterations(database: &TestDatabase) -> &'static [&'static str] {
    match database.url() {
        url if url.starts_with("postgres") => &[
            "ALTER TABLE sessions ALTER COLUMN label TYPE VARCHAR(300), ALTER COLUMN id TYPE VARCHAR(300)",
            "ALTER TABLE login_attempts ALTER COLUMN key_hash TYPE VARCHAR(300)",
            "ALTER TABLE users ALTER COLUMN login TYPE VARCHAR(320)",
        ],
        url if url.starts_with("mysql") => &[
            "ALTER TABLE sessions MODIFY label TEXT",
            "ALTER TABLE login_attempts MODIFY full_at BIGINT UNSIGNED NOT NULL",
            "ALTER TABLE users MODIFY scope TEXT NOT NULL",
        ],
        _ => &[
            "ALTER TABLE sessions ADD COLUMN shoe_size INTEGER",
            "ALTER TABLE login_attempts ADD COLUMN shoe_size INTEGER",
        ],
    }
}

/// Logs everybody in and refreshes, all at once, so that each connection has work.
fn everybody_logs_in(server: &Process, when: &str) {
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            scope.spawn(move || {
                let login = format!("user{number}");
                let answer = server.login(&login, "correct horse");
                assert_eq!(answer.status, 200, "{when}: {answer:?}");
                let answer = server.refresh(&answer.tokens().refresh);
                assert_eq!(answer.status, 200, "{when}: {answer:?}");
                assert_eq!(server.logout(&answer.tokens().refresh).status, 204, "{when}");
            });
        }
    });
}

fn everybody_registers(server: &Process) {
    for number in 0..CLIENTS {
        server.register(&format!("user{number}"), "correct horse");
    }
    for _ in 0..5 {
        everybody_logs_in(server, "before");
    }
}

fn tables_altered_under_a_server_cost_no_request(database: &TestDatabase) {
    let server = Process::run(command_on(database).env_remove("SESSIONS_PER_USER"));
    everybody_registers(&server);
    for sql in alterations(database) {
        database.sql(sql);
        everybody_logs_in(&server, sql);
    }
    assert_eq!(server.register("new", "correct horse").status, 201);
    let log = server.into_log();
    assert!(!log.contains("ERROR"), "{log}");
}

fn tables_altered_under_a_server_of_sessions_per_device_cost_no_request(database: &TestDatabase) {
    let mut command = command_on(database);
    command.env("SESSIONS_PER_USER", "5").env("LOGIN_THROTTLE", "database");
    let server = Process::run(&mut command);
    everybody_registers(&server);
    for sql in further_alterations(database) {
        database.sql(sql);
        everybody_logs_in(&server, sql);
        let tokens = server.login("user0", "correct horse").tokens();
        let sessions = server.get_with_token("/auth/sessions", &tokens.access);
        assert_eq!(sessions.status, 200, "{sql}: {sessions:?}");
    }
    let log = server.into_log();
    assert!(!log.contains("ERROR"), "{log}");
}

/// The verb takes as long as one of many statements to a distant server: its failure at the altered table
/// looks like a wait for another transaction.
#[test]
#[cfg(feature = "postgres")]
fn a_table_altered_under_slow_transactions_costs_no_request() {
    let Some(database) = TestDatabase::on(Kind::Postgres) else { return };
    let mut command = command_on(&database);
    command.env("SESSIONS_PER_USER", "5").env("LOGIN_THROTTLE", "database");
    let server = Process::run(&mut command);
    everybody_registers(&server);
    database.sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN PERFORM pg_sleep(0.15); RETURN NEW; END';
         CREATE TRIGGER slow BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    for sql in further_alterations(&database) {
        database.sql(sql);
        everybody_logs_in(&server, sql);
    }
    let log = server.into_log();
    assert!(!log.contains("ERROR"), "{log}");
}

/// The lock is held for nearly as long as a verb waits for it.
#[test]
#[cfg(feature = "postgres")]
fn an_alteration_that_holds_its_lock_for_long_costs_no_request() {
    let Some(database) = TestDatabase::on(Kind::Postgres) else { return };
    let server = Process::run(&mut command_on(&database));
    everybody_registers(&server);
    thread::scope(|scope| {
        scope.spawn(|| {
            database.sql(
                "BEGIN; ALTER TABLE users ALTER COLUMN login TYPE VARCHAR(320);
                 SELECT pg_sleep(1.75); COMMIT",
            );
        });
        wait_for(
            &database,
            "pg_locks WHERE mode = 'AccessExclusiveLock' AND granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND relation = (SELECT oid FROM pg_class WHERE relname = 'users')",
        );
        let answer = server.login("user0", "correct horse");
        assert_eq!(answer.status, 200, "{answer:?} {}", server.log());
    });
}

/// As `pg_restore --clean` and its kin do: another table takes the place of the old one.
fn tables_restored_from_a_dump_under_a_server_cost_no_request(database: &TestDatabase) {
    let server = Process::run(command_on(database).env_remove("SESSIONS_PER_USER"));
    everybody_registers(&server);
    for _ in 0..2 {
        match database.url() {
            url if url.starts_with("postgres") => database.sql(
                "BEGIN; CREATE TABLE restored (LIKE users INCLUDING ALL);
                 INSERT INTO restored SELECT * FROM users; DROP TABLE users;
                 ALTER TABLE restored RENAME TO users; COMMIT",
            ),
            url if url.starts_with("mysql") => database.sql(
                "CREATE TABLE restored LIKE users; INSERT INTO restored SELECT * FROM users;
                 RENAME TABLE users TO old, restored TO users; DROP TABLE old",
            ),
            _ => database.sql(
                "BEGIN IMMEDIATE; CREATE TABLE restored AS SELECT * FROM users; DELETE FROM users;
                 INSERT INTO users SELECT * FROM restored; DROP TABLE restored; COMMIT",
            ),
        }
        everybody_logs_in(&server, "restored");
    }
    let log = server.into_log();
    assert!(!log.contains("ERROR"), "{log}");
}

/// The other verbs, on a table of one's own.
fn a_table_altered_under_a_pool_of_the_applications_costs_no_verb(database: &TestDatabase) {
    let (store, several) = super::own_table::accounts_stores(database);
    let ada = LoginName::parse("ada").unwrap();
    let new = NewUser {
        login: ada.clone(),
        password_hash: PasswordHash::new("p"),
        scope: Scope::default(),
        created_at: Timestamp::MAX,
    };
    let id = store.create(&new).unwrap().unwrap();
    for number in 0..5 {
        every_verb(&*store, &id, &ada, &format!("s{number}"));
        every_verb(&*several, &id, &ada, &format!("d{number}"));
        let length = 300 + number;
        database.sql(&match database.url() {
            url if url.starts_with("postgres") => format!(
                "ALTER TABLE accounts ALTER account_id TYPE VARCHAR({length});
                 ALTER TABLE account_sessions ALTER id TYPE VARCHAR({length})"
            ),
            url if url.starts_with("mysql") => format!(
                "ALTER TABLE accounts MODIFY password_digest VARCHAR({length}) NOT NULL;
                 ALTER TABLE account_sessions MODIFY password_stamp VARCHAR({length})"
            ),
            _ => format!("ALTER TABLE account_sessions ADD COLUMN more{number} TEXT"),
        });
        assert_eq!(store.create(&new).unwrap(), None, "she is there");
    }
}

fn every_verb(store: &dyn UserStore, id: &UserId, login: &LoginName, session: &str) {
    assert_eq!(store.load_by_login(login).unwrap().unwrap().id, *id);
    let session = SessionId::new(session);
    let start = SessionStart {
        user_id: id.clone(),
        verified_password_hash: PasswordHash::new("p"),
        upgraded_password_hash: None,
        session: Session {
            id: session.clone(),
            refresh_token_hash: RefreshTokenHash::new("h", None),
            generation: 0,
            rotated_at: Timestamp::from_unix_seconds(1).unwrap(),
        },
        expires_at: Timestamp::MAX,
        device: Device::default(),
    };
    assert!(store.start_session(&start).unwrap());
    assert!(store.load_in_session(id, &session).unwrap().unwrap().session.is_some());
    assert!(store.load(id).unwrap().is_some());
}
