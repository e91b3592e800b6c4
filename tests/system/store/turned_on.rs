//! Sessions in users' rows after the table of sessions is turned on.

use std::sync::Arc;
use std::time::Duration;

use actix_hallpass::Auth;
use actix_hallpass::hallpass::testing::{ManualClock, SeededRandom};
use actix_hallpass::hallpass::{
    Credentials, LoginAnswer, RefreshError, RefreshRefusal, TokenPair, UserStore,
};
use actix_hallpass::hallpass_diesel::{Migrations, open, open_per_device};

use crate::databases::{TestDatabase, on_every_database};
use crate::forge::{ACCESS_SECRET, REFRESH_SECRET};

on_every_database!(
    a_session_in_the_users_row_that_a_later_login_evicts_is_superseded,
    a_session_that_a_restored_row_has_once_more_keeps_nobody_from_logging_in,
);

/// Two servers that share a database. The second one has a table of sessions.
struct Servers {
    clock: Arc<ManualClock>,
    one_column: Auth,
    table: Auth,
}

impl Servers {
    fn with_a_table_of(max: u32, database: &TestDatabase) -> Self {
        let url = database.database_url();
        let clock = Arc::new(ManualClock::default());
        let auth = |store, seed| auth(store, Arc::clone(&clock), seed);
        let one_column = auth(open(&url, Migrations::Run, None).unwrap(), 1);
        let table = auth(open_per_device(&url, max, Migrations::Run, None).unwrap(), 2);
        Self { one_column, table, clock }
    }
}

fn auth(store: Arc<dyn UserStore>, clock: Arc<ManualClock>, seed: u64) -> Auth {
    Auth::builder()
        .clock(clock)
        .random(Arc::new(SeededRandom::new(seed)))
        .access_token_secret(ACCESS_SECRET)
        .refresh_token_secret(REFRESH_SECRET)
        .store(store)
        .password_hash_cost(4)
        .refresh_hash_cost(4)
        .build()
        .unwrap()
}

fn credentials() -> Credentials {
    Credentials::new("ada", "correct horse")
}

fn login(auth: &Auth) -> TokenPair {
    let LoginAnswer::LoggedIn(pair) =
        auth.service().login(credentials(), None).run_blocking().unwrap();
    pair
}

fn refresh(auth: &Auth, pair: &TokenPair) -> Result<TokenPair, RefreshError> {
    auth.service().refresh(pair.refresh_token.expose_token(), None).run_blocking()
}

#[track_caller]
fn assert_superseded(auth: &Auth, pair: &TokenPair) {
    let refused = refresh(auth, pair);
    let is_superseded = matches!(refused, Err(RefreshError::Refused(RefreshRefusal::Superseded)));
    assert!(is_superseded, "{refused:?}");
}

fn a_session_in_the_users_row_that_a_later_login_evicts_is_superseded(database: &TestDatabase) {
    let servers = Servers::with_a_table_of(1, database);
    servers.one_column.service().register(credentials(), None).run_blocking().unwrap();
    let first = login(&servers.one_column);
    let rotated = refresh(&servers.one_column, &first).unwrap();
    servers.clock.advance(Duration::from_secs(600));
    let second = login(&servers.table);
    assert_superseded(&servers.table, &rotated);
    assert_superseded(&servers.table, &first);
    refresh(&servers.table, &second).unwrap();
    assert_eq!(database.count("sessions"), 2);
}

/// `users` is restored from a backup and `sessions` is not: a session that has moved is in both tables.
fn a_session_that_a_restored_row_has_once_more_keeps_nobody_from_logging_in(
    database: &TestDatabase,
) {
    let servers = Servers::with_a_table_of(1, database);
    servers.one_column.service().register(credentials(), None).run_blocking().unwrap();
    let first = login(&servers.one_column);
    refresh(&servers.table, &first).unwrap();
    database.sql(
        "UPDATE users SET session_id = (SELECT id FROM sessions), refresh_token_hash = 'x',
            refresh_generation = 3, rotated_at = 1999999000",
    );
    servers.clock.advance(Duration::from_secs(600));
    let second = login(&servers.table);
    assert_superseded(&servers.table, &first);
    refresh(&servers.table, &second).unwrap();
    let in_row = "users WHERE session_id IS NOT NULL";
    assert_eq!((database.count("sessions"), database.count(in_row)), (2, 0));
}
