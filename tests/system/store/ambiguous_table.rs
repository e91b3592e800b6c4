//! A table of an application's own whose login names are not unique and whose condition has an `OR` in it.

use actix_hallpass::hallpass::{
    Device, LoginName, NewUser, PasswordHash, RefreshTokenHash, Scope, Session, SessionId,
    SessionStart, StoreError, Timestamp, UserId, UserStore,
};
use actix_hallpass::hallpass_diesel::UsersTable as _;
use diesel::SqliteConnection;

use super::own_table::pool;
use crate::databases::TestDatabase;

mod staff {
    use diesel::SqliteConnection;

    diesel::table! {
        staff (number) {
            number -> Integer,
            login -> Text,
            badge -> Text,
            is_active -> Bool,
            is_boss -> Bool,
            password_hash -> Text,
            refresh_token_hash -> Nullable<Text>,
            session_id -> Nullable<Text>,
            refresh_generation -> BigInt,
            rotated_at -> Nullable<BigInt>,
        }
    }

    /// As diesel-async's: of every type, with methods of the same names.
    #[expect(dead_code, reason = "it is only in the way")]
    trait RunQueryDsl: Sized {
        fn execute(self, _: &mut SqliteConnection) {}
        fn first(self, _: &mut SqliteConnection) {}
        fn load(self, _: &mut SqliteConnection) {}
    }

    impl<T> RunQueryDsl for T {}

    actix_hallpass::hallpass_diesel::users_table! {
        pub(super) struct Staff for [SqliteConnection] {
            table: staff,
            id: number,
            login: login,
            password_hash: password_hash,
            refresh_token_hash: refresh_token_hash,
            session_id: session_id,
            refresh_generation: refresh_generation,
            rotated_at: rotated_at,
            is_enabled: diesel::dsl::sql::<diesel::sql_types::Bool>("is_active OR is_boss"),
            on_insert: |_now| staff::badge.eq("the same for all"),
        }
    }
}

/// Makes a table whose logins are not unique, with these rows of login, badge, activity and bosshood.
fn staff_store(database: &TestDatabase, rows: &str) -> impl UserStore + use<> {
    database.sql(&format!(
        "CREATE TABLE staff (
            number INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, login TEXT NOT NULL,
            badge TEXT NOT NULL UNIQUE, is_active BOOLEAN NOT NULL DEFAULT TRUE,
            is_boss BOOLEAN NOT NULL DEFAULT FALSE, password_hash TEXT NOT NULL DEFAULT 'p',
            refresh_token_hash TEXT, session_id TEXT,
            refresh_generation BIGINT NOT NULL DEFAULT 0, rotated_at BIGINT
        );
        INSERT INTO staff (login, badge, is_active, is_boss) VALUES {rows};"
    ));
    let url = database.directory().path().join("app.db").display().to_string();
    staff::Staff::store(pool::<SqliteConnection>(&url, "PRAGMA busy_timeout = 5000")).unwrap()
}

fn ada() -> NewUser {
    NewUser {
        login: LoginName::parse("ada").unwrap(),
        password_hash: PasswordHash::new("p"),
        scope: Scope::default(),
        created_at: Timestamp::MAX,
    }
}

/// `AND` binds closer than `OR`: beside the id, the condition would let a login write to every boss.
#[test]
fn a_condition_with_an_or_in_it_reaches_no_other_row() {
    let database = TestDatabase::sqlite();
    let store = staff_store(&database, "('ada', 'a', TRUE, FALSE), ('bob', 'b', TRUE, TRUE)");
    let start = SessionStart {
        user_id: UserId::new(1),
        verified_password_hash: PasswordHash::new("p"),
        upgraded_password_hash: None,
        session: Session {
            id: SessionId::new("s1"),
            refresh_token_hash: RefreshTokenHash::new("h", None),
            generation: 0,
            rotated_at: Timestamp::MAX,
        },
        expires_at: Timestamp::MAX,
        device: Device::default(),
    };
    assert!(store.start_session(&start).unwrap());
    assert_eq!(store.load(&UserId::new(2)).unwrap().unwrap().session, None);
}

#[test]
fn two_users_of_one_login_name_are_an_error_and_not_a_guess() {
    let database = TestDatabase::sqlite();
    let store = staff_store(&database, "('ada', 'a', TRUE, FALSE), ('ada', 'b', TRUE, FALSE)");
    let error = store.load_by_login(&ada().login).unwrap_err().to_string();
    assert!(error.starts_with("staff.login of id "), "{error}");
    assert!(error.ends_with("another user has the same login name"), "{error}");
}

#[test]
fn a_second_user_of_a_login_name_is_not_added_although_the_column_would_take_them() {
    let database = TestDatabase::sqlite();
    let store = staff_store(&database, "('ada', 'a', TRUE, FALSE)");
    assert_eq!(store.create(&ada()).unwrap(), None);
    assert!(store.load_by_login(&ada().login).unwrap().is_some(), "there is one");
}

#[test]
fn a_collision_in_another_column_is_not_a_login_name_that_is_taken() {
    let database = TestDatabase::sqlite();
    let store = staff_store(&database, "('bob', 'the same for all', TRUE, FALSE)");
    let error = store.create(&ada()).unwrap_err();
    assert!(matches!(error, StoreError::Constraint(_)), "to try again is no use: {error:?}");
    assert!(format!("{error:?}").contains("staff.badge"), "{error:?}");
}

#[test]
fn who_is_called_as_the_store_asks_for_keeps_no_program_from_starting() {
    let database = TestDatabase::sqlite();
    staff_store(&database, "('hallpass', 'a', TRUE, FALSE), ('hallpass', 'b', TRUE, FALSE)");
}
