//! The schema that holds hallpass's tables, and the record of their migrations in it.
//!
//! On PostgreSQL an unqualified name means the first table of that name in the search path, which may
//! change: the default path begins with a schema of the role's own name, if there is one. A table that
//! is found decides, or an installation would go on with a second, empty one in another schema.

use std::collections::BTreeSet;

use diesel::result::QueryResult;

use crate::connection::engine::Engine;
use crate::schema::embedded::{OwnMigration, all, version};
use crate::schema::migration_error::MigrationError;
use crate::schema::schema_table::SchemaTable;

/// Which migrations hallpass has run.
const OWN_RECORD: &str = "__hallpass_schema_migrations";

/// Which migrations Diesel's own command line has run.
const DIESEL_CLI_RECORD: &str = "__diesel_schema_migrations";

/// A schema, and the table that decided for it, if one was found.
pub(super) struct Location {
    schema: String,
    table: Option<SchemaTable>,
}

impl Location {
    /// Returns the schema of the table `users` and, where none is found, that of `login_attempts`: of
    /// those that are `needed`, or recorded as hallpass's. Else the one in which new tables are made.
    pub(super) fn find<C: Engine>(
        connection: &mut C,
        needed: &[SchemaTable],
    ) -> Result<Self, MigrationError> {
        let decide = [
            (SchemaTable::Users, &[SchemaTable::Users, SchemaTable::Sessions][..]),
            (SchemaTable::LoginAttempts, &[SchemaTable::LoginAttempts][..]),
        ];
        for (table, needed_by) in decide {
            let Some(schema) = connection.schema_of(table.name())? else { continue };
            let location = Self { schema, table: Some(table) };
            let is_needed = needed.iter().any(|table| needed_by.contains(table));
            if is_needed || location.has(connection, OWN_RECORD)? {
                return Ok(location);
            }
        }
        let schema = connection.default_schema()?.ok_or(MigrationError::NoSchema)?;
        Ok(Self { schema, table: None })
    }

    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// Returns whether the schema has the table.
    pub(super) fn has<C: Engine>(&self, connection: &mut C, table: &str) -> QueryResult<bool> {
        Ok(!connection.names(&C::columns_query(&self.schema, table))?.is_empty())
    }

    /// Refuses a table whose migrations are recorded in another schema: the record may be about another
    /// table.
    pub(super) fn refuse_recorded_elsewhere<C: Engine>(
        &self,
        connection: &mut C,
    ) -> Result<(), MigrationError> {
        let Some(table) = self.unrecorded(connection)? else { return Ok(()) };
        match self.record_elsewhere(connection, table)? {
            Some(record) => Err(self.not_recorded(table, Some(record))),
            None => Ok(()),
        }
    }

    /// Also refuses a table whose migrations are recorded nowhere, if it is in another schema than new
    /// tables or has all columns of hallpass's. Another table makes the migration fail, which says so.
    pub(super) fn refuse_unrecorded<C: Engine>(
        &self,
        connection: &mut C,
    ) -> Result<(), MigrationError> {
        self.refuse_recorded_elsewhere(connection)?;
        let Some(table) = self.unrecorded(connection)? else { return Ok(()) };
        let is_among_new_tables = connection.default_schema()?.as_ref() == Some(&self.schema);
        let has_lost_its_record = C::RECORDS_AT_ONCE && self.check(connection, table).is_ok();
        if is_among_new_tables && !has_lost_its_record {
            return Ok(());
        }
        Err(self.not_recorded(table, None))
    }

    /// Returns the table that was found, if no migration of hallpass's is recorded in its schema.
    fn unrecorded<C: Engine>(
        &self,
        connection: &mut C,
    ) -> Result<Option<SchemaTable>, MigrationError> {
        let Some(table) = self.table else { return Ok(None) };
        let is_recorded =
            self.has(connection, OWN_RECORD)? || self.is_recorded_by_cli(connection, table)?;
        Ok((!is_recorded).then_some(table))
    }

    /// Returns the name of a record in another schema that may be about this table, which is unrecorded.
    fn record_elsewhere<C: Engine>(
        &self,
        connection: &mut C,
        table: SchemaTable,
    ) -> Result<Option<String>, MigrationError> {
        for record in [OWN_RECORD, DIESEL_CLI_RECORD] {
            let Some(schema) = connection.schema_of(record)? else { continue };
            let there = Self { schema, table: None };
            if record == OWN_RECORD || there.is_recorded_by_cli(connection, table)? {
                return Ok(Some(there.name_of(record)));
            }
        }
        Ok(None)
    }

