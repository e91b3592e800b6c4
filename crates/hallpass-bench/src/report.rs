//! What all sections found, as JSON to keep and as a page to read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::chart;
use crate::contender::repository;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::judgement::Judgement;
use crate::machine::{self, Machine, day_and_commit};
use crate::sections::{self, Section};

/// How the page begins.
const INTRODUCTION: &str = include_str!("introduction.md");

/// Everything that was measured.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Report {
    sections: BTreeMap<String, Entry>,
}

/// What a section found, and when.
#[derive(Serialize, Deserialize)]
struct Entry {
    day: String,
    commit: String,
    machine: Machine,
    finding: Finding,
}

impl Report {
    /// Returns what was kept, nothing the first time.
    pub(crate) fn load() -> Result<Self, Failure> {
        let path = docs().join("performance.json");
        if !path.exists() {
            return Ok(Self::default());
        }
        let what = || format!("reading {}", path.display());
        let text = fs::read_to_string(&path).map_err(Failure::io(what()))?;
        serde_json::from_str(&text).map_err(|source| Failure::Json { what: what(), source })
    }

    /// Takes what a section has found just now.
    pub(crate) fn put(&mut self, section: &Section, finding: Finding) {
        let (day, commit) = day_and_commit();
        let entry = Entry { day, commit, machine: Machine::look(), finding };
        self.sections.insert(section.name.to_owned(), entry);
    }

    /// Writes the JSON, the page, and the chart of each section: that of its first table.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let json = serde_json::to_string_pretty(self)
            .map_err(|source| Failure::Json { what: "writing the report".to_owned(), source })?;
        let charts = docs().join("performance");
        fs::create_dir_all(&charts).map_err(Failure::io("making the folder of charts"))?;
        write(docs().join("performance.json"), &(json + "\n"))?;
        write(docs().join("performance.md"), &self.page())?;
        for (name, entry) in &self.sections {
            if let Some(table) = entry.finding.tables.first() {
                write(charts.join(chart_name(name)), &chart::of(table))?;
            }
        }
        Ok(())
    }

    fn page(&self) -> String {
        let machines = self.entries().map(|(_, entry)| &entry.machine);
        let mut page = format!("{INTRODUCTION}\nMachine: {}.\n", machine::line_of(machines));
        page.push_str("\n## Verdicts\n\n| | ratio | target | verdict |\n|---|---|---|---|\n");
        let judgements = self.entries().flat_map(|(_, entry)| &entry.finding.judgements);
        judgements.filter_map(verdict_row).for_each(|row| page.push_str(&row));
        for (section, entry) in self.entries() {
            page.push_str(&chapter(section, &entry.finding));
        }
        page
    }

    /// What there is, in the order of the page.
    fn entries(&self) -> impl Iterator<Item = (&'static Section, &Entry)> {
        sections::ALL.iter().filter_map(|it| Some((it, self.sections.get(it.name)?)))
    }
}

fn chapter(section: &Section, finding: &Finding) -> String {
    let mut text = format!("\n## {}\n\n{}\n", section.title, section.about);
    if let Some(table) = finding.tables.first() {
        let chart = chart_name(section.name);
        line(&mut text, format_args!("\n![{}](performance/{chart})", table.title));
    }
    if finding.errors() > 0 {
        line(&mut text, format_args!("\nWrong answers: {}.", finding.errors()));
    }
    for absence in &finding.not_measured {
        line(&mut text, format_args!("\nNot measured: {}. {}", absence.what, absence.reason));
    }
    text
}

/// Returns the row of a ratio in the table of verdicts, `None` of one without a target.
fn verdict_row(judgement: &Judgement) -> Option<String> {
    let (target, verdict) = (judgement.target?, judgement.verdict()?);
    let (what, ratio) = (&judgement.what, judgement.ratio.median());
    Some(format!("| {what} | {ratio:.3} | {target} | {verdict} |\n"))
}

fn chart_name(section: &str) -> String {
    format!("{section}.svg")
}

fn docs() -> PathBuf {
    repository().join("docs")
}

fn write(path: PathBuf, text: &str) -> Result<(), Failure> {
    fs::write(&path, text).map_err(Failure::io(format!("writing {}", path.display())))
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a string takes what is written to it");
}
