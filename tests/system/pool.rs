//! Few connections for many requests, and none of them held while bcrypt runs.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use actix_hallpass::hallpass::testing::SeededRandom;
use actix_hallpass::hallpass::{Random, RandomUnavailable};
use actix_hallpass::hallpass_diesel::{UsersTable as _, users_table};
use diesel::SqliteConnection;
use diesel::r2d2::event::{CheckinEvent, CheckoutEvent, HandleEvent};
use diesel::r2d2::{ConnectionManager, Pool};

use crate::app::TestApp;
use crate::databases::{TestDatabase, on_every_database};
use crate::http::{Answer, Tokens};
use crate::process::{Process, command_on};
use schema::users;

on_every_database!(two_hundred_requests_share_two_connections);

const REQUESTS: usize = 200;

/// Sends until the answer is another than "come back": to wait for long is no deadlock.
fn persist(send: impl Fn() -> Answer) -> Answer {
    for _ in 0..20 {
        let answer = send();
        if answer.status != 503 {
            return answer;
        }
    }
    panic!("it never got its turn");
}

/// Two hundred at once: logins, refreshes of twenty sessions, logouts with garbage.
fn two_hundred_requests_share_two_connections(database: &TestDatabase) {
    let server = Process::run(command_on(database).env("DATABASE_POOL_SIZE", "2"));
    let sessions: Vec<_> = (0..20).map(|number| server.session(&format!("user{number}"))).collect();
    server.register("ada", "correct horse");
    thread::scope(|scope| {
        let request = |number: usize| {
            let (server, token) = (&server, &sessions[number % 20].refresh);
            scope.spawn(move || {
                let answer = persist(|| match number % 3 {
                    0 => server.login("ada", "correct horse"),
                    1 => server.logout("garbage"),
                    _ => server.refresh(token),
                });
                assert!(matches!(answer.status, 200 | 204), "{answer:?}");
            })
        };
        let requests: Vec<_> = (0..REQUESTS).map(request).collect();
        requests.into_iter().for_each(|request| request.join().unwrap());
    });
}

mod schema {
    diesel::table! {
        users (id) {
            id -> BigInt,
            login -> Text,
            password_hash -> Text,
            refresh_token_hash -> Nullable<Text>,
            session_id -> Nullable<Text>,
            refresh_generation -> BigInt,
            rotated_at -> Nullable<BigInt>,
        }
    }
}

users_table! {
    struct Users for [SqliteConnection] {
        table: users,
        id: id,
        login: login,
        password_hash: password_hash,
        refresh_token_hash: refresh_token_hash,
        session_id: session_id,
        refresh_generation: refresh_generation,
        rotated_at: rotated_at,
    }
}

thread_local! {
    /// How many connections this thread has.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// Counts what each thread takes from the pool and gives back.
#[derive(Debug)]
struct Counting;

impl HandleEvent for Counting {
    fn handle_checkout(&self, _: CheckoutEvent) {
        HELD.set(HELD.get() + 1);
    }

    fn handle_checkin(&self, _: CheckinEvent) {
        HELD.set(HELD.get() - 1);
    }
}

/// A random source that looks at the pool: salts are drawn in the middle of hashing.
struct Watching {
    random: SeededRandom,
    pool: Pool<ConnectionManager<SqliteConnection>>,
    is_alone: bool,
    looks: Arc<AtomicUsize>,
}

impl Random for Watching {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        assert_eq!(HELD.get(), 0, "this thread hashes with a connection in its hand");
        if self.is_alone {
            let state = self.pool.state();
            assert_eq!(state.connections, state.idle_connections, "somebody holds a connection");
        }
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.random.fill(bytes)
    }
}

/// Starts an application on a table and a pool of its own, of two connections.
fn app(is_alone: bool) -> (TestDatabase, TestApp, Arc<AtomicUsize>) {
    let database = TestDatabase::sqlite();
    database.sql(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, login TEXT NOT NULL UNIQUE,
            password_hash TEXT NOT NULL, refresh_token_hash TEXT, session_id TEXT,
            refresh_generation BIGINT NOT NULL DEFAULT 0, rotated_at BIGINT
        )",
    );
    let path = database.directory().path().join("app.db");
    let manager = ConnectionManager::new(path.to_str().unwrap());
    let pool =
        Pool::builder().max_size(2).event_handler(Box::new(Counting)).build(manager).unwrap();
    let looks = Arc::new(AtomicUsize::new(0));
    let random = SeededRandom::default();
    let watching = Watching { random, pool: pool.clone(), is_alone, looks: looks.clone() };
    let store = Arc::new(Users::store(pool).unwrap());
    let app = TestApp::with(|builder| builder.store(store).random(Arc::new(watching)));
    (database, app, looks)
}

#[test]
fn nobody_holds_a_connection_while_bcrypt_runs() {
    let (_database, app, looks) = app(true);
    let tokens = app.session("ada");
    let before = looks.load(Ordering::SeqCst);
    let tokens: Tokens = app.refresh(&tokens.refresh).tokens();
    assert!(looks.load(Ordering::SeqCst) > before, "a refresh draws a salt");
    app.refresh(&tokens.refresh).tokens();
}

#[test]
fn no_thread_hashes_with_a_connection_in_its_hand() {
    let (_database, app, _) = app(false);
    let sessions: Vec<_> = (0..10).map(|number| app.session(&format!("user{number}"))).collect();
    thread::scope(|scope| {
        for tokens in &sessions {
            let app = &app;
            scope.spawn(move || {
                let mut token = tokens.refresh.clone();
                for _ in 0..10 {
                    // Without a `busy_timeout` on the application's pool, SQLite says "locked".
                    let answer = persist(|| app.refresh(&token));
                    token = answer.tokens().refresh;
                }
            });
        }
    });
}
