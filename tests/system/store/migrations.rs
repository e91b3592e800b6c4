//! Migrations on each kind of database: up, down and up, many processes at once, beside an
//! application's own, and ahead of the program.

use std::sync::Barrier;
use std::thread;

use actix_hallpass::hallpass_diesel::migrations::{self, revert_last};
use actix_hallpass::hallpass_diesel::{
    Engine, MigrationError, Migrations, SchemaTable, open, open_per_device,
};
use diesel::SqliteConnection;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

use crate::databases::{TestDatabase, on_every_database};
use crate::process::{Process, command_on, run_to_end};

on_every_database!(
    every_migration_goes_up_down_and_up_again,
    ten_processes_that_start_at_once_on_an_empty_database_all_come_up,
    an_applications_own_migrations_are_run_and_reverted_beside_ours,
    a_database_one_migration_ahead_of_the_program_says_so,
    another_table_called_users_is_not_touched,
    looks_at_a_users_sessions_have_an_index,
    an_index_that_was_built_beforehand_is_taken_as_it_is,
);

/// Does `work` with a connection to the database, of whichever kind it is.
macro_rules! with_connection {
    ($database:expr, $work:ident $(, $argument:expr)*) => {
        match $database.url() {
            #[cfg(feature = "postgres")]
            url if url.starts_with("postgres") => {
                $work(&mut connect::<diesel::PgConnection>(url) $(, $argument)*)
            }
            #[cfg(feature = "mysql")]
            url if url.starts_with("mysql") => {
                $work(&mut connect::<diesel::MysqlConnection>(url) $(, $argument)*)
            }
            _ => {
                let path = $database.directory().path().join("app.db");
                $work(&mut connect::<SqliteConnection>(path.to_str().unwrap()) $(, $argument)*)
            }
        }
    };
}

fn connect<C: diesel::Connection>(url: &str) -> C {
    C::establish(url).unwrap()
}

fn open_error(database: &TestDatabase, migrations: Migrations) -> String {
    let error = open(&database.database_url(), migrations, None).err().expect("it does not open");
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
    error.to_string() + &cause.unwrap_or_default()
}

fn every_migration_goes_up_down_and_up_again(database: &TestDatabase) {
    fn up_down_up<C: Engine>(connection: &mut C) {
        use SchemaTable::{LoginAttempts, Sessions, Users};

        for _ in 0..2 {
            migrations::run_tables(connection, &[Users, Sessions, LoginAttempts]).unwrap();
            while revert_last(connection).unwrap().is_some() {}
            let error = migrations::check(connection).unwrap_err();
            assert!(matches!(error, MigrationError::TableMissing { .. }), "{error}");
        }
        migrations::run(connection).unwrap();
        migrations::run(connection).unwrap();
    }
    with_connection!(database, up_down_up);
}

fn ten_processes_that_start_at_once_on_an_empty_database_all_come_up(database: &TestDatabase) {
    let start = Barrier::new(10);
    let servers: Vec<_> = thread::scope(|scope| {
        let run = || {
            start.wait();
            // No more connections than all of the tests together may have.
            Process::run(command_on(database).env("DATABASE_POOL_SIZE", "1"))
        };
        let servers: Vec<_> = (0..10).map(|_| scope.spawn(run)).collect();
        servers.into_iter().map(|server| server.join().unwrap()).collect()
    });
    servers[0].register("ada", "correct horse");
    for server in &servers {
        server.login("ada", "correct horse").tokens();
    }
}

