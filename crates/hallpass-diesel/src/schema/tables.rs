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
