//! The migrations that are built in, and which table each one is about.

use diesel::migration::{Migration, MigrationSource};

use crate::connection::engine::Engine;
use crate::schema::migration_error::MigrationError;
use crate::schema::schema_table::SchemaTable;

/// A migration for one kind of database.
pub(super) type OwnMigration<C> = Box<dyn Migration<<C as diesel::Connection>::Backend>>;

/// Returns every migration with the table that it is about, oldest first.
pub(super) fn all<C: Engine>() -> Result<Vec<(SchemaTable, OwnMigration<C>)>, MigrationError> {
    let migrations = MigrationSource::<C::Backend>::migrations(&C::migrations());
    let migrations = migrations.map_err(|source| MigrationError::Failed {
        table: SchemaTable::Users,
        version: "list".to_owned(),
        source,
    })?;
    let mut migrations: Vec<_> = migrations
        .into_iter()
        .map(|migration| {
            let table = SchemaTable::of_migration(&migration.name().to_string());
            (table.expect("the name of each migration ends in its table's"), migration)
        })
        .collect();
    migrations.sort_by_key(|(_, migration)| version(&**migration));
    Ok(migrations)
}

pub(super) fn version<DB: diesel::backend::Backend>(migration: &dyn Migration<DB>) -> String {
    migration.name().version().to_string()
}
