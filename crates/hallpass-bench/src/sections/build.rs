//! What hallpass adds to the time that an application takes to compile.
//!
//! `cargo build` from nothing of the README's program, next to a program of plain actix-web and Diesel with SQLite
//! that reads a row in a handler. Everything is downloaded before.

use std::process::Command;

use super::Section;
use crate::clock::Stopwatch;
use crate::command::output_of;
use crate::contender::Contender;
use crate::failure::Failure;
use crate::finding::{Finding, Table};
use crate::judgement::Target;
use crate::plan::Plan;
use crate::process_statistics::cpu_time_of_ended_children;
use crate::workshop::Workshop;

pub(super) const SECTION: Section = Section {
    name: "build",
    title: "Compiling",
    about: "`cargo build` from nothing of the README's program, next to plain actix-web and \
            Diesel with SQLite.",
    measure,
};

const PLAIN: &str = "actix-web and Diesel";
const HALLPASS: &str = "hallpass";

fn measure(_: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let mut contenders = [(PLAIN, Contender::BuildPlain), (HALLPASS, Contender::BuildHallpass)];
    let mut elapsed = Table::new("time, s", 1);
    let mut processor = Table::new("processor time, s", 1);
    let mut finding = Finding::default();
    // In quick form it is looked at no further than that the lock files are those of the programs.
    for (_, contender) in contenders {
        output_of(cargo("fetch", contender).arg("--locked"))?;
    }
    if plan.build_rounds == 0 {
        return Ok(finding);
    }
    for round in 1..=plan.build_rounds {
        eprintln!("build: round {round} of {}", plan.build_rounds);
        for (label, contender) in contenders {
            let target = tempfile::tempdir().map_err(Failure::io("making a target folder"))?;
            let (before, watch) = (cpu_time_of_ended_children()?, Stopwatch::start());
            let mut build = cargo("build", contender);
            build.args(["--locked", "--offline", "--quiet"]);
            output_of(build.arg("--target-dir").arg(target.path()))?;
            elapsed.add(label, watch.elapsed().as_secs_f64(), 0);
            let used = cpu_time_of_ended_children()? - before;
            processor.add(label, used.as_secs_f64(), 0);
        }
        contenders.reverse();
    }
    let named = |table: &Table, name: &str| table.ratio(HALLPASS, PLAIN).named(name.to_owned());
    finding.judge(
        named(&elapsed, "hallpass ÷ actix-web and Diesel: time").against(Target::AtMost(1.5)),
    );
    finding.judge(named(&processor, "hallpass ÷ actix-web and Diesel: processor time"));
    finding.tables = vec![elapsed, processor];
    Ok(finding)
}

fn cargo(verb: &str, contender: Contender) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.arg(verb).arg("--manifest-path").arg(contender.folder().join("Cargo.toml"));
    cargo
}
