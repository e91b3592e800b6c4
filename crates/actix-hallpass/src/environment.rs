//! The process environment and the `.env` file, read without changing either.

use std::collections::HashMap;
use std::fmt;

use hallpass::ConfigProblem;

/// The variables of the process and of `.env`; the process wins, and an empty value is unset.
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

    /// Returns the value of `variable`, `None` where it is unset or empty.
    #[must_use]
    pub fn var(&self, variable: &str) -> Option<String> {
        let is_set = |value: &String| !value.is_empty();
        let process = std::env::var(variable).ok().filter(is_set);
        process.or_else(|| self.file.get(variable).cloned().filter(is_set))
    }

    /// Returns what is wrong with `.env`, and with those of `variables` that the process has set
    /// to bytes that are no text.
    pub(crate) fn problems(&self, variables: &[&'static str]) -> Vec<ConfigProblem> {
        let of_file = self
            .problems
            .iter()
            .map(|problem| ConfigProblem { variable: ".env", problem: problem.clone() });
        let is_text = |variable: &&&str| {
            std::env::var_os(variable).is_none_or(|value| value.to_str().is_some())
        };
        let of_process = variables.iter().filter(|variable| !is_text(variable)).map(|variable| {
            ConfigProblem { variable, problem: "it is not text in UTF-8".to_owned() }
        });
        of_file.chain(of_process).collect()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.file.keys()).finish()
    }
}
