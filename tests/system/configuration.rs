//! What a server says when it is set up wrongly.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use tempfile::TempDir;

#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::databases::{TestDatabase, on_every_server};
use crate::forge::{self, ACCESS_SECRET, REFRESH_SECRET};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::process::command_on;
use crate::process::{self, Process, command, configure, example, run_to_end};

/// Starts the server with `variables` on top of good ones; returns what it says.
#[track_caller]
fn refusal(variables: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    refusal_of(command(&directory).envs(variables.iter().copied()))
}

#[track_caller]
fn refusal_of(command: &mut Command) -> String {
    let (status, text) = run_to_end(command);
    assert!(!status.success(), "{text}");
    text
}

#[test]
fn every_broken_rule_is_named_at_once_and_no_secret_is_shown() {
    let broken = [
        ("DATABASE_URL", "postgress://ada:s3cret-password@db/app"),
        ("MIGRATE", "yes"),
        ("DATABASE_POOL_SIZE", "0"),
        ("ACCESS_TOKEN_SECRET", "s3cret-access-changeme-0123456789"),
        ("REFRESH_TOKEN_SECRET", "s3cret-short"),
        ("ACCESS_TOKEN_EXPIRATION", "900"),
        ("REFRESH_TOKEN_EXPIRATION", "soon"),
        ("SESSION_EXPIRATION", "1500ms"),
        ("REFRESH_TOKEN_GRACE", "301s"),
        ("TOKEN_ISSUER", "\"s3cret\""),
        ("TOKEN_AUDIENCE", "s3cret\u{a0}"),
        ("TOKEN_LEEWAY", "61s"),
        ("PASSWORD_HASH_COST", "3"),
        ("REFRESH_HASH_COST", "15"),
        ("HASH_CONCURRENCY", "0"),
        ("HASH_WAIT", "31s"),
        ("LOGIN_THROTTLE", "s3cret"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,s3cret"),
    ];
    let text = refusal(&broken);
    assert!(text.contains("18 settings are wrong"), "{text}");
    for (variable, _) in broken {
        assert!(text.contains(&format!("\n  {variable}: ")), "{variable}: {text}");
    }
    assert!(!text.contains("s3cret") && !text.contains("ada"), "{text}");
}

/// A good value of every setting that the server takes from its environment.
const SETTINGS: [(&str, &str); 19] = [
    ("DATABASE_URL", "sqlite:app.db"),
    ("MIGRATE", "true"),
    ("DATABASE_POOL_SIZE", "2"),
    ("ACCESS_TOKEN_SECRET", ACCESS_SECRET),
    ("REFRESH_TOKEN_SECRET", REFRESH_SECRET),
    ("ACCESS_TOKEN_EXPIRATION", "10m"),
    ("REFRESH_TOKEN_EXPIRATION", "2h"),
    ("SESSION_EXPIRATION", "3h"),
    ("REFRESH_TOKEN_GRACE", "10s"),
    ("TOKEN_ISSUER", "https://id.example"),
    ("TOKEN_AUDIENCE", "https://api.example"),
    ("TOKEN_LEEWAY", "1s"),
    ("PASSWORD_HASH_COST", "4"),
    ("REFRESH_HASH_COST", "4"),
    ("HASH_CONCURRENCY", "1"),
    ("HASH_WAIT", "30s"),
    ("SESSIONS_PER_USER", "3"),
    ("LOGIN_THROTTLE", "off"),
    ("TRUSTED_PROXIES", "127.0.0.1"),
];

#[test]
fn white_space_at_the_ends_of_every_setting_is_trimmed() {
    for (before, after) in [("", "\n"), ("", "\r\n"), (" \t", " ")] {
        let directory = tempfile::tempdir().unwrap();
        let padded =
            SETTINGS.map(|(variable, value)| (variable, format!("{before}{value}{after}")));
        let server = Process::run(command(&directory).envs(padded));
        let token = server.session("ada").access;
        let claims = forge::payload(&token);
        let names = (claims["iss"].as_str(), claims["aud"].as_str());
        assert_eq!(names, (Some("https://id.example"), Some("https://api.example")));
        let forged = forge::token(&forge::access_header(), &claims, ACCESS_SECRET);
        assert_eq!(server.get_with_token("/api/me", &forged).status, 200, "the key is trimmed");
        let files = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let database = files.into_iter().find(|name| !name.to_str().unwrap().contains('-'));
        assert_eq!(database.unwrap(), "app.db");
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn a_line_break_after_the_url_of_a_server_is_trimmed(database: &TestDatabase) {
    let url = format!("{}\n", database.url());
    Process::run(command_on(database).env("DATABASE_URL", url)).session("ada");
}

#[test]
fn a_setting_of_white_space_alone_is_unset() {
    let directory = tempfile::tempdir().unwrap();
    let blank = [("TOKEN_ISSUER", " "), ("ACCESS_TOKEN_EXPIRATION", "\n"), ("MIGRATE", " ")];
    let server = Process::run(command(&directory).envs(blank));
    assert_eq!(forge::payload(&server.session("ada").access)["iss"], "hallpass");
    for text in ["", " ", "\n"] {
        let refused = refusal(&[("ACCESS_TOKEN_SECRET", text)]);
        assert!(refused.contains("ACCESS_TOKEN_SECRET: it is not set"), "{refused}");
    }
}

#[test]
fn an_invisible_character_in_a_setting_is_named_with_its_place_and_no_secret_is_shown() {
    for (form, shown) in [
        ("\u{feff}VALUE", r"character 1 is invisible: `\u{feff}`"),
        ("VALUE\u{a0}", r" is invisible: `\u{a0}`"),
        ("\u{200b}VALUE", r"character 1 is invisible: `\u{200b}`"),
        ("VALUE\u{200e}\n", r" is invisible: `\u{200e}`"),
        ("VALUE\nVALUE", r" is invisible: `\n`"),
        ("\"VALUE\"", "the quotes around it are part of the value"),
        ("'VALUE'\n", "the quotes around it are part of the value"),
    ] {
        let bad = SETTINGS.map(|(variable, value)| (variable, form.replace("VALUE", value)));
        let directory = tempfile::tempdir().unwrap();
        let text = refusal_of(command(&directory).envs(bad));
        assert!(text.contains("19 settings are wrong"), "{text}");
        for (variable, _) in SETTINGS {
            let problem = text.lines().find(|line| line.starts_with(&format!("  {variable}: ")));
            assert!(problem.expect(&text).contains(shown), "{form}: {text}");
        }
        assert!(!text.contains(ACCESS_SECRET) && !text.contains(REFRESH_SECRET), "{text}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{form:?} has made a file");
    }
}

#[test]
fn limits_that_contradict_each_other_are_named() {
    let text = refusal(&[
        ("ACCESS_TOKEN_EXPIRATION", "1h"),
        ("REFRESH_TOKEN_EXPIRATION", "1h"),
        ("REFRESH_TOKEN_GRACE", "16m"),
    ]);
    assert!(text.contains("REFRESH_TOKEN_EXPIRATION: it must be longer than"), "{text}");
    assert!(text.contains("REFRESH_TOKEN_GRACE: 16m is not from 0s to 5m"), "{text}");
    let text = refusal(&[("SESSION_EXPIRATION", "1d")]);
    assert!(text.contains("SESSION_EXPIRATION: it must not be below"), "{text}");
    let text = refusal(&[("REFRESH_TOKEN_SECRET", ACCESS_SECRET)]);
    assert!(text.contains("REFRESH_TOKEN_SECRET: it is the same as"), "{text}");
}

#[test]
fn one_secret_alone_is_an_error_in_the_example_too() {
    for (variable, other) in [
        ("ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET"),
        ("REFRESH_TOKEN_SECRET", "ACCESS_TOKEN_SECRET"),
    ] {
        let text = refusal(&[(variable, "")]);
        assert!(text.contains(&format!("{variable}: it is not set")), "{text}");
        assert!(!text.contains(&format!("{other}: ")), "{text}");
    }
}

#[test]
fn the_minimal_program_lists_what_it_needs() {
    let directory = tempfile::tempdir().unwrap();
    let mut minimal = Command::new(example("minimal"));
    configure(&mut minimal, &directory);
    let text = refusal_of(minimal.env_clear());
    for variable in ["DATABASE_URL", "ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET"] {
        assert!(text.contains(&format!("\n  {variable}: it is not set")), "{text}");
    }
}

#[test]
fn a_database_that_cannot_be_used_says_why() {
    for (url, reason) in [
        ("sqlite:no/such/folder/app.db", "unable to open database file"),
        ("sqllite:app.db", "`sqllite:` is no database"),
        ("\"postgres://ada:s3cret@db/app\"", "the quotes around it"),
        ("\"postgres://ada:s3cret@db/app", "its path is not a plain one"),
        ("postgres//ada:s3cret@db/app", "its path is not a plain one"),
        ("s3cretpassword:x", "its path is not a plain one"),
        (":memory:", "a database in memory"),
    ] {
        let text = refusal(&[("DATABASE_URL", url)]);
        assert!(text.to_lowercase().contains(reason), "{url}: {text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("app.db"), "not a database, but long enough to be one")
        .unwrap();
    let text = refusal_of(&mut command(&directory));
    assert!(text.contains("file is not a database"), "{text}");
}

/// Starts the server on `url`; returns what it says, and looks that it has made no file on its way: a
/// mistyped URL must not become an SQLite database.
#[track_caller]
fn refusal_of_url(url: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let text = refusal_of(command(&directory).env("DATABASE_URL", url));
    assert!(!text.contains("s3cret"), "{text}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{url} has made a file");
    text
}

#[test]
#[cfg(not(any(feature = "postgres", feature = "mysql")))]
fn a_scheme_whose_feature_is_off_names_the_feature() {
    for (url, expected) in [
        ("postgres://ada:s3cret@db/app", "`postgres:` needs the feature `postgres`"),
        ("mysql://ada:s3cret@db/app", "`mysql:` needs the feature `mysql`"),
        ("mariadb://ada:s3cret@db/app", "`mariadb:` needs the feature `mysql`"),
    ] {
        let text = refusal_of_url(url);
        assert!(text.contains(&format!("DATABASE_URL: {expected}")), "{text}");
    }
}

#[test]
#[cfg(feature = "postgres")]
fn a_postgres_that_cannot_be_used_says_why() {
    for (url, reason) in [
        ("postgres://ada:s3cret@127.0.0.1:1/app", "postgres://127.0.0.1:1/app can't be opened"),
        ("postgres://ada:s3cret@127.0.0.1:1/app", "Connection refused"),
        ("postgres://ada:s3cret@no-such-host.invalid/app", "could not translate host name"),
        ("postgres://ada:s3cret@127.0.0.1:1/app?sslmod=off", "\"sslmod\""),
        ("postgres://ada:s3cret@db:54x2/app", "its port is not a number"),
        ("postgres://ada:s3@cret@db/app", "write `@` as %40"),
        ("postgress://ada:s3cret@db/app", "`postgress:` is no database"),
    ] {
        let text = refusal_of_url(url);
        assert!(text.contains(reason), "{url}: {text}");
    }
}

#[test]
#[cfg(feature = "mysql")]
fn a_mysql_that_cannot_be_used_says_why() {
    for (url, reason) in [
        ("mysql://ada:s3cret@127.0.0.1:1/app", "mysql://127.0.0.1:1/app can't be opened"),
        ("mysql://ada:s3cret@127.0.0.1:1/app", "Can't connect to server on '127.0.0.1'"),
        ("mariadb://ada:s3cret@no-such-host.invalid/app", "Unknown"),
        ("mysql://ada:s3cret@127.0.0.1:1/app?sslmode=required", "it has a parameter other than"),
        ("mysql://ada:s3cret@127.0.0.1:1", "it names no database"),
        ("mysqll://ada:s3cret@db/app", "`mysqll:` is no database"),
    ] {
        let text = refusal_of_url(url);
        assert!(text.contains(reason), "{url}: {text}");
    }
}

#[test]
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
fn a_server_that_says_nothing_is_given_up_after_two_seconds() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for (scheme, is_on) in
        [("postgres", cfg!(feature = "postgres")), ("mysql", cfg!(feature = "mysql"))]
    {
        if is_on {
            let url = format!("{scheme}://ada:s3cret@{}/app", silent.local_addr().unwrap());
            let start = std::time::Instant::now();
            let text = refusal_of_url(&url);
            assert!(text.contains("can't be opened"), "{text}");
            let seconds = start.elapsed().as_secs();
            assert!((1..6).contains(&seconds), "{seconds} s: {text}");
        }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
on_every_server!(
    a_database_that_the_server_does_not_have_is_named,
    a_line_break_after_the_url_of_a_server_is_trimmed
);

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn a_database_that_the_server_does_not_have_is_named(database: &TestDatabase) {
    let name = format!("{}_none", database.name());
    let url = database.url().replace(database.name(), &name);
    let text = refusal_of_url(&url);
    let (_, reason) = text.split_once("can't be opened: ").expect(&text);
    assert!(reason.contains(&name), "{text}");
}

#[test]
fn without_migrations_the_schema_has_to_be_there() {
    let text = refusal(&[("MIGRATE", "false")]);
    assert!(text.to_lowercase().contains("unable to open database file"), "{text}");
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("app.db"), "").unwrap();
    let text = refusal_of(command(&directory).env("MIGRATE", "false"));
    assert!(text.contains("the table `users` is missing"), "{text}");
    Process::start(&directory).session("ada");
    let server = Process::run(command(&directory).env("MIGRATE", "false"));
    server.login("ada", "correct horse").tokens();
}

/// Writes `.env` and returns the server in that folder, without the variables that it sets.
fn with_env_file(directory: &TempDir, content: &str, unset: &[&str]) -> Command {
    fs::write(directory.path().join(".env"), content).unwrap();
    let mut command = command(directory);
    for variable in unset {
        command.env_remove(variable);
    }
    command
}

#[test]
fn the_env_file_is_read_and_the_environment_wins_unless_it_is_empty() {
    let directory = tempfile::tempdir().unwrap();
    let content = format!(
        "ACCESS_TOKEN_SECRET={ACCESS_SECRET}\nREFRESH_TOKEN_SECRET=\"{REFRESH_SECRET}\"\n\
         # a comment\nACCESS_TOKEN_EXPIRATION=1h\nREFRESH_TOKEN_EXPIRATION=2h\n"
    );
    let secrets = ["ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET"];
    let server = Process::run(
        with_env_file(&directory, &content, &secrets)
            .env("ACCESS_TOKEN_EXPIRATION", "10m")
            .env("REFRESH_TOKEN_EXPIRATION", ""),
    );
    server.register("ada", "correct horse");
    let body = server.login("ada", "correct horse").json();
    assert_eq!(
        (body["expires_in"].as_u64(), body["refresh_expires_in"].as_u64()),
        (Some(600), Some(7200))
    );
}

#[test]
fn an_env_file_may_begin_with_a_byte_order_mark_and_end_its_lines_in_two_ways() {
    for line_end in ["\n", "\r\n"] {
        let directory = tempfile::tempdir().unwrap();
        let content = format!(
            "\u{feff}ACCESS_TOKEN_SECRET={ACCESS_SECRET}\nREFRESH_TOKEN_SECRET='{REFRESH_SECRET}'\n\
             TOKEN_ISSUER=\"https://id.example\"\nACCESS_TOKEN_EXPIRATION=10m "
        );
        let content = content.replace('\n', line_end);
        let secrets = ["ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET"];
        let server = Process::run(&mut with_env_file(&directory, &content, &secrets));
        let claims = forge::payload(&server.session("ada").access);
        assert_eq!(claims["iss"], "https://id.example");
        let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!(lifetime, 600);
        let forged = forge::token(&forge::access_header(), &claims, ACCESS_SECRET);
        assert_eq!(server.get_with_token("/api/me", &forged).status, 200);
        assert!(!server.into_log().contains(".env"), "there is nothing to warn of");
    }
}

#[test]
fn a_line_of_the_env_file_that_sets_nothing_of_ours_is_a_warning_with_file_and_line() {
    for line in ["MAIL_FROM=Ada s3cret", "SHOP='s3cret", "s3cret", "MOTTO=\"s3cret\\q\""] {
        let directory = tempfile::tempdir().unwrap();
        let content = format!("# one\n\nTOKEN_ISSUER=me\n{line}\n");
        let server = Process::run(&mut with_env_file(&directory, &content, &[]));
        assert_eq!(forge::payload(&server.session("ada").access)["iss"], "me");
        let log = server.into_log();
        let path = directory.path().canonicalize().unwrap().join(".env");
        assert!(log.contains(&format!("line 4 of {} can't be read", path.display())), "{log}");
        assert!(!log.contains("s3cret"), "{log}");
    }
}

#[test]
fn a_line_of_the_env_file_that_sets_one_of_ours_and_cannot_be_read_is_placed_but_not_quoted() {
    for (line, number) in [
        ("TOKEN_ISSUER=my s3cret", 3),
        ("TOKEN_ISSUER s3cret", 3),
        ("export TOKEN_ISSUER=my s3cret", 3),
        ("TOKEN_ISSUER: s3cret", 3),
        ("set TOKEN_ISSUER=s3cret", 3),
        ("TOKEN_ISSUER='s3cret", 3),
        ("MOTTO=Ada's\n\nTOKEN_ISSUER=s3cret", 5),
        ("MOTTO=Ada's\nTOKEN_ISSUER=s3cret\nNAME=O'Brien", 4),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let content = format!("MIGRATE=true\n# two\n{line}\nTOKEN_LEEWAY=61s\n");
        let text = refusal_of(&mut with_env_file(&directory, &content, &[]));
        let path = directory.path().canonicalize().unwrap().join(".env");
        let expected = format!("TOKEN_ISSUER: line {number} of {} ", path.display());
        assert!(text.contains(&expected), "{line}: {text}");
        assert!(!text.contains("s3cret"), "{text}");
        Process::run(
            with_env_file(&directory, &content.replace("61s", "1s"), &[])
                .envs([("TOKEN_ISSUER", "me"), ("TOKEN_LEEWAY", "1s")]),
        );
    }
}

#[test]
fn what_comes_after_a_line_that_cannot_be_read_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let content = "ACCESS_TOKEN_EXPIRATION s3cret\nTOKEN_LEEWAY=61s\n";
    let text = refusal_of(&mut with_env_file(&directory, content, &[]));
    assert!(text.contains("2 settings are wrong"), "{text}");
    assert!(text.contains("ACCESS_TOKEN_EXPIRATION: line 1 of "), "{text}");
    assert!(text.contains("TOKEN_LEEWAY: 1m 1s is not from"), "{text}");
}

#[test]
fn secrets_and_a_database_on_lines_that_cannot_be_read_are_not_taken_for_unset() {
    let directory = tempfile::tempdir().unwrap();
    let content = "ACCESS_TOKEN_SECRET=my s3cret\nREFRESH_TOKEN_SECRET=my s3cret\n\
                   DATABASE_URL=sqlite:my app.db\n";
    let names = ["ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET", "DATABASE_URL"];
    let text = refusal_of(&mut with_env_file(&directory, content, &names));
    for (line, name) in (1..).zip(names) {
        assert!(text.contains(&format!("\n  {name}: line {line} of ")), "{text}");
    }
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn an_env_file_of_another_program_in_a_parent_folder_is_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    let (folder, content) = (directory.path().join("app"), "SHOP=my shop\n");
    fs::create_dir(&folder).unwrap();
    let server = Process::run(with_env_file(&directory, content, &[]).current_dir(folder));
    let log = server.into_log();
    let path = directory.path().canonicalize().unwrap().join(".env");
    assert!(log.contains(&format!("line 1 of {} can't be read", path.display())), "{log}");
    assert!(!log.contains("my shop"), "{log}");
}

/// Starts the server where `.env` can't be read: it starts with a warning if all settings without a
/// default are in the environment, else it is refused; both name `expected`.
#[track_caller]
fn assert_needed_only_where_a_setting_is_missing(directory: &TempDir, expected: &str) {
    let log = Process::start(directory).into_log();
    let warning = log.lines().find(|line| line.contains("WARN")).expect("a warning");
    assert!(warning.contains(expected), "{log}");
    for missing in ["DATABASE_URL", "ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET"] {
        let mut minimal = Command::new(example("minimal"));
        configure(&mut minimal, directory);
        let text = refusal_of(minimal.env_remove(missing));
        assert!(text.contains(&format!("\n  {missing}: it is not set")), "{text}");
        assert!(text.contains(&format!("\n  .env: {expected}")), "{text}");
    }
}

#[test]
fn an_env_file_that_cannot_be_read_ends_the_start_only_where_a_setting_is_missing() {
    let utf_16 = "A=1\n".encode_utf16().flat_map(u16::to_le_bytes);
    let utf_16: Vec<_> = [0xff, 0xfe].into_iter().chain(utf_16).collect();
    for (name, expected) in [
        ("a folder", " can't be read: it is not a file"),
        ("a link to nothing", " can't be read: No such file or directory"),
        ("a link to itself", " can't be read: Too many levels of symbolic links"),
        ("UTF-16", " can't be read: it is not in UTF-8 but in UTF-16"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap().join(".env");
        match name {
            "a folder" => fs::create_dir(&path).unwrap(),
            "a link to nothing" => std::os::unix::fs::symlink("nothing", &path).unwrap(),
            "a link to itself" => std::os::unix::fs::symlink(".env", &path).unwrap(),
            _ => fs::write(&path, &utf_16).unwrap(),
        }
        let expected = format!("{}{expected}", path.display());
        assert_needed_only_where_a_setting_is_missing(&directory, &expected);
    }
}

#[test]
fn a_line_of_the_env_file_that_is_not_utf_8_is_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join(".env"),
        b"TOKEN_ISSUER=me\nNAME=Jos\xe9\nTOKEN_AUDIENCE=you\n",
    )
    .unwrap();
    let server = Process::start(&directory);
    let claims = forge::payload(&server.session("ada").access);
    assert_eq!((&claims["iss"], &claims["aud"]), (&"me".into(), &"you".into()));
    let log = server.into_log();
    assert!(log.contains("line 2 of ") && log.contains("it is not UTF-8"), "{log}");
}

#[test]
#[cfg(target_os = "linux")] // which has a file that can be opened and not read
fn an_env_file_that_can_be_opened_and_not_read_is_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/proc/self/mem", directory.path().join(".env")).unwrap();
    let path = directory.path().canonicalize().unwrap().join(".env");
    let expected = format!("{} can't be read: ", path.display());
    assert_needed_only_where_a_setting_is_missing(&directory, &expected);
}

/// Returns the program as a user whom file permissions stop, in the folder `closed`, which `script`
/// may close.
fn in_a_closed_folder(program: &str, directory: &TempDir, script: &str) -> Command {
    let copy = directory.path().join(program);
    if !copy.exists() {
        fs::copy(example(program), &copy).unwrap();
    }
    let script =
        format!("umask 077; mkdir -p closed && cd closed && {script} && exec '{}'", copy.display());
    let mut shell = Command::new("/bin/sh");
    configure(shell.args(["-c", &script]), directory);
    process::drop_privileges(&mut shell);
    let database = directory.path().join("app.db");
    shell.env("DATABASE_URL", format!("sqlite:{}", database.display()));
    shell
}

#[test]
fn a_folder_or_env_file_without_permission_ends_the_start_only_where_a_setting_is_missing() {
    for script in ["chmod 000 .", "touch .env && chmod 000 .env"] {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let path = directory.path().canonicalize().unwrap().join("closed/.env");
        let expected = format!("{} can't be read: Permission denied", path.display());
        let open =
            || fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o777));
        let log = Process::run(&mut in_a_closed_folder("server", &directory, script)).into_log();
        assert!(log.contains(&expected), "{script}: {log}");
        open().unwrap();
        let mut minimal = in_a_closed_folder("minimal", &directory, script);
        let text = refusal_of(minimal.env_remove("ACCESS_TOKEN_SECRET"));
        assert!(text.contains(&format!("\n  .env: {expected}")), "{script}: {text}");
        assert!(text.contains("\n  ACCESS_TOKEN_SECRET: it is not set"), "{script}: {text}");
        open().unwrap();
    }
}

#[test]
fn a_variable_that_is_no_text_is_named_and_not_taken_for_unset() {
    use std::os::unix::ffi::OsStrExt as _;

    let directory = tempfile::tempdir().unwrap();
    let bytes = std::ffi::OsStr::from_bytes(&[0xff; 40]);
    let text = refusal_of(command(&directory).env("TOKEN_ISSUER", bytes));
    assert!(text.contains("TOKEN_ISSUER: it is not text in UTF-8"), "{text}");
    let secrets = [("ACCESS_TOKEN_SECRET", bytes), ("REFRESH_TOKEN_SECRET", bytes)];
    let text = refusal_of(command(&directory).envs(secrets));
    assert!(text.contains("REFRESH_TOKEN_SECRET: it is not text in UTF-8"), "{text}");
    let text = refusal_of(command(&directory).env("BIND", bytes));
    assert!(text.contains("BIND: it is not text in UTF-8"), "{text}");
}
