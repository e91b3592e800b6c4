//! Measures hallpass beside the programs that people would otherwise run.
//!
//! `cargo run --release -p hallpass-bench -- all` measures everything and writes docs/performance.md; the
//! names of sections measure those alone, and keep the rest. `-- quick` takes three minutes, writes
//! nothing, and fails when something does not run or a ratio is absurd. `-- report` writes the page anew.

mod access_token;
mod chart;
mod client;
mod clock;
mod command;
mod contender;
mod database;
mod failure;
mod finding;
mod judgement;
mod libraries;
mod machine;
mod measurement;
mod plan;
mod process_statistics;
mod processor_core;
mod report;
mod sections;
mod server;
mod server_settings;
mod token_file;
mod tool;
mod workshop;
mod wrk;

use std::process::ExitCode;

use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::plan::Plan;
use crate::report::Report;
use crate::sections::{ALL, Section};
use crate::workshop::Workshop;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            problems.iter().for_each(|problem| eprintln!("error: {problem}"));
            ExitCode::FAILURE
        }
        Err(failure) => {
            eprintln!("error: {}", failure.chain());
            ExitCode::FAILURE
        }
    }
}

/// Does what is asked for, and returns what is wrong with what was found.
fn run(arguments: &[String]) -> Result<Vec<String>, Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["report"] => Report::load()?.save().map(|()| Vec::new()),
        ["quick"] => quick(),
        ["all"] => publish(&ALL.each_ref()),
        _ => publish(&named(&words)?),
    }
}

fn named(names: &[&str]) -> Result<Vec<&'static Section>, Failure> {
    let of_name = |name: &&str| {
        let section = ALL.iter().find(|section| section.name == *name);
        section.ok_or_else(|| Failure::NoSection((*name).to_owned()))
    };
    if names.is_empty() {
        return Err(Failure::NoSection("nothing".to_owned()));
    }
    names.iter().map(of_name).collect()
}

/// Measures in full. A section is written down as soon as it is measured; one that fails is named, and the
/// others go on.
fn publish(sections: &[&'static Section]) -> Result<Vec<String>, Failure> {
    tool::require(&tool::NEEDED_BY_ALL)?;
    let (mut workshop, plan) = (Workshop::default(), Plan::full());
    let mut problems = Vec::new();
    for section in sections {
        match measure(section, &mut workshop, &plan) {
            Ok(finding) => {
                let mut report = Report::load()?;
                report.put(section, finding);
                report.save()?;
            }
            Err(failure) => {
                eprintln!("-- {} failed: {}", section.title, failure.chain());
                problems.push(format!("{}: {}", section.name, failure.chain()));
            }
        }
    }
    Ok(problems)
}

fn quick() -> Result<Vec<String>, Failure> {
    tool::require(&tool::NEEDED_BY_ALL)?;
    tool::require_node()?;
    let (mut workshop, plan) = (Workshop::default(), Plan::quick());
    let mut problems = Vec::new();
    for section in &ALL {
        let finding = measure(section, &mut workshop, &plan)?;
        problems.extend(finding.judgements.iter().filter_map(|it| it.absurdity()));
        let absences = finding.not_measured.iter();
        problems.extend(absences.map(|it| format!("{} was not measured: {}", it.what, it.reason)));
        if finding.errors() > 0 {
            problems.push(format!("{}: {} wrong answers", section.name, finding.errors()));
        }
    }
    Ok(problems)
}

fn measure(section: &Section, workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let watch = Stopwatch::start();
    eprintln!("== {}", section.title);
    let finding = (section.measure)(workshop, plan)?;
    if let Some(judgement) = finding.judgements.iter().find(|judgement| !judgement.is_finite()) {
        return Err(Failure::NoAnswers(judgement.what.clone()));
    }
    for judgement in &finding.judgements {
        eprintln!("   {}: {:.3}", judgement.what, judgement.ratio.median());
    }
    eprintln!("-- {}: {} s", section.title, watch.elapsed().as_secs());
    Ok(finding)
}
