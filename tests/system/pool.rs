//! Few connections for many requests, and none of them held while bcrypt runs.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use actix_hallpass::hallpass::testing::SeededRandom;
use actix_hallpass::hallpass::{Random, RandomUnavailable, UserStore};
use actix_hallpass::hallpass_diesel::{
    Engine, Migrations, UsersTable, open_per_device, users_table,
};
use diesel::SqliteConnection;
use diesel::connection::SimpleConnection as _;
use diesel::r2d2::event::{CheckinEvent, CheckoutEvent, HandleEvent};
use diesel::r2d2::{Builder, ConnectionManager, CustomizeConnection, Error, Pool, R2D2Connection};

use crate::app::TestApp;
use crate::databases::{TestDatabase, on_every_database};
use crate::http::{Answer, Tokens};
use crate::process::{Process, command_on, sessions_per_user};
use schema::{sessions, users};

on_every_database!(
    two_hundred_requests_share_two_connections,
    nobody_holds_a_connection_while_bcrypt_runs,
    no_thread_hashes_with_a_connection_in_its_hand,
);

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

/// Two hundred at once: logins, refreshes of twenty sessions, logouts of twenty others.
fn two_hundred_requests_share_two_connections(database: &TestDatabase) {
    let server = Process::run(command_on(database).env("DATABASE_POOL_SIZE", "2"));
    let sessions = |name: &str| -> Vec<_> {
        (0..20).map(|number| server.session(&format!("{name}{number}")).refresh).collect()
    };
    let (kept, ended) = (sessions("kept"), sessions("ended"));
    server.register("ada", "correct horse");
    thread::scope(|scope| {
        let request = |number: usize| {
            let (server, kept, ended) = (&server, &kept[number % 20], &ended[number % 20]);
            scope.spawn(move || {
                let answer = persist(|| match number % 3 {
                    0 => server.login("ada", "correct horse"),
                    1 => server.logout(ended),
                    _ => server.refresh(kept),
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

    diesel::table! {
        sessions (user_id, id) {
            id -> Text,
            user_id -> BigInt,
            refresh_token_hash -> Nullable<Text>,
            password_stamp -> Nullable<Text>,
            generation -> BigInt,
            rotated_at -> BigInt,
            created_at -> BigInt,
            last_used_at -> BigInt,
            expires_at -> BigInt,
            user_agent -> Nullable<Text>,
            client_address -> Nullable<Text>,
            label -> Nullable<Text>,
            ended_at -> Nullable<BigInt>,
            end_reason -> Nullable<Text>,
        }
    }
}

users_table! {
    struct Users for [
        SqliteConnection,
        #[cfg(feature = "postgres")]
        diesel::PgConnection,
        #[cfg(feature = "mysql")]
        diesel::MysqlConnection,
    ] {
        table: users,
        id: id,
        login: login,
        password_hash: password_hash,
        refresh_token_hash: refresh_token_hash,
        session_id: session_id,
        refresh_generation: refresh_generation,
        rotated_at: rotated_at,
        sessions: sessions,
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

/// Has SQLite wait for a lock, as the servers do.
#[derive(Debug)]
struct Patient;

impl CustomizeConnection<SqliteConnection, Error> for Patient {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        connection.batch_execute("PRAGMA busy_timeout = 5000").map_err(Error::QueryError)
    }
}

/// A random source that looks at the pool: salts are drawn in the middle of hashing.
struct Watching<C: Engine + R2D2Connection> {
    random: SeededRandom,
    pool: Pool<ConnectionManager<C>>,
    is_alone: bool,
    looks: Arc<AtomicUsize>,
}

impl<C: Engine + R2D2Connection> Random for Watching<C> {
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

fn watched<C>(pool: Pool<ConnectionManager<C>>, is_alone: bool) -> (TestApp, Arc<AtomicUsize>)
where
    C: Engine + R2D2Connection,
    Users: UsersTable<C>,
{
    let looks = Arc::new(AtomicUsize::new(0));
    let random = SeededRandom::default();
    let watching = Watching { random, pool: pool.clone(), is_alone, looks: looks.clone() };
    let store: Arc<dyn UserStore> = match sessions_per_user() {
        Some(max) => Arc::new(Users::store_per_device(pool, max).unwrap()),
        None => Arc::new(Users::store(pool).unwrap()),
    };
    (TestApp::with(|builder| builder.store(store).random(Arc::new(watching))), looks)
}

/// Starts an application on a pool of its own, of two connections.
fn app(database: &TestDatabase, is_alone: bool) -> (TestApp, Arc<AtomicUsize>) {
    open_per_device(&database.database_url(), 20, Migrations::Run, None).unwrap();
    fn two<C: R2D2Connection + 'static>() -> Builder<ConnectionManager<C>> {
        Pool::builder().max_size(2).event_handler(Box::new(Counting))
    }
    match database.url() {
        #[cfg(feature = "postgres")]
        url if url.starts_with("postgres") => {
            let manager = ConnectionManager::<diesel::PgConnection>::new(url);
            watched(two().build(manager).unwrap(), is_alone)
        }
        #[cfg(feature = "mysql")]
        url if url.starts_with("mysql") => {
            let manager = ConnectionManager::<diesel::MysqlConnection>::new(url);
            watched(two().build(manager).unwrap(), is_alone)
        }
        _ => {
            let path = database.directory().path().join("app.db");
            let manager = ConnectionManager::<SqliteConnection>::new(path.to_str().unwrap());
            let pool = two().connection_customizer(Box::new(Patient)).build(manager).unwrap();
            watched(pool, is_alone)
        }
    }
}

fn nobody_holds_a_connection_while_bcrypt_runs(database: &TestDatabase) {
    let (app, looks) = app(database, true);
    let tokens = app.session("ada");
    let before = looks.load(Ordering::SeqCst);
    let tokens: Tokens = app.refresh(&tokens.refresh).tokens();
    assert!(looks.load(Ordering::SeqCst) > before, "a refresh draws a salt");
    app.refresh(&tokens.refresh).tokens();
}

fn no_thread_hashes_with_a_connection_in_its_hand(database: &TestDatabase) {
    let (app, _) = app(database, false);
    let sessions: Vec<_> = (0..10).map(|number| app.session(&format!("user{number}"))).collect();
    thread::scope(|scope| {
        for tokens in &sessions {
            let app = &app;
            scope.spawn(move || {
                let mut token = tokens.refresh.clone();
                for _ in 0..10 {
                    token = persist(|| app.refresh(&token)).tokens().refresh;
                }
            });
        }
    });
}
