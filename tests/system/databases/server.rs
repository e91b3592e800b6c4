//! The servers that tests use: the one that is named, the one that runs here, or a private one.

use std::io::Write as _;
use std::sync::OnceLock;

use diesel::ConnectionResult;

use super::PrivateServer;
use super::private_server::Language;

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Mysql,
}

/// A server on which databases can be made.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    kind: Kind,
    /// A URL to make databases over.
    url: String,
}

impl Server {
    pub(crate) fn new(kind: Kind, url: impl Into<String>) -> Self {
        Self { kind, url: url.into() }
    }

    /// Returns the server for the tests of this process. Without one, says loudly what is not tested.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        static SERVERS: [OnceLock<Option<Server>>; 2] = [const { OnceLock::new() }; 2];
        SERVERS[kind as usize].get_or_init(|| find(kind)).clone()
    }

    /// Returns a private server whose messages are in German. Without one, says loudly what is not
    /// tested.
    pub(crate) fn in_german(kind: Kind) -> Option<Self> {
        static SERVERS: [OnceLock<Option<Server>>; 2] = [const { OnceLock::new() }; 2];
        SERVERS[kind as usize].get_or_init(|| start_in_german(kind)).clone()
    }

    /// Returns the URL of a database on this server, its user and its parameters included.
    pub(crate) fn url_of(&self, database: &str) -> String {
        let (place, parameters) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (scheme, rest) = place.split_once("://").unwrap();
        let host = rest.split_once('/').map_or(rest, |(host, _)| host);
        let mark = if parameters.is_empty() { "" } else { "?" };
        format!("{scheme}://{host}/{database}{mark}{parameters}")
    }

    /// Runs SQL on the server.
    pub(crate) fn sql(&self, sql: &str) {
        self.sql_on(&self.url, sql);
    }

    /// Runs SQL on a database of the server; again, as anybody has to, where it is given up in favour of
    /// another transaction (PostgreSQL's strict isolation levels do).
    pub(crate) fn sql_on(&self, url: &str, sql: &str) {
        use diesel::result::{DatabaseErrorKind::SerializationFailure, Error::DatabaseError};

        for _ in 0..20 {
            match execute(self.kind, url, sql).unwrap() {
                Err(DatabaseError(SerializationFailure, _)) => {}
                done => return done.unwrap_or_else(|error| panic!("{sql}: {error}")),
            }
        }
        panic!("{sql}: it never got its turn");
    }

    /// Runs a query for one number, called `count`.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        expect(unused_variables, reason = "without a client there is nothing to run it with")
    )]
    pub(crate) fn count_on(&self, url: &str, query: &str) -> i64 {
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        use diesel::{RunQueryDsl as _, connection::Connection as _};

        match self.kind {
            #[cfg(feature = "postgres")]
            Kind::Postgres => {
                let mut connection = diesel::PgConnection::establish(url).unwrap();
                let query = diesel::sql_query(query);
                query.get_result::<super::Count>(&mut connection).unwrap().count
            }
            #[cfg(feature = "mysql")]
            Kind::Mysql => {
                let mut connection = diesel::MysqlConnection::establish(url).unwrap();
                let query = diesel::sql_query(query);
                query.get_result::<super::Count>(&mut connection).unwrap().count
            }
            #[cfg(not(all(feature = "postgres", feature = "mysql")))]
            _ => unreachable!("a server is looked for where its feature is on"),
        }
    }

    /// Drops the database, whoever is still connected to it. A server that is gone has taken it along.
    pub(crate) fn drop_database(&self, name: &str) {
        let force = if self.kind == Kind::Postgres { " WITH (FORCE)" } else { "" };
        let _ = execute(self.kind, &self.url, &format!("DROP DATABASE IF EXISTS {name}{force}"));
    }

    /// Returns why it does not answer, if it does not.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble_with("SELECT 1")
    }

    /// Returns what it says against this SQL, if anything.
    fn trouble_with(&self, sql: &str) -> Option<String> {
        match execute(self.kind, &self.url, sql) {
            Err(error) => Some(error.to_string()),
            Ok(Err(error)) => Some(error.to_string()),
            Ok(Ok(())) => None,
        }
    }
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL and MariaDB",
        }
    }

    fn feature(self) -> (&'static str, bool) {
        match self {
            Self::Postgres => ("postgres", cfg!(feature = "postgres")),
            Self::Mysql => ("mysql", cfg!(feature = "mysql")),
        }
    }

    /// The variable that names a server, and where one usually is.
    fn places(self) -> (&'static str, &'static str) {
        match self {
            Self::Postgres => {
                ("HALLPASS_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
            }
            Self::Mysql => ("HALLPASS_TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/"),
        }
    }
}

fn find(kind: Kind) -> Option<Server> {
    let (feature, is_on) = kind.feature();
    if !is_on {
        not_tested(kind, &format!("the feature `{feature}` is off"));
        return None;
    }
    let (variable, usual) = kind.places();
    if let Ok(url) = std::env::var(variable) {
        let server = Server::new(kind, url);
        if let Some(trouble) = server.trouble() {
            panic!("{variable} is set, and the server does not answer: {trouble}");
        }
        return Some(server);
    }
    let usual = Server::new(kind, usual);
    let Some(trouble) = usual.trouble() else { return Some(usual) };
    match PrivateServer::start_until_exit(Language::English, kind) {
        Ok(server) => Some(server),
        Err(reason) => {
            let why = format!("{variable} is not set; at the usual port: {trouble}; {reason}");
            not_tested(kind, &why);
            None
        }
    }
}

fn start_in_german(kind: Kind) -> Option<Server> {
    let server = PrivateServer::start_until_exit(Language::German, kind);
    let server =
        server.and_then(|server| match server.trouble_with("SELECT * FROM no.such_table") {
            Some(message) if message.contains("existiert nicht") => Ok(server),
            message => {
                Err(format!("its catalogue is not installed: {}", message.unwrap_or_default()))
            }
        });
    server.map_err(|reason| not_tested(kind, &format!("messages in German: {reason}"))).ok()
}

pub(crate) fn not_tested(kind: Kind, reason: &str) {
    say_not_tested(kind.name(), reason);
}

/// Says so where the test runner does not swallow it; where everything has to be tested, fails.
pub(crate) fn say_not_tested(what: &str, reason: &str) {
    let message = format!("NOT TESTED: {what}: {reason}");
    assert!(std::env::var_os("HALLPASS_TEST_ALL").is_none(), "{message}");
    let _ = writeln!(std::io::stderr(), "\n*** {message}\n");
}

/// Runs SQL on a connection of its own.
#[cfg_attr(
    not(any(feature = "postgres", feature = "mysql")),
    expect(unused_variables, reason = "without a client there is nothing to run it with")
)]
fn execute(kind: Kind, url: &str, sql: &str) -> ConnectionResult<diesel::QueryResult<()>> {
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    use diesel::connection::{Connection as _, SimpleConnection as _};

    match kind {
        #[cfg(feature = "postgres")]
        Kind::Postgres => Ok(diesel::PgConnection::establish(url)?.batch_execute(sql)),
        #[cfg(feature = "mysql")]
        Kind::Mysql => Ok(diesel::MysqlConnection::establish(url)?.batch_execute(sql)),
        #[cfg(not(all(feature = "postgres", feature = "mysql")))]
        _ => unreachable!("a server is looked for where its feature is on"),
    }
}
