//! The whole system over HTTP: in this process with a clock set by hand, and as the example
//! server in processes of its own.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod app;
mod auth;
mod configuration;
mod database;
mod example;
mod forge;
mod guard;
mod hashing;
mod http;
mod log;
mod middleware;
mod minimal;
mod opaque_errors;
mod process;
mod storm;
mod tokens;
