//! Tables of an application's own, with their own names, ids and pools, pass the same suite.

mod least_columns;

#[cfg(feature = "postgres")]
mod uuid_ids;

use std::sync::Arc;

use actix_hallpass::hallpass::testing::conformance::{self, Subject};
use actix_hallpass::hallpass::{SessionId, Timestamp, UserId, UserStore};
use actix_hallpass::hallpass_diesel::{self, UsersTable, users_table};
use diesel::SqliteConnection;
use diesel::prelude::*;
use diesel::r2d2::{self, ConnectionManager, CustomizeConnection, Pool, R2D2Connection};

use super::rows_read::{Counted, CountsReads, OneConnection, add_ended_sessions};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::databases::Kind;
use crate::databases::TestDatabase;

/// A store with one session for each user, and one with several.
type Stores = (Arc<dyn UserStore>, Arc<dyn UserStore>);

/// What the suite does to the rows of an own table.
struct OwnTable<'a> {
    database: &'a TestDatabase,
    store: Arc<dyn UserStore>,
    /// The same users with one session each, where `store` has several.
    one_per_user: Option<Arc<dyn UserStore>>,
    /// Counts rows that are read of the sessions, where there are several for each user.
    counted: Option<Box<dyn Counted>>,
    /// Sets what the table knows of disabling, if anything.
    disable: Option<&'static str>,
    /// The table, and its key.
    table: &'static str,
    key: &'static str,
}

impl Subject for OwnTable<'_> {
    fn store(&self) -> &dyn UserStore {
        &*self.store
    }

    fn disable(&self, id: &UserId) -> bool {
        let Some(disable) = self.disable else { return false };
        let (table, key) = (self.table, self.key);
        self.database.sql(&format!("UPDATE {table} SET {disable} WHERE {key} = '{id}'"));
        true
    }

    fn keeps_scopes(&self) -> bool {
        self.table == "members"
    }

    fn one_per_user(&self) -> Option<&dyn UserStore> {
        self.one_per_user.as_deref()
    }

    fn delete(&self, id: &UserId) {
        self.database.sql(&format!("DELETE FROM {} WHERE {} = '{id}'", self.table, self.key));
    }

    fn add_ended_sessions(&self, id: &UserId, ended: &[(SessionId, Timestamp)]) -> bool {
        if self.one_per_user.is_some() {
            add_ended_sessions(self.database, "account_sessions", id, ended);
        }
        self.one_per_user.is_some()
    }

    fn rows_read(&self, work: &dyn Fn(&dyn UserStore)) -> Option<u64> {
        self.counted.as_ref().map(|counted| counted.rows_read(work))
    }
}

