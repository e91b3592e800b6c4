//! The tables that hallpass brings, as Diesel sees them.

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

diesel::table! {
    /// One row per login, where users have a session for each device.
    sessions (user_id, id) {
        id -> Text,
        user_id -> BigInt,
        refresh_token_hash -> Nullable<Text>,
        password_stamp -> Nullable<Text>,
        generation -> BigInt,
        rotated_at -> BigInt,
        created_at -> BigInt,
        last_used_at -> BigInt,
        expires_at -> BigInt,
        user_agent -> Nullable<Text>,
        client_address -> Nullable<Text>,
        label -> Nullable<Text>,
        ended_at -> Nullable<BigInt>,
        end_reason -> Nullable<Text>,
    }
}

diesel::table! {
    /// One row per key whose attempts are not all back, where they are counted in the database.
    login_attempts (key_hash) {
        key_hash -> Text,
        full_at -> BigInt,
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
        set_enabled: |is_enabled, now| users::disabled_at.eq((!is_enabled).then_some(now)),
        on_insert: |now| (users::created_at.eq(now), users::updated_at.eq(now)),
        on_update: |now| users::updated_at.eq(now),
        sessions: sessions,
    }
}
