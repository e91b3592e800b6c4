//! PostgreSQL, and what speaks its protocol.

use std::time::{Duration, Instant};

use diesel::connection::{CacheSize, SimpleConnection as _};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::{Engine, LOCK_WAIT, MIGRATION_WAIT, Name, PATIENCE, literal};
use crate::connection::error::ConnectionError;
use crate::connection::url::{DatabaseUrl, Scheme};
use crate::schema::migration_error::MigrationError;

/// Who migrates this database holds this lock; the number is `hallpass` in ASCII.
const MIGRATION_LOCK: i64 = 0x6861_6c6c_7061_7373;

/// What libpq waits for too long, or for ever, where the URL does not say otherwise: for a host that
/// does not answer (2 s is its least), and for one that no longer acknowledges what was sent.
const LIBPQ_DEFAULTS: [(&str, &str); 3] = [
    ("connect_timeout", "2"),
    ("tcp_user_timeout", "2000"),
    ("fallback_application_name", "hallpass"),
];

impl Engine for PgConnection {
    type Itself = Self;
    type Identity = ();

    fn migrations() -> EmbeddedMigrations {
        const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");
        MIGRATIONS
    }

    fn default_schema(&mut self) -> QueryResult<Option<String>> {
        let names =
            self.names("SELECT current_schema()::text AS name WHERE current_schema() IS NOT NULL");
        Ok(names?.pop())
    }

    /// Looks in each schema of the search path.
    fn schema_of(&mut self, table: &str) -> QueryResult<Option<String>> {
        let names = self.names(&format!(
            "SELECT nspname::text AS name
             FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE pg_class.oid = to_regclass('{table}')"
        ));
        Ok(names?.pop())
    }

    fn in_schema<T>(
        &mut self,
        schema: &str,
        work: impl FnOnce(&mut Self) -> Result<T, MigrationError>,
    ) -> Result<T, MigrationError> {
        let path = self.names("SELECT current_setting('search_path') AS name")?.concat();
        let schema = schema.replace('"', "\"\"");
        set_search_path(self, &format!("\"{schema}\", {path}"))?;
        let done = work(self)?;
        set_search_path(self, &path)?;
        Ok(done)
    }

    fn columns_query(schema: &str, table: &str) -> String {
        format!(
            "SELECT attname::text AS name FROM pg_attribute
             WHERE attrelid = to_regclass({}) AND attnum > 0 AND NOT attisdropped",
            literal(&Self::quoted(schema, table))
        )
    }

    fn names(&mut self, query: &str) -> QueryResult<Vec<String>> {
        let names = diesel::sql_query(query).load::<Name>(self)?;
        Ok(names.into_iter().map(|name| name.name).collect())
    }

    /// In READ COMMITTED, whatever the default is: in the stricter levels the snapshot is taken
    /// before the wait for the lock, and would not show what the others did meanwhile.
    fn in_turn<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, MigrationError>,
    ) -> Result<T, MigrationError> {
        self.build_transaction().read_committed().read_write().run(|connection| {
            connection.batch_execute("SET LOCAL statement_timeout = 0")?;
            limit_lock_wait(connection, MIGRATION_WAIT)?;
            take_turn(connection)?;
            limit_lock_wait(connection, LOCK_WAIT)?;
            work(connection)
        })
    }

    fn is_at(url: &DatabaseUrl) -> bool {
        url.scheme() == Scheme::Postgres
    }

    fn connect(url: &DatabaseUrl) -> Result<Self, ConnectionError> {
        let mut connection = Self::establish(&url.expose_with_parameters(&LIBPQ_DEFAULTS))
            .map_err(|error| ConnectionError::open(url, &error))?;
        connection.limit_waiting(PATIENCE).map_err(|error| ConnectionError::set_up(url, &error))?;
        Ok(connection)
    }

    fn identity(_: &DatabaseUrl) -> Result<(), ConnectionError> {
        Ok(())
    }

    /// SQL_ASCII takes every byte as it is.
    fn small_encoding(&mut self) -> QueryResult<Option<String>> {
        let encodings = self.names(
            "SELECT current_setting('server_encoding') AS name
             WHERE current_setting('server_encoding') NOT IN ('UTF8', 'SQL_ASCII')",
        );
        Ok(encodings?.pop())
    }

    fn ping(&mut self) -> QueryResult<()> {
        self.batch_execute("SELECT 1")
    }

    fn limit_waiting(&mut self, patience: Duration) -> QueryResult<()> {
        self.batch_execute(&format!("SET statement_timeout = {}", patience.as_millis()))
    }

    /// A server that has become a standby refuses to write for as long as the connection lasts; a
    /// new connection finds the one that writes.
    fn is_spoilt_by(error: &DieselError) -> bool {
        matches!(
            error,
            DieselError::DatabaseError(
                DatabaseErrorKind::ReadOnlyTransaction | DatabaseErrorKind::ClosedConnection,
                _
            )
        )
    }

    /// Forgets the statements that Diesel has prepared: one whose columns were altered since is refused
    /// for as long as the connection lasts. Where there is none, Diesel's cache may be turned off, and
    /// stays so.
    fn start_over(&mut self) -> QueryResult<()> {
        let prepared = self.names(
            r"SELECT name FROM pg_prepared_statements WHERE name LIKE '\_\_diesel\_stmt\_%'",
        )?;
        if prepared.is_empty() {
            return Ok(());
        }
        let names = prepared.iter().map(|name| format!("DEALLOCATE \"{name}\";"));
        self.batch_execute(&names.collect::<String>())?;
        self.set_prepared_statement_cache_size(CacheSize::Disabled);
        self.set_prepared_statement_cache_size(CacheSize::Unbounded);
        Ok(())
    }

    /// A text that is too long (22001). The type is named in every language.
    fn is_about_a_value(message: &str) -> bool {
        message.contains("character varying(") || message.contains("character(")
    }
}

/// Sets the search path until the transaction ends.
fn set_search_path(connection: &mut PgConnection, path: &str) -> QueryResult<()> {
    let path = literal(path);
    connection.batch_execute(&format!("SELECT set_config('search_path', {path}, true)"))
}

/// Lets statements wait for a lock for `wait` at most, until the transaction ends.
fn limit_lock_wait(connection: &mut PgConnection, wait: Duration) -> QueryResult<()> {
    connection.batch_execute(&format!("SET LOCAL lock_timeout = {}", wait.as_millis()))
}

/// Waits until no other process migrates the database.
#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
fn take_turn(connection: &mut PgConnection) -> Result<(), MigrationError> {
    let start = Instant::now();
    let lock = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
    connection.batch_execute(&lock).map_err(|error| no_turn(error, start.elapsed()))
}

/// Another process has the lock, if the wait for it took as long as it may.
fn no_turn(error: DieselError, waited: Duration) -> MigrationError {
    if waited >= MIGRATION_WAIT {
        return MigrationError::Busy;
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_that_did_not_come_within_a_minute_is_another_process() {
        for (millis, is_busy) in [(59_999, false), (60_000, true), (60_001, true)] {
            let error = no_turn(DieselError::NotFound, Duration::from_millis(millis));
            assert_eq!(matches!(error, MigrationError::Busy), is_busy, "{millis}");
        }
    }
}