/// Runs a statement on every new connection, as an application would.
#[derive(Debug)]
struct SetUp(&'static str);

impl<C: Connection> CustomizeConnection<C, r2d2::Error> for SetUp {
    fn on_acquire(&self, connection: &mut C) -> Result<(), r2d2::Error> {
        connection.batch_execute(self.0).map_err(r2d2::Error::QueryError)
    }
}

pub(super) fn pool<C>(url: &str, set_up: &'static str) -> Pool<ConnectionManager<C>>
where
    C: R2D2Connection + 'static,
{
    pool_of(8, url, set_up)
}

fn pool_of<C>(size: u32, url: &str, set_up: &'static str) -> Pool<ConnectionManager<C>>
where
    C: R2D2Connection + 'static,
{
    let customizer = Box::new(SetUp(set_up));
    let manager = ConnectionManager::new(url);
    Pool::builder().max_size(size).connection_customizer(customizer).build(manager).unwrap()
}

/// The SQL of docs/own-table.md that adds the four columns on this kind of database.
fn documented_columns(database: &str) -> &'static str {
    let page = include_str!("../../../docs/own-table.md");
    let (_, rest) = page.split_once(&format!("<!-- {database} -->\n\n```sql\n")).unwrap();
    rest.split_once("```").unwrap().0
}

mod shop {
    //! An id made by the application, no scope, disabled by a flag, times of its own.

    diesel::table! {
        accounts (account_id) {
            account_id -> Text,
            email -> Text,
            password_digest -> Text,
            display_name -> Text,
            active -> Bool,
            changes -> Integer,
            refresh_token_hash -> Nullable<Text>,
            session_id -> Nullable<Text>,
            refresh_generation -> BigInt,
            rotated_at -> Nullable<BigInt>,
        }
    }

    diesel::table! {
        account_sessions (user_id, id) {
            id -> Text,
            user_id -> Text,
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

    // As `diesel print-schema` writes it: hallpass declares nothing that would be there twice.
    diesel::allow_tables_to_appear_in_same_query!(accounts, account_sessions);
}
use shop::{account_sessions, accounts};

users_table! {
    struct Accounts for [
        SqliteConnection,
        #[cfg(feature = "postgres")] diesel::PgConnection,
        #[cfg(feature = "mysql")] diesel::MysqlConnection
    ] {
        table: accounts,
        id: account_id,
        login: email,
        password_hash: password_digest,
        refresh_token_hash: refresh_token_hash,
        session_id: session_id,
        refresh_generation: refresh_generation,
        rotated_at: rotated_at,
        is_enabled: accounts::active.eq(true),
        set_enabled: |is_enabled, _now| accounts::active.eq(is_enabled),
        on_insert: |_now| (
            accounts::account_id.eq(uuid::Uuid::new_v4().to_string()),
            accounts::display_name.eq("new here"),
        ),
        on_update: |_now| accounts::changes.eq(accounts::changes + 1),
        sessions: account_sessions,
    }
}

/// Makes the table `accounts` and adds the columns as the page says.
fn make_accounts(database: &TestDatabase, text: &str, kind: &str) {
    database.sql(&format!(
        "CREATE TABLE accounts (
            account_id {text} PRIMARY KEY NOT NULL, email {text} NOT NULL UNIQUE,
            password_digest {text} NOT NULL, display_name {text} NOT NULL,
            active BOOLEAN NOT NULL DEFAULT TRUE, changes INTEGER NOT NULL DEFAULT 0
        );"
    ));
    database.sql(documented_columns(kind));
    // The page has UUIDs for ids on PostgreSQL; here they are text everywhere.
    let sessions = documented_columns(&format!("{kind} sessions"));
    let sessions = sessions.replace("user_id UUID", &format!("user_id {text}"));
    database.sql(&sessions.replace("user_id VARCHAR(36)", &format!("user_id {text}")));
}

/// With one session for each user, and with several.
fn accounts_conform<C>(database: &TestDatabase, url: &str, set_up: &'static str)
where
    C: CountsReads,
    Accounts: UsersTable<C>,
{
    let (store, several) = accounts_over(pool::<C>(url, set_up));
    let counted = counted::<C>(url, set_up);
    let disable = Some("active = FALSE");
    let (table, key) = ("accounts", "account_id");
    for (store, one_per_user, counted) in
        [(Arc::clone(&store), None, None), (several, Some(store), Some(counted))]
    {
        conformance::run(&OwnTable { database, store, one_per_user, counted, disable, table, key });
    }
}

/// The same store of several sessions, over a connection whose reads are counted.
fn counted<C>(url: &str, set_up: &'static str) -> Box<dyn Counted>
where
    C: CountsReads,
    Accounts: UsersTable<C>,
{
    let pool = pool_of::<C>(1, url, set_up);
    let store = Arc::new(Accounts::store_per_device(pool.clone(), 3).unwrap());
    Box::new(OneConnection { pool, store, table: "account_sessions" })
}

/// Returns the stores over a pool of the application's.
fn accounts_over<C: CountsReads>(pool: Pool<ConnectionManager<C>>) -> Stores
where
    Accounts: UsersTable<C>,
{
    let several = Accounts::store_per_device(pool.clone(), 3).unwrap();
    (Arc::new(Accounts::store(pool).unwrap()), Arc::new(several))
}

/// Makes the tables and returns [`accounts_over`] a pool with one connection.
pub(super) fn accounts_stores(database: &TestDatabase) -> Stores {
    match database.url() {
        #[cfg(feature = "postgres")]
        url if url.starts_with("postgres") => {
            make_accounts(database, "TEXT", "postgres");
            accounts_over(pool_of::<PgConnection>(1, url, "SELECT 1"))
        }
        #[cfg(feature = "mysql")]
        url if url.starts_with("mysql") => {
            let text = "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci";
            make_accounts(database, text, "mysql");
            accounts_over(pool_of::<MysqlConnection>(1, url, "DO 1"))
        }
        _ => {
            make_accounts(database, "TEXT", "sqlite");
            let path = database.directory().path().join("app.db").display().to_string();
            let set_up = "PRAGMA busy_timeout = 5000";
            accounts_over(pool_of::<SqliteConnection>(1, &path, set_up))
        }
    }
}

#[test]
fn a_table_with_text_ids_conforms_on_sqlite() {
    let database = TestDatabase::sqlite();
    make_accounts(&database, "TEXT", "sqlite");
    let url = database.directory().path().join("app.db").display().to_string();
    let set_up = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL";
    accounts_conform::<SqliteConnection>(&database, &url, set_up);
}

#[test]
#[cfg(feature = "postgres")]
fn a_table_with_text_ids_conforms_on_postgres() {
    let Some(database) = TestDatabase::on(Kind::Postgres) else { return };
    make_accounts(&database, "TEXT", "postgres");
    accounts_conform::<PgConnection>(
        &database,
        database.url(),
        "SET default_transaction_isolation = 'serializable'; SET statement_timeout = '2s'",
    );
}

#[test]
#[cfg(feature = "mysql")]
fn a_table_whose_collation_ignores_case_conforms_on_mysql() {
    let Some(database) = TestDatabase::on(Kind::Mysql) else { return };
    // All its columns ignore case and accents.
    make_accounts(
        &database,
        "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        "mysql",
    );
    database.sql(
        "ALTER TABLE accounts
            MODIFY refresh_token_hash VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
            MODIFY session_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    );
    accounts_conform::<MysqlConnection>(
        &database,
        database.url(),
        "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    );
}
