//! The machine, and the versions of what ran on it.

use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::command::output_of;
use crate::contender::{Contender, repository};
use crate::database;
use crate::libraries;
use crate::processor_core::Core;

/// What a reader needs to know to compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// What each thing is, in the order of the report.
    pub(crate) facts: Vec<(String, String)>,
}

impl Machine {
    /// Looks at this one. What can't be found out is left out.
    pub(crate) fn look() -> Self {
        let version =
            |program: &str, argument: &str| first_line(Command::new(program).arg(argument));
        let facts = [
            ("processor", processor()),
            ("cores", Some(Core::count().to_string())),
            ("memory", memory()),
            ("system", first_line(Command::new("uname").arg("-sr"))),
            ("Rust", version("rustc", "--version")),
            ("Node", version("node", "--version")),
            ("PostgreSQL", database::postgres_version().ok()),
            ("wrk", wrk_version()),
        ];
        let known = facts.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), fact?)));
        let contenders = Contender::ALL.into_iter().filter_map(|contender| {
            let name = format!("contender {}", contender.name());
            Some((name, libraries::of(contender).ok()?))
        });
        Self { facts: known.chain(contenders).collect() }
    }
}

/// Returns the present day, and the commit that is measured; `+` for one with changes.
pub(crate) fn day_and_commit() -> (String, String) {
    let day = first_line(Command::new("date").args(["-u", "+%Y-%m-%d"])).unwrap_or_default();
    let git = |arguments: &[&str]| {
        output_of(Command::new("git").arg("-C").arg(repository()).args(arguments))
    };
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|_| "unknown".to_owned());
    let changes = git(&["status", "--porcelain", "--", ":!docs"]).unwrap_or_default();
    (day, if changes.is_empty() { commit } else { format!("{commit}+") })
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn memory() -> Option<String> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kibibytes: u64 = text.lines().next()?.split_whitespace().nth(1)?.parse().ok()?;
    Some(format!("{} GiB", kibibytes.div_ceil(1024 * 1024)))
}

/// wrk prints its version and ends as if something were wrong.
fn wrk_version() -> Option<String> {
    let output = Command::new("wrk").arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().nth(1).map(str::to_owned)
}

fn first_line(command: &mut Command) -> Option<String> {
    output_of(command).ok()?.lines().next().map(str::to_owned)
}
