//! What of `.env` can't be read.

use std::fmt;
use std::path::{Path, PathBuf};

use hallpass::ConfigProblem;

/// A file or a line that can't be read, and why. Never quotes the file, which holds secrets.
#[derive(Clone, Debug)]
pub(crate) struct FileProblem {
    path: PathBuf,
    /// Counted from 1; `None` for the whole file.
    line: Option<usize>,
    reason: String,
}

impl FileProblem {
    pub(crate) fn of_file(path: &Path, reason: String) -> Self {
        Self { path: path.to_owned(), line: None, reason }
    }

    /// Lines are counted from 0 here.
    pub(crate) fn of_line(path: &Path, line: usize, reason: &str) -> Self {
        Self { path: path.to_owned(), line: Some(line + 1), reason: reason.to_owned() }
    }

    /// Returns the problem of a line that is inside of the value that begins on line `start`.
    pub(crate) fn of_line_within(path: &Path, line: usize, start: usize) -> Self {
        let reason = format!("a quote that is opened on line {} is still open", start + 1);
        Self::of_line(path, line, &reason)
    }

    /// Logs it, where no setting is missing for it.
    pub(crate) fn warn(&self) {
        tracing::warn!(target: "hallpass", "{self}");
    }
}

impl fmt::Display for FileProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(formatter, "line {line} of ")?;
        }
        write!(formatter, "{} can't be read: {}", self.path.display(), self.reason)
    }
}

impl From<&FileProblem> for ConfigProblem {
    fn from(problem: &FileProblem) -> Self {
        Self { variable: ".env", problem: problem.to_string() }
    }
}
