//! A migration that waits for a transaction which has the table in use.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use actix_hallpass::Auth;
use actix_hallpass::hallpass::Credentials;
use actix_hallpass::hallpass::testing::{ManualClock, SeededRandom};
use actix_hallpass::hallpass_diesel::{Migrations, open_per_device};
use diesel::connection::Connection;

use crate::databases::{TestDatabase, on_every_server};

on_every_server!(logins_go_on_while_a_migration_waits_for_an_open_transaction);

/// Long enough for a migration to wait, to give way and to wait again.
const SPAN: Duration = Duration::from_secs(4);

fn auth(database: &TestDatabase) -> Auth {
    Auth::builder()
        .clock(Arc::new(ManualClock::default()))
        .random(Arc::new(SeededRandom::new(7)))
        .random_secrets()
        .store(open_per_device(&database.database_url(), 5, Migrations::Run, None).unwrap())
        .password_hash_cost(4)
        .refresh_hash_cost(4)
        .build()
        .unwrap()
}

fn credentials() -> Credentials {
    Credentials::new("ada", "correct horse")
}

/// Leaves the table as it was before the migration that builds its index.
fn drop_index(database: &TestDatabase) {
    let of_table = if database.url().starts_with("mysql") { " ON sessions" } else { "" };
    database.sql(&format!("DROP INDEX sessions_user_id_ended_at{of_table}"));
    database.sql("DELETE FROM __hallpass_schema_migrations WHERE version = '20261130000000'");
}

/// Begins a transaction that has the table of sessions in use, and none of its rows.
fn begin(database: &TestDatabase) -> Box<dyn FnOnce()> {
    fn begin_on<C: Connection + 'static>(url: &str) -> Box<dyn FnOnce()> {
        let mut connection = C::establish(url).unwrap();
        connection.batch_execute("BEGIN").unwrap();
        connection.batch_execute("DELETE FROM sessions WHERE FALSE").unwrap();
        Box::new(move || connection.batch_execute("COMMIT").unwrap())
    }
    match database.url() {
        #[cfg(feature = "postgres")]
        url if url.starts_with("postgres") => begin_on::<diesel::PgConnection>(url),
        #[cfg(feature = "mysql")]
        url if url.starts_with("mysql") => begin_on::<diesel::MysqlConnection>(url),
        url => unreachable!("{url}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "the bound is on real time")]
fn logins_go_on_while_a_migration_waits_for_an_open_transaction(database: &TestDatabase) {
    let auth = auth(database);
    auth.service().register(credentials(), None).run_blocking().unwrap();
    drop_index(database);
    let commit = begin(database);
    let url = database.database_url();
    let migrates = thread::spawn(move || open_per_device(&url, 5, Migrations::Run, None));
    let start = Instant::now();
    while start.elapsed() < SPAN {
        auth.service().login(credentials(), None).run_blocking().unwrap();
    }
    assert!(!migrates.is_finished(), "the transaction is still open");
    commit();
    migrates.join().unwrap().unwrap();
    open_per_device(&database.database_url(), 5, Migrations::Check, None).unwrap();
    let version = "__hallpass_schema_migrations WHERE version = '20261130000000'";
    assert_eq!(database.count(version), 1);
}
