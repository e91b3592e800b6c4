//! What the code that [`users_table!`](crate::users_table) makes has in scope. Not for use by hand.

pub use diesel;
pub use diesel::Column;
use diesel::Connection;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::query_dsl::methods::{ExecuteDsl, LoadQuery};
pub use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Text};
pub use hallpass::{
    EndReason, LoginName, NewUser, PasswordChange, PasswordStamp, ProvenSession, RefreshTokenHash,
    Rotation, SessionId, SessionStart, SessionsToEnd, Timestamp,
};

use crate::connection::engine::Engine;
pub use crate::declare::column;
pub use crate::declare::condition::{in_parentheses, same_bytes, there_is};
pub use crate::declare::value::{generation, seconds, text_of};
pub use crate::sessions::change::{Over, Removal, SessionChange, Wanted};
pub use crate::sessions::row::{
    DeadSession, DeviceSessionRow, NewSession, OverSession, SessionRow,
};
pub use crate::sessions::statements::SessionStatements;
pub use crate::users::change::{Find, InRowChange, UserChange};
pub use crate::users::row::{ColumnNames, UserRow};
pub use crate::users::statements::UserStatements;

/// The connection `C`, if its feature is on. As with the columns, the alias stands for no type where it is
/// not: the compiler then says so, and keeps quiet about the statements.
pub type Known<C> = <C as Engine>::Itself;

/// The methods that statements are made of, without their names. Not `RunQueryDsl`, whose methods are
/// called by their path: diesel-async has one of the same name for all types, and both may be in scope.
pub mod traits {
    pub use diesel::prelude::{
        BoolExpressionMethods as _, ExpressionMethods as _, NullableExpressionMethods as _,
        OptionalExtension as _, QueryDsl as _,
    };
}

/// Runs a statement and returns how many rows it changed.
pub fn execute<C: Connection, S: ExecuteDsl<C>>(
    connection: &mut C,
    statement: S,
) -> QueryResult<usize> {
    S::execute(statement, connection)
}

/// Runs a query and returns its rows.
pub fn load<'query, C: Connection, R, Q: LoadQuery<'query, C, R>>(
    connection: &mut C,
    query: Q,
) -> QueryResult<Vec<R>> {
    query.load(connection)
}

/// Returns the password hash that is stored when a session starts: the verified one, or that which
/// takes its place.
#[must_use]
pub fn stored_password_hash(start: &SessionStart) -> &str {
    start.upgraded_password_hash.as_ref().unwrap_or(&start.verified_password_hash).expose_hash()
}

/// Returns the stamp as its column holds it.
#[must_use]
pub fn stamp_text(stamp: Option<&PasswordStamp>) -> Option<&str> {
    stamp.map(PasswordStamp::expose_stamp)
}

/// Returns the id of the session that does not end; none has an empty one.
#[must_use]
pub fn kept(sessions: &SessionsToEnd) -> &str {
    match sessions {
        SessionsToEnd::All => "",
        SessionsToEnd::AllBut(kept) => kept.as_str(),
    }
}

/// Returns what an application declares to be written when a user is disabled or enabled at `time`.
pub fn set_enabled<W>(is_enabled: bool, time: Timestamp, write: impl FnOnce(bool, i64) -> W) -> W {
    write(is_enabled, seconds(time))
}

/// Returns what an application declares to be written at `time`.
pub fn at<W>(time: Timestamp, write: impl FnOnce(i64) -> W) -> W {
    write(seconds(time))
}

/// Returns the condition of a table that has no column for disabling a user.
pub fn always() -> SqlLiteral<Bool> {
    sql("1 = 1")
}

/// Returns a condition that always holds and keeps Diesel from caching the statement, so that PostgreSQL plans
/// it for the values at hand. A plan for any user expects few rows, and would read and sort all of them
/// for a user who has thousands.
pub fn for_this_user_alone() -> SqlLiteral<Bool> {
    always()
}

/// Returns the scope of a table that has no column for it.
pub fn no_scope() -> SqlLiteral<Text> {
    sql("''")
}
