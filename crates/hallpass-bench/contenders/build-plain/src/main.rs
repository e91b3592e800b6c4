//! A program on actix-web and Diesel without hallpass: one table, one route that reads a row of it.
//!
//! It is compiled beside the program of hallpass's README: the difference is what hallpass adds. The
//! database is the SQLite file `DATABASE_URL`.

use std::env;
use std::io;

use actix_web::error::ErrorNotFound;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{App, HttpServer, get};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
// Named for its feature `bundled`, which builds the library in.
use libsqlite3_sys as _;
use serde::Serialize;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

type SqlitePool = Pool<ConnectionManager<SqliteConnection>>;

diesel::table! {
    users (id) {
        id -> BigInt,
        login -> Text,
    }
}

#[derive(Queryable, Selectable, Serialize)]
struct User {
    id: i64,
    login: String,
}

#[get("/users/{id}")]
async fn user(pool: Data<SqlitePool>, id: Path<i64>) -> actix_web::Result<Json<User>> {
    let found = web::block(move || find(&pool, *id)).await?;
    found?.map(Json).ok_or_else(|| ErrorNotFound("no such user"))
}

fn find(pool: &SqlitePool, id: i64) -> io::Result<Option<User>> {
    let mut connection = pool.get().map_err(io::Error::other)?;
    let row = users::table.find(id).select(User::as_select()).first(&mut connection);
    row.optional().map_err(io::Error::other)
}

fn open_pool() -> io::Result<SqlitePool> {
    let path = env::var("DATABASE_URL").map_err(io::Error::other)?;
    let pool = SqlitePool::new(ConnectionManager::new(path)).map_err(io::Error::other)?;
    let mut connection = pool.get().map_err(io::Error::other)?;
    connection.run_pending_migrations(MIGRATIONS).map_err(io::Error::other)?;
    Ok(pool)
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let pool = Data::new(open_pool()?);
    HttpServer::new(move || App::new().app_data(pool.clone()).service(user))
        .bind(("127.0.0.1", 8080))?
        .run()
        .await
}
