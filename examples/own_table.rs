//! A shop that had accounts before it had hallpass: its own table with its own names, its own pool
//! and its own migrations. `cargo run --example own_table`
//!
//! It is on SQLite, so that it needs no set-up. For PostgreSQL or MySQL put another connection in the
//! place of `SqliteConnection`, turn hallpass's feature on, and leave the pragmas out. docs/own-table.md
//! explains each step.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use actix_hallpass::hallpass_diesel::{UsersTable as _, users_table};
use actix_hallpass::{Auth, AuthUser, Environment};
use actix_web::error::ErrorServiceUnavailable;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer, get};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::r2d2::{self, ConnectionManager, CustomizeConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use schema::accounts;

type Pool = r2d2::Pool<ConnectionManager<SqliteConnection>>;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("examples/own_table/migrations");

/// As `diesel print-schema` writes it.
mod schema {
    diesel::table! {
        accounts (number) {
            number -> Integer,
            email -> Text,
            password_digest -> Text,
            display_name -> Text,
            is_active -> Bool,
            refresh_token_hash -> Nullable<Text>,
            session_id -> Nullable<Text>,
            refresh_generation -> BigInt,
            rotated_at -> Nullable<BigInt>,
        }
    }
}

users_table! {
    /// The accounts of the shop.
    struct Accounts for [SqliteConnection] {
        table: accounts,
        id: number,
        login: email,
        password_hash: password_digest,
        refresh_token_hash: refresh_token_hash,
        session_id: session_id,
        refresh_generation: refresh_generation,
        rotated_at: rotated_at,
        is_enabled: accounts::is_active,
        on_insert: |_now| accounts::display_name.eq("a new customer"),
    }
}

/// A handler of the shop: its own query on the table that hallpass keeps the session in.
#[get("/me")]
async fn me(user: AuthUser<i32>, pool: Data<Pool>) -> actix_web::Result<String> {
    let name = web::block(move || display_name(&pool, user.id)).await?;
    // The cause goes to the log: actix-web would put it into the body.
    name.map(|name| format!("hello, {name}")).map_err(|error| {
        tracing::error!(error, "the name can't be read");
        ErrorServiceUnavailable("try again later")
    })
}

fn display_name(pool: &Pool, number: i32) -> Result<String, Box<dyn Error + Send + Sync>> {
    let mut connection = pool.get()?;
    Ok(accounts::table.find(number).select(accounts::display_name).first(&mut connection)?)
}

/// What SQLite needs on every connection; hallpass sets it on its own, and this pool is the shop's.
#[derive(Debug)]
struct Pragmas;

impl CustomizeConnection<SqliteConnection, r2d2::Error> for Pragmas {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), r2d2::Error> {
        ["busy_timeout = 2000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"]
            .into_iter()
            .try_for_each(|pragma| connection.batch_execute(&format!("PRAGMA {pragma}")))
            .map_err(r2d2::Error::QueryError)
    }
}

fn pool(path: &str) -> Result<Pool, Box<dyn Error>> {
    let pool = Pool::builder()
        .max_size(4)
        .connection_timeout(Duration::from_secs(2))
        .connection_customizer(Box::new(Pragmas))
        .build(ConnectionManager::new(path))?;
    pool.get()?.run_pending_migrations(MIGRATIONS).map_err(|error| error.to_string())?;
    Ok(pool)
}

#[actix_web::main]
#[expect(clippy::print_stdout, reason = "whoever starts the server reads where it listens")]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let environment = Environment::load();
    let database = environment.var("SHOP_DATABASE")?;
    let pool = pool(database.as_deref().unwrap_or("own-table-example.db"))?;
    let auth = Auth::builder()
        .random_secrets() // for the example; those of the environment win
        .environment(&environment)
        .store(Arc::new(Accounts::store(pool.clone())?))
        .allow_registration()
        .build()?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(pool.clone()))
            .configure(auth.routes("/auth"))
            .service(web::scope("/api").wrap(auth.guard()).service(me))
    })
    .bind(environment.var("BIND")?.unwrap_or_else(|| "127.0.0.1:8080".to_owned()))?;
    let addresses = server.addrs();
    let running = actix_web::rt::spawn(server.run());
    // Its first turn starts the workers and the signal handlers.
    actix_web::rt::task::yield_now().await;
    for address in addresses {
        println!("listening on http://{address}");
    }
    Ok(running.await??)
}
