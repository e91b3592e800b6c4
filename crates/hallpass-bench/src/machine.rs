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

/// What a fact is said to be, and by which sections.
type Told<'a> = Vec<(&'a str, Vec<&'a str>)>;

/// Writes down what each section, by its title, was measured on; where sections differ in a fact, which has what.
pub(crate) fn table_of(measured: Vec<(&str, &Machine)>) -> String {
    let mut facts: Vec<(&str, Told<'_>)> = Vec::new();
    for (title, machine) in measured {
        for (name, fact) in &machine.facts {
            let values = found_or_added(&mut facts, name);
            found_or_added(values, fact).push(title);
        }
    }
    let mut text = "\n## The machine\n\n| | |\n|---|---|\n".to_owned();
    for (name, values) in facts {
        text.push_str(&format!("| {name} | {} |\n", told_apart(&values)));
    }
    text
}

fn told_apart(values: &[(&str, Vec<&str>)]) -> String {
    if let [(fact, _)] = values {
        return (*fact).to_owned();
    }
    let told = values.iter().map(|(fact, titles)| format!("{fact} ({})", titles.join(", ")));
    told.collect::<Vec<_>>().join("; ")
}

/// Returns what stands beside a name, nothing if the name is new.
fn found_or_added<'a, 'b, T: Default>(
    pairs: &'b mut Vec<(&'a str, T)>,
    name: &'a str,
) -> &'b mut T {
    let place = pairs.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
        pairs.push((name, T::default()));
        pairs.len() - 1
    });
    &mut pairs[place].1
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
    fn what_sections_have_in_common_is_said_once_and_what_they_have_not_with_their_titles() {
        let [one, other] =
            ["Linux 1", "Linux 2"].map(|it| machine(&[("cores", "2"), ("system", it)]));
        let table = table_of(vec![("A", &one), ("B", &other), ("C", &one)]);
        let rows: Vec<_> = table.lines().skip(5).collect();
        assert_eq!(rows, ["| cores | 2 |", "| system | Linux 1 (A, C); Linux 2 (B) |"]);
    }
}
