//! The migrations of hallpass's tables, and the record of those that were run.
//!
//! The record is the table `__hallpass_schema_migrations`, apart from Diesel's own: in a shared one, a
//! version that the application has too would silently be skipped, and a version of ours that is
//! newer than the application's would break its `diesel migration revert`. A version of ours
//! that the Diesel CLI has recorded in `__diesel_schema_migrations` counts as done.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use diesel::migration::Migration;

use crate::connection::engine::{Engine, LOCK_WAIT, MIGRATION_WAIT};
use crate::schema::embedded::{OwnMigration, all, version};
use crate::schema::location::Location;
pub use crate::schema::migration_error::MigrationError;
use crate::schema::schema_table::SchemaTable;

/// The pause before a migration tries again to lock a table: others have their turn.
const PAUSE: Duration = LOCK_WAIT;

/// What is done about the schema when a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrations {
    /// Migrations that have not been run are run.
    Run,
    /// Nothing is changed; a schema that is not complete is an error.
    Check,
}

/// Runs the migrations of the table `users` that have not been run, and checks the result: as
/// [`run_tables`] with [`SchemaTable::Users`].
///
/// # Errors
/// As [`run_tables`].
pub fn run<C: Engine>(connection: &mut C) -> Result<(), MigrationError> {
    run_tables(connection, &[SchemaTable::Users])
}

/// Checks the table `users`: as [`check_tables`] with [`SchemaTable::Users`].
///
/// # Errors
/// As [`check_tables`].
pub fn check<C: Engine>(connection: &mut C) -> Result<(), MigrationError> {
    check_tables(connection, &[SchemaTable::Users])
}

/// Runs the migrations of these tables that have not been run, and checks the result; all or none, but
/// on MySQL.
///
/// Several processes may do so at once: they take turns (`BEGIN IMMEDIATE` on SQLite, an advisory
/// lock on PostgreSQL, `GET_LOCK` on MySQL, for which a process waits a minute at most). MySQL
/// can't undo a change of the schema: there, each migration is one statement, and one that was run
/// but not recorded, because the process was killed in between, is recorded the next time.
///
/// On PostgreSQL they go into the schema of the table `users`, if one is found, and else into the
/// first schema of the search path.
///
/// # Errors
/// [`MigrationError`]: which one fails, what is missing afterwards, that a table or its record is in
/// another schema, or that the database is ahead of this version of hallpass.
pub fn run_tables<C: Engine>(
    connection: &mut C,
    tables: &[SchemaTable],
) -> Result<(), MigrationError> {
    let location = Location::find(connection, tables)?;
    location.refuse_unrecorded(connection)?;
    refuse_unknown::<C>(&location.recorded(connection)?)?;
    if pending(connection, &location, tables)?.is_empty() {
        return check_tables(connection, tables);
    }
    in_turn(connection, |connection| {
        // Another process may have run them while this one waited for its turn.
        let location = Location::find(connection, tables)?;
        connection.in_schema(location.schema(), |connection| {
            location.create_record(connection)?;
            for (table, migration) in pending(connection, &location, tables)? {
                run_one(connection, &location, table, &*migration)?;
            }
            Ok(())
        })?;
        check_tables(connection, tables)
    })
}

/// Checks that these tables have every column and that this version of hallpass knows all migrations
/// that were run on the database; changes nothing.
///
/// # Errors
/// [`MigrationError::TableMissing`], [`MigrationError::ColumnsMissing`],
/// [`MigrationError::FoundElsewhere`], [`MigrationError::NotRecorded`] or [`MigrationError::Ahead`];
/// [`MigrationError::Record`] when the database does not answer, being locked, say.
pub fn check_tables<C: Engine>(
    connection: &mut C,
    tables: &[SchemaTable],
) -> Result<(), MigrationError> {
    let location = Location::find(connection, tables)?;
    location.refuse_recorded_elsewhere(connection)?;
    for table in tables {
        location.check(connection, *table)?;
    }
    refuse_unknown::<C>(&location.recorded(connection)?)
}

