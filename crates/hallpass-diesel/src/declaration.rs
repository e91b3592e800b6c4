//! What the code that [`users_table!`](crate::users_table) makes has in scope. Not for use by hand.

pub use diesel;
use diesel::dsl::{AsExprOf, sql};
use diesel::expression::{AsExpression, SqlLiteral};
pub use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Text};
pub use diesel::{Column, RunQueryDsl};
pub use hallpass::{
    LoginName, NewUser, PasswordHash, Rotation, SessionId, SessionStart, Timestamp,
};

pub use crate::column;
pub use crate::condition::{in_parentheses, same_bytes};
use crate::engine::Engine;
pub use crate::user_row::{ColumnNames, UserRow};
pub use crate::users_table::UsersTable;

/// The connection `C`, if its feature is on. As with the columns, the alias stands for no type where it is
/// not: the compiler then says so, and keeps quiet about the statements.
pub type Known<C> = <C as Engine>::Itself;

/// The methods that statements are made of, without their names. Not `RunQueryDsl`, whose methods are
/// called by their path: diesel-async has one of the same name for all types, and both may be in scope.
pub mod traits {
    pub use diesel::prelude::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _};
}

/// Returns the value as a text expression.
#[must_use]
pub fn text(value: &str) -> AsExprOf<&str, Text> {
    AsExpression::<Text>::as_expression(value)
}

/// Returns the time as its column holds it.
///
/// # Panics
/// Never: the year 9999 fits into an `i64`.
#[must_use]
pub fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_unix_seconds()).expect("the year 9999 fits into an i64")
}

/// Returns what an application declares to be written at `time`.
pub fn at<W>(time: Timestamp, write: impl FnOnce(i64) -> W) -> W {
    write(seconds(time))
}

/// Returns the condition of a table that has no column for disabling a user.
pub fn always() -> SqlLiteral<Bool> {
    sql("1 = 1")
}

/// Returns the scope of a table that has no column for it.
pub fn no_scope() -> SqlLiteral<Text> {
    sql("''")
}
