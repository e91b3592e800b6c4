//! What all sections found, as JSON to keep and as a page to read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::chart;
use crate::contender::{crate_folder, repository};
use crate::failure::Failure;
use crate::finding::{Finding, Table};
use crate::judgement::Judgement;
use crate::machine::{self, Machine, day_and_commit};
use crate::sections::{self, Section};

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

    /// Writes the JSON, the page and its charts.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let json = serde_json::to_string_pretty(self)
            .map_err(|source| Failure::Json { what: "writing the report".to_owned(), source })?;
        let charts = docs().join("performance");
        fs::create_dir_all(&charts).map_err(Failure::io("making the folder of charts"))?;
        write(docs().join("performance.json"), &(json + "\n"))?;
        write(docs().join("performance.md"), &self.page()?)?;
        for (name, entry) in &self.sections {
            for (place, table) in entry.finding.tables.iter().enumerate() {
                write(charts.join(chart_name(name, place)), &chart::of(table))?;
            }
        }
        Ok(())
    }

    fn page(&self) -> Result<String, Failure> {
        let mut page = remark("introduction")?;
        let machines = self.entries().map(|(section, entry)| (section.title, &entry.machine));
        page.push_str(&machine::table_of(machines.collect()));
        page.push_str("\n## Reached or not\n\n| | | ratio | within | should be | |\n|---|---|---|---|---|---|\n");
        for (section, entry) in self.entries() {
            let judgements = &entry.finding.judgements;
            for judgement in judgements.iter().filter(|judgement| judgement.target.is_some()) {
                line(&mut page, format_args!("| {} {}", section.title, judgement_row(judgement)));
            }
        }
        page.push_str(&remark("beyond-sections")?);
        for (section, entry) in self.entries() {
            page.push_str(&chapter(section, entry)?);
        }
        page.push_str(&remark("profiles")?);
        Ok(page)
    }

    /// What there is, in the order of the page.
    fn entries(&self) -> impl Iterator<Item = (&'static Section, &Entry)> {
        sections::ALL.iter().filter_map(|it| Some((it, self.sections.get(it.name)?)))
    }
}

fn chapter(section: &Section, entry: &Entry) -> Result<String, Failure> {
    let mut text = format!("\n## {}\n\n{}\n", section.title, section.about);
    let commit = match entry.commit.strip_suffix('+') {
        Some(commit) => format!("{commit} with changes that were not committed yet"),
        None => entry.commit.clone(),
    };
    line(&mut text, format_args!("\nMeasured on {} at commit {commit}.", entry.day));
    for (place, table) in entry.finding.tables.iter().enumerate() {
        text.push_str(&table_of(table));
        let chart = chart_name(section.name, place);
        line(&mut text, format_args!("\n![{}](performance/{chart})", table.title));
    }
    let judgements = &entry.finding.judgements;
    if !judgements.is_empty() {
        text.push_str("\n| | ratio | within | should be | |\n|---|---|---|---|---|\n");
    }
    for judgement in judgements {
        line(&mut text, format_args!("{}", judgement_row(judgement)));
    }
    for absence in &entry.finding.not_measured {
        line(&mut text, format_args!("\nNot measured: {}. {}", absence.what, absence.reason));
    }
    let remark = remark(section.name)?;
    if !remark.is_empty() {
        line(&mut text, format_args!("\n{}", remark.trim_end()));
    }
    Ok(text)
}

fn table_of(table: &Table) -> String {
    let decimals = table.decimals;
    let mut text = format!("\n| {} | median | from | to | rounds | errors |\n", table.title);
    text.push_str("|---|---|---|---|---|---|\n");
    for row in &table.rows {
        let (label, measurement, errors) = (&row.label, &row.measurement, row.errors);
        let (median, from, to) =
            (measurement.median(), measurement.smallest(), measurement.largest());
        let rounds = measurement.count();
        line(
            &mut text,
            format_args!(
                "| {label} | {median:.decimals$} | {from:.decimals$} | {to:.decimals$} | {rounds} | {errors} |"
            ),
        );
    }
    text
}

fn judgement_row(judgement: &Judgement) -> String {
    let ratio = &judgement.ratio;
    let (from, to) = ratio.per_round.median_lies_within();
    let target = judgement.target.map(|target| target.to_string()).unwrap_or_default();
    let verdict = judgement.verdict().map(|verdict| verdict.to_string()).unwrap_or_default();
    let what = &judgement.what;
    format!("| {what} | {:.3} | {from:.3} to {to:.3} | {target} | {verdict} |", ratio.median())
}

/// What somebody wrote about a section, which outlives the next measurement; about some there is nothing to say.
fn remark(name: &str) -> Result<String, Failure> {
    let path = crate_folder().join("src/remarks").join(format!("{name}.md"));
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(Failure::io(format!("reading {}", path.display()))),
    }
}

fn chart_name(section: &str, place: usize) -> String {
    format!("{section}-{}.svg", place + 1)
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
