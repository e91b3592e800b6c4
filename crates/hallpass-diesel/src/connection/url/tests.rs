//! What is a URL, what is refused and with which words, and that no password is ever shown.

use DatabaseUrlError::{
    FeatureOff, InMemory, NoDatabase, NoPath, NotAPath, NotAPort, NotAServer, NotEncoded, Text,
    UnknownParameter, UnknownScheme,
};
use hallpass::SettingTextError::{Invisible, Quoted, SpaceAtEnd};

use super::*;

fn parsed(text: &str) -> Result<String, DatabaseUrlError> {
    DatabaseUrl::parse(text).map(|url| url.to_string())
}

#[test]
#[cfg(feature = "sqlite")]
fn a_file_is_a_plain_path() {
    for (text, expected) in [
        ("sqlite:app.db", "app.db"),
        ("sqlite:///var/app.db", "/var/app.db"),
        ("sqlite:////var/app.db", "//var/app.db"),
        ("sqlite:/var/app.db", "/var/app.db"),
        ("/var/a b?#%.db", "/var/a b?#%.db"),
        ("C:\\app.db", "C:\\app.db"),
        ("./a:b", "./a:b"),
    ] {
        assert_eq!(parsed(text), Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn what_is_neither_a_file_nor_a_server_says_why() {
    let unknown = |scheme: &str| UnknownScheme { scheme: scheme.to_owned() };
    let invisible = |character, position| Text(Invisible { character, position });
    for (text, expected) in [
        ("sqlite:", NoPath),
        ("sqlite://", NoPath),
        ("", NoPath),
        (":memory:", InMemory),
        ("sqlite::memory:", InMemory),
        ("sqlite:file:app.db?mode=memory", NotAPath),
        ("sqlite:app.db?mode=rwc", NotAPath),
        ("file:app.db", unknown("file")),
        ("sqllite:app.db", unknown("sqllite")),
        ("postgress://ada:s3cret@db/app", unknown("postgress")),
        ("postgre://ada:s3cret@db/app", unknown("postgre")),
        ("mssql://ada:s3cret@db/app", unknown("mssql")),
        ("\"postgres://ada:s3cret@db/app\"", Text(Quoted)),
        ("\"postgres://ada:s3cret@db/app", NotAPath),
        (" postgres://ada:s3cret@db/app", Text(SpaceAtEnd)),
        ("postgres://ada:s3cret@db/app ", Text(SpaceAtEnd)),
        ("postgres://ada:s3cret@db/app\n", invisible('\n', 29)),
        ("\u{feff}postgres://ada:s3cret@db/app", invisible('\u{feff}', 1)),
        ("sqlite:app.db\n", invisible('\n', 14)),
        ("app\0.db", invisible('\0', 4)),
        ("app.db ", Text(SpaceAtEnd)),
        ("sqlite: app.db", Text(SpaceAtEnd)),
        ("sqlite:'app.db'", Text(Quoted)),
        ("postgres//ada:s3cret@db/app", NotAPath),
        ("s3cretpassword:x", NotAPath),
        ("host=db user=ada password=s3cret dbname=app", NotAPath),
        ("Server=db;Uid=ada;Pwd=s3cret", NotAPath),
        ("dbname=app user=ada", NotAPath),
    ] {
        assert_eq!(parsed(text), Err(expected), "{text}");
    }
}

#[test]
#[cfg(feature = "postgres")]
fn a_server_is_shown_without_user_password_and_parameters() {
    for (text, expected) in [
        ("postgres://ada:s3cret@db:5432/app", "postgres://db:5432/app"),
        ("postgresql://ada@db/app?sslmode=require", "postgresql://db/app"),
        ("postgres://db?dbname=app", "postgres://db"),
        ("postgres://?service=app", "postgres://"),
        ("postgres:///app?host=/run/postgresql", "postgres:///app"),
        ("postgres://%2Frun%2Fpostgresql/app", "postgres://%2Frun%2Fpostgresql/app"),
        ("postgres://a:b@one:1,two:2/app", "postgres://one:1,two:2/app"),
        ("postgres://a:b@[::1]:5432/app", "postgres://[::1]:5432/app"),
        ("postgres://a:p%40ss%2Fw%3Frd%23@db/app", "postgres://db/app"),
    ] {
        let url = DatabaseUrl::parse(text).unwrap();
        assert_eq!(url.to_string(), expected, "{text}");
        assert_eq!(format!("{url:?}"), format!("DatabaseUrl({expected})"));
        assert_eq!(url.expose_with_parameters(&[]).trim_end_matches('?'), text, "nothing is lost");
    }
}

#[test]
fn a_server_that_is_none_says_why() {
    let scheme = || "postgres".to_owned();
    for (text, expected) in [
        ("postgres:app", NotAServer { scheme: scheme() }),
        ("postgres:/db/app", NotAServer { scheme: scheme() }),
        ("postgres://", NotAServer { scheme: scheme() }),
        ("postgres://ada:p@ss@db/app", NotEncoded),
        ("postgres://ada:p/ss@db/app", NotEncoded),
        ("postgres://ada:p?ss@db/app", NotEncoded),
        ("postgres://ada:p#ss@db/app", NotEncoded),
        ("postgres://ada:p%ss@db/app", NotEncoded),
        ("postgres://ada:p:ss@db/app", NotEncoded),
        ("postgres://ada:p ss@db/app", NotEncoded),
        ("postgres://ada:s3cret@db:54x2/app", NotAPort),
        ("postgres://ada:s3cret@db:65536/app", NotAPort),
        ("postgres://ada:s3cret@db:0/app", NotAPort),
        ("postgres://ada:s3cret@db", NoDatabase { scheme: scheme() }),
        ("postgres://db/?application_name=dbname=app", NoDatabase { scheme: scheme() }),
        ("mysql://ada:s3cret@db:3306", NoDatabase { scheme: "mysql".to_owned() }),
        ("mariadb://db/", NoDatabase { scheme: "mariadb".to_owned() }),
        ("mysql://db/app?sslmode=require", UnknownParameter),
        ("mysql://db/app?ssl_ca=x&ssl_modes=x", UnknownParameter),
    ] {
        assert_eq!(parsed(text), Err(expected), "{text}");
    }
}

/// Diesel hands `ssl_mode` to MariaDB's library as another option and looks at no answer: the
/// connection would not be encrypted.
#[test]
#[cfg(feature = "mysql")]
fn encryption_that_the_client_library_would_pass_over_is_refused() {
    for mode in ["required", "verify_ca", "verify_identity", "preferred", "disabled"] {
        let refused =
            parsed(&format!("mysql://db/app?ssl_mode={mode}")) == Err(DatabaseUrlError::NoSslMode);
        assert_eq!(refused, !mysqlclient_sys::SUPPORTS_MYSQL_SSL_MODE, "{mode}");
    }
}

#[test]
fn a_scheme_whose_feature_is_off_says_which_one_to_turn_on() {
    for (text, scheme, feature, is_on) in [
        ("postgres://db/app", "postgres", "postgres", cfg!(feature = "postgres")),
        ("postgresql://db/app", "postgresql", "postgres", cfg!(feature = "postgres")),
        ("mysql://db/app", "mysql", "mysql", cfg!(feature = "mysql")),
        ("mariadb://db/app", "mariadb", "mysql", cfg!(feature = "mysql")),
        ("sqlite:app.db", "sqlite", "sqlite", cfg!(feature = "sqlite")),
        ("app.db", "sqlite", "sqlite", cfg!(feature = "sqlite")),
    ] {
        let off = FeatureOff { scheme: scheme.to_owned(), feature };
        assert_eq!(parsed(text).err(), (!is_on).then_some(off), "{text}");
    }
}

#[test]
#[cfg(feature = "postgres")]
fn parameters_are_added_where_they_are_not_set() {
    let with = |text: &str| {
        DatabaseUrl::parse(text)
            .unwrap()
            .expose_with_parameters(&[("connect_timeout", "2"), ("a", "b")])
    };
    assert_eq!(with("postgres://x:y@db/app"), "postgres://x:y@db/app?connect_timeout=2&a=b");
    assert_eq!(
        with("postgres://db/app?connect_timeout=9&b=c"),
        "postgres://db/app?connect_timeout=9&b=c&a=b"
    );
}

#[test]
#[cfg(feature = "postgres")]
fn a_message_is_one_line_without_the_password() {
    let redacted = |text: &str, message: &str| DatabaseUrl::parse(text).unwrap().redact(&message);
    let url = "postgres://ada:s3%40cret@db/app";
    let message = "FATAL: \"s3@cret\" (s3%40cret)\n\tis wrong for ada";
    assert_eq!(redacted(url, message), "FATAL: \"…\" (…) is wrong for ada");
    let in_parameters = "postgres://db/app?password=s3cret&x=y";
    assert_eq!(redacted(in_parameters, "s3cret is wrong"), "… is wrong");
    let of_a_key = "postgres://db/app?sslkey=k&sslpassword=s3cret";
    assert_eq!(redacted(of_a_key, "k: s3cret is wrong"), "k: … is wrong");
    let with_blanks = "postgres://ada:s3%20%20cret@db/app";
    assert_eq!(redacted(with_blanks, "\"s3  cret\" is wrong"), "\"…\" is wrong");
    let told_by_the_user = "postgres://ada:ada@db/app";
    assert_eq!(redacted(told_by_the_user, "no role ada"), "no role ada");
}
