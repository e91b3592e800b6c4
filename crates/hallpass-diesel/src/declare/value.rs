//! Values as the columns of the databases hold them, which may make no sense.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::sql_types::{BigInt, Text};
use hallpass::{PasswordStamp, RefreshTokenHash, StoreError, Timestamp};

/// A whole number, or `None` where SQLite, whose columns take any type, holds something else and
/// would call it 0.
#[derive(Clone, Copy, Debug, FromSqlRow)]
pub struct Whole(Option<i64>);

/// A text, or `None` where the column holds bytes that are none.
#[derive(Clone, FromSqlRow)]
#[expect(missing_debug_implementations, reason = "it may be a hash")]
pub struct Words(Option<String>);

/// Returns the time as its column holds it.
///
/// # Panics
/// Never: the year 9999 fits into an `i64`.
#[must_use]
pub fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_unix_seconds()).expect("the year 9999 fits into an i64")
}

/// Returns the count as its column holds it.
///
/// # Panics
/// Never before a session has been refreshed 2^63 times.
#[must_use]
pub fn generation(generation: u64) -> i64 {
    i64::try_from(generation).expect("nobody refreshes so often")
}

/// Between a bcrypt hash and a stamp in one column. It is in the alphabet of neither.
const SEPARATOR: char = ':';

/// Returns the hash and its stamp as the one column of a user's row holds them: joined by a colon.
#[must_use]
pub fn text_of(hash: &RefreshTokenHash) -> String {
    let bcrypt_hash = hash.expose_bcrypt_hash();
    match hash.password_stamp() {
        Some(stamp) => format!("{bcrypt_hash}{SEPARATOR}{}", stamp.expose_stamp()),
        None => bcrypt_hash.to_owned(),
    }
}

/// Takes apart what [`text_of`] joins.
pub(crate) fn refresh_token_hash_of(text: &str) -> RefreshTokenHash {
    match text.split_once(SEPARATOR) {
        Some((bcrypt_hash, stamp)) => {
            RefreshTokenHash::new(bcrypt_hash, Some(PasswordStamp::new(stamp)))
        }
        None => RefreshTokenHash::new(text, None),
    }
}

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

#[cfg(feature = "postgres")]
impl FromSql<diesel::sql_types::Citext, diesel::pg::Pg> for Words {
    fn from_sql(value: diesel::pg::PgValue<'_>) -> deserialize::Result<Self> {
        <Self as FromSql<Text, diesel::pg::Pg>>::from_sql(value)
    }
}

impl Words {
    pub(crate) fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// A hash column is input: what is no text is no hash, and matches nothing.
    pub(crate) fn text_or_empty(self) -> String {
        self.0.unwrap_or_default()
    }
}

/// Reads columns of the row with this id, or says which one makes no sense.
pub(crate) struct Reader {
    pub(crate) id: String,
    pub(crate) table: &'static str,
}

impl Reader {
    pub(crate) fn text(&self, column: &'static str, words: Words) -> Result<String, StoreError> {
        words.0.ok_or_else(|| self.error(column, "it is not text"))
    }

    pub(crate) fn filled(
        &self,
        column: &'static str,
        words: Option<Words>,
    ) -> Result<String, StoreError> {
        let text = words.map(|words| self.text(column, words)).transpose()?;
        let text = text.filter(|text| !text.is_empty());
        text.ok_or_else(|| self.error(column, "it is empty beside a hash"))
    }

    pub(crate) fn count(&self, column: &'static str, whole: Whole) -> Result<u64, StoreError> {
        whole.count().ok_or_else(|| self.error(column, "it is not a number from 0 on"))
    }

    pub(crate) fn time(
        &self,
        column: &'static str,
        whole: Option<Whole>,
    ) -> Result<Timestamp, StoreError> {
        let whole = whole.ok_or_else(|| self.error(column, "it is empty beside a hash"))?;
        whole.time().ok_or_else(|| self.error(column, "it is not a time in Unix seconds"))
    }

    pub(crate) fn error(&self, column: &'static str, problem: &'static str) -> StoreError {
        StoreError::Row { table: self.table, column, id: self.id.clone(), problem }
    }
}

impl Whole {
    pub(crate) fn number(self) -> Option<i64> {
        self.0
    }

    pub(crate) fn time(self) -> Option<Timestamp> {
        self.count().and_then(Timestamp::from_unix_seconds)
    }

    pub(crate) fn count(self) -> Option<u64> {
        u64::try_from(self.0?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_and_stamp_come_apart_and_together_again() {
        for (text, bcrypt_hash, stamp) in [
            ("$2b$04$hash:stamp", "$2b$04$hash", Some("stamp")),
            ("$2b$04$hash:", "$2b$04$hash", Some("")),
            ("$2b$04$hash:a:b", "$2b$04$hash", Some("a:b")),
            ("$2b$04$hash", "$2b$04$hash", None),
            ("", "", None),
        ] {
            let hash = refresh_token_hash_of(text);
            assert_eq!(hash.expose_bcrypt_hash(), bcrypt_hash);
            assert_eq!(hash.password_stamp().map(PasswordStamp::expose_stamp), stamp);
            assert_eq!(text_of(&hash), text);
        }
    }
}
