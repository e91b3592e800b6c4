//! A table of the least columns, on SQLite, and what a table lacks.

use super::*;

/// A small number for an id, and nothing but what is needed.
mod people {
    use diesel::SqliteConnection;

    diesel::table! {
        people (number) {
            number -> Integer,
            login -> Text,
            password_hash -> Text,
            refresh_token_hash -> Nullable<Text>,
            session_id -> Nullable<Text>,
            refresh_generation -> BigInt,
            rotated_at -> Nullable<BigInt>,
        }
    }

    actix_hallpass::hallpass_diesel::users_table! {
        pub(super) struct People for [SqliteConnection] {
            table: people,
            id: number,
            login: login,
            password_hash: password_hash,
            refresh_token_hash: refresh_token_hash,
            session_id: session_id,
            refresh_generation: refresh_generation,
            rotated_at: rotated_at,
        }
    }
}

fn make_people(database: &TestDatabase) -> Pool<ConnectionManager<SqliteConnection>> {
    database.sql(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE people (
            number INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, login TEXT NOT NULL UNIQUE,
            password_hash TEXT NOT NULL, refresh_token_hash TEXT, session_id TEXT,
            refresh_generation BIGINT NOT NULL DEFAULT 0, rotated_at BIGINT
        )",
    );
    let url = database.directory().path().join("app.db").display().to_string();
    pool(&url, "PRAGMA busy_timeout = 5000")
}

#[test]
fn a_table_of_the_least_columns_conforms_on_sqlite() {
    let database = TestDatabase::sqlite();
    let store = people::People::store(make_people(&database)).unwrap();
    for (text, is_id) in [("1", true), ("2147483647", true), ("2147483648", false), ("01", false)] {
        assert_eq!(store.is_id(text), is_id, "{text}");
    }
    let store = Arc::new(store);
    let (table, key) = ("people", "number");
    let (disable, one_per_user, counted, database) = (None, None, None, &database);
    conformance::run(&OwnTable { database, store, one_per_user, counted, disable, table, key });
}

#[test]
fn a_table_of_ones_own_may_be_reached_over_hallpasss_pool() {
    let database = TestDatabase::sqlite();
    drop(make_people(&database));
    let four = std::num::NonZeroU32::new(4).unwrap();
    let pool =
        hallpass_diesel::Pool::<SqliteConnection>::open(&database.database_url(), four).unwrap();
    let store = Arc::new(people::People::store(pool).unwrap());
    let (table, key) = ("people", "number");
    let (disable, one_per_user, counted, database) = (None, None, None, &database);
    conformance::run(&OwnTable { database, store, one_per_user, counted, disable, table, key });
}

#[test]
fn a_column_that_the_database_does_not_have_is_named_at_once() {
    let database = TestDatabase::sqlite();
    let pool = make_people(&database);
    database.sql("ALTER TABLE people DROP COLUMN rotated_at");
    let error = people::People::store(pool).unwrap_err();
    let cause = format!("{:?}", std::error::Error::source(&error).unwrap());
    assert!(cause.contains("no such column: people.rotated_at"), "{cause}");
}

#[test]
fn a_table_of_sessions_that_is_not_as_declared_is_an_error_at_once() {
    let database = TestDatabase::sqlite();
    make_accounts(&database, "TEXT", "sqlite");
    let url = database.directory().path().join("app.db").display().to_string();
    let pool = pool::<SqliteConnection>(&url, "PRAGMA busy_timeout = 5000");
    assert!(Accounts::store_per_device(pool.clone(), 3).is_ok());
    database.sql("ALTER TABLE account_sessions DROP COLUMN label");
    let error = Accounts::store_per_device(pool, 3).err().unwrap();
    let cause = format!("{error:?}");
    assert!(cause.contains("no such column: account_sessions.label"), "{cause}");
}

#[test]
fn without_a_table_of_sessions_there_is_one_for_each_user() {
    let database = TestDatabase::sqlite();
    let pool = make_people(&database);
    let error = people::People::store_per_device(pool.clone(), 3).err().unwrap();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "the store has no place for it: `users_table!` has no line `sessions`");
    let store = Arc::new(people::People::store(pool).unwrap());
    let error = actix_hallpass::Auth::builder()
        .random_secrets()
        .store(store)
        .sessions(actix_hallpass::hallpass::Sessions::PerDevice { max: 3 })
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "SESSIONS_PER_USER: one session per device, up to 3 per user, but the store that was given keeps one \
         session per user; open the store for as many (`store_per_device` for several), or leave the setting out"
    );
}
