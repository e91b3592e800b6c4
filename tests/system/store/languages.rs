//! Database servers with messages in German. The outcomes are the same as in English.

use std::thread;

use actix_hallpass::hallpass::testing::conformance;
use diesel::connection::Connection;

use super::conformance::Users;
#[cfg(feature = "mysql")]
use super::refusal::a_condition_that_fails_late_is_a_constraint;
use super::refusal::{
    a_condition_of_the_table_is_a_constraint, a_text_that_does_not_fit_is_a_constraint,
};
use crate::databases::{Kind, Server, TestDatabase, wait_for};
use crate::process::{Process, command_on};

fn german(kind: Kind) -> Option<TestDatabase> {
    Server::in_german(kind).map(TestDatabase::on_server)
}

/// A deadlock between a login and another transaction.
struct Deadlock<'a> {
    database: &'a TestDatabase,
    server: &'a Process,
    /// The statement by which the other transaction takes the lock that the login waits for.
    first: &'a str,
    /// The rows that show that the login waits.
    waiting: &'a str,
    /// The statement by which the other transaction waits for a lock of the login.
    second: &'a str,
}

impl Deadlock<'_> {
    fn costs_no_login<C: Connection>(&self) {
        let mut other = C::establish(self.database.url()).unwrap();
        other.batch_execute(self.first).unwrap();
        thread::scope(|scope| {
            let login = scope.spawn(|| self.server.login("ada", "correct horse"));
            wait_for(self.database, self.waiting);
            other.batch_execute(self.second).unwrap();
            other.batch_execute("COMMIT").unwrap();
            let answer = login.join().unwrap();
            assert_eq!(answer.status, 200, "{answer:?} {}", self.server.log());
        });
    }
}

#[test]
#[cfg(feature = "postgres")]
fn a_login_that_loses_a_deadlock_on_postgres_is_run_again() {
    let Some(database) = german(Kind::Postgres) else { return };
    // Only a superuser may change the language.
    let (name, url) = (database.name(), database.url_as("plain"));
    database.sql(&format!("CREATE ROLE plain LOGIN; ALTER DATABASE {name} OWNER TO plain"));
    let waiting =
        "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for (sessions_per_user, first, second) in [
        (None, "UPDATE users SET updated_at = 1", "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"),
        (Some("5"), "LOCK TABLE sessions IN EXCLUSIVE MODE", "UPDATE users SET updated_at = 1"),
    ] {
        let mut command = command_on(&database);
        command.env("DATABASE_URL", &url).env_remove("SESSIONS_PER_USER");
        command.envs(sessions_per_user.map(|max| ("SESSIONS_PER_USER", max)));
        let server = Process::run(&mut command);
        server.register("ada", "correct horse");
        // The session that detects the deadlock is aborted: the login's timeout ends first.
        let first = &format!("BEGIN; SET LOCAL deadlock_timeout = '1min'; {first}");
        let (database, server) = (&database, &server);
        Deadlock { database, server, first, waiting, second }
            .costs_no_login::<diesel::PgConnection>();
    }
    wait_for(&database, "pg_stat_database WHERE datname = current_database() AND deadlocks = 2");
    database.sql("DROP OWNED BY plain CASCADE");
}

#[test]
#[cfg(feature = "mysql")]
fn a_login_that_loses_a_deadlock_on_mariadb_is_run_again() {
    let Some(database) = german(Kind::Mysql) else { return };
    let server = Process::run(command_on(&database).env("SESSIONS_PER_USER", "5"));
    server.register("ada", "correct horse");
    // The server aborts the transaction that changed fewer rows.
    database.sql(
        "CREATE TABLE ballast (number INTEGER);
         INSERT INTO ballast SELECT seq FROM seq_1_to_1000",
    );
    let deadlocks = "information_schema.global_status WHERE variable_name = 'INNODB_DEADLOCKS' AND variable_value > 0";
    assert_eq!(database.count(deadlocks), 0);
    let deadlock = Deadlock {
        database: &database,
        server: &server,
        first: "BEGIN; UPDATE ballast SET number = 0; SELECT * FROM sessions FOR UPDATE",
        waiting: "information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
        second: "UPDATE users SET updated_at = 1",
    };
    deadlock.costs_no_login::<diesel::MysqlConnection>();
    assert_eq!(database.count(deadlocks), 1);
}

#[test]
#[cfg(feature = "postgres")]
fn what_postgres_never_takes_is_a_constraint_in_every_language() {
    for test in [a_condition_of_the_table_is_a_constraint, a_text_that_does_not_fit_is_a_constraint]
    {
        german(Kind::Postgres).iter().for_each(test);
    }
}

#[test]
#[cfg(feature = "mysql")]
fn what_mariadb_never_takes_is_a_constraint_in_every_language() {
    for test in [a_condition_of_the_table_is_a_constraint, a_text_that_does_not_fit_is_a_constraint]
    {
        german(Kind::Mysql).iter().for_each(test);
    }
}

#[test]
#[cfg(feature = "mysql")]
fn what_mariadb_refuses_late_is_a_constraint_in_every_language() {
    german(Kind::Mysql).iter().for_each(a_condition_that_fails_late_is_a_constraint);
}

#[test]
#[cfg(feature = "mysql")]
fn what_was_run_and_not_recorded_is_recorded_in_every_language() {
    german(Kind::Mysql).iter().for_each(super::migrations::what_was_run_is_recorded);
}

#[test]
#[cfg(feature = "postgres")]
fn the_store_conforms_on_a_postgres_in_german() {
    let Some(database) = german(Kind::Postgres) else { return };
    conformance::run(&Users::per_device(&database, 3));
}

#[test]
#[cfg(feature = "mysql")]
fn the_store_conforms_on_a_mariadb_in_german() {
    let Some(database) = german(Kind::Mysql) else { return };
    conformance::run(&Users::per_device(&database, 3));
}
