//! Counts the rows that a database reads for a verb of a store. PostgreSQL and MySQL count them; on SQLite,
//! the plans of the statements are read.

use std::sync::{Arc, Mutex};

use actix_hallpass::hallpass::{SessionId, Timestamp, UserId, UserStore};
use actix_hallpass::hallpass_diesel::Engine;
use diesel::connection::{Instrumentation, InstrumentationEvent, get_default_instrumentation};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool, R2D2Connection};
use diesel::sql_types::Text;

use crate::databases::TestDatabase;

/// Adds superseded sessions to a table of sessions. On PostgreSQL, runs ANALYZE on the table, as autovacuum
/// does within a minute.
pub(super) fn add_ended_sessions(
    database: &TestDatabase,
    table: &str,
    user: &UserId,
    ended: &[(SessionId, Timestamp)],
) {
    for some in ended.chunks(1_000) {
        let rows: Vec<_> = some
            .iter()
            .map(|(id, at)| (id, at.as_unix_seconds()))
            .map(|(id, at)| format!("('{id}', '{user}', 0, 1, 1, 1, {at}, {at}, 'superseded')"))
            .collect();
        database.sql(&format!(
            "INSERT INTO {table} (id, user_id, generation, rotated_at, created_at, last_used_at,
                expires_at, ended_at, end_reason)
             VALUES {}",
            rows.join(", ")
        ));
    }
    if database.url().starts_with("postgres") {
        database.sql(&format!("ANALYZE {table}"));
    }
}

/// A store over one connection, whose reads of rows are counted.
pub(super) trait Counted: Send + Sync {
    /// Does `work` and returns how many rows were read for it.
    fn rows_read(&self, work: &dyn Fn(&dyn UserStore)) -> u64;
}

pub(super) struct OneConnection<C: R2D2Connection + 'static> {
    pub(super) pool: Pool<ConnectionManager<C>>,
    pub(super) store: Arc<dyn UserStore>,
    pub(super) table: &'static str,
}

impl<C: CountsReads> Counted for OneConnection<C> {
    fn rows_read(&self, work: &dyn Fn(&dyn UserStore)) -> u64 {
        assert_eq!(self.pool.max_size(), 1, "no statement goes over another connection");
        let begun = self.pool.get().unwrap().begin(self.table);
        work(&*self.store);
        self.pool.get().unwrap().end(self.table, begun)
    }
}

/// A connection that counts the rows which it reads from a table.
pub(super) trait CountsReads: Engine + R2D2Connection {
    type Begun;

    fn begin(&mut self, table: &str) -> Self::Begun;

    fn end(&mut self, table: &str, begun: Self::Begun) -> u64;
}

/// Reads the counters of the table. A connection updates them when it is idle or on request.
#[cfg(feature = "postgres")]
impl CountsReads for PgConnection {
    type Begun = i64;

    fn begin(&mut self, table: &str) -> i64 {
        diesel::sql_query("SELECT pg_stat_force_next_flush()").execute(self).unwrap();
        let query = format!(
            "SELECT seq_tup_read + idx_tup_fetch AS rows FROM pg_stat_user_tables
             WHERE relid = '{table}'::regclass"
        );
        diesel::sql_query(query).get_result::<Rows>(self).unwrap().rows
    }

    fn end(&mut self, table: &str, begun: i64) -> u64 {
        (self.begin(table) - begun).try_into().unwrap()
    }
}

#[derive(QueryableByName)]
#[cfg(feature = "postgres")]
struct Rows {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    rows: i64,
}

/// Reads the counters of the connection, which count all tables: the others have few rows.
#[cfg(feature = "mysql")]
impl CountsReads for MysqlConnection {
    type Begun = u64;

    fn begin(&mut self, _table: &str) -> u64 {
        let query = diesel::sql_query("SHOW SESSION STATUS LIKE 'Handler_read%'");
        let counters = query.load::<Counter>(self).unwrap();
        counters.iter().map(|counter| counter.value.parse::<u64>().unwrap()).sum()
    }

    fn end(&mut self, table: &str, begun: u64) -> u64 {
        self.begin(table) - begun
    }
}

#[derive(QueryableByName)]
#[cfg(feature = "mysql")]
struct Counter {
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

/// SQLite has no such counters. A statement that finds rows of the table by fewer than two columns counts
/// as one that reads all of them.
impl CountsReads for SqliteConnection {
    type Begun = Arc<Mutex<Vec<String>>>;

    fn begin(&mut self, _table: &str) -> Self::Begun {
        let statements = Arc::new(Mutex::new(Vec::new()));
        self.set_instrumentation(Watch(Arc::clone(&statements)));
        statements
    }

    fn end(&mut self, table: &str, begun: Self::Begun) -> u64 {
        self.set_instrumentation(get_default_instrumentation());
        let statements = begun.lock().unwrap().clone();
        assert!(!statements.is_empty(), "no statement was seen");
        let steps: Vec<Plan> = statements.iter().flat_map(|it| explain(self, it)).collect();
        let reads_all =
            |step: &&Plan| step.detail.contains(table) && !step.detail.contains(" AND ");
        let rows = format!("SELECT COUNT(*) AS count FROM {table}");
        let rows = diesel::sql_query(rows).get_result::<Count>(self).unwrap().count;
        steps.iter().filter(reads_all).count() as u64 * u64::try_from(rows).unwrap()
    }
}

struct Watch(Arc<Mutex<Vec<String>>>);

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let (statement, _) = text.split_once(" -- binds").unwrap_or((&text, ""));
            self.0.lock().unwrap().push(statement.to_owned());
        }
    }
}

/// Returns the steps of a statement's plan, none of a `BEGIN`.
fn explain(connection: &mut SqliteConnection, statement: &str) -> Vec<Plan> {
    let is_planned = ["SELECT", "UPDATE", "DELETE"].iter().any(|verb| statement.starts_with(verb));
    if !is_planned {
        return Vec::new();
    }
    diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(connection).unwrap()
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}
