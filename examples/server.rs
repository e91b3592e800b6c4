//! The minimal program grown to what people try first: registration, an optional guard, logs.
//!
//! It needs no set-up: `cargo run --example server`. `BIND` and `DATABASE_URL` move it elsewhere;
//! every setting of the README works too.

use actix_hallpass::{Auth, AuthUser, Environment, MaybeAuthUser, SetupError};
use actix_web::web::Json;
use actix_web::{App, HttpServer, get, web};
use serde_json::{Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Who sends this request; only with a token.
#[get("/me")]
async fn me(user: AuthUser) -> Json<Value> {
    describe(Some(user))
}

/// Who sends this request, if anybody.
async fn whoami(MaybeAuthUser(user): MaybeAuthUser) -> Json<Value> {
    describe(user)
}

/// Whether the server answers; open to everybody.
#[get("/health")]
async fn health() -> &'static str {
    "ok"
}

fn describe(user: Option<AuthUser>) -> Json<Value> {
    let scope = user.as_ref().map(|user| user.scope.as_str()).filter(|scope| !scope.is_empty());
    Json(json!({
        "id": user.as_ref().map(|user| user.id.to_string()),
        "session_id": user.as_ref().map(|user| user.session_id.as_str()),
        "scope": scope,
    }))
}

fn auth(environment: &Environment) -> Result<Auth, SetupError> {
    let is_unset = |variable| environment.var(variable) == Ok(None);
    let mut builder = Auth::builder()
        .database_url("sqlite:hallpass-example.db") // that of the environment wins
        .environment(environment)
        .allow_registration();
    if is_unset("ACCESS_TOKEN_SECRET") && is_unset("REFRESH_TOKEN_SECRET") {
        tracing::warn!("no secrets are set: made some for this run; sessions end with it");
        builder = builder.random_secrets();
    }
    builder.build()
}

/// Writes the log to standard error: the targets and levels of `RUST_LOG`, for example
/// `hallpass=debug,warn`; without it, INFO and above.
fn start_log() {
    let selected = std::env::var("RUST_LOG").ok().and_then(|text| text.parse().ok());
    let filter = selected.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(filter).init();
}

#[actix_web::main]
#[expect(clippy::print_stdout, reason = "whoever starts the server reads where it listens")]
async fn main() -> std::io::Result<()> {
    start_log();
    let environment = Environment::load();
    let auth = auth(&environment)?;
    let bind = environment.var("BIND")?.unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let server = HttpServer::new(move || {
        App::new()
            .configure(auth.routes("/auth"))
            .service(web::scope("/api").wrap(auth.guard()).service(me))
            .service(
                web::resource("/whoami").wrap(auth.guard().optional()).route(web::get().to(whoami)),
            )
            .service(health)
    })
    .shutdown_timeout(5)
    .bind(bind)?;
    let addresses = server.addrs();
    let running = actix_web::rt::spawn(server.run());
    // Its first turn starts the workers and the signal handlers.
    actix_web::rt::task::yield_now().await;
    for address in addresses {
        println!("listening on http://{address}");
    }
    running.await?
}
