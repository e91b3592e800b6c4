//! MySQL 8 and MariaDB 10.11 or newer.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::{Engine, Name};
use crate::pool::{ConnectionError, PATIENCE};
use crate::{DatabaseUrl, MigrationError};

/// Who migrates this database holds this lock; locks belong to the server, hence the database's name,
/// which may be as long as a lock's.
const MIGRATION_LOCK: &str = "CONCAT('hallpass.', MD5(DATABASE()))";

/// How long a process waits for the migrations of another one, in seconds.
const MIGRATION_WAIT_SECONDS: u32 = 60;

impl Engine for MysqlConnection {
    type Identity = ();

    fn migrations() -> EmbeddedMigrations {
        const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/mysql");
        MIGRATIONS
    }

    fn columns_query(table: &str) -> String {
        format!(
            "SELECT column_name AS name FROM information_schema.columns
             WHERE table_schema = DATABASE() AND table_name = '{table}'"
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
            "SELECT CONCAT(COALESCE(GET_LOCK({MIGRATION_LOCK}, {MIGRATION_WAIT_SECONDS}), '')) AS name"
        );
        if self.names(&lock)? != ["1"] {
            return Err(MigrationError::Busy);
        }
        let done = work(self);
        let released = self.batch_execute(&format!("DO RELEASE_LOCK({MIGRATION_LOCK})"));
        let done = done?;
        released?;
        Ok(done)
    }

    fn connect(url: &DatabaseUrl) -> Result<Self, ConnectionError> {
        let mut connection = Self::establish(&url.expose_with_scheme("mysql"))
            .map_err(|error| ConnectionError::open(url, &error))?;
        connection.limit_waiting(PATIENCE).map_err(|error| ConnectionError::set_up(url, &error))?;
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
    /// writes. Diesel knows no kind for that, nor for a connection that is gone.
    fn is_spoilt_by(error: &DieselError) -> bool {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => true,
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, information) => {
                information.message().contains("read-only")
            }
            _ => false,
        }
    }
}
