//! The migrations of the `users` table, and the book that is kept of them.
//!
//! The book is `__hallpass_schema_migrations`, apart from Diesel's own: in a shared one, a
//! version that the application has too would silently be skipped, and a version of ours that is
//! newer than the application's would break its `diesel migration revert`. A version of ours
//! that the Diesel CLI has recorded in `__diesel_schema_migrations` counts as done.

use std::collections::BTreeSet;

use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::schema::COLUMNS;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

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

/// A version in a book of migrations.
#[derive(QueryableByName)]
struct Recorded {
    #[diesel(sql_type = Text)]
    version: String,
}

/// Runs the migrations that have not been run, all or none, and checks the result.
///
/// Several processes may do so at once: they take turns (`BEGIN IMMEDIATE`).
///
/// # Errors
/// [`MigrationError`]: which one fails, or what is missing afterwards.
pub fn run(connection: &mut SqliteConnection) -> Result<(), MigrationError> {
    if !pending(connection)?.is_empty() {
        connection.immediate_transaction(|connection| {
            diesel::sql_query(CREATE_BOOK).execute(connection)?;
            // Another process may have run them while this one waited for its turn.
            for migration in pending(connection)? {
                run_one(connection, &*migration)?;
            }
            Ok::<_, MigrationError>(())
        })?;
    }
    check(connection)
}

/// Checks that the table `users` has every column, and changes nothing.
///
/// # Errors
/// [`MigrationError::TableMissing`] or [`MigrationError::ColumnsMissing`]; [`MigrationError::Book`]
/// when the database does not answer, being locked, say.
pub fn check(connection: &mut SqliteConnection) -> Result<(), MigrationError> {
    if !answers(connection, "1")? {
        return Err(MigrationError::TableMissing);
    }
    let mut missing = Vec::new();
    for column in COLUMNS {
        if !answers(connection, column)? {
            missing.push(column);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(MigrationError::ColumnsMissing { columns: missing })
}

/// Reverts the newest migration that this crate has run, and returns its version, if there is
/// one. For tests and for going back a version of hallpass.
///
/// # Errors
/// [`MigrationError`] when it fails; nothing has changed then.
pub fn revert_last(connection: &mut SqliteConnection) -> Result<Option<String>, MigrationError> {
    connection.immediate_transaction(|connection| {
        let own = recorded(connection, "__hallpass_schema_migrations")?;
        let newest = all()?.into_iter().rfind(|migration| own.contains(&version(&**migration)));
        let Some(migration) = newest else { return Ok(None) };
        let version = version(&*migration);
        migration
            .revert(connection)
            .map_err(|source| MigrationError::Failed { version: version.clone(), source })?;
        diesel::sql_query("DELETE FROM __hallpass_schema_migrations WHERE version = ?")
            .bind::<Text, _>(&version)
            .execute(connection)?;
        Ok(Some(version))
    })
}

fn run_one(
    connection: &mut SqliteConnection,
    migration: &dyn Migration<Sqlite>,
) -> Result<(), MigrationError> {
    let version = version(migration);
    migration
        .run(connection)
        .map_err(|source| MigrationError::Failed { version: version.clone(), source })?;
    diesel::sql_query("INSERT INTO __hallpass_schema_migrations (version) VALUES (?)")
        .bind::<Text, _>(&version)
        .execute(connection)?;
    Ok(())
}

/// Returns the migrations that neither this crate nor the Diesel CLI has recorded, oldest first.
fn pending(
    connection: &mut SqliteConnection,
) -> Result<Vec<Box<dyn Migration<Sqlite>>>, MigrationError> {
    let mut done = recorded(connection, "__hallpass_schema_migrations")?;
    done.extend(recorded(connection, "__diesel_schema_migrations")?);
    let mut migrations = all()?;
    migrations.retain(|migration| !done.contains(&version(&**migration)));
    Ok(migrations)
}

fn all() -> Result<Vec<Box<dyn Migration<Sqlite>>>, MigrationError> {
    let mut migrations = MigrationSource::<Sqlite>::migrations(&MIGRATIONS)
        .map_err(|source| MigrationError::Failed { version: "list".to_owned(), source })?;
    migrations.sort_by_key(|migration| version(&**migration));
    Ok(migrations)
}

fn version(migration: &dyn Migration<Sqlite>) -> String {
    migration.name().version().to_string()
}

/// Returns the versions in `book`, none when there is no such table.
fn recorded(
    connection: &mut SqliteConnection,
    book: &str,
) -> Result<BTreeSet<String>, DieselError> {
    let is_there = diesel::sql_query("SELECT name AS version FROM sqlite_master WHERE name = ?")
        .bind::<Text, _>(book)
        .load::<Recorded>(connection)?;
    if is_there.is_empty() {
        return Ok(BTreeSet::new());
    }
    let versions =
        diesel::sql_query(format!("SELECT version FROM {book}")).load::<Recorded>(connection)?;
    Ok(versions.into_iter().map(|recorded| recorded.version).collect())
}

/// Returns whether `users` has what `expression` names. A refused statement says no; a database
/// that does not answer is an error.
fn answers(connection: &mut SqliteConnection, expression: &str) -> Result<bool, DieselError> {
    let query = format!("SELECT {expression} FROM users WHERE 1 = 0");
    match diesel::sql_query(query).execute(connection) {
        Ok(_) => Ok(true),
        Err(DieselError::DatabaseError(_, information))
            if information.message().starts_with("no such") =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
