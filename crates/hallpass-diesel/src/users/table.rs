//! The statements of the verbs, once for every kind of database and every table.
//!
//! They are in a macro because Diesel's types depend on the table and on the connection. What the
//! macro makes is the implementation of [`UsersTable`] and nothing else; the rest of the store is
//! plain code over that trait.

use std::fmt::Display;
use std::str::FromStr;

use diesel::Connection;
use diesel::result::QueryResult;
use hallpass::{
    LoginName, NewUser, PasswordChange, RefreshTokenHash, Rotation, SessionId, SessionStart,
    SessionsToEnd, Timestamp,
};

use crate::connection::error::OpenError;
use crate::connection::pool::Connections;
use crate::sessions::statements::SessionsTable;
use crate::users::row::{ColumnNames, UserRow};
use crate::users::store::DieselStore;

/// A table of users, as it is reached over a connection. Implemented by
/// [`users_table!`](crate::users_table) alone.
///
/// Each change is one statement with the old value in its `WHERE`; the count of rows is the answer.
pub trait UsersTable<C: Connection + 'static>: Sized {
    /// The type of the primary key. Its text is the `sub` of the tokens.
    type Id: FromStr + Display + 'static;

    /// The table of sessions beside it, if one is declared.
    #[doc(hidden)]
    const SESSIONS: Option<&'static dyn SessionsTable<C, Self::Id>>;

    /// How table and columns are called in messages.
    #[doc(hidden)]
    const NAMES: ColumnNames;

    /// Returns a store of the users in this table, over a pool of the application's.
    ///
    /// Looks at the table once, so that a column that the database does not have is an error now and
    /// not at the first login.
    ///
    /// # Errors
    /// [`OpenError::Table`] when the database can't be reached, or its table is not as declared.
    fn store<P>(pool: P) -> Result<DieselStore<Self, P>, OpenError>
    where
        P: Connections<Connection = C>,
    {
        DieselStore::over(pool)
    }

    #[doc(hidden)]
    fn load(connection: &mut C, id: &Self::Id) -> QueryResult<Option<UserRow<Self::Id>>>;

    /// Returns up to two rows: that there is one at most is the table's to promise.
    #[doc(hidden)]
    fn load_by_login(connection: &mut C, login: &LoginName) -> QueryResult<Vec<UserRow<Self::Id>>>;

    #[doc(hidden)]
    fn insert(connection: &mut C, user: &NewUser) -> QueryResult<usize>;

    #[doc(hidden)]
    fn ids_of(connection: &mut C, login: &LoginName) -> QueryResult<Vec<Self::Id>>;

    #[doc(hidden)]
    fn start_session(connection: &mut C, id: &Self::Id, start: &SessionStart)
    -> QueryResult<usize>;

    #[doc(hidden)]
    fn rotate(connection: &mut C, id: &Self::Id, rotation: &Rotation) -> QueryResult<usize>;

    #[doc(hidden)]
    fn end_session(
        connection: &mut C,
        id: &Self::Id,
        session_id: &SessionId,
        now: Timestamp,
    ) -> QueryResult<usize>;

    /// Ends the session in the user's row, unless it is the one to be kept.
    #[doc(hidden)]
    fn end_sessions(
        connection: &mut C,
        id: &Self::Id,
        sessions: &SessionsToEnd,
        now: Timestamp,
    ) -> QueryResult<usize>;

    /// Sets the password and ends the session in the user's row.
    #[doc(hidden)]
    fn set_password(
        connection: &mut C,
        id: &Self::Id,
        change: &PasswordChange,
    ) -> QueryResult<usize>;

    /// Sets the password and binds the session in the user's row to it, if that is the proven one and its
    /// hash is still the one that was verified.
    #[doc(hidden)]
    fn set_password_in_session(
        connection: &mut C,
        id: &Self::Id,
        change: &PasswordChange,
    ) -> QueryResult<usize>;

    /// Disables the user and ends the session in their row; `None` if it is not declared how.
    #[doc(hidden)]
    fn disable(connection: &mut C, id: &Self::Id, now: Timestamp) -> Option<QueryResult<usize>>;

    /// Enables the user; `None` if it is not declared how.
    #[doc(hidden)]
    fn enable(connection: &mut C, id: &Self::Id, now: Timestamp) -> Option<QueryResult<usize>>;

    /// Ends the session in the user's row, if any; returns whether there is such a user, whose row is
    /// locked then.
    #[doc(hidden)]
    fn log_out(connection: &mut C, id: &Self::Id) -> QueryResult<usize>;

    #[doc(hidden)]
    fn delete(connection: &mut C, id: &Self::Id) -> QueryResult<usize>;

    /// Does what a start of a session does to the user's row when the session is elsewhere: checks the
    /// password hash and upgrades it.
    #[doc(hidden)]
    fn confirm_password(
        connection: &mut C,
        id: &Self::Id,
        start: &SessionStart,
    ) -> QueryResult<usize>;

    /// Replaces the hash in the user's row by the same one, bound to another password.
    #[doc(hidden)]
    fn bind(
        connection: &mut C,
        id: &Self::Id,
        from: &RefreshTokenHash,
        to: &RefreshTokenHash,
    ) -> QueryResult<usize>;

    /// Takes a session out of the user's row, on the conditions of a rotation.
    #[doc(hidden)]
    fn take_session(connection: &mut C, id: &Self::Id, rotation: &Rotation) -> QueryResult<usize>;
}

