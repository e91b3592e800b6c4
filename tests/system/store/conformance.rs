//! The store of the table `users` passes the suite that every store has to pass, with real
//! connections, whatever the defaults of the database are.

use std::sync::Arc;

use actix_hallpass::hallpass::testing::conformance::{self, Subject};
use actix_hallpass::hallpass::{SessionId, Timestamp, UserId, UserStore};
use actix_hallpass::hallpass_diesel::{self, Migrations};

use super::rows_read::add_ended_sessions;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::databases::Kind;
use crate::databases::{TestDatabase, on_every_database};

on_every_database!(
    the_store_conforms_races_included,
    the_store_of_sessions_per_device_conforms_races_included,
    a_maximum_of_one_session_per_device_conforms,
);

/// The store of the table `users`.
pub(super) struct Users<'a> {
    database: &'a TestDatabase,
    store: Arc<dyn UserStore>,
    /// The same users with one session each, where `store` has several.
    one_per_user: Option<Arc<dyn UserStore>>,
}

impl<'a> Users<'a> {
    fn of(database: &'a TestDatabase) -> Self {
        let url = database.database_url();
        let store = hallpass_diesel::open(&url, Migrations::Run, None).unwrap();
        Self { database, store, one_per_user: None }
    }

    pub(super) fn per_device(database: &'a TestDatabase, max: u32) -> Self {
        let url = database.database_url();
        let store = hallpass_diesel::open_per_device(&url, max, Migrations::Run, None).unwrap();
        let one_per_user = hallpass_diesel::open(&url, Migrations::Run, None).unwrap();
        Self { database, store, one_per_user: Some(one_per_user) }
    }
}

impl Subject for Users<'_> {
    fn store(&self) -> &dyn UserStore {
        &*self.store
    }

    fn disable(&self, id: &UserId) -> bool {
        self.database.sql(&format!("UPDATE users SET disabled_at = 1 WHERE id = {id}"));
        true
    }

    fn delete(&self, id: &UserId) {
        self.database.sql(&format!("DELETE FROM users WHERE id = {id}"));
    }

    fn one_per_user(&self) -> Option<&dyn UserStore> {
        self.one_per_user.as_deref()
    }

    fn add_ended_sessions(&self, id: &UserId, ended: &[(SessionId, Timestamp)]) -> bool {
        add_ended_sessions(self.database, "sessions", id, ended);
        true
    }
}

fn the_store_conforms_races_included(database: &TestDatabase) {
    conformance::run(&Users::of(database));
}

fn the_store_of_sessions_per_device_conforms_races_included(database: &TestDatabase) {
    conformance::run(&Users::per_device(database, 3));
}

fn a_maximum_of_one_session_per_device_conforms(database: &TestDatabase) {
    conformance::run(&Users::per_device(database, 1));
}

#[test]
#[cfg(feature = "postgres")]
fn a_serialization_failure_is_a_lost_race_in_the_strict_levels() {
    for level in ["repeatable read", "serializable"] {
        let Some(database) = TestDatabase::on(Kind::Postgres) else { return };
        database.sql(&format!(
            "ALTER DATABASE {} SET default_transaction_isolation = '{level}'",
            database.name()
        ));
        conformance::run(&Users::of(&database));
        conformance::run(&Users::per_device(&database, 3));
    }
}

#[test]
#[cfg(feature = "mysql")]
fn a_collation_that_ignores_case_does_not_reach_the_hashes() {
    let Some(database) = TestDatabase::on(Kind::Mysql) else { return };
    database.sql(&format!(
        "ALTER DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        database.name()
    ));
    conformance::run(&Users::of(&database));
    conformance::run(&Users::per_device(&database, 3));
}
