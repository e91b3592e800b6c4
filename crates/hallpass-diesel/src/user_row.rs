//! A row of `users`, and what it means. A row that makes no sense is an error that names table,
//! column and id.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::{Sqlite, SqliteType};
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
    password_hash: String,
    refresh_token_hash: Option<String>,
    session_id: Option<String>,
    refresh_generation: Whole,
    rotated_at: Option<Whole>,
    scope: String,
    disabled_at: Option<Whole>,
}

/// A whole number, or `None` where SQLite, whose columns take any type, holds something else and
/// would call it 0.
#[derive(Clone, Copy, FromSqlRow)]
pub(crate) struct Whole(Option<i64>);

impl FromSql<BigInt, Sqlite> for Whole {
    fn from_sql(mut value: diesel::sqlite::SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        match value.value_type() {
            Some(SqliteType::Long | SqliteType::Integer | SqliteType::SmallInt) => {
                Ok(Self(Some(value.read_long())))
            }
            _ => Ok(Self(None)),
        }
    }
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let row_error = |column, problem| StoreError::Row {
            table: "users",
            column,
            id: row.id.to_string(),
            problem,
        };
        let time = |column, value: Option<Whole>| match value {
            None => Ok(None),
            Some(value) => match value.time() {
                Some(time) => Ok(Some(time)),
                None => Err(row_error(column, "it is not a time in Unix seconds")),
            },
        };
        let session = match row.refresh_token_hash {
            None => None,
            Some(hash) => Some(Session {
                id: row
                    .session_id
                    .filter(|id| !id.is_empty())
                    .map(SessionId::new)
                    .ok_or_else(|| row_error("session_id", "it is empty beside a hash"))?,
                refresh_token_hash: RefreshTokenHash::new(hash),
                generation: row.refresh_generation.count().ok_or_else(|| {
                    row_error("refresh_generation", "it is not a number from 0 on")
                })?,
                rotated_at: time("rotated_at", row.rotated_at)?
                    .ok_or_else(|| row_error("rotated_at", "it is empty beside a hash"))?,
            }),
        };
        Ok(Self {
            id: UserId::new(row.id),
            password_hash: PasswordHash::new(row.password_hash),
            scope: Scope::parse(&row.scope)
                .ok_or_else(|| row_error("scope", "it is not a list of scope tokens"))?,
            disabled_at: time("disabled_at", row.disabled_at)?,
            session,
        })
    }
}

impl Whole {
    fn count(self) -> Option<u64> {
        u64::try_from(self.0?).ok()
    }

    fn time(self) -> Option<Timestamp> {
        Timestamp::from_unix_seconds(self.count()?)
    }
}
