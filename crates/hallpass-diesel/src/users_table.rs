//! The statements of the verbs, once for every kind of database and every table.
//!
//! They are in a macro because Diesel's types depend on the table and on the connection. What the
//! macro makes is the implementation of [`UsersTable`] and nothing else; the rest of the store is
//! plain code over that trait.

use std::fmt::Display;
use std::str::FromStr;

use diesel::Connection;
use diesel::result::QueryResult;
use hallpass::{LoginName, NewUser, PasswordHash, Rotation, SessionId, SessionStart, Timestamp};

use crate::pool::Connections;
use crate::user_row::{ColumnNames, UserRow};
use crate::{DieselStore, OpenError};

/// A table of users, as it is reached over a connection. Implemented by
/// [`users_table!`](crate::users_table) alone.
///
/// Each change is one statement with the old value in its `WHERE`; the count of rows is the answer.
pub trait UsersTable<C: Connection>: Sized {
    /// The type of the primary key. Its text is the `sub` of the tokens.
    type Id: FromStr + Display;

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

    #[doc(hidden)]
    fn set_password(
        connection: &mut C,
        id: &Self::Id,
        password_hash: &PasswordHash,
        now: Timestamp,
    ) -> QueryResult<usize>;
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
            use $crate::declaration as __hallpass;
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
        $(, on_insert: $on_insert:expr)?
        $(, on_update: $on_update:expr)?
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

        impl __hallpass::UsersTable<$connection> for $name {
            type Id = __hallpass::column::Key<$table::$id>;

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

            fn set_password(
                connection: &mut $connection,
                id: &Self::Id,
                password_hash: &__hallpass::PasswordHash,
                now: __hallpass::Timestamp,
            ) -> __hallpass::QueryResult<usize> {
                let connection: &mut __Connection = connection;
                let statement = __hallpass::diesel::update($table::table)
                    .filter(__Columns::ID.eq(id))
                    .set((
                        __Columns::PASSWORD_HASH.eq(password_hash.expose_hash()),
                        $crate::users_table!(@no_session),
                        $(__hallpass::at(now, $on_update),)?
                    ));
                __hallpass::RunQueryDsl::execute(statement, connection)
            }
        }
    };

    // The query for the columns of a `UserRow`, in its order.
    (@row $table:ident [$($scope:ident)?] [$($is_enabled:expr)?]) => {
        $table::table.select((
            __Columns::ID,
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
