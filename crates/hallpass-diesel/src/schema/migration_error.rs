//! Why the schema is not what it should be.

use diesel::result::Error as DieselError;

use crate::schema::schema_table::SchemaTable;

/// Why the schema is not what it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// A table or the record of the migrations can't be read or written.
    #[error("the schema can't be looked at or changed")]
    Record(#[from] DieselError),
    /// One of them fails.
    #[error("migration {version} fails; hallpass makes a table `{}` of its own", .table.name())]
    Failed {
        /// Which table it is about.
        table: SchemaTable,
        /// Its version.
        version: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A migration could not lock a table within a minute.
    #[error("migration {version} of the table `{}` fails after a wait; end the transactions that have hallpass's tables in use", .table.name())]
    InUse {
        /// Which table it is about.
        table: SchemaTable,
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
    /// A table is not there.
    #[error("the table `{}` is missing; run the migrations (MIGRATE=true)", .table.name())]
    TableMissing {
        /// Which one.
        table: SchemaTable,
    },
    /// There is no schema to make tables in.
    #[error(
        "the connection has no schema to make tables in; name one that exists in `search_path`, or on MySQL a database in the URL"
    )]
    NoSchema,
    /// A table exists, but its migrations are not recorded in its schema.
    #[error("`{table}` exists, but {}", not_recorded(.table, .record, .elsewhere.as_deref()))]
    NotRecorded {
        /// The table, with its schema.
        table: String,
        /// Where its migrations would be recorded.
        record: String,
        /// The record that was found in another schema: hallpass's, or the Diesel CLI's.
        elsewhere: Option<String>,
    },
    /// Statements find a table in another schema than that of hallpass's other tables.
    #[error(
        "a statement would find `{found}` where it needs `{needed}`, beside hallpass's other tables; put `{schema}` first in `search_path`, or rename `{found}`"
    )]
    FoundElsewhere {
        /// What they find.
        found: String,
        /// What they need.
        needed: String,
        /// Its schema.
        schema: String,
    },
    /// A table lacks columns: it is another one, or migrations are missing.
    #[error("the table `{}` lacks {}: it is not hallpass's, or migrations are missing (MIGRATE=true)", .table.name(), .columns.join(", "))]
    ColumnsMissing {
        /// Which one.
        table: SchemaTable,
        /// Their names.
        columns: Vec<&'static str>,
    },
}

fn not_recorded(table: &str, record: &str, elsewhere: Option<&str>) -> String {
    let else_rename =
        format!("else put hallpass's schema first in `search_path`, or rename `{table}`");
    match elsewhere {
        Some(elsewhere) => format!(
            "its migrations are recorded in `{elsewhere}`, not in `{record}`; if it is hallpass's, move \
             that record into its schema, {else_rename}"
        ),
        None => format!(
            "its migrations are recorded nowhere; if it is hallpass's, restore `{record}`, {else_rename}"
        ),
    }
}
