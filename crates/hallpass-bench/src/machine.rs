//! The machine, and the versions of what ran on it.

use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::command::output_of;
use crate::contender::{Contender, repository};
use crate::database;
use crate::libraries;
use crate::processor_core::Core;

/// How the name of a fact begins that says which versions a contender has.
const CONTENDER: &str = "contender ";

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
            let name = format!("{CONTENDER}{}", contender.name());
            Some((name, libraries::of(contender).ok()?))
        });
        Self { facts: known.chain(contenders).collect() }
    }
}

/// Returns one line that says what the sections were measured on, without kernel, wrk and contenders; all values of a
/// fact in which sections differ.
pub(crate) fn line_of<'a>(machines: impl Iterator<Item = &'a Machine>) -> String {
    let mut facts: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, fact) in machines.flat_map(|machine| &machine.facts) {
        if name.starts_with(CONTENDER) || name == "system" || name == "wrk" {
            continue;
        }
        match facts.iter_mut().find(|(known, _)| known == name) {
            None => facts.push((name, vec![fact])),
            Some((_, values)) if values.contains(&fact.as_str()) => {}
            Some((_, values)) => values.push(fact),
        }
    }
    let told = facts.iter().map(|(name, values)| format!("{name}: {}", values.join(" and ")));
    told.collect::<Vec<_>>().join("; ")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(facts: &[(&str, &str)]) -> Machine {
        let owned = facts.iter().map(|(name, fact)| ((*name).to_owned(), (*fact).to_owned()));
        Machine { facts: owned.collect() }
    }

    #[test]
    fn what_sections_have_in_common_is_said_once_and_contenders_are_left_out() {
        let machines = ["1.95", "1.96", "1.95"]
            .map(|it| machine(&[("cores", "2"), ("Rust", it), ("contender open", it)]));
        assert_eq!(line_of(machines.iter()), "cores: 2; Rust: 1.95 and 1.96");
    }
}
