//! The example server in a process of its own, with a database file of its own.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::sqlite::SqliteConnection;
use tempfile::TempDir;

use crate::databases::TestDatabase;
use crate::forge::{ACCESS_SECRET, REFRESH_SECRET};
use crate::http::Client;

/// A running example server; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    client: Client,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// Where an example program is that cargo has built for this run.
pub(crate) fn example(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let target = this.parent().and_then(Path::parent).unwrap();
    let path = target.join("examples").join(name);
    assert!(
        path.exists(),
        "{} is not built: run `cargo build --workspace --examples`",
        path.display()
    );
    path
}

/// Returns the server in `directory`, with cheap bcrypt and the secrets of the tests.
pub(crate) fn command(directory: &TempDir) -> Command {
    let mut command = Command::new(example("server"));
    configure(&mut command, directory);
    command
}

/// Returns the server on this database.
pub(crate) fn command_on(database: &TestDatabase) -> Command {
    let mut command = command(database.directory());
    command.env("DATABASE_URL", database.url());
    command
}

/// Sets folder, environment and pipes of a command that runs the server.
pub(crate) fn configure(command: &mut Command, directory: &TempDir) {
    command
        .current_dir(directory.path())
        .env_clear()
        .env("BIND", "127.0.0.1:0")
        .env("DATABASE_URL", "sqlite:app.db")
        .env("ACCESS_TOKEN_SECRET", ACCESS_SECRET)
        .env("REFRESH_TOKEN_SECRET", REFRESH_SECRET)
        .env("PASSWORD_HASH_COST", "4")
        .env("REFRESH_HASH_COST", "4")
        // All clients of a test have one address, and some guess.
        .env("LOGIN_THROTTLE", "off")
        // However slow the machine is: storms are not about patience.
        .env("HASH_WAIT", "30s")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(max) = sessions_per_user() {
        command.env("SESSIONS_PER_USER", max.to_string());
    }
}

/// Has the command run as a user whom file permissions stop, where this one is root, whom none stops.
pub(crate) fn drop_privileges(command: &mut Command) {
    const NOBODY: u32 = 65_534;
    if fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0) {
        command.uid(NOBODY).gid(NOBODY);
    }
}

/// In which mode the tests run that hold in both: `None` for one session in the user's row.
pub(crate) fn sessions_per_user() -> Option<u32> {
    std::env::var("HALLPASS_TEST_SESSIONS_PER_USER").ok().map(|max| max.parse().unwrap())
}

impl Process {
    pub(crate) fn start(directory: &TempDir) -> Self {
        Self::run(&mut command(directory))
    }

    pub(crate) fn on(database: &TestDatabase) -> Self {
        Self::run(&mut command_on(database))
    }

    /// Starts `command` and waits until it says where it listens.
    pub(crate) fn run(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let of_thread = Arc::clone(&log);
        let reader = thread::spawn(move || {
            let mut line = String::new();
            while stderr.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                of_thread.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            child.kill().unwrap();
            reader.join().unwrap();
            panic!("{line:?} {}", log.lock().unwrap());
        };
        Self { client: Client::new(address.parse().unwrap()), child, log, reader: Some(reader) }
    }

    /// Kills it, so that it can finish nothing.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        let pid = self.id().to_string();
        let kill = Command::new("/bin/sh").args(["-c", "kill -TERM \"$0\"", &pid]).status();
        assert!(kill.unwrap().success());
        self.child.wait().unwrap()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it and returns its log, whole.
    pub(crate) fn into_log(mut self) -> String {
        self.kill();
        self.reader.take().unwrap().join().unwrap();
        self.log()
    }

    /// What has been read of its log so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// What it has written to its log, once that holds `text`: the pipe is read by a thread, so
    /// a line may come shortly after the answer that it belongs to.
    pub(crate) fn log_with(&self, text: &str) -> String {
        for _ in 0..500 {
            let log = self.log();
            if log.contains(text) {
                return log;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("no {text:?} in the log within five seconds: {}", self.log());
    }
}

/// Runs SQL on a connection of its own, as an administrator would while the server runs.
pub(crate) fn sql(directory: &TempDir, sql: &str) {
    database(directory).batch_execute(sql).unwrap();
}

/// Opens the server's database beside it.
pub(crate) fn database(directory: &TempDir) -> SqliteConnection {
    let path = directory.path().join("app.db");
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    connection
}

impl Deref for Process {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command that is expected to refuse to start; returns its status and what it printed.
pub(crate) fn run_to_end(command: &mut Command) -> (ExitStatus, String) {
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if !line.is_empty() {
        child.kill().unwrap();
    }
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(line, "", "it has started: {text}");
    (status, text)
}
