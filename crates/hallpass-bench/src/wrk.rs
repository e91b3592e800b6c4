//! Load from wrk: what it sends, and what came of it.

use std::io::Write as _;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::processor_core::Core;

/// What wrk sends, and for how long.
#[derive(Clone)]
pub(crate) struct Load {
    url: String,
    script: &'static str,
    arguments: Vec<String>,
    connections: usize,
    threads: usize,
    duration: Duration,
    patience: Duration,
    core: Option<Core>,
    expected: Expected,
}

/// What a right answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A status below 400.
    Success,
    /// A status from 400.
    Refusal,
}

/// What came of a load.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Outcome {
    requests: u64,
    microseconds: u64,
    refused: u64,
    broken: u64,
    granted: u64,
    surprises: u64,
    p50_microseconds: u64,
    p99_microseconds: u64,
    #[serde(skip, default = "success")]
    expected: Expected,
}

/// A load that has begun.
pub(crate) struct Running {
    child: Child,
    expected: Expected,
    /// wrk reads it when its threads begin.
    _script: NamedTempFile,
}

impl Load {
    /// The same request from `connections` on one thread.
    pub(crate) fn constant(url: String, method: &str, authorization: &str, body: &str) -> Self {
        let arguments = [method, authorization, body].map(str::to_owned).to_vec();
        Self::new(url, include_str!("wrk/constant.lua"), arguments)
    }

    /// The same, looking at each answer: what is not 401 is a surprise. That slows wrk down.
    pub(crate) fn looking_for_refusals(self) -> Self {
        let script = concat!(include_str!("wrk/constant.lua"), include_str!("wrk/refused.lua"));
        Self { script, ..self }
    }

    /// Clients, each on a thread and a connection of its own, that refresh the tokens in a file.
    pub(crate) fn refreshing(
        url: String,
        tokens: &NamedTempFile,
        clients: usize,
        each: usize,
    ) -> Self {
        let arguments = vec![tokens.path().display().to_string(), each.to_string()];
        let load = Self::new(url, include_str!("wrk/refresh.lua"), arguments);
        Self { connections: clients, threads: clients, ..load }
    }

    /// Users who log in: those whose names are `name` and a number below `users`.
    pub(crate) fn logging_in(url: String, name: &str, users: usize, password: &str) -> Self {
        let arguments = vec![name.to_owned(), users.to_string(), password.to_owned()];
        Self::new(url, include_str!("wrk/login.lua"), arguments)
    }

    fn new(url: String, script: &'static str, arguments: Vec<String>) -> Self {
        Self {
            url,
            script,
            arguments,
            connections: 32,
            threads: 1,
            duration: Duration::from_secs(1),
            patience: Duration::from_secs(10),
            core: None,
            expected: Expected::Success,
        }
    }

    pub(crate) fn lasting(self, duration: Duration) -> Self {
        Self { duration, ..self }
    }

