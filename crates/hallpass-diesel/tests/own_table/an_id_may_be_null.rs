use diesel::SqliteConnection;

diesel::table! {
    accounts (email) {
        id -> Nullable<BigInt>,
        email -> Text,
        password_hash -> Text,
        refresh_token_hash -> Nullable<Text>,
        session_id -> Nullable<Text>,
        refresh_generation -> BigInt,
        rotated_at -> Nullable<BigInt>,
    }
}

hallpass_diesel::users_table! {
    pub struct Accounts for [SqliteConnection] {
        table: accounts,
        id: id,
        login: email,
        password_hash: password_hash,
        refresh_token_hash: refresh_token_hash,
        session_id: session_id,
        refresh_generation: refresh_generation,
        rotated_at: rotated_at,
    }
}

fn main() {}
