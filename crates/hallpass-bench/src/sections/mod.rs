//! What is measured, a file for each row of the report.

mod build;
mod garbage;
mod guard;
mod memory;
mod processes;
mod refresh;
mod storm;
mod users;
mod verification;

use crate::failure::Failure;
use crate::finding::Finding;
use crate::plan::Plan;
use crate::workshop::Workshop;

/// A section of the report.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What is measured, in a sentence or three; the section's module describes the method.
    pub(crate) about: &'static str,
    pub(crate) measure: fn(&mut Workshop, &Plan) -> Result<Finding, Failure>,
}

/// All of them, in the order of the report. The longest is last.
pub(crate) const ALL: [Section; 9] = [
    guard::SECTION,
    verification::SECTION,
    refresh::SECTION,
    storm::SECTION,
    garbage::SECTION,
    users::SECTION,
    processes::SECTION,
    build::SECTION,
    memory::SECTION,
];
