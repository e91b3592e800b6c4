//! MySQL 8.0.13 and MariaDB 10.11 or newer.

use std::error::Error;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::{Engine, LOCK_WAIT, MIGRATION_WAIT, Name, PATIENCE, literal};
use crate::connection::error::ConnectionError;
use crate::connection::url::{DatabaseUrl, Scheme};
use crate::schema::migration_error::MigrationError;

/// Who migrates this database holds this lock; locks belong to the server, hence the database's name,
/// which may be as long as a lock's.
const MIGRATION_LOCK: &str = "CONCAT('hallpass.', MD5(DATABASE()))";

/// How many threads may wait for a server that does not answer, before one more is allowed every two
/// seconds only. They end by themselves: the system gives a host that is silent up after two minutes, and
/// a server that is stopped accepts a hundred connections or so.
const MANY_ATTEMPTS: usize = 16;

impl Engine for MysqlConnection {
    type Itself = Self;
    type Identity = ();

    const RECORDS_AT_ONCE: bool = false;

    fn migrations() -> EmbeddedMigrations {
        const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/mysql");
        MIGRATIONS
    }

    fn default_schema(&mut self) -> QueryResult<Option<String>> {
        let names = self.names("SELECT DATABASE() AS name FROM DUAL WHERE DATABASE() IS NOT NULL");
        Ok(names?.pop())
    }

    fn quoted(schema: &str, table: &str) -> String {
        format!("`{}`.`{table}`", schema.replace('`', "``"))
    }

    fn columns_query(schema: &str, table: &str) -> String {
        format!(
            "SELECT column_name AS name FROM information_schema.columns
             WHERE table_schema = {} AND table_name = '{table}'",
            literal(schema)
        )
    }

    fn names(&mut self, query: &str) -> QueryResult<Vec<String>> {
        let names = diesel::sql_query(query).load::<Name>(self)?;
        Ok(names.into_iter().map(|name| name.name).collect())
    }

    /// Under a lock, without a transaction: MySQL commits at each change of the schema.
    fn in_turn<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, MigrationError>,
    ) -> Result<T, MigrationError> {
        let lock = format!(
            "SELECT CAST(GET_LOCK({MIGRATION_LOCK}, {}) AS CHAR) AS name",
            MIGRATION_WAIT.as_secs()
        );
        // A change of the schema waits for each transaction that uses the table.
        self.batch_execute("SET @hallpass_lock_wait_timeout = @@SESSION.lock_wait_timeout")?;
        self.batch_execute(&format!("SET SESSION lock_wait_timeout = {}", LOCK_WAIT.as_secs()))?;
        self.batch_execute("SET @hallpass_lc_messages = @@SESSION.lc_messages")?;
        speak_english(self)?;
        let done = match self.names(&lock)?.as_slice() {
            [is_ours] if is_ours == "1" => work(self),
            _ => Err(MigrationError::Busy),
        };
        // To give back a lock that is another's does nothing.
        let given_back = self.batch_execute(&format!(
            "DO RELEASE_LOCK({MIGRATION_LOCK});
             SET SESSION lock_wait_timeout = @hallpass_lock_wait_timeout;
             SET SESSION lc_messages = @hallpass_lc_messages"
        ));
        let done = done?;
        given_back?;
        Ok(done)
    }

    /// A table (1050), a column (1060) or an index (1061), in English.
    fn says_it_is_there(failure: &dyn Error) -> bool {
        let message = failure.to_string();
        // Diesel's own words, with the migration's name, stand before the server's.
        let words = ["Duplicate column name", "Duplicate key name"];
        message.ends_with("already exists") || words.iter().any(|words| message.contains(words))
    }

    fn is_at(url: &DatabaseUrl) -> bool {
        url.scheme() == Scheme::Mysql
    }

    fn connect(url: &DatabaseUrl) -> Result<Self, ConnectionError> {
        let mut connection = establish(url)?;
        set_up(&mut connection).map_err(|error| ConnectionError::set_up(url, &error))?;
        Ok(connection)
    }

    fn identity(_: &DatabaseUrl) -> Result<(), ConnectionError> {
        Ok(())
    }

    fn ping(&mut self) -> QueryResult<()> {
        self.batch_execute("DO 1")
    }

    /// Locks of rows and of tables; both are counted in whole seconds, and none is no limit.
    fn limit_waiting(&mut self, patience: Duration) -> QueryResult<()> {
        let seconds = patience.as_millis().div_ceil(1000).max(1);
        self.batch_execute(&format!(
            "SET SESSION innodb_lock_wait_timeout = {seconds}, SESSION lock_wait_timeout = {seconds}"
        ))
    }

    /// A server that has become a replica refuses to write; a new connection may find the one that
    /// writes. Diesel knows no kind for that. The message names the option, in every language.
    #[expect(clippy::wildcard_enum_match_arm, reason = "Diesel adds kinds of errors")]
    fn is_spoilt_by(error: &DieselError) -> bool {
        match error {
            DieselError::DatabaseError(
                DatabaseErrorKind::ReadOnlyTransaction | DatabaseErrorKind::ClosedConnection,
                _,
            ) => true,
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, information) => {
                information.message().contains("read-only")
            }
            _ => false,
        }
    }

    /// MySQL prepares statements about a changed table anew by itself. The next error is in English; to
    /// ask for that is a sign of life, too, since Diesel has no kind for a connection that is gone.
    fn start_over(&mut self) -> QueryResult<()> {
        speak_english(self)
    }

    /// A text that is too long (1406), one with letters that the column lacks (1366), and a condition of
    /// MariaDB's (4025), in English.
    fn is_about_a_value(message: &str) -> bool {
        message.starts_with("Data too long for column")
            || message.starts_with("Incorrect string value")
            || (message.starts_with("CONSTRAINT `") && message.contains("` failed for "))
    }
}

