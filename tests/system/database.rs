//! The database in trouble under a running server: 503, a log line, and recovery by itself.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use diesel::connection::SimpleConnection as _;
use tempfile::TempDir;

use crate::http::Answer;
use crate::process::{self, Process, command, configure, database, example};

/// The two seconds of patience, and some for a slow machine.
const BOUND_SECONDS: u64 = 4;

/// Expects `answer` within the bound, refused as unavailable.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the bound is on real time")]
fn assert_unavailable(answer: impl FnOnce() -> Answer) {
    let start = Instant::now();
    let answer = answer();
    answer.assert_refused(503, "unavailable");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(start.elapsed().as_secs() < BOUND_SECONDS, "{:?}", start.elapsed());
}

#[test]
fn a_locked_database_is_503_and_recovers_with_nothing_lost() {
    let directory = tempfile::tempdir().unwrap();
    let server = Process::start(&directory);
    let tokens = server.session("ada");
    let mut locker = database(&directory);
    locker.batch_execute("BEGIN EXCLUSIVE").unwrap();
    assert_unavailable(|| server.refresh(&tokens.refresh));
    assert_unavailable(|| server.logout(&tokens.refresh));
    assert_unavailable(|| server.login("ada", "correct horse"));
    assert_unavailable(|| server.register("bob", "correct horse"));
    assert_eq!(server.get_with_token("/api/me", &tokens.access).status, 200);
    server.log_with("database is locked");
    locker.batch_execute("ROLLBACK").unwrap();
    server.refresh(&tokens.refresh).tokens();
    assert_eq!(server.register("bob", "correct horse").status, 201);
}

#[test]
fn a_database_file_that_is_away_is_503_until_it_is_back() {
    let directory = tempfile::tempdir().unwrap();
    let server = Process::start(&directory);
    let tokens = server.session("ada");
    let (path, away) = (directory.path().join("app.db"), directory.path().join("away.db"));
    fs::rename(&path, &away).unwrap();
    assert_unavailable(|| server.refresh(&tokens.refresh));
    assert_unavailable(|| server.login("ada", "correct horse"));
    assert!(!path.exists(), "no empty database takes its place");
    assert_eq!(server.get_with_token("/api/me", &tokens.access).status, 200);
    server.refresh("garbage").assert_refused(401, "refresh_invalid");
    fs::rename(&away, &path).unwrap();
    server.refresh(&tokens.refresh).tokens();
}

#[test]
#[cfg(target_os = "linux")] // where a running process can be given room again
fn a_full_disk_is_503_and_recovers_with_nothing_lost() {
    let directory = tempfile::tempdir().unwrap();
    // A limit of 128 KiB on every file stands for a full disk; the signal that comes with it is
    // ignored, so that the write fails as on one.
    let script = format!("trap '' XFSZ; ulimit -S -f 256; exec '{}'", example("server").display());
    let mut shell = Command::new("/bin/sh");
    configure(shell.args(["-c", &script]), &directory);
    let server = Process::run(&mut shell);
    let mut token = server.session("ada").refresh;
    let refusal = (0..200).find_map(|_| {
        let answer = server.refresh(&token);
        if answer.status == 503 {
            return Some(answer);
        }
        token = answer.tokens().refresh;
        None
    });
    refusal.expect("the disk fills up").assert_refused(503, "unavailable");
    assert_unavailable(|| server.refresh(&token));
    let pid = server.id().to_string();
    let lifted = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:"]).status();
    assert!(lifted.unwrap().success());
    server.refresh(&token).tokens();
}

#[test]
fn a_read_only_database_is_503_and_recovers_when_it_is_not() {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let server = Process::run(&mut without_privileges(&directory));
    let tokens = server.session("ada");
    replace_database(&directory, 0o444);
    assert_unavailable(|| server.refresh(&tokens.refresh));
    assert_unavailable(|| server.login("ada", "correct horse"));
    let path = directory.path().join("app.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    // Each of the four connections that was opened just before finds it out once.
    let mut answers = (0..=4).map(|_| server.refresh(&tokens.refresh));
    answers.find(|answer| answer.status != 503).expect("it writes again").tokens();
}

/// Returns the server as a user whom file permissions stop: root is stopped by none.
fn without_privileges(directory: &TempDir) -> Command {
    let program = directory.path().join("server");
    fs::copy(example("server"), &program).unwrap();
    let mut server = Command::new(program);
    configure(&mut server, directory);
    process::drop_privileges(&mut server);
    server
}

/// Puts a copy of the database in its place, with other permissions, as a restore would.
fn replace_database(directory: &TempDir, mode: u32) {
    let folder = directory.path();
    let copy = folder.join("copy.db");
    process::sql(directory, &format!("VACUUM INTO '{}'", copy.display()));
    for suffix in ["app.db-wal", "app.db-shm"] {
        remove_if_there(&folder.join(suffix));
    }
    fs::set_permissions(&copy, fs::Permissions::from_mode(mode)).unwrap();
    fs::rename(&copy, folder.join("app.db")).unwrap();
}

fn remove_if_there(path: &Path) {
    if path.exists() {
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_row_that_makes_no_sense_is_503_and_a_log_line_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    // The damage is in a user's row.
    let server = Process::run(command(&directory).env_remove("SESSIONS_PER_USER"));
    let (ada, bob) = (server.session("ada"), server.session("bob"));
    process::sql(&directory, "UPDATE users SET rotated_at = 'yesterday' WHERE login = 'ada'");
    assert_unavailable(|| server.refresh(&ada.refresh));
    assert_unavailable(|| server.login("ada", "correct horse"));
    let log = server.log_with("rotated_at");
    let line = log.lines().find(|line| line.contains("rotated_at")).unwrap();
    for part in ["ERROR", "table=\"users\"", "column=\"rotated_at\"", "id=\"1\""] {
        assert!(line.contains(part), "{part}: {line}");
    }
    server.refresh(&bob.refresh).tokens();
    process::sql(&directory, "UPDATE users SET rotated_at = 0 WHERE login = 'ada'");
    server.refresh(&ada.refresh).tokens();
}

#[test]
fn a_table_that_is_gone_is_503_and_no_hint_of_it_reaches_the_client() {
    let directory = tempfile::tempdir().unwrap();
    let server = Process::run(&mut command(&directory));
    let tokens = server.session("ada");
    process::sql(&directory, "ALTER TABLE users RENAME TO users_away");
    assert_unavailable(|| server.refresh(&tokens.refresh));
    let answer = server.login("ada", "correct horse");
    assert!(!answer.body.contains("users"), "{}", answer.body);
    server.log_with("no such table");
    process::sql(&directory, "ALTER TABLE users_away RENAME TO users");
    server.refresh(&tokens.refresh).tokens();
}
