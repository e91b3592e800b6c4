//! What counts attempts in the database passes the suite that every limiter has to pass, with real
//! connections, whatever the defaults of the database are.

use std::sync::Arc;

use actix_hallpass::hallpass::testing::limiter_conformance;
use actix_hallpass::hallpass::{AttemptKey, AttemptLimiter, LoginLimits, Timestamp, Verdict};
use actix_hallpass::hallpass_diesel::{self, Migrations};

#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::databases::Kind;
use crate::databases::{TestDatabase, on_every_database};

on_every_database!(
    throttling_in_the_database_conforms_races_included,
    throttling_needs_a_table_that_is_only_made_when_it_may_be,
    a_row_that_holds_no_time_counts_as_empty_and_is_replaced,
);

fn limiter(database: &TestDatabase) -> Arc<dyn AttemptLimiter> {
    hallpass_diesel::open_limiter(&database.database_url(), Migrations::Run, None).unwrap()
}

fn throttling_in_the_database_conforms_races_included(database: &TestDatabase) {
    limiter_conformance::run(&*limiter(database));
}

fn throttling_needs_a_table_that_is_only_made_when_it_may_be(database: &TestDatabase) {
    let url = database.database_url();
    hallpass_diesel::open(&url, Migrations::Run, None).unwrap();
    let error = hallpass_diesel::open_limiter(&url, Migrations::Check, None).err().unwrap();
    let expected = "the table `login_attempts` is missing; run the migrations (MIGRATE=true)";
    assert_eq!(error.to_string(), expected);
    limiter(database);
    hallpass_diesel::open_limiter(&url, Migrations::Check, None).unwrap();
}

fn a_row_that_holds_no_time_counts_as_empty_and_is_replaced(database: &TestDatabase) {
    let limiter = limiter(database);
    let (policy, key) = (LoginLimits::default().account, AttemptKey::of_login("ada"));
    let at = |seconds| Timestamp::from_unix_seconds(seconds).unwrap();
    let take = |now| limiter.take(&key, policy, at(now)).unwrap();
    let (table, column, wait) = ("login_attempts", "full_at", policy.interval);
    for value in [-1, i64::MIN, 253_402_300_800, i64::MAX] {
        database.sql("DELETE FROM login_attempts");
        assert_eq!(take(1000), Verdict::Allowed);
        database.sql(&format!("UPDATE login_attempts SET full_at = {value}"));
        limiter.give_back(&key, policy).unwrap();
        assert_eq!(take(1000), Verdict::Invalid { wait, table, column }, "{value}");
        assert_eq!(take(1000), Verdict::Wait(wait), "{value} is replaced");
        assert_eq!(take(1000 + wait.as_secs()), Verdict::Allowed, "{value}");
    }
}

#[test]
#[cfg(feature = "postgres")]
fn throttling_conforms_in_the_strict_levels() {
    for level in ["repeatable read", "serializable"] {
        let Some(database) = TestDatabase::on(Kind::Postgres) else { return };
        database.sql(&format!(
            "ALTER DATABASE {} SET default_transaction_isolation = '{level}'",
            database.name()
        ));
        limiter_conformance::run(&*limiter(&database));
    }
}

#[test]
#[cfg(feature = "mysql")]
fn throttling_conforms_with_a_collation_that_ignores_case() {
    let Some(database) = TestDatabase::on(Kind::Mysql) else { return };
    database.sql(&format!(
        "ALTER DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        database.name()
    ));
    limiter_conformance::run(&*limiter(&database));
}
