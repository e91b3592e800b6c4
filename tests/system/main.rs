//! The whole system over HTTP: in this process with a clock set by hand, and as the example
//! server in processes of its own.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test names the variants that it is about")]

mod accounts;
mod app;
mod audiences;
mod auth;
mod authorization;
mod claims;
mod cleanup;
mod clock;
mod configuration;
mod database;
#[cfg_attr(
    not(any(feature = "postgres", feature = "mysql")),
    expect(dead_code, reason = "without the features there are no servers to make databases on")
)]
mod databases;
mod example;
mod forge;
mod guard;
mod hashing;
mod http;
mod log;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod many_servers;
mod middleware;
mod minimal;
mod nginx;
mod observers;
mod opaque_errors;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod outage;
mod pool;
mod process;
mod session_bound;
mod store;
mod storm;
mod throttle;
mod tokens;
