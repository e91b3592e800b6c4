//! The `users` table that hallpass brings, as Diesel sees it.

diesel::table! {
    /// One row per user; `migrations/` says what each column means.
    users (id) {
        id -> BigInt,
        login -> Text,
        password_hash -> Text,
        refresh_token_hash -> Nullable<Text>,
        session_id -> Nullable<Text>,
        refresh_generation -> BigInt,
        rotated_at -> Nullable<BigInt>,
        scope -> Text,
        disabled_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

crate::users_table! {
    /// The table `users` that hallpass's migrations make.
    pub(crate) struct Users for [
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
        on_insert: |now| (users::created_at.eq(now), users::updated_at.eq(now)),
        on_update: |now| users::updated_at.eq(now),
    }
}

/// The columns that hallpass reads and writes.
pub(crate) const COLUMNS: [&str; 11] = [
    "id",
    "login",
    "password_hash",
    "refresh_token_hash",
    "session_id",
    "refresh_generation",
    "rotated_at",
    "scope",
    "disabled_at",
    "created_at",
    "updated_at",
];