    /// Returns whether the Diesel CLI has recorded a migration of the table in this schema.
    fn is_recorded_by_cli<C: Engine>(
        &self,
        connection: &mut C,
        table: SchemaTable,
    ) -> Result<bool, MigrationError> {
        let by_cli = self.recorded_by_cli(connection)?;
        let is_recorded = |(of, migration): &(SchemaTable, OwnMigration<C>)| {
            *of == table && by_cli.contains(&version(&**migration))
        };
        Ok(all::<C>()?.iter().any(is_recorded))
    }

    fn not_recorded(&self, table: SchemaTable, elsewhere: Option<String>) -> MigrationError {
        MigrationError::NotRecorded {
            table: self.name_of(table.name()),
            record: self.name_of(OWN_RECORD),
            elsewhere,
        }
    }

    /// Refuses a table that is missing, found in another schema, or lacks columns.
    pub(super) fn check<C: Engine>(
        &self,
        connection: &mut C,
        table: SchemaTable,
    ) -> Result<(), MigrationError> {
        self.refuse_missing(connection, table)?;
        let present = connection.names(&C::columns_query(&self.schema, table.name()))?;
        let is_missing =
            |column: &&str| !present.iter().any(|name| name.eq_ignore_ascii_case(column));
        let columns: Vec<_> = table.columns().iter().copied().filter(is_missing).collect();
        if columns.is_empty() {
            return Ok(());
        }
        Err(MigrationError::ColumnsMissing { table, columns })
    }

    /// Refuses a table that the schema lacks, or that statements find in another schema.
    fn refuse_missing<C: Engine>(
        &self,
        connection: &mut C,
        table: SchemaTable,
    ) -> Result<(), MigrationError> {
        if !self.has(connection, table.name())? {
            return Err(MigrationError::TableMissing { table });
        }
        match connection.schema_of(table.name())? {
            Some(schema) if schema != self.schema => Err(MigrationError::FoundElsewhere {
                found: format!("{schema}.{}", table.name()),
                needed: self.name_of(table.name()),
                schema: self.schema.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn name_of(&self, table: &str) -> String {
        format!("{}.{table}", self.schema)
    }

    /// Returns the versions of the migrations that hallpass has run.
    pub(super) fn recorded<C: Engine>(&self, connection: &mut C) -> QueryResult<BTreeSet<String>> {
        self.versions_in(connection, OWN_RECORD)
    }

    /// Returns the versions of the migrations that Diesel's command line has run.
    pub(super) fn recorded_by_cli<C: Engine>(
        &self,
        connection: &mut C,
    ) -> QueryResult<BTreeSet<String>> {
        self.versions_in(connection, DIESEL_CLI_RECORD)
    }

    /// Returns the versions in a record, none when there is no such table.
    fn versions_in<C: Engine>(
        &self,
        connection: &mut C,
        record: &str,
    ) -> QueryResult<BTreeSet<String>> {
        if !self.has(connection, record)? {
            return Ok(BTreeSet::new());
        }
        let record = C::quoted(&self.schema, record);
        let versions = connection.names(&format!("SELECT version AS name FROM {record}"))?;
        Ok(versions.into_iter().collect())
    }

    pub(super) fn create_record<C: Engine>(&self, connection: &mut C) -> QueryResult<()> {
        connection.batch_execute(&format!(
            "CREATE TABLE IF NOT EXISTS {} (
                version VARCHAR(50) PRIMARY KEY NOT NULL,
                run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
            )",
            C::quoted(&self.schema, OWN_RECORD)
        ))
    }

    pub(super) fn record<C: Engine>(&self, connection: &mut C, version: &str) -> QueryResult<()> {
        let record = C::quoted(&self.schema, OWN_RECORD);
        connection.batch_execute(&format!("INSERT INTO {record} (version) VALUES ('{version}')"))
    }

    pub(super) fn forget<C: Engine>(&self, connection: &mut C, version: &str) -> QueryResult<()> {
        let record = C::quoted(&self.schema, OWN_RECORD);
        connection.batch_execute(&format!("DELETE FROM {record} WHERE version = '{version}'"))
    }
}
