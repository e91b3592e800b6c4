//! Every rule broken, one by one and all at once.

use super::*;
use crate::config::problem::{ConfigError, ConfigProblem};
use crate::config::table::Variable;
use crate::limit::ThrottlePolicy;
use crate::session::SessionPolicy;

const GOOD: [(&str, &str); 2] = [
    ("ACCESS_TOKEN_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
    ("REFRESH_TOKEN_SECRET", "f0e1d2c3b4a5968778695a4b3c2d1e0f"),
];

/// Checks the two secrets with `more`, which may override them.
fn check(more: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut settings = Settings::default();
    settings.read(|variable| {
        let mut all = more.iter().chain(&GOOD);
        let value = all.find(|(name, _)| *name == variable).map(|(_, value)| *value);
        value.map_or(Setting::Unset, Setting::from_variable)
    });
    settings.check(Vec::new())
}

/// Looks a variable up among the two secrets.
fn good(variable: &str) -> Setting<String> {
    let value = GOOD.iter().find(|(name, _)| *name == variable);
    value.map_or(Setting::Unset, |(_, value)| Setting::from_variable(value))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn what_is_not_set_has_its_default() {
    let config = check(&[("TOKEN_ISSUER", ""), ("TOKEN_LEEWAY", " ")]).unwrap();
    assert_eq!(config.access_token_expiration, seconds(900));
    assert_eq!(
        config.session_policy(),
        SessionPolicy {
            idle_limit: seconds(14 * 86_400),
            absolute_limit: seconds(90 * 86_400),
            grace: seconds(30),
        }
    );
    assert_eq!((config.issuer.as_str(), config.audience.as_str()), ("hallpass", "hallpass"));
    assert_eq!(config.leeway, Duration::ZERO);
    assert_eq!((config.password_hash_cost, config.refresh_hash_cost), (12, 6));
    assert_eq!(config.password_minimum_characters, 8);
    assert_eq!((config.hash_concurrency, config.hash_wait), (None, seconds(2)));
    assert_eq!(config.sessions, Sessions::OnePerUser);
    assert_eq!(config.login_throttle, LoginThrottle::Memory);
    let LoginLimits { address, account_at_address, account } = config.login_limits;
    assert_eq!((account.burst, account.interval), (30, seconds(10)));
    assert_eq!((account_at_address.burst, account_at_address.interval), (10, seconds(30)));
    assert_eq!((address.burst, address.interval), (100, seconds(1)));
}

#[test]
fn defaults_follow_what_they_depend_on() {
    let long = check(&[("REFRESH_TOKEN_EXPIRATION", "1y"), ("TOKEN_ISSUER", "me")]).unwrap();
    assert_eq!(long.session_expiration, long.refresh_token_expiration);
    assert_eq!(long.audience, "me");
    for (access, grace) in [("10s", 2), ("61s", 15), ("120s", 30), ("24h", 30)] {
        let config = check(&[("ACCESS_TOKEN_EXPIRATION", access)]).unwrap();
        assert_eq!(config.session_policy().grace, seconds(grace), "{access}");
    }
}

#[test]
fn every_rule_names_its_variable_when_it_is_broken_and_holds_at_its_bounds() {
    let short = "0123456789abcdef0123456789abcde";
    let no_minimum = &[("ACCESS_TOKEN_EXPIRATION", "10s")][..];
    let hour = &[("ACCESS_TOKEN_EXPIRATION", "1h")][..];
    let day = &[("ACCESS_TOKEN_EXPIRATION", "24h")][..];
    let none = &[][..];
    for (variable, beside, good, bad) in [
        ("ACCESS_TOKEN_SECRET", none, "0123456789abcdef0123456789abcdef", short),
        ("ACCESS_TOKEN_SECRET", none, "abcdefghabcdefghabcdefghabcdefgh", &"abcdefg".repeat(6)),
        ("REFRESH_TOKEN_SECRET", none, "0123456789abcdef0123456789abcdef", short),
        (
            "REFRESH_TOKEN_SECRET",
            none,
            "0123456789abcdef-your-own-secret",
            "0123456789abcdef-your-secret-987",
        ),
        ("REFRESH_TOKEN_SECRET", none, "0123456789abcdef0123456789abcdef", GOOD[0].1),
        ("ACCESS_TOKEN_EXPIRATION", none, "10s", "9s"),
        ("ACCESS_TOKEN_EXPIRATION", none, "24h", "24h 1s"),
        ("ACCESS_TOKEN_EXPIRATION", none, "1h 30m", "900"),
        ("ACCESS_TOKEN_EXPIRATION", none, "900s", "900500ms"),
        ("REFRESH_TOKEN_EXPIRATION", hour, "3601s", "1h"),
        ("REFRESH_TOKEN_EXPIRATION", none, "7d", "7"),
        ("SESSION_EXPIRATION", none, "14d", "13d 23h 59m 59s"),
        ("SESSION_EXPIRATION", none, "1y", "soon"),
        ("REFRESH_TOKEN_GRACE", no_minimum, "2s", "3s"),
        ("REFRESH_TOKEN_GRACE", day, "300s", "301s"),
        ("REFRESH_TOKEN_GRACE", none, "0s", "0"),
        ("TOKEN_ISSUER", none, "me", "\u{200b}me"),
        ("TOKEN_ISSUER", none, "my issuer", "\"me\""),
        ("TOKEN_AUDIENCE", none, "you", "'you'"),
        ("TOKEN_LEEWAY", none, "60s", "61s"),
        ("PASSWORD_HASH_COST", none, "4", "3"),
        ("PASSWORD_HASH_COST", none, "31", "32"),
        ("PASSWORD_HASH_COST", none, " 12 ", "twelve"),
        ("REFRESH_HASH_COST", none, "4", "3"),
        ("REFRESH_HASH_COST", none, "14", "15"),
        ("HASH_CONCURRENCY", none, "1", "0"),
        ("HASH_CONCURRENCY", none, "64", "-1"),
        ("HASH_CONCURRENCY", none, "512", "513"),
        ("HASH_CONCURRENCY", none, "512", "18446744073709551615"),
        ("TOKEN_AUDIENCE", none, "hallpass", "hallpass#refresh"),
        ("TOKEN_AUDIENCE", none, "api#Refresh", "api#refresh"),
        ("TOKEN_AUDIENCE", &[("TOKEN_ISSUER", "me#refresh")], "you", "#refresh"),
        ("TOKEN_ISSUER", none, &"i".repeat(255), &"i".repeat(256)),
        ("TOKEN_AUDIENCE", none, &"a".repeat(255), &"a".repeat(256)),
        ("HASH_WAIT", none, "100ms", "99ms"),
        ("HASH_WAIT", none, "30s", "30s 1ms"),
        ("SESSIONS_PER_USER", none, "1", "0"),
        ("SESSIONS_PER_USER", none, "1000", "1001"),
        ("LOGIN_THROTTLE", none, "on", "yes"),
        ("LOGIN_THROTTLE", none, "off", "OFF"),
        ("LOGIN_THROTTLE", none, "database", "memory"),
    ] {
        let with = |value| check(&[&[(variable, value)], beside].concat());
        assert!(with(good).is_ok(), "{variable}={good}: {}", with(good).unwrap_err());
        let error = with(bad).unwrap_err();
        let variables: Vec<_> = error.problems().iter().map(|problem| problem.variable).collect();
        assert_eq!(variables, [variable], "{variable}={bad}");
    }
}

#[test]
fn all_problems_come_at_once_after_those_of_the_caller_and_none_shows_a_secret() {
    let mut settings = Settings::default();
    settings.read(|variable| {
        let value = match variable {
            "ACCESS_TOKEN_SECRET" => "s3cret-that-is-changeme-for-sure-0123",
            "REFRESH_TOKEN_SECRET" => "s3cret",
            "PASSWORD_HASH_COST" | "REFRESH_HASH_COST" => "99",
            "HASH_CONCURRENCY" => "0",
            _ => "\"s3cret\"",
        };
        Setting::from_variable(value)
    });
    let found = ConfigProblem { variable: "DATABASE_URL", problem: "it is not set".to_owned() };
    let error = settings.check(vec![found]).unwrap_err();
    let variables: Vec<_> = error.problems().iter().map(|problem| problem.variable).collect();
    assert_eq!(
        variables,
        [
            "DATABASE_URL",
            "ACCESS_TOKEN_SECRET",
            "REFRESH_TOKEN_SECRET",
            "ACCESS_TOKEN_EXPIRATION",
            "REFRESH_TOKEN_EXPIRATION",
            "SESSION_EXPIRATION",
            "REFRESH_TOKEN_GRACE",
            "TOKEN_ISSUER",
            "TOKEN_AUDIENCE",
            "TOKEN_LEEWAY",
            "PASSWORD_HASH_COST",
            "REFRESH_HASH_COST",
            "HASH_CONCURRENCY",
            "HASH_WAIT",
            "SESSIONS_PER_USER",
            "LOGIN_THROTTLE",
        ]
    );
    let text = error.to_string();
    assert!(text.starts_with("16 settings are wrong\n  DATABASE_URL: it is not set\n"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    assert!(!format!("{error:?}").contains("s3cret"));
}

/// The message shows where it comes from.
#[test]
fn an_issuer_that_ends_as_audiences_of_refresh_tokens_do_needs_an_audience_beside_it() {
    let error = check(&[("TOKEN_ISSUER", "me#refresh")]).unwrap_err();
    let problem = r##""me#refresh" ends in "#refresh", like those of refresh tokens; set another"##;
    assert_eq!(error.to_string(), format!("1 setting is wrong\n  TOKEN_AUDIENCE: {problem}"));
    assert!(check(&[("TOKEN_ISSUER", "me#refresh"), ("TOKEN_AUDIENCE", "me")]).is_ok());
}

#[test]
fn a_key_id_has_at_most_255_bytes() {
    for (bytes, is_accepted) in [(255, true), (256, false)] {
        let mut settings = Settings {
            access_token_secret: TokenSecret::new(GOOD[0].1).into(),
            refresh_token_secret: TokenSecret::new(GOOD[1].1).into(),
            ..Settings::default()
        };
        settings.access_token_key_id = Setting::Value(Some("k".repeat(bytes)));
        assert_eq!(settings.check(Vec::new()).is_ok(), is_accepted, "{bytes}");
    }
}

#[test]
fn a_minimum_that_every_or_no_password_reaches_is_refused() {
    for (minimum, expected) in [
        (1, None),
        (1024, None),
        (0, Some("0 is not from 1 to 1024")),
        (1025, Some("1025 is not from 1 to 1024")),
        (2000, Some("2000 is not from 1 to 1024")),
    ] {
        let mut settings = Settings::default();
        settings.read(good);
        settings.password_minimum_characters = Setting::Value(minimum);
        let checked = settings.check(Vec::new());
        let problems = checked.err().map(|error| error.problems().to_vec()).unwrap_or_default();
        let problem = expected.map(|problem| ConfigProblem {
            variable: "password_minimum_characters",
            problem: problem.to_owned(),
        });
        assert_eq!(problems, Vec::from_iter(problem), "{minimum}");
    }
}

#[test]
fn limits_that_would_stop_nobody_or_everybody_are_refused() {
    let policy = |burst, millis| ThrottlePolicy { burst, interval: Duration::from_millis(millis) };
    for (policy, is_accepted) in [
        (policy(1, 1000), true),
        (policy(100_000, 3_600_000), true),
        (policy(0, 1000), false),
        (policy(100_001, 1000), false),
        (policy(1, 0), false),
        (policy(1, 1500), false),
        (policy(1, 3_601_000), false),
    ] {
        for limits in [
            LoginLimits { account: policy, ..LoginLimits::default() },
            LoginLimits { address: policy, ..LoginLimits::default() },
        ] {
            let mut settings = Settings {
                access_token_secret: TokenSecret::new(GOOD[0].1).into(),
                refresh_token_secret: TokenSecret::new(GOOD[1].1).into(),
                ..Settings::default()
            };
            settings.login_limits = Setting::Value(limits);
            let checked = settings.check(Vec::new());
            assert_eq!(checked.is_ok(), is_accepted, "{limits:?}");
            let problems = checked.err().map(|error| error.problems().to_vec());
            assert!(problems.iter().flatten().all(|problem| problem.variable == "login_limits"));
        }
    }
}

#[test]
fn all_that_is_wrong_with_the_limits_comes_at_once() {
    let policy = |burst, millis| ThrottlePolicy { burst, interval: Duration::from_millis(millis) };
    let mut settings = Settings::default();
    settings.read(good);
    let limits = LoginLimits { address: policy(0, 1500), ..LoginLimits::default() };
    settings.login_limits =
        Setting::Value(LoginLimits { account: policy(100_001, 1000), ..limits });
    let error = settings.check(Vec::new()).unwrap_err();
    let [ConfigProblem { variable: "login_limits", problem }] = error.problems() else {
        panic!("{error}")
    };
    assert_eq!(
        problem,
        "a burst of 0 is not from 1 to 100000; 1s 500ms is not a whole number of seconds; \
         a burst of 100001 is not from 1 to 100000"
    );
}

#[test]
fn a_value_from_code_replaces_what_could_not_be_read() {
    let mut settings = Settings::default();
    settings.read(|variable| match variable {
        "ACCESS_TOKEN_EXPIRATION" => Setting::from_variable("nonsense"),
        "TOKEN_ISSUER" => Setting::from_variable("'me'"),
        variable => good(variable),
    });
    settings.access_token_expiration = Setting::Value(seconds(60));
    settings.issuer = Setting::Value("me".to_owned());
    let config = settings.check(Vec::new()).unwrap();
    assert_eq!((config.access_token_expiration, &*config.issuer), (seconds(60), "me"));
}

#[test]
fn every_variable_is_trimmed_and_may_hold_nothing_invisible_and_no_quotes_around_it() {
    for Variable { name: variable, .. } in Settings::VARIABLES {
        let good = match *variable {
            "ACCESS_TOKEN_SECRET" => GOOD[0].1,
            "REFRESH_TOKEN_SECRET" => GOOD[1].1,
            "PASSWORD_HASH_COST" | "REFRESH_HASH_COST" | "HASH_CONCURRENCY"
            | "SESSIONS_PER_USER" => "5",
            "TOKEN_ISSUER" | "TOKEN_AUDIENCE" => "https://id.example",
            "LOGIN_THROTTLE" => "off",
            "ACCESS_TOKEN_EXPIRATION" => "15m",
            "REFRESH_TOKEN_EXPIRATION" => "14d",
            "SESSION_EXPIRATION" => "90d",
            _ => "2s",
        };
        let shown = |value: &str| format!("{:?}", check(&[(variable, value)]));
        for padded in [format!("{good}\n"), format!("{good}\r\n"), format!(" \t{good} ")] {
            assert_eq!(shown(&padded), shown(good), "{variable}={padded:?}");
        }
        for (bad, expected) in [
            (format!("\u{feff}{good}"), r"character 1 is invisible: `\u{feff}`; remove it"),
            (format!("\"{good}\""), "the quotes around it are part of the value; remove them"),
        ] {
            let error = check(&[(variable, &bad)]).unwrap_err();
            let [problem] = error.problems() else { panic!("{error}") };
            assert_eq!((problem.variable, &*problem.problem), (*variable, expected));
        }
    }
}

#[test]
fn a_secret_is_its_text_without_white_space_at_the_ends() {
    let config = check(&[("ACCESS_TOKEN_SECRET", &format!("{}\n", GOOD[0].1))]).unwrap();
    assert_eq!(config.access_token_secret, TokenSecret::new(GOOD[0].1).unwrap());
}

#[test]
fn names_given_in_code_are_not_trimmed_but_rejected() {
    let (invisible, space) = (r"character 3 is invisible: `\n`; remove it", "begins or ends with");
    for (name, expected) in [
        ("me\n", invisible),
        (" me", space),
        ("me ", space),
        ("\"me\"", "the quotes around it"),
        ("", "it is empty"),
    ] {
        let mut settings = Settings::default();
        settings.read(good);
        settings.issuer = Setting::Value(name.to_owned());
        settings.audience = Setting::Value(name.to_owned());
        let key_id = (!name.is_empty()).then(|| name.to_owned());
        settings.access_token_key_id = Setting::Value(key_id);
        let error = settings.check(Vec::new()).unwrap_err();
        let names = ["TOKEN_ISSUER", "TOKEN_AUDIENCE", "access_token_key_id"];
        for (problem, variable) in error.problems().iter().zip(names) {
            assert_eq!(problem.variable, variable);
            assert!(problem.problem.contains(expected), "{name:?}: {}", problem.problem);
        }
    }
}
