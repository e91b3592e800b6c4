//! The kinds of database: what differs between them beside the URL. The queries are not here, they
//! are the same for all.
//!
//! To add one: its feature in the `Cargo.toml` of this crate, of `actix-hallpass` and of the workspace, a
//! file here that implements [`Engine`] and its line in `sealed`, a folder in `migrations/`, its scheme
//! in `url.rs`, its arms in `open.rs`, `declare/condition.rs` and `declare/value.rs`, and its connection in
//! the lists of `schema/users.rs`. No statement changes. The tests name it in `tests/system/databases/`.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::error::Error;
use std::time::Duration;

use diesel::Connection;
use diesel::result::{Error as DieselError, QueryResult};
use diesel_migrations::EmbeddedMigrations;

use crate::connection::error::ConnectionError;
use crate::connection::url::DatabaseUrl;
use crate::schema::migration_error::MigrationError;
use crate::schema::own_tables::OwnTables;

/// How long a verb waits before it is refused: for a connection, and with what is left of it for
/// a lock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// How long a process waits for the migrations of another one, and goes on trying to lock a table.
pub(crate) const MIGRATION_WAIT: Duration = Duration::from_secs(60);

/// How long a migration waits for a table that another transaction has in use. Statements that come later
/// wait behind it, so this is less than their patience.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(1);

/// A connection to a kind of database that hallpass knows: [`diesel::SqliteConnection`],
/// [`diesel::PgConnection`] or [`diesel::MysqlConnection`], each behind the feature of its name.
///
/// Sealed: an application never implements it. A table of its own needs none of it.
#[diagnostic::on_unimplemented(
    message = "hallpass has no `{Self}` as it is built here: turn one of its features on",
    label = "no feature that is on knows this connection",
    note = "`sqlite` for `SqliteConnection`, `postgres` for `PgConnection`, `mysql` for `MysqlConnection`: \
            `actix-hallpass = {{ version = \"…\", features = [\"postgres\"] }}`"
)]
pub trait Engine: Connection + OwnTables + sealed::Sealed + 'static {
    /// `Self`: what a declared table is implemented for, see `declare/prelude.rs`.
    #[doc(hidden)]
    type Itself;

    /// Tells a database from another one at the same place.
    #[doc(hidden)]
    type Identity: PartialEq + Send;

    /// Whether a migration and its record are one transaction, so that a table of hallpass's has its record.
    #[doc(hidden)]
    const RECORDS_AT_ONCE: bool = true;

    /// Returns the migrations of the table `users`.
    #[doc(hidden)]
    fn migrations() -> EmbeddedMigrations;

    /// Returns the schema in which new tables are made: on MySQL the database, on SQLite its file.
    #[doc(hidden)]
    fn default_schema(&mut self) -> QueryResult<Option<String>>;

    /// Returns the schema in which a statement finds a table, `None` where it finds none.
    #[doc(hidden)]
    fn schema_of(&mut self, table: &str) -> QueryResult<Option<String>> {
        let Some(schema) = self.default_schema()? else { return Ok(None) };
        let columns = self.names(&Self::columns_query(&schema, table))?;
        Ok((!columns.is_empty()).then_some(schema))
    }

    /// Does `work`, which is part of work [`in_turn`](Self::in_turn), with the schema as the first in
    /// which statements look for tables, and as the one in which they make them.
    #[doc(hidden)]
    fn in_schema<T>(
        &mut self,
        _schema: &str,
        work: impl FnOnce(&mut Self) -> Result<T, MigrationError>,
    ) -> Result<T, MigrationError> {
        work(self)
    }

    /// Returns the quoted name of a table in a schema.
    #[doc(hidden)]
    fn quoted(schema: &str, table: &str) -> String {
        format!("\"{}\".\"{table}\"", schema.replace('"', "\"\""))
    }

    /// Returns the query that lists the columns of a table in a schema, none when there is no such table.
    #[doc(hidden)]
    fn columns_query(schema: &str, table: &str) -> String;

    /// Runs a query whose one column is called `name` and holds text.
    #[doc(hidden)]
    fn names(&mut self, query: &str) -> QueryResult<Vec<String>>;

    /// Does `work` while no other process does such work on this database: all of it or, where the
    /// database can undo a change of the schema, nothing. No statement of it waits for a table for longer
    /// than [`LOCK_WAIT`].
    #[doc(hidden)]
    fn in_turn<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, MigrationError>,
    ) -> Result<T, MigrationError>;

    /// Returns whether a migration failed because what it makes is there: run by a process that was
    /// killed before it could write so. Never where both are undone together.
    #[doc(hidden)]
    fn says_it_is_there(_failure: &dyn Error) -> bool {
        false
    }

    /// Returns whether the URL is one of this kind of database.
    #[doc(hidden)]
    fn is_at(url: &DatabaseUrl) -> bool;

    /// Connects to a database that exists, at a URL of this kind.
    #[doc(hidden)]
    fn connect(url: &DatabaseUrl) -> Result<Self, ConnectionError>;

    /// Returns which database is at the place now.
    #[doc(hidden)]
    fn identity(url: &DatabaseUrl) -> Result<Self::Identity, ConnectionError>;

    /// Returns the encoding of the database, if it lacks letters that texts may have.
    #[doc(hidden)]
    fn small_encoding(&mut self) -> QueryResult<Option<String>> {
        Ok(None)
    }

    /// Asks the database for a sign of life.
    #[doc(hidden)]
    fn ping(&mut self) -> QueryResult<()>;

    /// Lets statements wait for others for `patience` at most.
    #[doc(hidden)]
    fn limit_waiting(&mut self, patience: Duration) -> QueryResult<()>;

    /// Returns whether a connection on which a statement ended so must not be used again.
    #[doc(hidden)]
    fn is_spoilt_by(error: &DieselError) -> bool;

    /// Prepares the connection for another run of a statement that ended with an error.
    ///
    /// # Errors
    /// When the connection does not answer any more.
    #[doc(hidden)]
    fn start_over(&mut self) -> QueryResult<()>;

    /// Returns whether this is the message about a value that its column or a condition of the table
    /// does not take, where Diesel has no kind for that.
    #[doc(hidden)]
    fn is_about_a_value(message: &str) -> bool;
}

pub(crate) mod sealed {
    /// Keeps [`super::Engine`] to the connections of this crate.
    pub trait Sealed {}

    #[cfg(feature = "mysql")]
    impl Sealed for diesel::MysqlConnection {}
    #[cfg(feature = "postgres")]
    impl Sealed for diesel::PgConnection {}
    #[cfg(feature = "sqlite")]
    impl Sealed for diesel::SqliteConnection {}
}

/// Returns the text as a literal.
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A row of [`Engine::names`].
#[derive(diesel::QueryableByName)]
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}