/// Both books, ours run first and second, and Diesel's `revert` in between.
fn an_applications_own_migrations_are_run_and_reverted_beside_ours(database: &TestDatabase) {
    fn run<C: Engine + MigrationHarness<C::Backend>>(
        connection: &mut C,
        own: &FileBasedMigrations,
        is_first: bool,
    ) {
        if is_first {
            connection.run_pending_migrations(own.clone()).unwrap();
        }
        migrations::run(connection).unwrap();
        connection.run_pending_migrations(own.clone()).unwrap();
        connection.revert_last_migration(own.clone()).unwrap();
        migrations::check(connection).unwrap();
        connection.run_pending_migrations(own.clone()).unwrap();
        assert!(revert_last(connection).unwrap().is_some());
        assert!(!connection.has_pending_migration(own.clone()).unwrap(), "theirs is untouched");
        connection.revert_all_migrations(own.clone()).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    // One before ours, one of the very same version, one after.
    for version in ["2020-01-01-000000", "2026-11-01-000000", "2099-01-01-000000"] {
        let migration = folder.path().join(format!("{version}_own"));
        std::fs::create_dir(&migration).unwrap();
        let table = version.replace('-', "_");
        std::fs::write(migration.join("up.sql"), format!("CREATE TABLE own_{table} (id INT);"))
            .unwrap();
        std::fs::write(migration.join("down.sql"), format!("DROP TABLE own_{table};")).unwrap();
    }
    let own = FileBasedMigrations::from_path(folder.path()).unwrap();
    for is_first in [true, false] {
        with_connection!(database, run, &own, is_first);
    }
}

fn a_database_one_migration_ahead_of_the_program_says_so(database: &TestDatabase) {
    open(&database.database_url(), Migrations::Run, None).unwrap();
    let newer = "INSERT INTO __hallpass_schema_migrations (version) VALUES ('20990101000000')";
    database.sql(newer);
    let expected = "the database is ahead of this version of hallpass: it has run 20990101000000, \
                    which this one does not know";
    for migrations in [Migrations::Run, Migrations::Check] {
        assert_eq!(open_error(database, migrations), expected);
    }
    let (status, text) = run_to_end(&mut command_on(database));
    assert!(!status.success() && text.contains(expected), "{text}");
}

/// What a process leaves that is killed between a migration and its record, where the
/// database can't do both or nothing.
#[test]
#[cfg(feature = "mysql")]
fn what_was_run_and_not_recorded_is_recorded_on_mysql() {
    let Some(database) = TestDatabase::on(crate::databases::Kind::Mysql) else { return };
    what_was_run_is_recorded(&database);
}

#[cfg(feature = "mysql")]
pub(super) fn what_was_run_is_recorded(database: &TestDatabase) {
    open(&database.database_url(), Migrations::Run, None).unwrap();
    database.sql("DELETE FROM __hallpass_schema_migrations");
    open(&database.database_url(), Migrations::Run, None).unwrap();
    let mut connection = connect::<diesel::MysqlConnection>(database.url());
    assert!(revert_last(&mut connection).unwrap().is_some(), "it is recorded");
}

fn another_table_called_users_is_not_touched(database: &TestDatabase) {
    database.sql("CREATE TABLE users (name VARCHAR(9))");
    let error = open_error(database, Migrations::Run);
    assert!(error.contains("hallpass makes a table `users` of its own"), "{error}");
    assert!(error.contains("already exists"), "{error}");
    let error = open_error(database, Migrations::Check);
    assert!(error.starts_with("the table `users` lacks id, login, password_hash"), "{error}");
}

fn open_sessions(database: &TestDatabase) {
    open_per_device(&database.database_url(), 20, Migrations::Run, None).unwrap();
}

/// Takes back the migration that builds the index.
fn revert_index(database: &TestDatabase) {
    fn revert<C: Engine>(connection: &mut C) {
        let version = revert_last(connection).unwrap();
        assert_eq!(version.as_deref(), Some("20261130000000"));
    }
    with_connection!(database, revert);
}

/// Returns how many columns the index has, of those that it should have.
fn indexed_columns(database: &TestDatabase) -> i64 {
    let url = database.url();
    let (columns, of_the_index) = match url.split_once("://") {
        Some(("postgres" | "postgresql", _)) => (
            "pg_attribute a JOIN pg_index i ON a.attrelid = i.indexrelid",
            "indisvalid AND attnum = {place} AND attname = '{name}'
             AND indexrelid = 'sessions_user_id_ended_at'::regclass",
        ),
        Some(_) => (
            "information_schema.statistics",
            "table_schema = DATABASE() AND index_name = 'sessions_user_id_ended_at'
             AND seq_in_index = {place} AND column_name = '{name}'",
        ),
        None => (
            "pragma_index_info('sessions_user_id_ended_at')",
            "seqno + 1 = {place} AND name = '{name}'",
        ),
    };
    let count = |(place, name): (&str, &str)| {
        let condition = of_the_index.replace("{place}", place).replace("{name}", name);
        database.count(&format!("{columns} WHERE {condition}"))
    };
    [("1", "user_id"), ("2", "ended_at")].into_iter().map(count).sum()
}

fn looks_at_a_users_sessions_have_an_index(database: &TestDatabase) {
    open_sessions(database);
    assert_eq!(indexed_columns(database), 2);
}

fn an_index_that_was_built_beforehand_is_taken_as_it_is(database: &TestDatabase) {
    open_sessions(database);
    revert_index(database);
    database.sql("CREATE INDEX sessions_user_id_ended_at ON sessions (user_id, ended_at)");
    open_sessions(database);
    assert_eq!(indexed_columns(database), 2);
    revert_index(database);
    open_sessions(database);
    assert_eq!(indexed_columns(database), 2, "the migration was recorded, and can be taken back");
}

/// What docs/migrations.md says to do to a large table, and what is left where that fails.
#[test]
#[cfg(feature = "postgres")]
fn an_index_that_was_built_concurrently_is_taken_on_postgres_unless_it_is_invalid() {
    let Some(database) = TestDatabase::on(crate::databases::Kind::Postgres) else { return };
    let page = include_str!("../../../docs/migrations.md");
    let (_, statement) = page.split_once("<!-- postgres index -->\n\n  ```sql\n").unwrap();
    let (statement, _) = statement.split_once("```").unwrap();
    let index = "'sessions_user_id_ended_at'::regclass";
    for is_valid in [true, false] {
        open_sessions(&database);
        revert_index(&database);
        database.sql(statement);
        let id = database.count(&format!("pg_index WHERE indexrelid = {index}"));
        assert_eq!(id, 1);
        database.sql(&format!("CREATE TABLE the_one_{is_valid} AS SELECT {index}::oid AS id"));
        database.sql(&format!(
            "UPDATE pg_index SET indisvalid = {is_valid} WHERE indexrelid = {index}"
        ));
        open_sessions(&database);
        assert_eq!(indexed_columns(&database), 2, "it is valid");
        let kept = database.count(&format!("the_one_{is_valid} WHERE id = {index}::oid"));
        assert_eq!(kept == 1, is_valid, "an invalid one is built again");
    }
}