/// Reverts the newest migration that this crate has run, and returns its version, if there is
/// one. For tests and for going back a version of hallpass.
///
/// # Errors
/// [`MigrationError`] when it fails. Nothing has changed then, but on MySQL, which can't undo a change of
/// the schema; [`run`] puts that right.
#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
pub fn revert_last<C: Engine>(connection: &mut C) -> Result<Option<String>, MigrationError> {
    // Once: on MySQL, a second time would revert the migration before.
    connection.in_turn(|connection| {
        let location = Location::find(connection, &[])?;
        let own = location.recorded(connection)?;
        refuse_unknown::<C>(&own)?;
        let newest =
            all::<C>()?.into_iter().rfind(|(_, migration)| own.contains(&version(&**migration)));
        let Some((table, migration)) = newest else { return Ok(None) };
        let version = version(&*migration);
        // First the record: what is there and not recorded is put right by `run`.
        location.forget(connection, &version)?;
        connection.in_schema(location.schema(), |connection| {
            let begin = Instant::now();
            let reverted = migration.revert(connection);
            reverted.map_err(|source| failed(table, &version, source, begin.elapsed()))
        })?;
        Ok(Some(version))
    })
}

/// Does `work` while no other process migrates. Where it has to wait for a table that a transaction has in
/// use, it gives way after [`LOCK_WAIT`], undone, and tries again for a minute: statements of other
/// connections wait behind it.
#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
fn in_turn<C: Engine, T>(
    connection: &mut C,
    work: impl Fn(&mut C) -> Result<T, MigrationError>,
) -> Result<T, MigrationError> {
    let start = Instant::now();
    connection.in_turn(|connection| {
        loop {
            // A savepoint, which gives back the locks that the work has taken. On MySQL a transaction
            // that the first change of the schema commits.
            match connection.transaction(&work) {
                Err(MigrationError::InUse { .. }) if start.elapsed() < MIGRATION_WAIT => {
                    thread::sleep(PAUSE);
                }
                done => return done,
            }
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
fn run_one<C: Engine>(
    connection: &mut C,
    location: &Location,
    table: SchemaTable,
    migration: &dyn Migration<C::Backend>,
) -> Result<(), MigrationError> {
    let version = version(migration);
    let begin = Instant::now();
    if let Err(source) = migration.run(connection) {
        let duration = begin.elapsed();
        let is_done = C::says_it_is_there(&*source) && location.check(connection, table).is_ok();
        if !is_done {
            return Err(failed(table, &version, source, duration));
        }
    }
    Ok(location.record(connection, &version)?)
}

/// A migration that failed after a while has most likely waited for a table: that has no kind of error
/// in Diesel, and the server's words are in its language.
fn failed(
    table: SchemaTable,
    version: &str,
    source: Box<dyn std::error::Error + Send + Sync>,
    after: Duration,
) -> MigrationError {
    let version = version.to_owned();
    if after >= LOCK_WAIT / 2 {
        return MigrationError::InUse { table, version, source };
    }
    MigrationError::Failed { table, version, source }
}

/// Returns the migrations of these tables that neither this crate nor the Diesel CLI has recorded,
/// oldest first.
///
/// The CLI's record is believed where there is the table: without it, an equal version in it is
/// the application's.
fn pending<C: Engine>(
    connection: &mut C,
    location: &Location,
    tables: &[SchemaTable],
) -> Result<Vec<(SchemaTable, OwnMigration<C>)>, MigrationError> {
    let own = location.recorded(connection)?;
    let by_cli = location.recorded_by_cli(connection)?;
    let mut pending = Vec::new();
    for (table, migration) in all::<C>()? {
        let version = version(&*migration);
        let is_done = own.contains(&version)
            || !tables.contains(&table)
            || by_cli.contains(&version) && location.has(connection, table.name())?;
        if !is_done {
            pending.push((table, migration));
        }
    }
    Ok(pending)
}

/// Refuses a database on which a newer hallpass has run migrations: what they changed, this version
/// does not know, and might undo a logout by it.
fn refuse_unknown<C: Engine>(recorded: &BTreeSet<String>) -> Result<(), MigrationError> {
    let known: BTreeSet<_> =
        all::<C>()?.iter().map(|(_, migration)| version(&**migration)).collect();
    let versions: Vec<_> = recorded.difference(&known).cloned().collect();
    if versions.is_empty() {
        return Ok(());
    }
    Err(MigrationError::Ahead { versions })
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