/// Declares which table holds the users, and how its columns are called.
#[macro_export]
macro_rules! users_table {
    // One implementation for each connection: takes them one by one off the list.
    (@connections [] $name:ident $columns:tt) => {};
    (
        @connections [$(#[$condition:meta])* $connection:ty $(, $($others:tt)*)?]
        $name:ident $columns:tt
    ) => {
        $(#[$condition])*
        const _: () = {
            use $crate::declare::prelude as __hallpass;
            use __hallpass::traits::*;
            // As with the columns below: where the feature is off, the compiler says so and no more.
            type __Connection = __hallpass::Known<$connection>;
            $crate::users_table!(@implement $connection, $name $columns);
        };
        $crate::users_table!(@connections [$($($others)*)?] $name $columns);
    };

    (@implement $connection:ty, $name:ident {
        table: $table:ident,
        id: $id:ident,
        login: $login:ident,
        password_hash: $password_hash:ident,
        refresh_token_hash: $refresh_token_hash:ident,
        session_id: $session_id:ident,
        refresh_generation: $refresh_generation:ident,
        rotated_at: $rotated_at:ident
        $(, scope: $scope:ident)?
        $(, is_enabled: $is_enabled:expr)?
        $(, set_enabled: $set_enabled:expr)?
        $(, on_insert: $on_insert:expr)?
        $(, on_update: $on_update:expr)?
        $(, sessions: $sessions:ident)?
        $(,)?
    }) => {
        struct __Columns;

        // Where a column is not what it is declared as, its type here is unknown to the compiler, which
        // then says what is wrong with the column, and nothing about the statements.
        impl __Columns {
            const ID: __hallpass::column::Id<$table::$id> = $table::$id;
            const LOGIN: __hallpass::column::Login<$table::$login> = $table::$login;
            const PASSWORD_HASH: __hallpass::column::PasswordHash<$table::$password_hash> =
                $table::$password_hash;
            const REFRESH_TOKEN_HASH: __hallpass::column::RefreshTokenHash<$table::$refresh_token_hash> =
                $table::$refresh_token_hash;
            const SESSION_ID: __hallpass::column::SessionId<$table::$session_id> = $table::$session_id;
            const REFRESH_GENERATION: __hallpass::column::RefreshGeneration<$table::$refresh_generation> =
                $table::$refresh_generation;
            const ROTATED_AT: __hallpass::column::RotatedAt<$table::$rotated_at> = $table::$rotated_at;
        }
        $(const _: __hallpass::column::Scope<$table::$scope> = $table::$scope;)?

        $crate::sessions_table!(
            $connection, __hallpass::column::Key<$table::$id>,
            [$($sessions)?] $table [$($is_enabled)?]
        );

        impl __hallpass::UsersTable<$connection> for $name {
            type Id = __hallpass::column::Key<$table::$id>;

            const SESSIONS: Option<&'static dyn __hallpass::SessionsTable<$connection, Self::Id>> =
                $crate::users_table!(@sessions [$($sessions)?]);

            const NAMES: __hallpass::ColumnNames = __hallpass::ColumnNames {
                table: stringify!($table),
                session_id: <$table::$session_id as __hallpass::Column>::NAME,
                refresh_generation: <$table::$refresh_generation as __hallpass::Column>::NAME,
                rotated_at: <$table::$rotated_at as __hallpass::Column>::NAME,
                login: <$table::$login as __hallpass::Column>::NAME,
                scope: $crate::users_table!(
                    @or [$(<$table::$scope as __hallpass::Column>::NAME)?] ["scope"]
                ),
            };

            fn load(
                connection: &mut $connection,
                id: &Self::Id,
            ) -> __hallpass::QueryResult<Option<__hallpass::UserRow<Self::Id>>> {
                let connection: &mut __Connection = connection;
                let query = $crate::users_table!(@row $table [$($scope)?] [$($is_enabled)?])
                .filter(__Columns::ID.eq(id));
                __hallpass::RunQueryDsl::first(query, connection).optional()
            }

            fn load_by_login(
                connection: &mut $connection,
                login: &__hallpass::LoginName,
            ) -> __hallpass::QueryResult<Vec<__hallpass::UserRow<Self::Id>>> {
                let connection: &mut __Connection = connection;
                let query = $crate::users_table!(@row $table [$($scope)?] [$($is_enabled)?])
                .filter(__Columns::LOGIN.eq(login.as_str()))
                .limit(2);
                __hallpass::RunQueryDsl::load(query, connection)
            }

            fn insert(
                connection: &mut $connection,
                user: &__hallpass::NewUser,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let statement = __hallpass::diesel::insert_into($table::table)
                    .values((
                        __Columns::LOGIN.eq(user.login.as_str()),
                        __Columns::PASSWORD_HASH.eq(user.password_hash.expose_hash()),
                        $($table::$scope.eq(user.scope.as_str()),)?
                        $(__hallpass::at(user.created_at, $on_insert),)?
                    ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn ids_of(
                connection: &mut $connection,
                login: &__hallpass::LoginName,
            ) -> __hallpass::QueryResult<Vec<Self::Id>> {
                let connection: &mut __Connection = connection;
                let query = $table::table
                    .filter(__Columns::LOGIN.eq(login.as_str()))
                    .select(__Columns::ID)
                    .limit(2);
                __hallpass::RunQueryDsl::load(query, connection)
            }

            fn start_session(
                connection: &mut $connection,
                id: &Self::Id,
                start: &__hallpass::SessionStart,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let verified = &start.verified_password_hash;
                let stored = start.upgraded_password_hash.as_ref().unwrap_or(verified);
                let session = &start.session;
                let statement = __hallpass::diesel::update($table::table)
                    .filter(__Columns::ID.eq(id))
                    .filter(__hallpass::same_bytes(__Columns::PASSWORD_HASH, __hallpass::text(verified.expose_hash())))
                    .filter(__hallpass::in_parentheses($crate::users_table!(@or [$($is_enabled)?] [__hallpass::always()])))
                    .set((
                        __Columns::PASSWORD_HASH.eq(stored.expose_hash()),
                        __Columns::REFRESH_TOKEN_HASH.eq(session.refresh_token_hash.expose_hash()),
                        __Columns::SESSION_ID.eq(session.id.as_str()),
                        __Columns::REFRESH_GENERATION.eq(0),
                        __Columns::ROTATED_AT.eq(__hallpass::seconds(session.rotated_at)),
                        $(__hallpass::at(session.rotated_at, $on_update),)?
                    ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn rotate(
                connection: &mut $connection,
                id: &Self::Id,
                rotation: &__hallpass::Rotation,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let verified = rotation.verified_hash.expose_hash();
                let statement = __hallpass::diesel::update($table::table)
                    .filter(__Columns::ID.eq(id))
                    .filter(__hallpass::same_bytes(__Columns::SESSION_ID, __hallpass::text(rotation.session_id.as_str())))
                    .filter(__hallpass::same_bytes(__Columns::REFRESH_TOKEN_HASH, __hallpass::text(verified)))
                    .filter(__hallpass::in_parentheses($crate::users_table!(@or [$($is_enabled)?] [__hallpass::always()])))
                    .set((
                        __Columns::REFRESH_TOKEN_HASH.eq(rotation.successor_hash.expose_hash()),
                        __Columns::REFRESH_GENERATION.eq(__Columns::REFRESH_GENERATION + 1),
                        __Columns::ROTATED_AT.eq(__hallpass::seconds(rotation.rotated_at)),
                        $(__hallpass::at(rotation.rotated_at, $on_update),)?
                    ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn end_session(
                connection: &mut $connection,
                id: &Self::Id,
                session_id: &__hallpass::SessionId,
                now: __hallpass::Timestamp,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let statement = __hallpass::diesel::update($table::table)
                    .filter(__Columns::ID.eq(id))
                    .filter(__hallpass::same_bytes(__Columns::SESSION_ID, __hallpass::text(session_id.as_str())))
                    .set((
                        $crate::users_table!(@no_session),
                        $(__hallpass::at(now, $on_update),)?
                    ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn end_sessions(
                connection: &mut $connection,
                id: &Self::Id,
                sessions: &__hallpass::SessionsToEnd,
                now: __hallpass::Timestamp,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let statement = __hallpass::diesel::update($table::table)
                    .filter(__Columns::ID.eq(id))
                    .filter(__Columns::SESSION_ID.ne(__hallpass::kept(sessions)))
                    .set((
                        $crate::users_table!(@no_session),
                        $(__hallpass::at(now, $on_update),)?
                    ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn set_password(
                connection: &mut $connection,
                id: &Self::Id,
                change: &__hallpass::PasswordChange,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let verified = change.verified_password_hash.expose_hash();
                let statement = __hallpass::diesel::update($table::table)
                    .filter(__Columns::ID.eq(id))
                    .filter(__hallpass::same_bytes(__Columns::PASSWORD_HASH, __hallpass::text(verified)))
                    .set((
                        __Columns::PASSWORD_HASH.eq(change.password_hash.expose_hash()),
                        $crate::users_table!(@no_session),
                        $(__hallpass::at(change.changed_at, $on_update),)?
                    ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn set_password_in_session(
                connection: &mut $connection,
                id: &Self::Id,
                change: &__hallpass::PasswordChange,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let Some(kept) = &change.proven_session else { return Ok(0) };
                let verified = change.verified_password_hash.expose_hash();
                let statement = __hallpass::diesel::update($table::table)
                    .filter(__Columns::ID.eq(id))
                    .filter(__hallpass::same_bytes(__Columns::PASSWORD_HASH, __hallpass::text(verified)))
                    .filter(__hallpass::same_bytes(__Columns::SESSION_ID, __hallpass::text(kept.id.as_str())))
                    .filter(__hallpass::same_bytes(
                        __Columns::REFRESH_TOKEN_HASH,
                        __hallpass::text(kept.verified_hash.expose_hash()),
                    ))
                    .set((
                        __Columns::PASSWORD_HASH.eq(change.password_hash.expose_hash()),
                        __Columns::REFRESH_TOKEN_HASH.eq(kept.bound_hash.expose_hash()),
                        $(__hallpass::at(change.changed_at, $on_update),)?
                    ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn disable(
                connection: &mut $connection,
                id: &Self::Id,
                now: __hallpass::Timestamp,
            ) -> Option<__hallpass::QueryResult<usize>> {
                $crate::users_table!(
                    @disable [$($set_enabled)?] [$($on_update)?] $table connection id now
                )
            }

            fn enable(
                connection: &mut $connection,
                id: &Self::Id,
                now: __hallpass::Timestamp,
            ) -> Option<__hallpass::QueryResult<usize>> {
                $crate::users_table!(
                    @enable [$($set_enabled)?] [$($on_update)?] $table connection id now
                )
            }

            fn log_out(
                connection: &mut $connection,
                id: &Self::Id,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let statement = __hallpass::diesel::update($table::table)
                    .filter(__Columns::ID.eq(id))
                    .set($crate::users_table!(@no_session));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn delete(
                connection: &mut $connection,
                id: &Self::Id,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let statement = __hallpass::diesel::delete($table::table.filter(__Columns::ID.eq(id)));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn confirm_password(
                connection: &mut $connection,
                id: &Self::Id,
                start: &__hallpass::SessionStart,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let verified = &start.verified_password_hash;
                let stored = start.upgraded_password_hash.as_ref().unwrap_or(verified);
                let statement = __hallpass::diesel::update($table::table)
                    .filter(__Columns::ID.eq(id))
                    .filter(__hallpass::same_bytes(__Columns::PASSWORD_HASH, __hallpass::text(verified.expose_hash())))
                    .filter(__hallpass::in_parentheses($crate::users_table!(@or [$($is_enabled)?] [__hallpass::always()])))
                    .set((
                        __Columns::PASSWORD_HASH.eq(stored.expose_hash()),
                        $(__hallpass::at(start.session.rotated_at, $on_update),)?
                    ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn bind(
                connection: &mut $connection,
                id: &Self::Id,
                from: &__hallpass::RefreshTokenHash,
                to: &__hallpass::RefreshTokenHash,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let statement = __hallpass::diesel::update($table::table)
                    .filter(__Columns::ID.eq(id))
                    .filter(__hallpass::same_bytes(__Columns::REFRESH_TOKEN_HASH, __hallpass::text(from.expose_hash())))
                    .set(__Columns::REFRESH_TOKEN_HASH.eq(to.expose_hash()));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }

            fn take_session(
                connection: &mut $connection,
                id: &Self::Id,
                rotation: &__hallpass::Rotation,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let verified = rotation.verified_hash.expose_hash();
                let statement = __hallpass::diesel::update($table::table)
                    .filter(__Columns::ID.eq(id))
                    .filter(__hallpass::same_bytes(__Columns::SESSION_ID, __hallpass::text(rotation.session_id.as_str())))
                    .filter(__hallpass::same_bytes(__Columns::REFRESH_TOKEN_HASH, __hallpass::text(verified)))
                    .filter(__hallpass::in_parentheses($crate::users_table!(@or [$($is_enabled)?] [__hallpass::always()])))
                    .set((
                        $crate::users_table!(@no_session),
                        $(__hallpass::at(rotation.rotated_at, $on_update),)?
                    ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }
        }
    };

    // How a user is disabled, if it is declared.
    (@disable [] $on_update:tt $table:ident $connection:ident $id:ident $now:ident) => {{
        let _ = ($connection, $id, $now);
        None
    }};
    (
        @disable [$set_enabled:expr] [$($on_update:expr)?]
        $table:ident $connection:ident $id:ident $now:ident
    ) => {{
        let connection: &mut __Connection = $connection;
        let statement = __hallpass::diesel::update($table::table)
            .filter(__Columns::ID.eq($id))
            .set((
                __hallpass::set_enabled(false, $now, $set_enabled),
                $crate::users_table!(@no_session),
                $(__hallpass::at($now, $on_update),)?
            ));
        Some(__hallpass::RunQueryDsl::execute(statement, connection))
    }};

    // How a user is enabled, if it is declared.
    (@enable [] $on_update:tt $table:ident $connection:ident $id:ident $now:ident) => {{
        let _ = ($connection, $id, $now);
        None
    }};
    (
        @enable [$set_enabled:expr] [$($on_update:expr)?]
        $table:ident $connection:ident $id:ident $now:ident
    ) => {{
        let connection: &mut __Connection = $connection;
        let statement = __hallpass::diesel::update($table::table)
            .filter(__Columns::ID.eq($id))
            .set((
                __hallpass::set_enabled(true, $now, $set_enabled),
                $(__hallpass::at($now, $on_update),)?
            ));
        Some(__hallpass::RunQueryDsl::execute(statement, connection))
    }};

    // The table of sessions, if one is declared.
    (@sessions []) => { None };
    (@sessions [$sessions:ident]) => { Some(&__Sessions) };

    // The query for the columns of a `UserRow`, in its order.
    (@row $table:ident [$($scope:ident)?] [$($is_enabled:expr)?]) => {
        $table::table.select((
            __Columns::ID,
            __Columns::LOGIN,
            __Columns::PASSWORD_HASH,
            __Columns::REFRESH_TOKEN_HASH,
            __Columns::SESSION_ID,
            __Columns::REFRESH_GENERATION,
            __Columns::ROTATED_AT,
            $crate::users_table!(@or [$($table::$scope)?] [__hallpass::no_scope()]),
            __hallpass::in_parentheses($crate::users_table!(@or [$($is_enabled)?] [__hallpass::always()])),
        ))
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

    // What is declared, or what stands in for it.
    (@or [] [$otherwise:expr]) => { $otherwise };
    (@or [$declared:expr] [$otherwise:expr]) => { $declared };

    // What an application writes.
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident for [$($connections:tt)+] $columns:tt
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug)]
        $visibility struct $name;

        $crate::users_table!(@connections [$($connections)+] $name $columns);
    };
}
