//! The statements about the table `login_attempts`, once for every kind of database.
//!
//! In a macro, as those about users are: Diesel's types depend on the connection.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::Bool;

use crate::declare::value::Whole;
use crate::schema::tables::login_attempts::dsl::{full_at, key_hash, login_attempts};

/// The table, as it is reached over a connection. Each change has the old value in its `WHERE`.
pub trait AttemptStatements: diesel::Connection {
    /// Returns when the allowance of this key is full.
    fn find(&mut self, key: &str) -> QueryResult<Option<Whole>>;

    /// Fails with a unique violation where somebody else was first.
    fn insert(&mut self, key: &str, new: i64) -> QueryResult<usize>;

    /// Writes the row if it still holds the old value.
    fn swap(&mut self, key: &str, old: i64, new: i64) -> QueryResult<usize>;

    /// As [`AttemptStatements::swap`], for a row of SQLite that holds no whole number.
    fn replace_other_type(&mut self, key: &str, new: i64) -> QueryResult<usize>;

    /// Returns the keys of up to `limit` rows that have been full since `before` or longer, those first
    /// that were full first. Not those before 1970, which count as empty.
    fn full_since(&mut self, before: i64, limit: i64) -> QueryResult<Vec<String>>;

    /// Removes those of these rows that are still full since `before` or longer.
    fn remove(&mut self, keys: &[String], before: i64) -> QueryResult<usize>;
}

#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
macro_rules! attempts_table {
    ($connection:ty) => {
        impl AttemptStatements for $connection {
            fn find(&mut self, key: &str) -> QueryResult<Option<Whole>> {
                login_attempts.select(full_at).filter(key_hash.eq(key)).first(self).optional()
            }

            fn insert(&mut self, key: &str, new: i64) -> QueryResult<usize> {
                let row = (key_hash.eq(key), full_at.eq(new));
                diesel::insert_into(login_attempts).values(row).execute(self)
            }

            fn swap(&mut self, key: &str, old: i64, new: i64) -> QueryResult<usize> {
                let row = login_attempts.filter(key_hash.eq(key)).filter(full_at.eq(old));
                diesel::update(row).set(full_at.eq(new)).execute(self)
            }

            fn replace_other_type(&mut self, key: &str, new: i64) -> QueryResult<usize> {
                let is_other_type = sql::<Bool>("typeof(full_at) <> 'integer'");
                let row = login_attempts.filter(key_hash.eq(key)).filter(is_other_type);
                diesel::update(row).set(full_at.eq(new)).execute(self)
            }

            fn full_since(&mut self, before: i64, limit: i64) -> QueryResult<Vec<String>> {
                let full = login_attempts.select(key_hash).filter(full_at.between(0, before));
                full.order_by(full_at).limit(limit).load(self)
            }

            fn remove(&mut self, keys: &[String], before: i64) -> QueryResult<usize> {
                let full = login_attempts.filter(key_hash.eq_any(keys));
                diesel::delete(full.filter(full_at.between(0, before))).execute(self)
            }
        }
    };
}

#[cfg(feature = "sqlite")]
attempts_table!(SqliteConnection);
#[cfg(feature = "postgres")]
attempts_table!(PgConnection);
#[cfg(feature = "mysql")]
attempts_table!(MysqlConnection);
