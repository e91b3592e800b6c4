//! Up, down and up again; beside an application's own migrations; many processes at once.

use std::sync::Barrier;
use std::thread;

use diesel::connection::SimpleConnection as _;
use tempfile::TempDir;

use diesel::prelude::*;

use super::*;
use crate::connection::engine::sqlite;
use crate::connection::url::DatabaseUrl;

fn empty() -> (TempDir, DatabaseUrl) {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::parse(directory.path().join("app.db").to_str().unwrap()).unwrap();
    (directory, url)
}

fn count(connection: &mut SqliteConnection, from: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let query = format!("SELECT COUNT(*) AS count FROM {from}");
    diesel::sql_query(query).get_result::<Count>(connection).unwrap().count
}

#[test]
fn every_migration_goes_up_down_and_up_again() {
    let (_directory, url) = empty();
    let mut connection = sqlite::create(&url).unwrap();
    let versions = all::<SqliteConnection>().unwrap().len();
    for _ in 0..2 {
        run_tables(&mut connection, &SchemaTable::ALL).unwrap();
        assert_eq!(count(&mut connection, "__hallpass_schema_migrations"), versions as i64);
        for _ in 0..versions {
            assert!(revert_last(&mut connection).unwrap().is_some());
        }
        assert!(matches!(check(&mut connection), Err(MigrationError::TableMissing { .. })));
        assert_eq!(revert_last(&mut connection).unwrap(), None);
    }
}

#[test]
fn running_twice_changes_nothing() {
    let (_directory, url) = empty();
    let mut connection = sqlite::create(&url).unwrap();
    run(&mut connection).unwrap();
    let insert = "INSERT INTO users (login, password_hash) VALUES ('ada', 'x')";
    connection.batch_execute(insert).unwrap();
    run(&mut connection).unwrap();
    assert_eq!(count(&mut connection, "users"), 1);
}

/// Twenty rounds: SQLite does not wait for a lock when two connections switch an empty file to the
/// write-ahead log at once, and one in a few rounds met that.
#[test]
fn ten_processes_may_start_at_once() {
    for _ in 0..20 {
        let (_directory, url) = empty();
        let start = Barrier::new(10);
        thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| {
                    start.wait();
                    run(&mut sqlite::create(&url).unwrap()).unwrap();
                });
            }
        });
        let mut connection = SqliteConnection::connect(&url).unwrap();
        assert_eq!(count(&mut connection, "__hallpass_schema_migrations"), 1);
    }
}

#[test]
fn a_path_with_two_slashes_before_it_is_no_host() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.db");
    let url = DatabaseUrl::parse(&format!("sqlite:///{}", path.display())).unwrap();
    run(&mut sqlite::create(&url).unwrap()).unwrap();
    assert!(path.exists());
}

#[test]
fn what_the_diesel_cli_has_recorded_counts_as_done() {
    let (_directory, url) = empty();
    let mut connection = sqlite::create(&url).unwrap();
    for (_, migration) in all::<SqliteConnection>().unwrap() {
        migration.run(&mut connection).unwrap();
        let record = format!(
            "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (version TEXT PRIMARY KEY);
             INSERT INTO __diesel_schema_migrations VALUES ('{}');",
            version(&*migration)
        );
        connection.batch_execute(&record).unwrap();
    }
    run(&mut connection).unwrap();
    assert_eq!(count(&mut connection, "users"), 0);
}

#[test]
fn an_applications_own_record_is_left_alone() {
    let (_directory, url) = empty();
    let mut connection = sqlite::create(&url).unwrap();
    let record = "CREATE TABLE __diesel_schema_migrations (version TEXT PRIMARY KEY);
        INSERT INTO __diesel_schema_migrations VALUES ('20990101000000');";
    connection.batch_execute(record).unwrap();
    run(&mut connection).unwrap();
    assert_eq!(count(&mut connection, "__diesel_schema_migrations"), 1);
}

#[test]
fn a_schema_that_is_not_complete_says_what_is_missing() {
    let (_directory, url) = empty();
    let mut connection = sqlite::create(&url).unwrap();
    let error = check(&mut connection).unwrap_err().to_string();
    assert_eq!(error, "the table `users` is missing; run the migrations (MIGRATE=true)");
    run(&mut connection).unwrap();
    connection.batch_execute("ALTER TABLE users DROP COLUMN scope").unwrap();
    connection.batch_execute("ALTER TABLE users DROP COLUMN rotated_at").unwrap();
    let error = check(&mut connection).unwrap_err().to_string();
    let expected = "the table `users` lacks rotated_at, scope: it is not hallpass's, or migrations are missing (MIGRATE=true)";
    assert_eq!(error, expected);
    assert_eq!(
        run(&mut connection).unwrap_err().to_string(),
        expected,
        "the record alone is not enough"
    );
}

#[test]
fn the_installation_in_an_attached_database_is_not_taken_for_the_files_own() {
    let (_directory, url) = empty();
    let (attached, other) = empty();
    run_tables(&mut sqlite::create(&other).unwrap(), &SchemaTable::ALL).unwrap();
    let mut connection = sqlite::create(&url).unwrap();
    let path = attached.path().join("app.db");
    connection.batch_execute(&format!("ATTACH '{}' AS other", path.display())).unwrap();
    assert!(matches!(check(&mut connection), Err(MigrationError::TableMissing { .. })));
    run(&mut connection).unwrap();
    assert_eq!(count(&mut connection, "main.users"), 0, "it has one of its own");
    assert!(revert_last(&mut connection).unwrap().is_some());
    assert_eq!(revert_last(&mut connection).unwrap(), None, "the other's are not reverted");
}

#[test]
fn another_table_called_users_is_not_touched() {
    let (_directory, url) = empty();
    let mut connection = sqlite::create(&url).unwrap();
    connection.batch_execute("CREATE TABLE users (name TEXT)").unwrap();
    let error = run(&mut connection).unwrap_err();
    assert!(matches!(error, MigrationError::Failed { .. }), "{error}");
    assert_eq!(count(&mut connection, "sqlite_master"), 1, "nothing is left behind");
}

#[test]
fn a_table_of_hallpasss_that_has_lost_its_record_is_refused() {
    let (_directory, url) = empty();
    let mut connection = sqlite::create(&url).unwrap();
    run(&mut connection).unwrap();
    connection.batch_execute("DROP TABLE __hallpass_schema_migrations").unwrap();
    assert_eq!(
        run(&mut connection).unwrap_err().to_string(),
        "`main.users` exists, but its migrations are recorded nowhere; if it is hallpass's, restore \
         `main.__hallpass_schema_migrations`, else put hallpass's schema first in `search_path`, or rename \
         `main.users`"
    );
}
