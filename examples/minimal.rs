//! The program of the README, line for line.

use actix_hallpass::{Auth, AuthUser};
use actix_web::{App, HttpServer, get, web};

#[get("/me")]
async fn me(user: AuthUser) -> String {
    format!("hello, user {}", user.id)
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let auth = Auth::from_env()?; // .env + environment; checks all of it; migrates
    HttpServer::new(move || {
        App::new()
            .configure(auth.routes("/auth")) // POST /auth/login, /auth/refresh, /auth/logout
            .service(web::scope("/api").wrap(auth.guard()).service(me))
    })
    .bind(("127.0.0.1", 8080))?
    .run()
    .await
}
