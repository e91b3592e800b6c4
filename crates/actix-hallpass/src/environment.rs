//! The process environment and the `.env` file, read without changing either.

use std::collections::HashMap;
use std::fmt;

use hallpass::{ConfigProblem, Setting};

/// The variables of the process and of `.env`. The process wins; a variable that is empty or blank is
/// unset.
///
/// # Security
/// `Debug` shows no value.
#[derive(Default)]
pub struct Environment {
    file: HashMap<String, String>,
    problems: Vec<String>,
}

impl Environment {
    /// Reads `.env` in this folder or the nearest one above it, if there is one.
    ///
    /// Unlike `dotenvy::dotenv`, this does not set variables of the process, which is unsound
    /// while other threads read them. A line that can't be read is reported when `Auth` is built.
    #[must_use]
    pub fn load() -> Self {
        let mut environment = Self::default();
        match dotenvy::dotenv_iter() {
            Ok(lines) => environment.read_file(lines),
            Err(error) if error.not_found() => {}
            Err(error) => environment.problems.push(format!("it can't be opened: {error}")),
        }
        environment
    }

    fn read_file(&mut self, lines: impl Iterator<Item = dotenvy::Result<(String, String)>>) {
        let mut place = "its first line".to_owned();
        for line in lines {
            match line {
                Ok((name, value)) => {
                    place = format!("a line after {name}");
                    self.file.insert(name, value);
                }
                // The file can't be read any further, and would fail so for ever.
                Err(dotenvy::Error::Io(error)) => {
                    self.problems.push(format!("it can't be read: {error}"));
                    return;
                }
                // The error quotes the line, which may hold a secret.
                Err(_) => self.problems.push(format!("{place} can't be read")),
            }
        }
    }

    /// Returns the text of `variable` without ASCII white space at its ends; `None` where it is unset
    /// or blank.
    ///
    /// It is for variables of your own. [`AuthBuilder::environment`](crate::AuthBuilder::environment)
    /// takes those of hallpass, and checks more.
    #[must_use]
    pub fn var(&self, variable: &str) -> Option<String> {
        let process = std::env::var(variable).ok();
        let process = process.as_deref().and_then(without_white_space);
        process.or_else(|| without_white_space(self.file.get(variable)?))
    }

    /// Returns the text of a setting of hallpass, checked by the rule for all of them.
    pub(crate) fn setting(&self, variable: &str) -> Setting<String> {
        if std::env::var_os(variable).is_some_and(|value| value.to_str().is_none()) {
            return Setting::Unreadable("it is not text in UTF-8".to_owned());
        }
        self.var(variable).map_or(Setting::Unset, |text| Setting::from_variable(&text))
    }

    /// Returns what is wrong with `.env`.
    pub(crate) fn problems(&self) -> Vec<ConfigProblem> {
        let problem =
            |problem: &String| ConfigProblem { variable: ".env", problem: problem.clone() };
        self.problems.iter().map(problem).collect()
    }
}

fn without_white_space(text: &str) -> Option<String> {
    let text = text.trim_ascii();
    (!text.is_empty()).then(|| text.to_owned())
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.file.keys()).finish()
    }
}
