//! A database for each test, on each kind of server: made when the test starts, gone when it ends.

mod private_server;
mod server;

use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use std::{thread, time::Duration};

use actix_hallpass::hallpass_diesel::DatabaseUrl;
use diesel::RunQueryDsl as _;
use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::sqlite::SqliteConnection;
use tempfile::TempDir;

pub(crate) use private_server::{KEEPER, PrivateServer, program};
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use server::not_tested;
pub(crate) use server::{Kind, Server, say_not_tested};

/// An empty database of a test's own, and a folder for its processes.
pub(crate) struct TestDatabase {
    directory: TempDir,
    url: String,
    on_server: Option<OnServer>,
}

/// What has to be dropped, and where.
struct OnServer {
    server: Server,
    name: String,
}

impl TestDatabase {
    /// Returns a file that is not there yet.
    pub(crate) fn sqlite() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            url: "sqlite:app.db".into(),
            on_server: None,
        }
    }

    /// Returns an empty database on the server of this kind that is used for tests; `None`, and says
    /// so loudly, when there is none.
    pub(crate) fn on(kind: Kind) -> Option<Self> {
        Some(Self::on_server(Server::of(kind)?))
    }

    /// Returns an empty database on that server.
    pub(crate) fn on_server(server: Server) -> Self {
        Self::on_server_with(server, "")
    }

    /// The same with these options of `CREATE DATABASE`.
    pub(crate) fn on_server_with(server: Server, options: &str) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Ordering::SeqCst);
        let name = format!("hallpass_test_{}_{number}", std::process::id());
        server.sql(&format!("CREATE DATABASE {name} {options}"));
        let url = server.url_of(&name);
        let directory = tempfile::tempdir().unwrap();
        Self { directory, url, on_server: Some(OnServer { server, name }) }
    }

    /// What `DATABASE_URL` is for a process in the folder.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The same for another user of the server, who needs no password.
    pub(crate) fn url_as(&self, user: &str) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap();
        let address = rest.split_once('@').map_or(rest, |(_, address)| address);
        format!("{scheme}://{user}@{address}")
    }

    /// The same for this process, which is not in the folder.
    pub(crate) fn database_url(&self) -> DatabaseUrl {
        match &self.on_server {
            Some(_) => DatabaseUrl::parse(&self.url).unwrap(),
            None => {
                DatabaseUrl::parse(self.directory.path().join("app.db").to_str().unwrap()).unwrap()
            }
        }
    }

    /// The folder.
    pub(crate) fn directory(&self) -> &TempDir {
        &self.directory
    }

    /// The name of the database on its server.
    pub(crate) fn name(&self) -> &str {
        &self.on_server.as_ref().unwrap().name
    }

    /// Runs SQL on a connection of its own, as an administrator would.
    pub(crate) fn sql(&self, sql: &str) {
        match &self.on_server {
            Some(on_server) => on_server.server.sql_on(&self.url, sql),
            None => {
                let path = self.directory.path().join("app.db");
                let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
                connection.batch_execute(sql).unwrap();
            }
        }
    }
}

impl TestDatabase {
    /// Returns how many rows a table has.
    pub(crate) fn count(&self, table: &str) -> i64 {
        let query = format!("SELECT COUNT(*) AS count FROM {table}");
        match &self.on_server {
            Some(on_server) => on_server.server.count_on(&self.url, &query),
            None => {
                let path = self.directory.path().join("app.db");
                let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
                diesel::sql_query(query).get_result::<Count>(&mut connection).unwrap().count
            }
        }
    }
}

/// Waits until the database has such rows. MariaDB refreshes its table of transactions only
/// when the table has not been read for 0.1 s.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) fn wait_for(database: &TestDatabase, rows: &str) {
    for _ in 0..40 {
        if database.count(rows) > 0 {
            return;
        }
        thread::sleep(Duration::from_millis(150));
    }
    panic!("no such rows within 6 s: {rows}");
}

/// The answer to a `COUNT(*) AS count`.
#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

impl Drop for OnServer {
    fn drop(&mut self) {
        self.server.drop_database(&self.name);
    }
}

/// Makes a test of each of these functions on SQLite, PostgreSQL and MySQL or MariaDB. They take a
/// `&TestDatabase`.
macro_rules! on_every_database {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $test() { super::$test(&crate::databases::TestDatabase::sqlite()); })+
        }
        $crate::databases::on_every_server!($($test),+);
    };
}
pub(crate) use on_every_database;

/// The same, without SQLite.
macro_rules! on_every_server {
    ($($test:ident),+ $(,)?) => {
        #[cfg(feature = "postgres")]
        mod on_postgres {
            use crate::databases::{Kind, TestDatabase};
            $(#[test] fn $test() {
                if let Some(database) = TestDatabase::on(Kind::Postgres) { super::$test(&database); }
            })+
        }
        #[cfg(feature = "mysql")]
        mod on_mysql {
            use crate::databases::{Kind, TestDatabase};
            $(#[test] fn $test() {
                if let Some(database) = TestDatabase::on(Kind::Mysql) { super::$test(&database); }
            })+
        }
    };
}
pub(crate) use on_every_server;

#[test]
fn a_database_that_is_not_tested_is_named() {
    for kind in [Kind::Postgres, Kind::Mysql] {
        Server::of(kind);
    }
}
