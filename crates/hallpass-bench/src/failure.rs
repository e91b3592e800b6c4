//! Why something could not be measured.

use std::io;
use std::process::Output;

/// What went wrong, for the reader of the report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{what}")]
    Io { what: String, source: io::Error },
    #[error("{what}")]
    Json { what: String, source: serde_json::Error },
    #[error("{what}")]
    Http { what: String, source: Box<ureq::Error> },
    #[error("`{program}` is missing: apt-get install {debian_package}")]
    ToolMissing { program: &'static str, debian_package: &'static str },
    #[error(
        "node is {found}, and the contenders on Node need {needed} at least: npm install node@20"
    )]
    NodeTooOld { found: String, needed: String },
    #[error("`{command}` ended with {status}: {last_words}")]
    Command { command: String, status: String, last_words: String },
    #[error("{contender} did not say where it listens: {last_words}")]
    NotStarted { contender: &'static str, last_words: String },
    #[error("{request} was answered {status}, not {expected}: {body}")]
    WrongAnswer { request: String, status: u16, expected: u16, body: String },
    #[error("{request} was answered without its user: {answer}")]
    NotTheUser { request: String, answer: String },
    #[error("the answer to {request} has no `{member}`: {body}")]
    NoMember { request: String, member: &'static str, body: String },
    #[error("{what} has no number where one was expected: {text:?}")]
    NotANumber { what: String, text: String },
    #[error("there is no ratio of {0}: nothing was answered")]
    NoAnswers(String),
    #[error("{0}")]
    NotBuilt(String),
    #[error("{0} is no section: say `all`, `quick`, `report`, or names of sections")]
    NoSection(String),
}

impl Failure {
    /// Returns a function that says what was being done when an I/O error came.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        |source| Self::Io { what: what.into(), source }
    }

    /// Returns what `output` of a command that has failed says.
    pub(crate) fn of_command(command: String, output: &Output) -> Self {
        let text = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
        let last_words = last_lines(&String::from_utf8_lossy(text));
        Self::Command { command, status: output.status.to_string(), last_words }
    }

    /// Returns the failure and its causes in one line.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    }
}

/// Returns the last five lines as one, which is where programs say why they gave up.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(5)..].join(" | ")
}
