//! What is wrong with settings.

use std::fmt;

/// A setting that is missing or breaks its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The environment variable's name.
    pub variable: &'static str,
    /// What is wrong and what would be right; never a secret.
    pub problem: String,
}

/// All settings that are wrong, at once: nobody likes to fix them one start at a time.
#[derive(Debug)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
}

impl ConfigError {
    /// Returns the error that lists `problems`, of which there is at least one.
    pub(crate) fn new(problems: Vec<ConfigProblem>) -> Self {
        Self { problems }
    }

    /// Returns what is wrong, in the order of the settings.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = if self.problems.len() == 1 { "setting is" } else { "settings are" };
        write!(formatter, "{} {settings} wrong", self.problems.len())?;
        for ConfigProblem { variable, problem } in &self.problems {
            write!(formatter, "\n  {variable}: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
