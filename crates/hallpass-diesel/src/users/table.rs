//! How a table of users is declared. The statements about it are in `statements.rs`.

use diesel::Connection;

use crate::connection::error::OpenError;
use crate::connection::pool::Connections;
use crate::sessions::store::DeviceStore;
use crate::users::statements::UserStatements;
use crate::users::store::DieselStore;

/// A table of users, as it is reached over a connection. Implemented by
/// [`users_table!`](crate::users_table) alone.
pub trait UsersTable<C: Connection + 'static>: UserStatements<C> {
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

    /// As [`store`](Self::store), with up to `max` sessions for each user, in the table that the line
    /// `sessions` of the declaration names.
    ///
    /// # Errors
    /// As [`store`](Self::store), and [`OpenError::Table`] where the declaration has no such line.
    fn store_per_device<P>(pool: P, max: u32) -> Result<DeviceStore<Self, P>, OpenError>
    where
        P: Connections<Connection = C> + 'static,
        Self: 'static,
    {
        Self::store(pool)?.with_sessions(max).map_err(OpenError::Table)
    }
}

impl<C: Connection + 'static, T: UserStatements<C>> UsersTable<C> for T {}

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

            const NAMES: __hallpass::ColumnNames = __hallpass::ColumnNames {
                table: stringify!($table),
                login: <$table::$login as __hallpass::Column>::NAME,
                session_id: <$table::$session_id as __hallpass::Column>::NAME,
                refresh_generation: <$table::$refresh_generation as __hallpass::Column>::NAME,
                rotated_at: <$table::$rotated_at as __hallpass::Column>::NAME,
                scope: $crate::users_table!(
                    @or [$(<$table::$scope as __hallpass::Column>::NAME)?] ["scope"]
                ),
            };
        }
        $(const _: __hallpass::column::Scope<$table::$scope> = $table::$scope;)?

        $crate::user_statements!(
            $connection, $name, $table, __hallpass::column::Key<$table::$id>, [$($table::$scope)?]
            [$crate::users_table!(@or [$($is_enabled)?] [__hallpass::always()])]
            [$($set_enabled)?] [$($on_insert)?] [$($on_update)?] [$($sessions)?]
        );
        $crate::session_statements!(
            $connection, [$($sessions)?] __hallpass::column::Key<$table::$id>, $table,
            $crate::users_table!(@or [$($is_enabled)?] [__hallpass::always()])
        );
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
