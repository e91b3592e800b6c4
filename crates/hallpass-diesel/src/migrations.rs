//! The migrations of the `users` table, and the book that is kept of them.
//!
//! The book is `__hallpass_schema_migrations`, apart from Diesel's own: in a shared one, a
//! version that the application has too would silently be skipped, and a version of ours that is
//! newer than the application's would break its `diesel migration revert`. A version of ours
//! that the Diesel CLI has recorded in `__diesel_schema_migrations` counts as done.

use std::collections::BTreeSet;

use diesel::migration::{Migration, MigrationSource};
use diesel::result::{Error as DieselError, QueryResult};

use crate::engine::Engine;
use crate::schema::COLUMNS;

const BOOK: &str = "__hallpass_schema_migrations";

/// The book of Diesel's own command line.
const BOOK_OF_THE_CLI: &str = "__diesel_schema_migrations";

const CREATE_BOOK: &str = "CREATE TABLE IF NOT EXISTS __hallpass_schema_migrations (
    version VARCHAR(50) PRIMARY KEY NOT NULL,
    run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)";

/// What is done about the schema when a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrations {
    /// Migrations that have not been run are run.
    Run,
    /// Nothing is changed; a schema that is not complete is an error.
    Check,
}

/// Why the schema is not what it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The table or the book of migrations can't be read or written.
    #[error("the schema can't be looked at or changed")]
    Book(#[from] DieselError),
    /// One of them fails.
    #[error("migration {version} fails; hallpass makes a table `users` of its own")]
    Failed {
        /// Its version.
        version: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process has been migrating the database for a minute.
    #[error("another process has been migrating the database for a minute")]
    Busy,
    /// A newer hallpass has run migrations that this one does not know.
    #[error("the database is ahead of this version of hallpass: it has run {}, which this one does not know", .versions.join(", "))]
    Ahead {
        /// Their versions.
        versions: Vec<String>,
    },
    /// The table `users` is not there.
    #[error("the table `users` is missing; run the migrations (MIGRATE=true)")]
    TableMissing,
    /// The table `users` lacks columns: it is another one, or migrations are missing.
    #[error("the table `users` lacks {}: it is not hallpass's, or migrations are missing (MIGRATE=true)", .columns.join(", "))]
    ColumnsMissing {
        /// Their names.
        columns: Vec<&'static str>,
    },
}

/// A migration of the table `users` for one kind of database.
type OwnMigration<C> = Box<dyn Migration<<C as diesel::Connection>::Backend>>;

/// Runs the migrations that have not been run, and checks the result; all or none, but on MySQL.
///
/// Several processes may do so at once: they take turns (`BEGIN IMMEDIATE` on SQLite, an advisory
/// lock on PostgreSQL, `GET_LOCK` on MySQL, for which a process waits a minute at most). MySQL
/// can't undo a change of the schema: there, each migration is one statement, and one that was run
/// but not recorded, because the process was killed in between, is recorded the next time.
///
/// # Errors
/// [`MigrationError`]: which one fails, what is missing afterwards, or that the database is ahead of
/// this version of hallpass.
pub fn run<C: Engine>(connection: &mut C) -> Result<(), MigrationError> {
    refuse_unknown::<C>(&recorded(connection, BOOK)?)?;
    if !pending(connection)?.is_empty() {
        connection.in_turn(|connection| {
            connection.batch_execute(CREATE_BOOK)?;
            // Another process may have run them while this one waited for its turn.
            for migration in pending(connection)? {
                run_one(connection, &*migration)?;
            }
            Ok(())
        })?;
    }
    check(connection)
}

/// Checks that the table `users` has every column and that this version of hallpass knows all
/// migrations that were run on it; changes nothing.
///
/// # Errors
/// [`MigrationError::TableMissing`], [`MigrationError::ColumnsMissing`] or
/// [`MigrationError::Ahead`]; [`MigrationError::Book`] when the database does not answer, being
/// locked, say.
pub fn check<C: Engine>(connection: &mut C) -> Result<(), MigrationError> {
    let present = connection.names(&C::columns_query("users"))?;
    if present.is_empty() {
        return Err(MigrationError::TableMissing);
    }
    let is_missing = |column: &&str| !present.iter().any(|name| name.eq_ignore_ascii_case(column));
    let columns: Vec<_> = COLUMNS.into_iter().filter(is_missing).collect();
    if !columns.is_empty() {
        return Err(MigrationError::ColumnsMissing { columns });
    }
    refuse_unknown::<C>(&recorded(connection, BOOK)?)
}

/// Reverts the newest migration that this crate has run, and returns its version, if there is
/// one. For tests and for going back a version of hallpass.
///
/// # Errors
/// [`MigrationError`] when it fails. Nothing has changed then, but on MySQL, which can't undo a change of
/// the schema; [`run`] puts that right.
pub fn revert_last<C: Engine>(connection: &mut C) -> Result<Option<String>, MigrationError> {
    connection.in_turn(|connection| {
        let own = recorded(connection, BOOK)?;
        refuse_unknown::<C>(&own)?;
        let newest =
            all::<C>()?.into_iter().rfind(|migration| own.contains(&version(&**migration)));
        let Some(migration) = newest else { return Ok(None) };
        let version = version(&*migration);
        // First the book: what is there and not in the book is put right by `run`.
        connection.batch_execute(&format!("DELETE FROM {BOOK} WHERE version = '{version}'"))?;
        migration.revert(connection).map_err(|source| failed(&version, source))?;
        Ok(Some(version))
    })
}

fn run_one<C: Engine>(
    connection: &mut C,
    migration: &dyn Migration<C::Backend>,
) -> Result<(), MigrationError> {
    let version = version(migration);
    if let Err(source) = migration.run(connection) {
        let is_done = C::says_it_is_there(&*source) && check(connection).is_ok();
        if !is_done {
            return Err(failed(&version, source));
        }
    }
    connection.batch_execute(&format!("INSERT INTO {BOOK} (version) VALUES ('{version}')"))?;
    Ok(())
}

fn failed(version: &str, source: Box<dyn std::error::Error + Send + Sync>) -> MigrationError {
    MigrationError::Failed { version: version.to_owned(), source }
}

/// Returns the migrations that neither this crate nor the Diesel CLI has recorded, oldest first.
///
/// The CLI's book is believed where there is a table `users`: without one, an equal version in it is
/// the application's.
fn pending<C: Engine>(connection: &mut C) -> Result<Vec<OwnMigration<C>>, MigrationError> {
    let mut done = recorded(connection, BOOK)?;
    if !connection.names(&C::columns_query("users"))?.is_empty() {
        done.extend(recorded(connection, BOOK_OF_THE_CLI)?);
    }
    let mut migrations = all::<C>()?;
    migrations.retain(|migration| !done.contains(&version(&**migration)));
    Ok(migrations)
}

/// Refuses a database on which a newer hallpass has run migrations: what they changed, this version
/// does not know, and might undo a logout by it.
fn refuse_unknown<C: Engine>(recorded: &BTreeSet<String>) -> Result<(), MigrationError> {
    let known: BTreeSet<_> = all::<C>()?.iter().map(|migration| version(&**migration)).collect();
    let versions: Vec<_> = recorded.difference(&known).cloned().collect();
    if versions.is_empty() {
        return Ok(());
    }
    Err(MigrationError::Ahead { versions })
}

fn all<C: Engine>() -> Result<Vec<OwnMigration<C>>, MigrationError> {
    let migrations = MigrationSource::<C::Backend>::migrations(&C::migrations());
    let mut migrations = migrations.map_err(|source| failed("list", source))?;
    migrations.sort_by_key(|migration| version(&**migration));
    Ok(migrations)
}

fn version<DB: diesel::backend::Backend>(migration: &dyn Migration<DB>) -> String {
    migration.name().version().to_string()
}

/// Returns the versions in `book`, none when there is no such table.
fn recorded<C: Engine>(connection: &mut C, book: &str) -> QueryResult<BTreeSet<String>> {
    if connection.names(&C::columns_query(book))?.is_empty() {
        return Ok(BTreeSet::new());
    }
    let versions = connection.names(&format!("SELECT version AS name FROM {book}"))?;
    Ok(versions.into_iter().collect())
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
