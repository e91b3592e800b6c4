//! The contender `hallpass`: a guarded route and the routes below `/auth`, on SQLite or PostgreSQL.
//!
//! `GET /me` is guarded as ROUTE says: `user` hands the user to the handler, `bound` asks for a session as
//! well, and `nobody` has the handler of the contender `open`. `POST /open` is what a route costs that reads
//! a JSON body and does nothing. Settings are environment variables: BIND, WORKERS, ROUTE, and all of
//! hallpass's own; registration is open.

use std::hint::black_box;
use std::io;
use std::time::Duration;

use actix_hallpass::{Auth, AuthUser, Environment};
use actix_web::web::{self, Json, JsonConfig};
use actix_web::{App, HttpServer, rt};
use serde_json::Value;

/// What hallpass's own routes take.
const BODY_LIMIT_BYTES: usize = 8 * 1024;

/// How long a session that was looked up counts as alive.
const STALENESS: Duration = Duration::from_secs(60);

async fn nobody() -> String {
    format!("hello, user {}", black_box(7))
}

async fn open_with_body(_: Json<Value>) -> &'static str {
    "hello"
}

async fn me(user: AuthUser) -> String {
    format!("hello, user {}", user.id)
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let environment = Environment::load();
    let auth = Auth::builder().environment(&environment).allow_registration().build()?;
    let route = environment.var("ROUTE")?.unwrap_or_else(|| "user".to_owned());
    let server = HttpServer::new(move || {
        let (guard, scope) = (auth.guard(), web::scope("/me"));
        let guarded = match &*route {
            "nobody" => scope.wrap(guard).route("", web::get().to(nobody)),
            "bound" => scope.wrap(guard.session_bound(STALENESS)).route("", web::get().to(me)),
            _ => scope.wrap(guard).route("", web::get().to(me)),
        };
        // First, as in every contender: each one before it would cost the request something.
        App::new()
            .service(guarded)
            .app_data(JsonConfig::default().limit(BODY_LIMIT_BYTES))
            .route("/open", web::post().to(open_with_body))
            .configure(auth.routes("/auth"))
    })
    .workers(workers(&environment)?)
    .bind(bind(&environment)?)?;
    let addresses = server.addrs();
    let running = rt::spawn(server.run());
    // Its first turn starts the workers and the signal handlers.
    rt::task::yield_now().await;
    for address in addresses {
        println!("listening on http://{address}");
    }
    running.await?
}

fn bind(environment: &Environment) -> io::Result<String> {
    Ok(environment.var("BIND")?.unwrap_or_else(|| "127.0.0.1:0".to_owned()))
}

fn workers(environment: &Environment) -> io::Result<usize> {
    let number = environment.var("WORKERS")?.unwrap_or_else(|| "1".to_owned());
    number.parse().map_err(|error| io::Error::other(format!("WORKERS: {error}")))
}
