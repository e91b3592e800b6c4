//! Users with several devices: a session for each, a guard that knows about logout, roles, claims of the
//! application's, the password once more, accounts that are disabled and deleted, and old sessions that
//! are cleaned up. `cargo run --example devices`
//!
//! It needs no set-up; `BIND` and `DATABASE_URL` move it elsewhere. The README shows how to try it, and
//! docs/choosing.md which of it you want.

use std::time::Duration;

use actix_hallpass::{
    AccountError, Auth, AuthUser, Cleanup, Environment, PasswordRuleError, RequireRecent, Sessions,
    SetupError,
};
use actix_web::web::{self, Json, Path};
use actix_web::{App, HttpResponse, HttpServer, delete, get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What every handler needs to know of a user: goes into each access token.
#[derive(Serialize, Deserialize)]
struct Tenant {
    tenant: String,
}

#[get("/me")]
async fn me(user: AuthUser<i64, Tenant>) -> Json<Value> {
    Json(json!({ "id": user.id, "tenant": user.claims.tenant, "scope": user.scope.as_str() }))
}

/// Closing an account can't be undone, so it asks for a password of the last five minutes.
#[delete("/me")]
async fn close_account(
    _: RequireRecent<300>,
    user: AuthUser,
    auth: Auth,
) -> Result<HttpResponse, AccountError> {
    auth.delete(user.id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Only for whoever has the scope `admin`: the guard around it says so.
#[post("/users/{id}/disable")]
async fn disable(id: Path<i64>, auth: Auth) -> Result<HttpResponse, AccountError> {
    Ok(answer(auth.disable(*id).await?))
}

#[post("/users/{id}/enable")]
async fn enable(id: Path<i64>, auth: Auth) -> Result<HttpResponse, AccountError> {
    Ok(answer(auth.enable(*id).await?))
}

fn answer(is_done: bool) -> HttpResponse {
    if is_done { HttpResponse::NoContent().finish() } else { HttpResponse::NotFound().finish() }
}

/// Stands for a list of breached passwords.
fn refuse_well_known(password: &str) -> Result<(), PasswordRuleError> {
    if ["password", "12345678", "correct horse"].contains(&password) {
        let reason = "everybody knows it; take another one";
        return Err(PasswordRuleError::Refused(reason.to_owned()));
    }
    Ok(())
}

fn auth(environment: &Environment) -> Result<Auth, SetupError> {
    Auth::builder()
        .random_secrets() // for the example, as the file is; those of the environment win
        .database_url("sqlite:devices-example.db")
        .environment(environment)
        .sessions(Sessions::PerDevice { max: 5 })
        .claims(|user| Tenant { tenant: format!("tenant-{}", user.id) })
        .password_rule(refuse_well_known)
        .allow_registration()
        .build()
}

#[actix_web::main]
#[expect(clippy::print_stdout, reason = "whoever starts the server reads where it listens")]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let environment = Environment::load();
    let auth = auth(&environment)?;
    auth.clean_up(Cleanup::default());
    let bind = environment.var("BIND")?.unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let server = HttpServer::new(move || {
        // A logout counts at once in this process, and within half a minute in others.
        let guard = auth.guard().session_bound(Duration::from_secs(30));
        App::new()
            .configure(auth.routes("/auth"))
            .service(web::scope("/api").wrap(guard.clone()).service(me).service(close_account))
            .service(
                web::scope("/admin").wrap(guard.scope("admin")).service(disable).service(enable),
            )
    })
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
