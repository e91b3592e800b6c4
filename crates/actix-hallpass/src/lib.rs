//! Short-lived access tokens and rotating refresh tokens for actix-web applications whose users are in
//! a table that Diesel manages, on SQLite, PostgreSQL, MySQL or MariaDB.
//!
//! [`Auth`] mounts the routes for login, refresh and logout, its guard protects scopes, and handlers
//! take [`AuthUser`] as an argument:
//!
//! ```no_run
//! use actix_hallpass::{Auth, AuthUser};
//! use actix_web::{App, HttpServer, get, web};
//!
//! #[get("/me")]
//! async fn me(user: AuthUser) -> String {
//!     format!("hello, user {}", user.id)
//! }
//!
//! #[actix_web::main]
//! async fn main() -> std::io::Result<()> {
//!     let auth = Auth::from_env()?; // .env + environment; checks all of it; migrates
//!     HttpServer::new(move || {
//!         App::new()
//!             .configure(auth.routes("/auth"))
//!             .service(web::scope("/api").wrap(auth.guard()).service(me))
//!     })
//!     .bind(("127.0.0.1", 8080))?
//!     .run()
//!     .await
//! }
//! ```
//!
//! Three settings have no default: `DATABASE_URL`, `ACCESS_TOKEN_SECRET` and
//! `REFRESH_TOKEN_SECRET`. [`AuthBuilder`] documents all of them. Registration is closed until
//! [`AuthBuilder::allow_registration`].
//!
//! # The names
//!
//! - **Setting up**: [`Auth`], [`AuthBuilder`], [`Environment`], [`Sessions`], [`Cleanup`],
//!   [`CleanupTask`], [`SetupError`], [`VariableError`]
//! - **Guards and handlers**: [`Guard`], [`AuthUser`], [`MaybeAuthUser`], [`NoClaims`],
//!   [`RequireScope`], [`RequiredScope`], [`ScopeRule`], [`RequireRecent`]
//! - **Accounts and passwords**: [`Credentials`], [`UserId`], [`PasswordRuleError`],
//!   [`RegisterError`], [`AccountError`]
//! - **Limits to guessing**: [`LoginThrottle`], [`LoginLimits`], [`ThrottlePolicy`]
//! - **Events**: [`AuthObserver`], [`AuthEvent`], [`AuthEventKind`], [`TracingObserver`]
//! - **Errors of requests**: [`AuthError`], [`AuthErrorReason`], [`ErrorCode`], [`RunError`]
//! - **Stores and limiters of your own**: the crates [`hallpass`] and [`hallpass_diesel`]
//! - **Your tests**: the module `testing`, with the feature of that name
//!
//! # Features
//!
//! | feature | what it brings |
//! |---|---|
//! | `sqlite` (default) | opens `DATABASE_URL` on SQLite, with its library built in |
//! | `postgres` | opens it on PostgreSQL, over the system's libpq |
//! | `mysql` | opens it on MySQL or MariaDB, over the system's client library |
//! | `testing` | a store in memory, a clock set by hand, tokens for tests |
//!
//! # Security
//!
//! - Do not write `Option<AuthUser>`, which turns a forged token into an anonymous visitor. Use
//!   [`MaybeAuthUser`].
//! - An access token is valid until it expires, also after a logout. [`Guard::session_bound`] asks for
//!   the session.

mod admin;
mod answer;
mod auth;
mod extract;
mod guard;
mod routes;
mod run;
mod setup;
mod shared;
mod transport;

#[cfg(feature = "testing")]
pub mod testing;

/// For the crates and tests of this workspace: no part of the public API.
#[doc(hidden)]
pub mod internal {
    pub use crate::routes::catalogue::{Condition, ROUTES, Route};
}

pub use admin::{AccountError, Cleanup, CleanupTask};
pub use answer::{AuthError, AuthErrorReason};
pub use auth::Auth;
pub use extract::{AuthUser, MaybeAuthUser, NoClaims, RequireRecent, RequireScope, RequiredScope};
pub use guard::Guard;
#[doc(hidden)]
pub use guard::GuardMiddleware;
/// The domain: for stores, limiters and front ends of your own.
pub use hallpass;
#[doc(inline)]
pub use hallpass::{
    AuthEvent, AuthEventKind, AuthObserver, Credentials, ErrorCode, LoginLimits, LoginThrottle,
    PasswordRuleError, RegisterError, ScopeRule, Sessions, ThrottlePolicy, UserId,
};
/// The store over Diesel, and its migrations.
pub use hallpass_diesel;
pub use run::RunError;
pub use setup::{AuthBuilder, Environment, SetupError, TracingObserver, VariableError};

/// The examples of the README of the repository and of this crate compile.
#[cfg(doctest)]
mod readme {
    #[doc = include_str!("../../../README.md")]
    struct OfTheRepository;

    #[doc = include_str!("../README.md")]
    struct OfThisCrate;
}
