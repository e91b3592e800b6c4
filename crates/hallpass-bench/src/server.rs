//! A contender that runs: where it listens, and what it uses. It ends when it is dropped.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::contender::Contender;
use crate::failure::{self, Failure};
use crate::process_statistics;
use crate::processor_core::Core;
use crate::server_settings::ServerSettings;
use crate::workshop::Program;

/// Node compiles a few thousand files before it listens.
const PATIENCE_AT_START: Duration = Duration::from_secs(30);

/// Longer than the requests that may be under way.
const PATIENCE_AT_END: Duration = Duration::from_secs(5);

/// A running contender.
pub(crate) struct Server {
    child: Child,
    address: String,
    /// What it would still print has somewhere to go.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts the program and waits until it listens.
    pub(crate) fn start(
        contender: Contender,
        program: &Program,
        settings: &ServerSettings,
    ) -> Result<Self, Failure> {
        let mut log = NamedTempFile::new().map_err(Failure::io("making a log file"))?;
        let mut child = spawn(contender, program, settings, log.as_file_mut())?;
        let stdout = child.stdout.take().expect("stdout is piped");
        match first_line(stdout) {
            Some((line, stdout)) if line.starts_with(LISTENING) => {
                let address = line.trim_start_matches(LISTENING).trim().to_owned();
                Ok(Self { child, address, _stdout: stdout })
            }
            _ => {
                end(&mut child);
                let log = std::fs::read_to_string(log.path()).unwrap_or_default();
                let last_words = failure::last_lines(&log);
                Err(Failure::NotStarted { contender: contender.name(), last_words })
            }
        }
    }

    /// Returns the address of a route.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the processor time it has used.
    pub(crate) fn cpu_time(&self) -> Result<Duration, Failure> {
        process_statistics::cpu_time(self.child.id())
    }

    /// Returns how much memory it occupies.
    pub(crate) fn resident_bytes(&self) -> Result<u64, Failure> {
        process_statistics::resident_bytes(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

const LISTENING: &str = "listening on http://";

fn spawn(
    contender: Contender,
    program: &Program,
    settings: &ServerSettings,
    log: &File,
) -> Result<Child, Failure> {
    let what = || format!("starting {}", contender.name());
    let log = log.try_clone().map_err(Failure::io(what()))?;
    let mut command = Core::command(settings.core, &program.words);
    command
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("NODE_ENV", "production")
        .envs(&settings.environment)
        .current_dir(contender.folder())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log);
    command.spawn().map_err(Failure::io(what()))
}

/// Returns the first line, and the rest of the pipe; `None` when it ends or takes too long.
fn first_line(stdout: ChildStdout) -> Option<(String, BufReader<ChildStdout>)> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        if stdout.read_line(&mut line).is_ok() {
            // Nobody waits any more when it took too long.
            let _ = sender.send((line, stdout));
        }
    });
    receiver.recv_timeout(PATIENCE_AT_START).ok()
}

/// Asks the process to end, and ends it when it takes too long.
fn end(child: &mut Child) {
    const STEP: Duration = Duration::from_millis(20);
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    let mut waited = Duration::ZERO;
    while matches!(child.try_wait(), Ok(None)) && waited < PATIENCE_AT_END {
        thread::sleep(STEP);
        waited += STEP;
    }
    let _ = child.kill();
    let _ = child.wait();
}
