//! A table with UUIDs for ids and names of its own, on PostgreSQL.

use super::*;

/// A UUID that the database makes, a name that ignores case, a time of its own.
mod members {
    use diesel::PgConnection;

    diesel::table! {
        members (id) {
            id -> Uuid,
            name -> Citext,
            secret -> Text,
            rights -> Text,
            banned_at -> Nullable<Timestamptz>,
            touched_at -> Timestamptz,
            hash -> Nullable<Text>,
            #[sql_name = "session"]
            sid -> Nullable<Text>,
            generation -> BigInt,
            at -> Nullable<BigInt>,
        }
    }

    actix_hallpass::hallpass_diesel::users_table! {
        pub(super) struct Members for [PgConnection] {
            table: members,
            id: id,
            login: name,
            password_hash: secret,
            refresh_token_hash: hash,
            session_id: sid,
            refresh_generation: generation,
            rotated_at: at,
            scope: rights,
            is_enabled: members::banned_at.is_null(),
            on_update: |_now| members::touched_at.eq(diesel::dsl::now),
        }
    }
}

#[test]
fn a_table_with_uuids_and_other_names_conforms_on_postgres() {
    let Some(database) = TestDatabase::on(Kind::Postgres) else { return };
    database.sql(
        "CREATE EXTENSION citext;
         CREATE TABLE members (
            id UUID PRIMARY KEY DEFAULT gen_random_uuid(), name CITEXT NOT NULL UNIQUE,
            secret TEXT NOT NULL, rights TEXT NOT NULL, banned_at TIMESTAMPTZ,
            touched_at TIMESTAMPTZ NOT NULL DEFAULT now(), hash TEXT, session TEXT,
            generation BIGINT NOT NULL DEFAULT 0, at BIGINT
         )",
    );
    let pool = pool::<PgConnection>(database.url(), "SELECT 1");
    let store = Arc::new(members::Members::store(pool).unwrap());
    let subject = OwnTable {
        database: &database,
        store,
        one_per_user: None,
        counted: None,
        disable: Some("banned_at = now()"),
        table: "members",
        key: "id",
    };
    conformance::run(&subject);
    database.sql("UPDATE members SET session = NULL, hash = 'x', at = 1");
    let id = UserId::new(uuid::Uuid::nil());
    database.sql(&format!("INSERT INTO members VALUES ('{id}', 'ada', 'x', '', NULL, now(), 'x')"));
    let error = subject.store().load(&id).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("members.session of id {id} makes no sense: it is empty beside a hash")
    );
}
