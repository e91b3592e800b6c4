//! What a database will never take, however often it is asked: no outage, which is worth another try.

use std::sync::Arc;

use actix_hallpass::hallpass::{
    LoginName, NewUser, PasswordHash, Scope, StoreError, Timestamp, UserStore,
};
use actix_hallpass::hallpass_diesel::{self, Migrations};

use crate::databases::{TestDatabase, on_every_server};

on_every_server!(
    a_condition_of_the_table_is_a_constraint,
    a_text_that_does_not_fit_is_a_constraint
);

fn store(database: &TestDatabase) -> Arc<dyn UserStore> {
    hallpass_diesel::open(&database.database_url(), Migrations::Run, None).unwrap()
}

fn new(login: &str) -> NewUser {
    NewUser {
        login: LoginName::parse(login).unwrap(),
        password_hash: PasswordHash::new("twelve bytes"),
        scope: Scope::default(),
        created_at: Timestamp::MAX,
    }
}

fn assert_constraint(store: &dyn UserStore, login: &str) {
    let error = store.create(&new(login)).unwrap_err();
    assert!(matches!(error, StoreError::Constraint(_)), "{error:?}");
}

pub(super) fn a_condition_of_the_table_is_a_constraint(database: &TestDatabase) {
    let store = store(database);
    database.sql("ALTER TABLE users ADD CONSTRAINT no_eve CHECK (login <> 'eve')");
    assert_constraint(&*store, "eve");
    assert!(store.create(&new("ada")).unwrap().is_some());
}

/// A failure that comes late may be a deadlock, so the verb is run again on another connection.
#[cfg(feature = "mysql")]
pub(super) fn a_condition_that_fails_late_is_a_constraint(database: &TestDatabase) {
    let store = store(database);
    database.sql(
        "ALTER TABLE users ADD CONSTRAINT no_eve CHECK (login <> 'eve');
         CREATE TRIGGER slow BEFORE INSERT ON users FOR EACH ROW SET @slept = SLEEP(0.15)",
    );
    assert_constraint(&*store, "eve");
}

pub(super) fn a_text_that_does_not_fit_is_a_constraint(database: &TestDatabase) {
    let store = store(database);
    database.sql(if database.url().starts_with("mysql") {
        "ALTER TABLE users MODIFY password_hash VARCHAR(9) NOT NULL"
    } else {
        "ALTER TABLE users ALTER COLUMN password_hash TYPE VARCHAR(9)"
    });
    assert_constraint(&*store, "ada");
}
