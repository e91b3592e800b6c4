//! A database server of the tests' own, from installed binaries: to be stopped and started, or where
//! none runs already.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::server::{Kind, Server};

/// The locale of German messages.
const LOCALE: &str = "de_DE.UTF-8";

/// Stops the server when its input ends, be it because it is told to or because the test process is
/// gone, however that ended; then removes `$0`, where it names a folder.
pub(crate) const KEEPER: &str = r#"
    "$@" >&2 & server=$!
    cat >/dev/null
    kill -"$STOP_SIGNAL" $server
    wait $server
    [ "$0" = keep ] || rm -rf "$0"
"#;

/// A running server, or one that was stopped and can be started again.
pub(crate) struct PrivateServer {
    directory: TempDir,
    kind: Kind,
    port: u16,
    language: Language,
    keeper: Option<Child>,
}

/// The language of a server's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
}

impl PrivateServer {
    /// Starts an empty one. `Err` says what is missing.
    pub(crate) fn start(kind: Kind) -> Result<Self, String> {
        Self::start_in(Language::English, kind)
    }

    fn start_in(language: Language, kind: Kind) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        initialize(kind, directory.path())?;
        if language == Language::German {
            make_locale(directory.path())?;
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let port = port.map_err(|error| error.to_string())?.port();
        let mut server = Self { directory, kind, port, language, keeper: None };
        server.go_on()?;
        Ok(server)
    }

    /// Starts one that lives for as long as this process.
    pub(super) fn start_until_exit(language: Language, kind: Kind) -> Result<Server, String> {
        let mut server = Self::start_in(language, kind)?;
        server.stop();
        let folder = server.directory.path().to_owned();
        server.keeper = Some(server.keep(folder.as_os_str())?);
        server.wait_until_it_answers()?;
        let found = server.server();
        // Its keeper ends it and removes the folder when this process is gone.
        std::mem::forget(server);
        Ok(found)
    }

    /// Starts it where it was stopped.
    pub(crate) fn go_on(&mut self) -> Result<(), String> {
        self.keeper = Some(self.keep(OsStr::new("keep"))?);
        self.wait_until_it_answers()
    }

    /// Stops it at once, as a crash would.
    pub(crate) fn stop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }

    /// The server, to make databases on.
    pub(crate) fn server(&self) -> Server {
        let url = match self.kind {
            Kind::Postgres => format!("postgres://postgres@127.0.0.1:{}/postgres", self.port),
            Kind::Mysql => format!("mysql://root@127.0.0.1:{}/", self.port),
        };
        Server::new(self.kind, url)
    }

    /// Runs the server under its keeper, which is called `name`.
    fn keep(&self, name: &OsStr) -> Result<Child, String> {
        let directory = self.directory.path();
        let mut keeper = Command::new("/bin/sh");
        keeper.args(["-c", KEEPER]).arg(name);
        // PostgreSQL's processes need to be told; MariaDB is one.
        let stop_signal = match self.kind {
            Kind::Postgres => {
                self.add_postgres(&mut keeper)?;
                "QUIT"
            }
            Kind::Mysql => {
                self.add_mariadb(&mut keeper)?;
                "KILL"
            }
        };
        let log = fs::File::create(directory.join("log")).map_err(|error| error.to_string())?;
        unprivileged_command(&mut keeper, directory)
            .env("STOP_SIGNAL", stop_signal)
            .env("LOCPATH", directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| error.to_string())
    }

    fn add_postgres(&self, keeper: &mut Command) -> Result<(), String> {
        let directory = self.directory.path();
        keeper.arg(program("postgres")?).arg("-D").arg(directory.join("data"));
        keeper.arg("-k").arg(directory).args(["-p", &self.port.to_string()]);
        keeper.args(["-c", "listen_addresses=127.0.0.1"]);
        if self.language == Language::German {
            keeper.arg("-c").arg(format!("lc_messages={LOCALE}"));
        }
        Ok(())
    }

    fn add_mariadb(&self, keeper: &mut Command) -> Result<(), String> {
        let directory = self.directory.path();
        keeper.arg(program("mariadbd")?).arg("--no-defaults").arg("--bind-address=127.0.0.1");
        keeper.arg(format!("--datadir={}", directory.join("data").display()));
        keeper.arg(format!("--socket={}", directory.join("socket").display()));
        keeper.arg(format!("--port={}", self.port));
        if self.language == Language::German {
            keeper.arg("--lc-messages=de_DE");
        }
        Ok(())
    }

    fn wait_until_it_answers(&mut self) -> Result<(), String> {
        let mut trouble = None;
        for _ in 0..600 {
            trouble = self.server().trouble();
            if trouble.is_none() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        self.stop();
        Err(format!("it did not answer within 30 s: {}", trouble.unwrap_or_default()))
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Makes the files of an empty server.
fn initialize(kind: Kind, directory: &Path) -> Result<(), String> {
    let (user, group) = unprivileged();
    chown(directory, Some(user), Some(group)).map_err(|error| error.to_string())?;
    let data = directory.join("data");
    let mut command = match kind {
        Kind::Postgres => {
            let mut command = Command::new(program("initdb")?);
            command.arg("-D").arg(&data).args(["-A", "trust", "-U", "postgres", "--no-sync"]);
            command
        }
        Kind::Mysql => {
            let mut command = Command::new(program("mariadb-install-db")?);
            command.args(["--no-defaults", "--skip-test-db"]);
            command.arg("--auth-root-authentication-method=normal");
            command.arg(format!("--datadir={}", data.display()));
            command
        }
    };
    let output = unprivileged_command(&mut command, directory).stdin(Stdio::null()).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("its files can't be made: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Makes the locale of German messages, which PostgreSQL finds by `LOCPATH`; the system's stay as they
/// are.
fn make_locale(directory: &Path) -> Result<(), String> {
    let mut command = Command::new(program("localedef")?);
    command.args(["-i", "de_DE", "-f", "UTF-8"]).arg(directory.join(LOCALE));
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(format!("the locale {LOCALE} can't be made (is `locales` installed?): {reason}"))
}

/// Neither server runs as root.
fn unprivileged_command<'a>(command: &'a mut Command, directory: &Path) -> &'a mut Command {
    let (user, group) = unprivileged();
    if fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0) {
        command.uid(user).gid(group);
    }
    command.current_dir(directory).env("HOME", directory)
}

/// This user, or `nobody` where this is root.
fn unprivileged() -> (u32, u32) {
    const NOBODY: u32 = 65_534;
    match fs::metadata("/proc/self") {
        Ok(this) if this.uid() != 0 => (this.uid(), this.gid()),
        _ => (NOBODY, NOBODY),
    }
}

/// Looks for a program on the path, and where Debian and others put those of servers.
pub(crate) fn program(name: &str) -> Result<PathBuf, String> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/local/bin", "/usr/libexec", "/usr/local/pgsql/bin"];
    let mut folders: Vec<_> = std::env::split_paths(&on_path).collect();
    folders.extend(usual.map(PathBuf::from));
    let mut versions: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| format!("`{name}` is not installed"))
}
