//! What a section found: tables of measurements, ratios with their targets, and what is missing.

use serde::{Deserialize, Serialize};

use crate::judgement::Judgement;
use crate::measurement::Measurement;

/// What a section found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Finding {
    pub(crate) tables: Vec<Table>,
    pub(crate) judgements: Vec<Judgement>,
    /// Who is not in it, and why.
    pub(crate) not_measured: Vec<Absence>,
}

/// Measurements of one kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Table {
    /// What is measured, with its unit.
    pub(crate) title: String,
    pub(crate) decimals: usize,
    pub(crate) rows: Vec<Row>,
}

/// What was measured of one thing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) measurement: Measurement,
    /// How many requests were not answered as they should be, in all rounds.
    pub(crate) errors: u64,
}

/// Something that could not be measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Absence {
    pub(crate) what: String,
    pub(crate) reason: String,
}

impl Finding {
    pub(crate) fn add_table(&mut self, table: Table) {
        self.tables.push(table);
    }

    pub(crate) fn judge(&mut self, judgement: Judgement) {
        self.judgements.push(judgement);
    }

    /// Says that something could not be measured.
    pub(crate) fn leave_out(&mut self, what: impl Into<String>, reason: impl Into<String>) {
        self.not_measured.push(Absence { what: what.into(), reason: reason.into() });
    }

    pub(crate) fn leaves_out(&self, what: &str) -> bool {
        self.not_measured.iter().any(|absence| absence.what == what)
    }

    /// Returns how many requests of all rows were not answered as they should be.
    pub(crate) fn errors(&self) -> u64 {
        self.tables.iter().flat_map(|table| &table.rows).map(|row| row.errors).sum()
    }
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, decimals: usize) -> Self {
        Self { title: title.into(), decimals, rows: Vec::new() }
    }

    /// Adds what was measured in a round to the row with this label.
    pub(crate) fn add(&mut self, label: &str, value: f64, errors: u64) {
        let row = match self.rows.iter().position(|row| row.label == label) {
            Some(place) => &mut self.rows[place],
            None => {
                let measurement = Measurement::default();
                self.rows.push(Row { label: label.to_owned(), measurement, errors: 0 });
                self.rows.last_mut().expect("it has just been added")
            }
        };
        row.measurement.push(value);
        row.errors += errors;
    }

    /// Drops a row, if there is one.
    pub(crate) fn forget(&mut self, label: &str) {
        self.rows.retain(|row| row.label != label);
    }

    /// Returns whether anything was measured under a label.
    pub(crate) fn has(&self, label: &str) -> bool {
        self.rows.iter().any(|row| row.label == label)
    }

    /// Returns what was measured under a label, nothing if there was none.
    pub(crate) fn of(&self, label: &str) -> Measurement {
        let row = self.rows.iter().find(|row| row.label == label);
        row.map(|row| row.measurement.clone()).unwrap_or_default()
    }

    /// Returns a row of percentages as a share of one.
    pub(crate) fn share(&self, label: &str) -> Judgement {
        let percentages = self.of(label);
        Judgement::of(label, &percentages, &percentages.all_of(100.0))
    }

    /// Returns the ratio of two rows.
    pub(crate) fn ratio(&self, label: &str, base: &str) -> Judgement {
        Judgement::of(format!("{label} ÷ {base}"), &self.of(label), &self.of(base))
    }
}

/// Writes a number as the report has it: 1,000.
pub(crate) fn with_separators(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let written = [7, 1_000, 10_000_000].map(with_separators);
        assert_eq!(written, ["7", "1,000", "10,000,000"]);
    }
}