/// The attempts to connect that have not been answered.
#[derive(Default)]
struct Attempts {
    outstanding: usize,
    last: Option<Instant>,
}

/// One of them; no longer counted when it is dropped.
struct Attempt;

static ATTEMPTS: Mutex<Attempts> = Mutex::new(Attempts { outstanding: 0, last: None });

impl Attempt {
    /// Begins an attempt at `now`, unless too many wait.
    fn begin(now: Instant) -> Option<Self> {
        let mut attempts = ATTEMPTS.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.may_begin(now).then(|| {
            attempts.outstanding += 1;
            attempts.last = Some(now);
            Self
        })
    }
}

impl Attempts {
    fn may_begin(&self, now: Instant) -> bool {
        let is_a_while_ago = |last| now.saturating_duration_since(last) >= PATIENCE;
        self.outstanding < MANY_ATTEMPTS || self.last.is_none_or(is_a_while_ago)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        ATTEMPTS.lock().unwrap_or_else(PoisonError::into_inner).outstanding -= 1;
    }
}

/// Connects, and gives up after two seconds: the client library may wait for a host that does not answer
/// for minutes, and for one that accepts and says nothing for hours, and Diesel can't tell it not to.
#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
fn establish(url: &DatabaseUrl) -> Result<MysqlConnection, ConnectionError> {
    let Some(attempt) = Attempt::begin(Instant::now()) else {
        return Err(ConnectionError::open(url, &"earlier attempts have not been answered yet"));
    };
    let (sender, answer) = mpsc::channel();
    let place = url.expose_with_scheme("mysql");
    // Nobody waits for it once its answer comes too late: it ends then.
    let thread = thread::Builder::new().spawn(move || {
        let connection = MysqlConnection::establish(&place);
        drop(attempt);
        let _ = sender.send(connection);
    });
    thread.map_err(|error| ConnectionError::open(url, &error))?;
    match answer.recv_timeout(PATIENCE) {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(ConnectionError::open(url, &error)),
        Err(_) => Err(ConnectionError::open(url, &"it has not answered within 2 s")),
    }
}

/// Has the server send its messages in English, whatever its language is. Any user may ask for that.
fn speak_english(connection: &mut MysqlConnection) -> QueryResult<()> {
    connection.batch_execute("SET SESSION lc_messages = 'en_US'")
}

/// With `autocommit` off, which a server may have for its default, a statement is answered and undone
/// when its connection is closed: a logout would not last.
fn set_up(connection: &mut MysqlConnection) -> QueryResult<()> {
    connection.batch_execute("SET SESSION autocommit = 1")?;
    connection.limit_waiting(PATIENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_only_reads_is_known_by_its_option_in_every_language() {
        for (message, is_spoilt) in [
            (
                "The MariaDB server is running with the --read-only option so it cannot execute this statement",
                true,
            ),
            (
                "Der MariaDB-Server läuft mit der Option --read-only und kann diese Anweisung deswegen nicht ausführen",
                true,
            ),
            (
                "The MySQL server is running with the --super-read-only option so it cannot execute this statement",
                true,
            ),
            ("Table 'app.users' doesn't exist", false),
        ] {
            let information = Box::new(message.to_owned());
            let error = DieselError::DatabaseError(DatabaseErrorKind::Unknown, information);
            assert_eq!(MysqlConnection::is_spoilt_by(&error), is_spoilt, "{message}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn where_many_wait_one_more_is_tried_every_two_seconds() {
        let now = Instant::now();
        for (outstanding, last, expected) in [
            (0, None, true),
            (15, Some(0), true),
            (16, Some(0), false),
            (16, Some(1999), false),
            (16, Some(2000), true),
            (500, Some(2000), true),
        ] {
            let last = last.map(|millis| now - Duration::from_millis(millis));
            let attempts = Attempts { outstanding, last };
            assert_eq!(attempts.may_begin(now), expected, "{outstanding} {last:?}");
        }
    }
}
