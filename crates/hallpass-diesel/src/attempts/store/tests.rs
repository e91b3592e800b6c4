//! Rows that say nothing, and rows that make no sense. The suite is in `tests/system/store/`.

use std::num::NonZeroU32;

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection as _;
use tempfile::TempDir;

use super::*;
use crate::connection::engine::sqlite;
use crate::connection::pool::Pool;
use crate::connection::url::DatabaseUrl;
use crate::open::pooled;
use crate::schema::migrations::Migrations;
use crate::schema::schema_table::SchemaTable;

const POLICY: ThrottlePolicy = ThrottlePolicy::new(3, Duration::from_secs(30));

fn store() -> (TempDir, AttemptStore<Pool<SqliteConnection>>) {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::parse(directory.path().join("app.db").to_str().unwrap()).unwrap();
    let tables = [SchemaTable::LoginAttempts];
    let pool = pooled(&url, &tables, Migrations::Run, NonZeroU32::MIN, sqlite::create).unwrap();
    (directory, AttemptStore::new(pool))
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds).unwrap()
}

fn take(store: &AttemptStore<Pool<SqliteConnection>>, name: &str, now: u64) -> Verdict {
    store.take(&AttemptKey::of_login(name), POLICY, at(now)).unwrap()
}

fn rows(store: &AttemptStore<Pool<SqliteConnection>>) -> usize {
    run_on(&store.pool, |connection| connection.full_since(i64::MAX, i64::MAX)).unwrap().len()
}

/// Ten thousand names come and go, and somebody is guessed at all the while.
#[test]
fn the_table_does_not_grow_with_the_names_that_were_ever_tried() {
    let (_directory, store) = store();
    let mut most = 0;
    for number in 0..10_000 {
        take(&store, &number.to_string(), 1000 + number);
        take(&store, "ada", 1000 + number);
        most = most.max(rows(&store));
    }
    assert!(most < 400, "{most}");
    assert!(matches!(take(&store, "ada", 10_999), Verdict::Wait(_)), "she is not forgotten");
}

#[test]
fn a_row_that_was_taken_from_meanwhile_is_not_removed() {
    let (_directory, store) = store();
    take(&store, "ada", 1000);
    take(&store, "bob", 1000);
    let full = |before| run_on(&store.pool, |it| it.full_since(before, 10)).unwrap();
    assert_eq!(full(1029).len(), 0, "both are full in second 1030");
    let keys = full(1030);
    assert_eq!(keys.len(), 2);
    take(&store, "ada", 1040);
    let removed = run_on(&store.pool, |it| it.remove(&keys, 1030)).unwrap();
    assert_eq!((removed, rows(&store)), (1, 1), "ada's counts again");
}

/// SQLite keeps any type in any column.
#[test]
fn a_row_that_holds_no_time_counts_as_empty_and_is_replaced() {
    for value in ["-1", "253402300800", "9223372036854775807", "'x'", "x'00'", "1.5", "1e300"] {
        let (_directory, store) = store();
        take(&store, "ada", 1000);
        let sql = format!("UPDATE login_attempts SET full_at = {value}");
        run_on(&store.pool, |it| it.batch_execute(&sql)).unwrap();
        store.give_back(&AttemptKey::of_login("ada"), POLICY).unwrap();
        let wait = POLICY.interval;
        let (table, column) = ("login_attempts", "full_at");
        let verdict = take(&store, "ada", 1000);
        assert_eq!(verdict, Verdict::Invalid { wait, table, column }, "{value}");
        assert_eq!(take(&store, "ada", 1000), Verdict::Wait(wait), "{value} is replaced");
        assert_eq!(take(&store, "ada", 1030), Verdict::Allowed, "{value}");
    }
}

#[test]
fn a_time_before_1970_is_not_removed_as_one_that_is_full() {
    let (_directory, store) = store();
    take(&store, "ada", 1000);
    let sql = "UPDATE login_attempts SET full_at = -1";
    run_on(&store.pool, |it| it.batch_execute(sql)).unwrap();
    for number in 0..300 {
        take(&store, &number.to_string(), 2000);
    }
    assert!(matches!(take(&store, "ada", 2000), Verdict::Invalid { .. }));
}