    /// An answer that takes longer is none, in whole seconds.
    pub(crate) fn waiting_no_longer_than(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    pub(crate) fn over_connections(self, connections: usize) -> Self {
        Self { connections, ..self }
    }

    pub(crate) fn on_core(self, core: Core) -> Self {
        Self { core: Some(core), ..self }
    }

    pub(crate) fn expecting(self, expected: Expected) -> Self {
        Self { expected, ..self }
    }

    /// Runs it to its end.
    pub(crate) fn run(&self) -> Result<Outcome, Failure> {
        self.start()?.finish()
    }

    /// Starts it.
    pub(crate) fn start(&self) -> Result<Running, Failure> {
        let mut script = NamedTempFile::new().map_err(Failure::io("making a script for wrk"))?;
        let text = [self.script, include_str!("wrk/summary.lua")].concat();
        script.write_all(text.as_bytes()).map_err(Failure::io("writing a script for wrk"))?;
        let mut wrk = Core::command(self.core, &self.words(&script));
        let wrk = wrk.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = wrk.spawn().map_err(Failure::io("starting wrk"))?;
        Ok(Running { child, expected: self.expected, _script: script })
    }

    fn words(&self, script: &NamedTempFile) -> Vec<String> {
        let mut words = vec![
            "wrk".to_owned(),
            format!("-t{}", self.threads),
            format!("-c{}", self.connections),
            format!("-d{}s", self.duration.as_secs().max(1)),
            "--timeout".to_owned(),
            format!("{}s", self.patience.as_secs()),
            "-s".to_owned(),
            script.path().display().to_string(),
            self.url.clone(),
            "--".to_owned(),
        ];
        words.extend(self.arguments.iter().cloned());
        words
    }
}

impl Running {
    /// Waits for its end.
    pub(crate) fn finish(self) -> Result<Outcome, Failure> {
        let output = self.child.wait_with_output().map_err(Failure::io("waiting for wrk"))?;
        if !output.status.success() {
            return Err(Failure::of_command("wrk".to_owned(), &output));
        }
        Outcome::parse(&String::from_utf8_lossy(&output.stdout), self.expected)
    }
}

impl Outcome {
    /// Reads what wrk printed, which ends in a line of JSON.
    fn parse(printed: &str, expected: Expected) -> Result<Self, Failure> {
        let line = printed.lines().rev().find(|line| line.starts_with('{')).unwrap_or_default();
        let what = || format!("reading the summary of wrk in {printed:?}");
        let outcome: Self =
            serde_json::from_str(line).map_err(|source| Failure::Json { what: what(), source })?;
        Ok(Self { expected, ..outcome })
    }

    /// Returns how many requests were answered as they should be. One that is answered otherwise has not
    /// been answered.
    pub(crate) fn answers(&self) -> u64 {
        match self.expected {
            Expected::Success => self.requests.saturating_sub(self.refused),
            Expected::Refusal => self.refused,
        }
    }

    /// Returns how many requests were answered otherwise, or not at all.
    pub(crate) fn wrong(&self) -> u64 {
        self.requests.saturating_sub(self.answers()) + self.broken
    }

    /// Returns the logins in a second that were granted.
    pub(crate) fn granted_per_second(&self) -> f64 {
        self.granted as f64 / self.seconds()
    }

    /// Returns how many answers were none that the script knows: of logins 200 and 503.
    pub(crate) fn surprises(&self) -> u64 {
        self.surprises + self.broken
    }

    fn seconds(&self) -> f64 {
        self.microseconds as f64 / 1e6
    }

    /// Returns the right answers in a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.answers() as f64 / self.seconds()
    }

    pub(crate) fn p50_milliseconds(&self) -> f64 {
        self.p50_microseconds as f64 / 1e3
    }

    pub(crate) fn p99_milliseconds(&self) -> f64 {
        self.p99_microseconds as f64 / 1e3
    }
}

fn success() -> Expected {
    Expected::Success
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = r#"Running 1s test @ http://127.0.0.1:1
  Requests/sec: 5
{"requests":100,"microseconds":2000000,"refused":30,"broken":2,"granted":7,"surprises":1,"p50_microseconds":1500,"p99_microseconds":9000}
"#;

    #[test]
    fn what_was_not_answered_as_expected_does_not_count() {
        let of = |expected| Outcome::parse(PRINTED, expected).unwrap();
        let success = of(Expected::Success);
        assert_eq!((success.answers(), success.wrong(), success.per_second()), (70, 32, 35.0));
        let refusal = of(Expected::Refusal);
        assert_eq!((refusal.answers(), refusal.wrong()), (30, 72));
        assert_eq!((success.granted_per_second(), success.surprises()), (3.5, 3));
        assert_eq!((success.p50_milliseconds(), success.p99_milliseconds()), (1.5, 9.0));
        assert!(Outcome::parse("unable to connect", Expected::Success).is_err());
    }
}
