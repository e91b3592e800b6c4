//! A row of `users`, and what it means. A row that makes no sense is an error that names table,
//! column and id.

use std::fmt::Display;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use hallpass::{
    PasswordHash, RefreshTokenHash, Scope, Session, SessionId, StoreError, Timestamp, User, UserId,
};

/// The columns that a [`User`] is made of.
///
/// Neither serialized nor printed: it holds hashes.
#[derive(Queryable)]
#[expect(missing_debug_implementations, reason = "it holds hashes")]
pub struct UserRow<Id> {
    id: Id,
    password_hash: Words,
    refresh_token_hash: Option<Words>,
    session_id: Option<Words>,
    refresh_generation: Whole,
    rotated_at: Option<Whole>,
    scope: Words,
    is_enabled: bool,
}

/// How a table and those of its columns are called that may make no sense.
#[derive(Clone, Copy, Debug)]
pub struct ColumnNames {
    /// The table.
    pub table: &'static str,
    /// The login name.
    pub login: &'static str,
    /// The session.
    pub session_id: &'static str,
    /// How often it has been refreshed.
    pub refresh_generation: &'static str,
    /// When it was last refreshed.
    pub rotated_at: &'static str,
    /// What the user may do.
    pub scope: &'static str,
}

/// A whole number, or `None` where SQLite, whose columns take any type, holds something else and
/// would call it 0.
#[derive(Clone, Copy, Debug, FromSqlRow)]
pub struct Whole(Option<i64>);

/// A text, or `None` where the column holds bytes that are none.
#[derive(Clone, FromSqlRow)]
#[expect(missing_debug_implementations, reason = "it may be a hash")]
pub struct Words(Option<String>);

#[cfg(feature = "sqlite")]
impl FromSql<BigInt, diesel::sqlite::Sqlite> for Whole {
    fn from_sql(mut value: diesel::sqlite::SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        use diesel::sqlite::SqliteType::{Integer, Long, SmallInt};

        match value.value_type() {
            Some(Long | Integer | SmallInt) => Ok(Self(Some(value.read_long()))),
            _ => Ok(Self(None)),
        }
    }
}

#[cfg(feature = "postgres")]
impl FromSql<BigInt, diesel::pg::Pg> for Whole {
    fn from_sql(value: diesel::pg::PgValue<'_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, diesel::pg::Pg>>::from_sql(value).map(|number| Self(Some(number)))
    }
}

#[cfg(feature = "mysql")]
impl FromSql<BigInt, diesel::mysql::Mysql> for Whole {
    fn from_sql(value: diesel::mysql::MysqlValue<'_>) -> deserialize::Result<Self> {
        let number = <i64 as FromSql<BigInt, diesel::mysql::Mysql>>::from_sql(value);
        number.map(|number| Self(Some(number)))
    }
}

impl<DB: diesel::backend::Backend> FromSql<Text, DB> for Words
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(<String as FromSql<Text, DB>>::from_sql(value).ok()))
    }
}

impl Words {
    /// A hash column is input: what is no text is no hash, and matches nothing.
    fn text_or_empty(self) -> String {
        self.0.unwrap_or_default()
    }
}

impl<Id: Display> UserRow<Id> {
    /// Returns the user that the row describes.
    pub(crate) fn into_user(self, names: &'static ColumnNames) -> Result<User, StoreError> {
        let row = Reader { id: self.id.to_string(), table: names.table };
        let session = match self.refresh_token_hash {
            None => None,
            Some(hash) => Some(Session {
                id: SessionId::new(row.filled(names.session_id, self.session_id)?),
                refresh_token_hash: RefreshTokenHash::new(hash.text_or_empty()),
                generation: row.count(names.refresh_generation, self.refresh_generation)?,
                rotated_at: row.time(names.rotated_at, self.rotated_at)?,
            }),
        };
        let scope = row.text(names.scope, self.scope)?;
        let scope = Scope::parse(&scope).ok_or_else(|| {
            row.error(names.scope, "it is not a list of scope tokens of at most 1 KiB")
        })?;
        Ok(User {
            id: UserId::new(self.id),
            password_hash: PasswordHash::new(self.password_hash.text_or_empty()),
            scope,
            is_disabled: !self.is_enabled,
            session,
        })
    }
}

impl<Id: Display> UserRow<Id> {
    /// Returns the error of a row whose login name another one has too.
    pub(crate) fn is_not_the_only_one(&self, names: &'static ColumnNames) -> StoreError {
        let row = Reader { id: self.id.to_string(), table: names.table };
        row.error(names.login, "another user has the same login name")
    }
}

/// Reads columns of the row with this id, or says which one makes no sense.
struct Reader {
    id: String,
    table: &'static str,
}

impl Reader {
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

    fn time(&self, column: &'static str, whole: Option<Whole>) -> Result<Timestamp, StoreError> {
        let whole = whole.ok_or_else(|| self.error(column, "it is empty beside a hash"))?;
        let time = whole.count().and_then(Timestamp::from_unix_seconds);
        time.ok_or_else(|| self.error(column, "it is not a time in Unix seconds"))
    }

    fn error(&self, column: &'static str, problem: &'static str) -> StoreError {
        StoreError::Row { table: self.table, column, id: self.id.clone(), problem }
    }
}

impl Whole {
    fn count(self) -> Option<u64> {
        u64::try_from(self.0?).ok()
    }
}
