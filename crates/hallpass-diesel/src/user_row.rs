//! A row of `users`, and what it means. A row that makes no sense is an error that names table,
//! column and id.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};
use hallpass::{
    PasswordHash, RefreshTokenHash, Scope, Session, SessionId, StoreError, Timestamp, User, UserId,
};

use crate::schema::users;

/// The columns that a [`User`] is made of.
///
/// Neither serialized nor printed: it holds hashes.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRow {
    id: i64,
    password_hash: Words,
    refresh_token_hash: Option<Words>,
    session_id: Option<Words>,
    refresh_generation: Whole,
    rotated_at: Option<Whole>,
    scope: Words,
    disabled_at: Option<Whole>,
}

/// A whole number, or `None` where SQLite, whose columns take any type, holds something else and
/// would call it 0.
#[derive(Clone, Copy, FromSqlRow)]
pub(crate) struct Whole(Option<i64>);

impl FromSql<BigInt, Sqlite> for Whole {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        match value.value_type() {
            Some(SqliteType::Long | SqliteType::Integer | SqliteType::SmallInt) => {
                Ok(Self(Some(value.read_long())))
            }
            _ => Ok(Self(None)),
        }
    }
}

/// A text, or `None` where the column holds bytes that are none.
#[derive(Clone, FromSqlRow)]
pub(crate) struct Words(Option<String>);

impl FromSql<Text, Sqlite> for Words {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(<String as FromSql<Text, Sqlite>>::from_sql(value).ok()))
    }
}

impl Words {
    /// A hash column is input: what is no text is no hash, and matches nothing.
    fn text_or_empty(self) -> String {
        self.0.unwrap_or_default()
    }
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let column = Columns { id: row.id };
        let session = match row.refresh_token_hash {
            None => None,
            Some(hash) => Some(Session {
                id: SessionId::new(column.filled("session_id", row.session_id)?),
                refresh_token_hash: RefreshTokenHash::new(hash.text_or_empty()),
                generation: column.count("refresh_generation", row.refresh_generation)?,
                rotated_at: column.set_time("rotated_at", row.rotated_at)?,
            }),
        };
        let scope = column.text("scope", row.scope)?;
        Ok(Self {
            id: UserId::new(row.id),
            password_hash: PasswordHash::new(row.password_hash.text_or_empty()),
            scope: Scope::parse(&scope).ok_or_else(|| {
                column.error("scope", "it is not a list of scope tokens of at most 1 KiB")
            })?,
            disabled_at: column.time("disabled_at", row.disabled_at)?,
            session,
        })
    }
}

/// Reads the columns of the row with this id, or says which one makes no sense.
struct Columns {
    id: i64,
}

impl Columns {
    fn text(&self, column: &'static str, words: Words) -> Result<String, StoreError> {
        words.0.ok_or_else(|| self.error(column, "it is not text"))
    }

    fn filled(&self, column: &'static str, words: Option<Words>) -> Result<String, StoreError> {
        let text = words.map(|words| self.text(column, words)).transpose()?;
        let text = text.filter(|text| !text.is_empty());
        text.ok_or_else(|| self.error(column, "it is empty beside a hash"))
    }

    fn count(&self, column: &'static str, whole: Whole) -> Result<u64, StoreError> {
        whole.count().ok_or_else(|| self.error(column, "it is not a number from 0 on"))
    }

    fn time(
        &self,
        column: &'static str,
        whole: Option<Whole>,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some(whole) = whole else { return Ok(None) };
        let time = whole.count().and_then(Timestamp::from_unix_seconds);
        time.map(Some).ok_or_else(|| self.error(column, "it is not a time in Unix seconds"))
    }

    fn set_time(
        &self,
        column: &'static str,
        whole: Option<Whole>,
    ) -> Result<Timestamp, StoreError> {
        let time = self.time(column, whole)?;
        time.ok_or_else(|| self.error(column, "it is empty beside a hash"))
    }

    fn error(&self, column: &'static str, problem: &'static str) -> StoreError {
        StoreError::Row { table: "users", column, id: self.id.to_string(), problem }
    }
}

impl Whole {
    fn count(self) -> Option<u64> {
        u64::try_from(self.0?).ok()
    }
}
