//! What a declared column has to be.
//!
//! [`users_table!`](crate::users_table) names the type of each column by one of the aliases here. Where
//! the column's SQL type is not the right one, the alias stands for no type: the compiler then says
//! what the trait of that role says, and keeps quiet about the statements that use the column.

use std::fmt::Display;
use std::str::FromStr;

use diesel::Expression;
use diesel::sql_types::{
    BigInt, Binary, Bool, Date, Double, Float, Integer, Nullable, Numeric, SmallInt, Text, Time,
    Timestamp, TinyInt,
};

/// The SQL type of a column.
type Of<C> = <C as Expression>::SqlType;

/// The column `C`, if it can be a key.
pub type Id<C> = <Of<C> as IsId>::Column<C>;
/// What the key in column `C` is in Rust.
pub type Key<C> = <Of<C> as HasKey>::Key;
/// The column `C`, if it can hold login names.
pub type Login<C> = <Of<C> as IsLogin>::Column<C>;
/// The column `C`, if it can hold hashes of passwords.
pub type PasswordHash<C> = <Of<C> as IsPasswordHash>::Column<C>;
/// The column `C`, if it can hold hashes of refresh tokens.
pub type RefreshTokenHash<C> = <Of<C> as IsRefreshTokenHash>::Column<C>;
/// The column `C`, if it can hold ids of sessions.
pub type SessionId<C> = <Of<C> as IsSessionId>::Column<C>;
/// The column `C`, if it can count generations.
pub type RefreshGeneration<C> = <Of<C> as IsRefreshGeneration>::Column<C>;
/// The column `C`, if it can hold times of rotations.
pub type RotatedAt<C> = <Of<C> as IsRotatedAt>::Column<C>;
/// The column `C`, if it can hold scopes.
pub type Scope<C> = <Of<C> as IsScope>::Column<C>;

/// The SQL type of a primary key.
#[diagnostic::on_unimplemented(
    message = "`id` has to be a column of type `SmallInt`, `Integer`, `BigInt`, `Text` or `Uuid`, and not `{Self}`",
    label = "the column that is declared as `id` is of another type",
    note = "an id has to have one text, which is the `sub` of the tokens; `Uuid` is PostgreSQL's, and \
            comes with hallpass's feature `postgres`"
)]
pub trait IsId {
    /// `C` itself.
    type Column<C>;
}

/// The SQL type of a column for login names.
#[diagnostic::on_unimplemented(
    message = "`login` has to be a column of type `Text` or `Citext`, and not `{Self}`",
    label = "the column that is declared as `login` is of another type",
    note = "who has no login name can't log in: the column is to be `NOT NULL` and unique"
)]
pub trait IsLogin {
    /// `C` itself.
    type Column<C>;
}

/// The SQL type of a column for the hash of a password.
#[diagnostic::on_unimplemented(
    message = "`password_hash` has to be a column of type `Text`, and not `{Self}`",
    label = "the column that is declared as `password_hash` is of another type",
    note = "a user without a password has a text that is no hash, and can't log in with any"
)]
pub trait IsPasswordHash {
    /// `C` itself.
    type Column<C>;
}

/// The SQL type of a column for the hash of a refresh token.
#[diagnostic::on_unimplemented(
    message = "`refresh_token_hash` has to be a column of type `Nullable<Text>`, and not `{Self}`",
    label = "the column that is declared as `refresh_token_hash` is of another type",
    note = "NULL means logged out; the SQL that adds the column is in hallpass's docs/own-table.md"
)]
pub trait IsRefreshTokenHash {
    /// `C` itself.
    type Column<C>;
}

/// The SQL type of a column for the id of a session.
#[diagnostic::on_unimplemented(
    message = "`session_id` has to be a column of type `Nullable<Text>`, and not `{Self}`",
    label = "the column that is declared as `session_id` is of another type",
    note = "NULL means logged out; the SQL that adds the column is in hallpass's docs/own-table.md"
)]
pub trait IsSessionId {
    /// `C` itself.
    type Column<C>;
}

/// The SQL type of a column that counts generations.
#[diagnostic::on_unimplemented(
    message = "`refresh_generation` has to be a column of type `BigInt`, and not `{Self}`",
    label = "the column that is declared as `refresh_generation` is of another type",
    note = "the SQL that adds the column is in hallpass's docs/own-table.md"
)]
pub trait IsRefreshGeneration {
    /// `C` itself.
    type Column<C>;
}

/// The SQL type of a column for the time of a rotation.
#[diagnostic::on_unimplemented(
    message = "`rotated_at` has to be a column of type `Nullable<BigInt>`, and not `{Self}`",
    label = "the column that is declared as `rotated_at` is of another type",
    note = "it holds Unix seconds, and NULL when logged out; the SQL that adds the column is in \
            hallpass's docs/own-table.md"
)]
pub trait IsRotatedAt {
    /// `C` itself.
    type Column<C>;
}

/// The SQL type of a column for scopes.
#[diagnostic::on_unimplemented(
    message = "`scope` has to be a column of type `Text`, and not `{Self}`",
    label = "the column that is declared as `scope` is of another type",
    note = "it holds words separated by spaces; without the line, access tokens have no scope"
)]
pub trait IsScope {
    /// `C` itself.
    type Column<C>;
}

/// What a key of this SQL type is in Rust.
///
/// The usual types that can't be a key have one, too, which is never used. Otherwise the compiler would
/// report such a column once for each place that names the key, instead of what [`IsId`] says.
#[diagnostic::on_unimplemented(
    message = "`id` can't be a column of type `{Self}`",
    label = "the column that is declared as `id` is of another type"
)]
pub trait HasKey {
    /// What it is in Rust.
    type Key: FromStr + Display + 'static;
}

macro_rules! keys {
    ($($sql:ty => $rust:ty),+ $(,)?) => {
        $(impl HasKey for $sql { type Key = $rust; })+
    };
}

keys! { SmallInt => i16, Integer => i32, BigInt => i64, Text => String }
keys! { Binary => String, Bool => String, Double => String, Float => String, Numeric => String }
keys! { Date => String, Time => String, Timestamp => String, TinyInt => String }

#[cfg(feature = "postgres")]
keys! { diesel::sql_types::Uuid => uuid::Uuid }

impl<T> HasKey for Nullable<T> {
    type Key = String;
}

impl IsId for SmallInt {
    type Column<C> = C;
}

impl IsId for Integer {
    type Column<C> = C;
}

impl IsId for BigInt {
    type Column<C> = C;
}

impl IsId for Text {
    type Column<C> = C;
}

#[cfg(feature = "postgres")]
impl IsId for diesel::sql_types::Uuid {
    type Column<C> = C;
}

impl IsLogin for Text {
    type Column<C> = C;
}

#[cfg(feature = "postgres")]
impl IsLogin for diesel::sql_types::Citext {
    type Column<C> = C;
}

impl IsPasswordHash for Text {
    type Column<C> = C;
}

impl IsRefreshTokenHash for Nullable<Text> {
    type Column<C> = C;
}

impl IsSessionId for Nullable<Text> {
    type Column<C> = C;
}

impl IsRefreshGeneration for BigInt {
    type Column<C> = C;
}

impl IsRotatedAt for Nullable<BigInt> {
    type Column<C> = C;
}

impl IsScope for Text {
    type Column<C> = C;
}
