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

    #[doc(hidden)]
    fn load_by_login(
        connection: &mut C,
        login: &LoginName,
    ) -> QueryResult<Option<UserRow<Self::Id>>>;

    #[doc(hidden)]
    fn insert(connection: &mut C, user: &NewUser) -> QueryResult<usize>;

    #[doc(hidden)]
    fn id_of(connection: &mut C, login: &LoginName) -> QueryResult<Self::Id>;

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
            use $crate::declaration as hp;
            use hp::traits::*;
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
        struct Columns;

        // Where a column is not what it is declared as, its type here is unknown to the compiler, which
        // then says what is wrong with the column, and nothing about the statements.
        impl Columns {
            const ID: hp::column::Id<$table::$id> = $table::$id;
            const LOGIN: hp::column::Login<$table::$login> = $table::$login;
            const PASSWORD_HASH: hp::column::PasswordHash<$table::$password_hash> =
                $table::$password_hash;
            const REFRESH_TOKEN_HASH: hp::column::RefreshTokenHash<$table::$refresh_token_hash> =
                $table::$refresh_token_hash;
            const SESSION_ID: hp::column::SessionId<$table::$session_id> = $table::$session_id;
            const REFRESH_GENERATION: hp::column::RefreshGeneration<$table::$refresh_generation> =
                $table::$refresh_generation;
            const ROTATED_AT: hp::column::RotatedAt<$table::$rotated_at> = $table::$rotated_at;
        }
        $(const _: hp::column::Scope<$table::$scope> = $table::$scope;)?

        impl hp::UsersTable<$connection> for $name {
            type Id = hp::column::Key<$table::$id>;

            const NAMES: hp::ColumnNames = hp::ColumnNames {
                table: stringify!($table),
                session_id: <$table::$session_id as hp::Column>::NAME,
                refresh_generation: <$table::$refresh_generation as hp::Column>::NAME,
                rotated_at: <$table::$rotated_at as hp::Column>::NAME,
                scope: $crate::users_table!(
                    @or [$(<$table::$scope as hp::Column>::NAME)?] ["scope"]
                ),
            };

            fn load(
                connection: &mut $connection,
                id: &Self::Id,
            ) -> hp::QueryResult<Option<hp::UserRow<Self::Id>>> {
                $crate::users_table!(@row $table [$($scope)?] [$($is_enabled)?])
                .filter(Columns::ID.eq(id))
                .first(connection)
                .optional()
            }

            fn load_by_login(
                connection: &mut $connection,
                login: &hp::LoginName,
            ) -> hp::QueryResult<Option<hp::UserRow<Self::Id>>> {
                $crate::users_table!(@row $table [$($scope)?] [$($is_enabled)?])
                .filter(Columns::LOGIN.eq(login.as_str()))
                .first(connection)
                .optional()
            }

            fn insert(
                connection: &mut $connection,
                user: &hp::NewUser,
            ) -> hp::QueryResult<usize> {
                hp::diesel::insert_into($table::table)
                    .values((
                        Columns::LOGIN.eq(user.login.as_str()),
                        Columns::PASSWORD_HASH.eq(user.password_hash.expose_hash()),
                        $($table::$scope.eq(user.scope.as_str()),)?
                        $(hp::at(user.created_at, $on_insert),)?
                    ))
                    .execute(connection)
            }

            fn id_of(
                connection: &mut $connection,
                login: &hp::LoginName,
            ) -> hp::QueryResult<Self::Id> {
                $table::table
                    .filter(Columns::LOGIN.eq(login.as_str()))
                    .select(Columns::ID)
                    .first(connection)
            }

            fn start_session(
                connection: &mut $connection,
                id: &Self::Id,
                start: &hp::SessionStart,
            ) -> hp::QueryResult<usize> {
                let verified = &start.verified_password_hash;
                let stored = start.upgraded_password_hash.as_ref().unwrap_or(verified);
                let session = &start.session;
                hp::diesel::update($table::table)
                    .filter(Columns::ID.eq(id))
                    .filter(hp::same_bytes(Columns::PASSWORD_HASH, hp::text(verified.expose_hash())))
                    .filter($crate::users_table!(@or [$($is_enabled)?] [hp::always()]))
                    .set((
                        Columns::PASSWORD_HASH.eq(stored.expose_hash()),
                        Columns::REFRESH_TOKEN_HASH.eq(session.refresh_token_hash.expose_hash()),
                        Columns::SESSION_ID.eq(session.id.as_str()),
                        Columns::REFRESH_GENERATION.eq(0),
                        Columns::ROTATED_AT.eq(hp::seconds(session.rotated_at)),
                        $(hp::at(session.rotated_at, $on_update),)?
                    ))
                    .execute(connection)
            }

            fn rotate(
                connection: &mut $connection,
                id: &Self::Id,
                rotation: &hp::Rotation,
            ) -> hp::QueryResult<usize> {
                let verified = rotation.verified_hash.expose_hash();
                hp::diesel::update($table::table)
                    .filter(Columns::ID.eq(id))
                    .filter(hp::same_bytes(Columns::SESSION_ID, hp::text(rotation.session_id.as_str())))
                    .filter(hp::same_bytes(Columns::REFRESH_TOKEN_HASH, hp::text(verified)))
                    .filter($crate::users_table!(@or [$($is_enabled)?] [hp::always()]))
                    .set((
                        Columns::REFRESH_TOKEN_HASH.eq(rotation.successor_hash.expose_hash()),
                        Columns::REFRESH_GENERATION.eq(Columns::REFRESH_GENERATION + 1),
                        Columns::ROTATED_AT.eq(hp::seconds(rotation.rotated_at)),
                        $(hp::at(rotation.rotated_at, $on_update),)?
                    ))
                    .execute(connection)
            }

            fn end_session(
                connection: &mut $connection,
                id: &Self::Id,
                session_id: &hp::SessionId,
                now: hp::Timestamp,
            ) -> hp::QueryResult<usize> {
                hp::diesel::update($table::table)
                    .filter(Columns::ID.eq(id))
                    .filter(hp::same_bytes(Columns::SESSION_ID, hp::text(session_id.as_str())))
                    .set((
                        $crate::users_table!(@no_session),
                        $(hp::at(now, $on_update),)?
                    ))
                    .execute(connection)
            }

            fn set_password(
                connection: &mut $connection,
                id: &Self::Id,
                password_hash: &hp::PasswordHash,
                now: hp::Timestamp,
            ) -> hp::QueryResult<usize> {
                hp::diesel::update($table::table)
                    .filter(Columns::ID.eq(id))
                    .set((
                        Columns::PASSWORD_HASH.eq(password_hash.expose_hash()),
                        $crate::users_table!(@no_session),
                        $(hp::at(now, $on_update),)?
                    ))
                    .execute(connection)
            }
        }
    };

    // The query for the columns of a `UserRow`, in its order.
    (@row $table:ident [$($scope:ident)?] [$($is_enabled:expr)?]) => {
        $table::table.select((
            Columns::ID,
            Columns::PASSWORD_HASH,
            Columns::REFRESH_TOKEN_HASH,
            Columns::SESSION_ID,
            Columns::REFRESH_GENERATION,
            Columns::ROTATED_AT,
            $crate::users_table!(@or [$($table::$scope)?] [hp::no_scope()]),
            $crate::users_table!(@or [$($is_enabled)?] [hp::always()]),
        ))
    };

    // The columns of a user who is logged out.
    (@no_session) => {
        (
            Columns::REFRESH_TOKEN_HASH.eq(None::<&str>),
            Columns::SESSION_ID.eq(None::<&str>),
            Columns::REFRESH_GENERATION.eq(0),
            Columns::ROTATED_AT.eq(None::<i64>),
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
