//! The process environment and the `.env` file, read without changing either.

mod env_file;
pub(crate) mod file_problem;

use std::env::{self, VarError};
use std::fmt;
use std::io;

use crate::setup::environment::env_file::EnvFile;
use crate::setup::environment::file_problem::FileProblem;
use hallpass::Setting;

/// The variables of the process and of `.env`. The process wins; a variable that is empty or blank is
/// unset.
///
/// # Security
/// `Debug` shows no value.
#[derive(Default)]
pub struct Environment {
    file: EnvFile,
}

/// A variable that is set, but can't be read.
///
/// `Debug` writes what `Display` writes, so that a `main` that returns it prints something to act on.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct VariableError {
    variable: String,
    problem: String,
}

impl Environment {
    /// Reads `.env` in the working directory or the nearest folder above it, if there is one. It may
    /// begin with a byte order mark.
    ///
    /// Unlike `dotenvy::dotenv`, this does not set variables of the process, which is unsound
    /// while other threads read them.
    ///
    /// A line that can't be read is skipped. When `Auth` is built, it is logged as a warning with file
    /// and line; if the name of a setting of hallpass stands on it and the process does not set that, it
    /// is an error. A file that can't be read at all is a warning, too, and an error if a setting
    /// without a default is missing.
    #[must_use]
    pub fn load() -> Self {
        Self { file: EnvFile::load() }
    }

    /// Returns the text of `variable` without ASCII white space at its ends; `None` where it is unset
    /// or blank.
    ///
    /// It is for variables of your own. [`AuthBuilder::environment`](crate::setup::AuthBuilder::environment)
    /// takes those of hallpass, and checks more.
    ///
    /// # Errors
    /// [`VariableError`] when it is set to bytes that are not UTF-8, or stands on a line of `.env` that
    /// can't be read.
    pub fn var(&self, variable: &str) -> Result<Option<String>, VariableError> {
        let unreadable = |problem| VariableError { variable: variable.to_owned(), problem };
        let of_process = match env::var(variable) {
            Ok(text) => without_white_space(&text),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => {
                return Err(unreadable("it is not text in UTF-8".to_owned()));
            }
        };
        if of_process.is_some() {
            return Ok(of_process);
        }
        let of_file = self.file.text(variable);
        let of_file = of_file.map_err(|problem| unreadable(problem.to_string()))?;
        Ok(of_file.and_then(without_white_space))
    }

    /// Returns the text of a setting of hallpass, checked by the rule for all of them.
    pub(crate) fn setting(&self, variable: &str) -> Setting<String> {
        match self.var(variable) {
            Ok(None) => Setting::Unset,
            Ok(Some(text)) => Setting::from_variable(&text),
            Err(error) => Setting::Unreadable(error.problem),
        }
    }

    /// Returns what of `.env` can't be read.
    pub(crate) fn file_problems(&self) -> &[FileProblem] {
        self.file.problems()
    }
}

fn without_white_space(text: &str) -> Option<String> {
    let text = text.trim_ascii();
    (!text.is_empty()).then(|| text.to_owned())
}

impl From<VariableError> for io::Error {
    /// So that `?` works in the usual `async fn main() -> std::io::Result<()>`.
    fn from(error: VariableError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

impl fmt::Debug for VariableError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(formatter)
    }
}
