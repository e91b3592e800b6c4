//! A database on the PostgreSQL that runs here, or where `BENCH_POSTGRES_URL` says, through psql.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::command::output_of;
use crate::failure::Failure;

/// A database on a server.
pub(crate) struct Postgres {
    name: String,
    url: String,
}

impl Postgres {
    /// Makes an empty database with a name of its own.
    pub(crate) fn create() -> Result<Self, Failure> {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("hallpass_bench_{}_{number}", std::process::id());
        psql(&administration_url(), &format!("CREATE DATABASE {name}"))?;
        Ok(Self { url: format!("{}/{name}", server_url()), name })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Runs SQL, each statement a transaction of its own, and returns what it prints.
    pub(crate) fn run(&self, sql: &[&str]) -> Result<String, Failure> {
        sql.iter().try_fold(String::new(), |_, statement| psql(&self.url, statement))
    }

    /// Sets a parameter for the connections that are made from now on.
    pub(crate) fn set(&self, parameter: &str, value: &str) -> Result<(), Failure> {
        let sql = format!("ALTER DATABASE {} SET {parameter} = {value}", self.name);
        psql(&administration_url(), &sql).map(drop)
    }

    /// Returns how many transactions have been committed there, asked from outside.
    pub(crate) fn committed_transactions(&self) -> Result<u64, Failure> {
        let name = &self.name;
        let sql = format!("SELECT xact_commit FROM pg_stat_database WHERE datname = '{name}'");
        let text = psql(&administration_url(), &sql)?;
        let what = "the count of transactions";
        text.parse().ok().ok_or_else(|| Failure::NotANumber { what: what.to_owned(), text })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        if let Err(failure) = psql(&administration_url(), &sql) {
            eprintln!("warning: the database {} stays: {}", self.name, failure.chain());
        }
    }
}

/// Returns the version of the server.
pub(crate) fn version() -> Result<String, Failure> {
    psql(&administration_url(), "SHOW server_version")
}

fn server_url() -> String {
    let url = std::env::var("BENCH_POSTGRES_URL");
    url.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned())
}

fn administration_url() -> String {
    format!("{}/postgres", server_url())
}

fn psql(url: &str, sql: &str) -> Result<String, Failure> {
    output_of(
        Command::new("psql")
            .args(["--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set", "ON_ERROR_STOP=1", "--command", sql, url]),
    )
}
