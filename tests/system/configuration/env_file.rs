//! The file `.env`: how it is found and read, and what is said of its lines.

use super::*;

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
