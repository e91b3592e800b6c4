//! How the tables that hallpass brings are declared, as an application declares its own.

#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
use crate::schema::own_tables::OwnTables;
use crate::schema::tables::{sessions, users};

crate::users_table! {
    /// The table `users` that hallpass's migrations make.
    pub struct Users for [
        #[cfg(feature = "sqlite")] diesel::SqliteConnection,
        #[cfg(feature = "postgres")] diesel::PgConnection,
        #[cfg(feature = "mysql")] diesel::MysqlConnection
    ] {
        table: users,
        id: id,
        login: login,
        password_hash: password_hash,
        refresh_token_hash: refresh_token_hash,
        session_id: session_id,
        refresh_generation: refresh_generation,
        rotated_at: rotated_at,
        scope: scope,
        is_enabled: users::disabled_at.is_null(),
        set_enabled: |is_enabled, now| users::disabled_at.eq((!is_enabled).then_some(now)),
        on_insert: |now| (users::created_at.eq(now), users::updated_at.eq(now)),
        on_update: |now| users::updated_at.eq(now),
        sessions: sessions,
    }
}

#[cfg(feature = "sqlite")]
impl OwnTables for diesel::SqliteConnection {
    type Users = Users;
}

#[cfg(feature = "postgres")]
impl OwnTables for diesel::PgConnection {
    type Users = Users;
}

#[cfg(feature = "mysql")]
impl OwnTables for diesel::MysqlConnection {
    type Users = Users;
}
