//! The `users` table, as Diesel sees it.

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
