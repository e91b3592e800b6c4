//! The statements about a table of users, once for every kind of database and every table.
//!
//! They are in a macro because Diesel's types depend on the table and on the connection. The macro
//! makes the implementation of [`UserStatements`] and nothing else; the store is plain code over it.

use std::fmt::Display;
use std::str::FromStr;

use diesel::Connection;
use diesel::result::QueryResult;
use hallpass::NewUser;

use crate::sessions::statements::SessionStatements;
use crate::users::change::{Find, InRowChange, UserChange};
use crate::users::row::{ColumnNames, UserRow};

/// What the store asks of a table of users. Few methods for many statements: the compiler reports a
/// declared column that does not fit once for each of them.
#[doc(hidden)]
pub trait UserStatements<C: Connection + 'static>: Sized {
    /// The type of the primary key. Its text is the `sub` of the tokens.
    type Id: FromStr + Display + 'static;

    /// The table of sessions beside it, if one is declared.
    const SESSIONS: Option<&'static dyn SessionStatements<C, Self::Id>>;

    /// How table and columns are called in messages.
    const NAMES: ColumnNames;

    /// Whether it is declared how a user is disabled and enabled.
    const CAN_DISABLE: bool;

    /// Returns up to two rows: that there is one at most is the table's to promise.
    fn find(connection: &mut C, user: Find<'_, Self::Id>) -> QueryResult<Vec<UserRow<Self::Id>>>;

    /// Adds a user.
    fn insert(connection: &mut C, user: &NewUser) -> QueryResult<usize>;

    /// Changes the user's row in one statement with the old value in its `WHERE`; returns how many
    /// rows were changed.
    fn change(connection: &mut C, id: &Self::Id, change: UserChange<'_>) -> QueryResult<usize>;

    /// As [`UserStatements::change`], for the session in the user's row.
    fn change_session(
        connection: &mut C,
        id: &Self::Id,
        change: InRowChange<'_>,
    ) -> QueryResult<usize>;

    /// Returns the row of this user.
    fn load(connection: &mut C, id: &Self::Id) -> QueryResult<Option<UserRow<Self::Id>>> {
        Ok(Self::find(connection, Find::Id(id))?.pop())
    }
}

/// Implements [`UserStatements`] for the table that was declared. Closures name a column once that
/// several statements use: a column that does not fit is reported for each place that names it.
#[doc(hidden)]
#[macro_export]
macro_rules! user_statements {
    (
        $connection:ty, $name:ident, $table:ident, $id:ty, [$($scope:expr)?] [$is_enabled:expr]
        [$($set_enabled:expr)?] [$($on_insert:expr)?] [$($on_update:expr)?] [$($sessions:ident)?]
    ) => {
        impl __hallpass::UserStatements<$connection> for $name {
            type Id = $id;

            const SESSIONS: Option<&'static dyn __hallpass::SessionStatements<$connection, $id>> =
                $crate::user_statements!(@sessions [$($sessions)?]);
            const NAMES: __hallpass::ColumnNames = __Columns::NAMES;
            const CAN_DISABLE: bool = $crate::user_statements!(@is_declared [$($set_enabled)?]);

            fn find(
                connection: &mut $connection,
                user: __hallpass::Find<'_, Self::Id>,
            ) -> __hallpass::QueryResult<Vec<__hallpass::UserRow<Self::Id>>> {
                let connection: &mut __Connection = connection;
                // In the order of a `UserRow`.
                let rows = $table::table.limit(2).select((
                    __Columns::ID,
                    __Columns::LOGIN,
                    __Columns::PASSWORD_HASH,
                    __Columns::REFRESH_TOKEN_HASH,
                    __Columns::SESSION_ID,
                    __Columns::REFRESH_GENERATION,
                    __Columns::ROTATED_AT,
                    $crate::users_table!(@or [$($scope)?] [__hallpass::no_scope()]),
                    __hallpass::in_parentheses($is_enabled),
                ));
                match user {
                    __hallpass::Find::Id(id) => {
                        __hallpass::load(connection, rows.filter(__Columns::ID.eq(id)))
                    }
                    __hallpass::Find::Login(login) => {
                        let is_called = __Columns::LOGIN.eq(login.as_str());
                        __hallpass::load(connection, rows.filter(is_called))
                    }
                }
            }

            fn insert(
                connection: &mut $connection,
                user: &__hallpass::NewUser,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let values = (
                    __Columns::LOGIN.eq(user.login.as_str()),
                    __Columns::PASSWORD_HASH.eq(user.password_hash.expose_hash()),
                    $($scope.eq(user.scope.as_str()),)?
                    $(__hallpass::at(user.created_at, $on_insert),)?
                );
                let insert = __hallpass::diesel::insert_into($table::table);
                __hallpass::execute(connection, insert.values(values))
            }

            fn change(
                connection: &mut $connection,
                id: &Self::Id,
                change: __hallpass::UserChange<'_>,
            ) -> __hallpass::QueryResult<usize> {
                use __hallpass::UserChange as __Change;

                let connection: &mut __Connection = connection;
                let row = $table::table.filter(__Columns::ID.eq(id));
                let update = __hallpass::diesel::update(row);
                let has_password = |hash| __hallpass::same_bytes(__Columns::PASSWORD_HASH, hash);
                let set_password = |hash| __Columns::PASSWORD_HASH.eq(hash);
                let no_session = $crate::user_statements!(@no_session);
                match change {
                    __Change::ConfirmPassword(start) => {
                        let update = update
                            .filter(has_password(start.verified_password_hash.expose_hash()))
                            .filter(__hallpass::in_parentheses($is_enabled));
                        let now = start.session.rotated_at;
                        let password = set_password(__hallpass::stored_password_hash(start));
                        let set = (password, $(__hallpass::at(now, $on_update),)?);
                        __hallpass::execute(connection, update.set(set))
                    }
                    __Change::SetPassword(change) => {
                        let verified = change.verified_password_hash.expose_hash();
                        let password = set_password(change.password_hash.expose_hash());
                        let now = change.changed_at;
                        let set = (password, no_session, $(__hallpass::at(now, $on_update),)?);
                        let update = update.filter(has_password(verified));
                        __hallpass::execute(connection, update.set(set))
                    }
                    __Change::SetPasswordInSession(change, proven) => {
                        let (id, hash) = (proven.id.as_str(), __hallpass::text_of(&proven.verified_hash));
                        let bound_hash = __hallpass::text_of(&proven.bound_hash);
                        let update = update
                            .filter(has_password(change.verified_password_hash.expose_hash()))
                            .filter(__hallpass::same_bytes(__Columns::SESSION_ID, id))
                            .filter(__hallpass::same_bytes(__Columns::REFRESH_TOKEN_HASH, &hash));
                        let set = (
                            set_password(change.password_hash.expose_hash()),
                            __Columns::REFRESH_TOKEN_HASH.eq(bound_hash),
                            $(__hallpass::at(change.changed_at, $on_update),)?
                        );
                        __hallpass::execute(connection, update.set(set))
                    }
                    __Change::Disable(now) => $crate::user_statements!(
                        @set_enabled connection update (false, now) [$($set_enabled)?]
                        [no_session, $(__hallpass::at(now, $on_update),)?]
                    ),
                    __Change::Enable(now) => $crate::user_statements!(
                        @set_enabled connection update (true, now) [$($set_enabled)?]
                        [$(__hallpass::at(now, $on_update),)?]
                    ),
                    __Change::LogOut => __hallpass::execute(connection, update.set(no_session)),
                    __Change::Delete => {
                        __hallpass::execute(connection, __hallpass::diesel::delete(row))
                    }
                }
            }

            fn change_session(
                connection: &mut $connection,
                id: &Self::Id,
                change: __hallpass::InRowChange<'_>,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let update = __hallpass::diesel::update($table::table).filter(__Columns::ID.eq(id));
                let is_session = |id| __hallpass::same_bytes(__Columns::SESSION_ID, id);
                let has_hash = |hash| __hallpass::same_bytes(__Columns::REFRESH_TOKEN_HASH, hash);
                let has_password = |hash| __hallpass::same_bytes(__Columns::PASSWORD_HASH, hash);
                let set_hash = |hash| __Columns::REFRESH_TOKEN_HASH.eq(hash);
                let set_time = |time| __Columns::ROTATED_AT.eq(__hallpass::seconds(time));
                let is_enabled = || __hallpass::in_parentheses($is_enabled);
                let no_session = $crate::user_statements!(@no_session);
                let end = |now| (no_session, $(__hallpass::at(now, $on_update),)?);
                match change {
                    __hallpass::InRowChange::Start(start) => {
                        let (session, now) = (&start.session, start.session.rotated_at);
                        let verified = start.verified_password_hash.expose_hash();
                        let update = update.filter(has_password(verified)).filter(is_enabled());
                        let set = (
                            __Columns::PASSWORD_HASH.eq(__hallpass::stored_password_hash(start)),
                            set_hash(__hallpass::text_of(&session.refresh_token_hash)),
                            __Columns::SESSION_ID.eq(session.id.as_str()),
                            __Columns::REFRESH_GENERATION.eq(0),
                            set_time(now),
                            $(__hallpass::at(now, $on_update),)?
                        );
                        __hallpass::execute(connection, update.set(set))
                    }
                    __hallpass::InRowChange::Rotate(rotation) | __hallpass::InRowChange::Take(rotation) => {
                        let now = rotation.rotated_at;
                        let verified = __hallpass::text_of(&rotation.verified_hash);
                        let update = update.filter(is_session(rotation.session_id.as_str()));
                        let update = update.filter(has_hash(verified.as_str())).filter(is_enabled());
                        if matches!(change, __hallpass::InRowChange::Take(_)) {
                            return __hallpass::execute(connection, update.set(end(now)));
                        }
                        let set = (
                            set_hash(__hallpass::text_of(&rotation.successor_hash)),
                            __Columns::REFRESH_GENERATION.eq(__Columns::REFRESH_GENERATION + 1),
                            set_time(now),
                            $(__hallpass::at(now, $on_update),)?
                        );
                        __hallpass::execute(connection, update.set(set))
                    }
                    __hallpass::InRowChange::Bind { from, to } => {
                        let (from, to) = (__hallpass::text_of(from), __hallpass::text_of(to));
                        let update = update.filter(has_hash(from.as_str()));
                        __hallpass::execute(connection, update.set(set_hash(to)))
                    }
                    __hallpass::InRowChange::End(session_id, now) => {
                        let update = update.filter(is_session(session_id.as_str()));
                        __hallpass::execute(connection, update.set(end(now)))
                    }
                    __hallpass::InRowChange::EndSeveral(sessions, now) => {
                        let is_meant = __Columns::SESSION_ID.ne(__hallpass::kept(sessions));
                        __hallpass::execute(connection, update.filter(is_meant).set(end(now)))
                    }
                }
            }
        }
    };

    // The columns of a user who is logged out.
    (@no_session) => {
        (
            __Columns::REFRESH_TOKEN_HASH.eq(None::<&str>),
            __Columns::SESSION_ID.eq(None::<&str>),
            __Columns::REFRESH_GENERATION.eq(0),
            __Columns::ROTATED_AT.eq(None::<i64>),
        )
    };

    // Disables or enables a user, if it is declared how.
    (@set_enabled $connection:ident $update:ident $to:tt [] $also:tt) => { Ok(0) };
    (
        @set_enabled $connection:ident $update:ident ($is_enabled:expr, $now:ident)
        [$set_enabled:expr] [$($also:expr,)*]
    ) => {{
        let set = (__hallpass::set_enabled($is_enabled, $now, $set_enabled), $($also,)*);
        __hallpass::execute($connection, $update.set(set))
    }};

    (@is_declared []) => { false };
    (@is_declared [$($declared:tt)+]) => { true };

    (@sessions []) => { None };
    (@sessions [$sessions:ident]) => { Some(&__Sessions) };
}
