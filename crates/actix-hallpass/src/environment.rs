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
    problem: Option<ConfigProblem>,
}

impl Environment {
    /// Reads `.env` in this folder or the nearest one above it, if there is one.
    ///
    /// Unlike `dotenvy::dotenv`, this does not set variables of the process, which is unsound
    /// while other threads read them. A line that can't be read is reported when `Auth` is built.
    #[must_use]
    pub fn load() -> Self {
        let mut environment = Self::default();
        let lines = match dotenvy::dotenv_iter() {
            Ok(lines) => lines,
            Err(error) if error.not_found() => return environment,
            Err(_) => {
                environment.problem = Some(unreadable("it can't be opened".to_owned()));
                return environment;
            }
        };
        let mut last = None;
        for line in lines {
            match line {
                Ok((name, value)) => {
                    last = Some(name.clone());
                    environment.file.insert(name, value);
                }
                // The error quotes the line, which may hold a secret.
                Err(_) => {
                    let place = match last {
                        Some(name) => format!("a line after {name} can't be read"),
                        None => "its first line can't be read".to_owned(),
                    };
                    environment.problem = Some(unreadable(place));
                    break;
                }
            }
        }
        environment
    }

    /// Returns the value of `variable`, `None` where it is unset or empty.
    #[must_use]
    pub fn var(&self, variable: &str) -> Option<String> {
        let is_set = |value: &String| !value.is_empty();
        let process = std::env::var(variable).ok().filter(is_set);
        process.or_else(|| self.file.get(variable).cloned().filter(is_set))
    }

    /// Returns what is wrong with `.env`, if anything is.
    pub(crate) fn problem(&self) -> Option<ConfigProblem> {
        self.problem.clone()
    }
}

fn unreadable(problem: String) -> ConfigProblem {
    ConfigProblem { variable: ".env", problem }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.file.keys()).finish()
    }
}
