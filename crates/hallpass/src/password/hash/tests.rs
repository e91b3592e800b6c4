//! Hashes of other software, hashes that can't be used, and the time that both take.

use super::*;
use crate::testing::{SeededRandom, bcrypt_runs};

/// The hash of `correct horse` at cost 4, made by Python's bcrypt.
const BY_PYTHON: &str = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

fn typed(text: &str) -> TypedPassword {
    TypedPassword::parse(text.into()).unwrap()
}

fn hasher(cost: u32) -> PasswordHasher {
    PasswordHasher::new(cost, &SeededRandom::default()).unwrap()
}

fn compare(cost: u32, text: &str, stored: &str) -> HashMatch {
    hasher(cost).compare(Some(&typed(text)), Some(&PasswordHash::new(stored))).outcome
}

#[test]
fn hashes_of_other_software_match() {
    for (software, text, stored) in [
        ("Python, 2b", "correct horse", BY_PYTHON),
        (
            "Python, 2a",
            "correct horse",
            "$2a$04$02g1XnKaIiwLgTAsGunQVOUJq1NYbe1UNf.0IVDze7z292LSw0zOS",
        ),
        (
            "libxcrypt, 2y",
            "correct horse",
            "$2y$04$CCCCCCCCCCCCCCCCCCCCC..o66Ba.o65rt06KXeSpKWfObOB7QJIe",
        ),
        (
            "htpasswd, 2y",
            "correct horse",
            "$2y$04$PCZl18jnDBM/FleiAKnqOOkEScVJZ3nH4bMaa.GJqqd7/fxG1n6e.",
        ),
        (
            "bcryptjs, 2b",
            "correct horse",
            "$2b$04$MjWhniTJ2MusksdVA2rPouvlnYocT9qYIjAZGmf9KO0/RlxVbeVj2",
        ),
        (
            "Python, UTF-8",
            "p\u{e4}ssw\u{f6}rd\u{20ac}",
            "$2b$04$GA0DB6RiMJPaBTmXe1JwkOMkqBjpc8OGRmMcRCS620euZqFthsIcu",
        ),
        (
            "Python, 71 bytes",
            &"a".repeat(71),
            "$2b$04$5Nz85urDEzXGhsRdUzg26.ppvweAggoJC5IXWV38ye77/YyXAPU6a",
        ),
    ] {
        assert_eq!(compare(4, text, stored), HashMatch::Matches, "{software}");
        assert_eq!(compare(4, "wrong", stored), HashMatch::Differs, "{software}");
    }
}

/// Other implementations read 72 bytes and ignore the rest. 24 euro signs behind an `x` are 73 bytes, so
/// the cut is inside of the last one.
#[test]
fn a_hash_made_elsewhere_of_the_first_72_bytes_matches() {
    let euros = format!("x{}", "\u{20ac}".repeat(24));
    let by_python = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";
    let by_libxcrypt = "$2y$04$CCCCCCCCCCCCCCCCCCCCC.ug0A3dTXhy5U.dFjx/qguZ8I4CB77BC";
    let of_euros = "$2y$04$CCCCCCCCCCCCCCCCCCCCC.W/4uiLnod8xugKz45VYPY8wyzVNiM1S";
    for (software, text, stored, expected) in [
        ("Python, 71 bytes", &*"x".repeat(71), by_python, HashMatch::Differs),
        ("Python, 72 bytes", &"x".repeat(72), by_python, HashMatch::Matches),
        ("Python, 80 bytes", &"x".repeat(80), by_python, HashMatch::Matches),
        ("Python, 2a", &"x".repeat(80), &by_python.replace("2b", "2a"), HashMatch::Matches),
        ("libxcrypt, 72 bytes", &"x".repeat(72), by_libxcrypt, HashMatch::Matches),
        ("libxcrypt, 1024 bytes", &"x".repeat(1024), by_libxcrypt, HashMatch::Matches),
        ("libxcrypt, within a character", &euros, of_euros, HashMatch::Matches),
        ("libxcrypt, other bytes", &euros.replacen('x', "y", 1), of_euros, HashMatch::Differs),
    ] {
        assert_eq!(compare(4, text, stored), expected, "{software}");
    }
}

/// See [`crate::password::typed::Candidate::Cut`].
#[test]
fn a_hash_of_ours_matches_no_other_password_by_its_first_72_bytes() {
    let random = SeededRandom::default();
    for length in [1, 23, 35, 36, 71, 72, 80, 144] {
        let own = password(&"x".repeat(length));
        let hash = hasher(4).hash(&own, &random).unwrap();
        let hashed = String::from_utf8(own.expose_bcrypt_input().to_vec()).unwrap();
        let others = [72, 73, 79, 143, 145].map(|length| "x".repeat(length));
        let of_digest = [format!("{hashed}{}", "x".repeat(72)), hashed.repeat(72)];
        for other in others.iter().chain(&of_digest).filter(|it| it.len() <= 1024) {
            if *other != own.expose_password() {
                let outcome = compare(4, other, hash.expose_hash());
                assert_eq!(outcome, HashMatch::Differs, "{length} {other}");
            }
        }
    }
}

/// macOS and iOS may send the accents apart from their letters, other systems send both as one. Software
/// elsewhere, and hallpass before, hashed what came.
#[test]
fn a_password_matches_in_each_spelling_of_it() {
    let (composed, decomposed) = ("caf\u{e9}-caf\u{e9}", "cafe\u{301}-cafe\u{301}");
    let long = ("\u{e9}".repeat(40), "e\u{301}".repeat(40));
    let of_composed = "$2b$04$abcdefghijklmnopqrstuuJvDia7AjmgVFU6/r0gUop.HsYC6mF9G";
    let of_decomposed = "$2b$04$abcdefghijklmnopqrstuu68zU.GoQDaVDGBluVQm.Rny1ZD4Sof2";
    let whole_composed = "$2b$04$abcdefghijklmnopqrstuuK92XJh6D/FLZSzURCJTTUyhrguEOIxa";
    let whole_decomposed = "$2b$04$abcdefghijklmnopqrstuuQYGtyzu0mp/W0hW1mW2lpTqoVa6Co2O";
    let cut_composed = "$2b$04$abcdefghijklmnopqrstuuKiIlCeXB6chNXkLyAo8C7XcLPzh6zUe";
    let cut_decomposed = "$2b$04$abcdefghijklmnopqrstuuo0ZRNEQrEXmOiR/8uqqbOIm4WJjlwqC";
    for (hashed, text, by_python, expected) in [
        ("composed", composed, of_composed, HashMatch::Matches),
        ("composed", decomposed, of_composed, HashMatch::Matches),
        ("as typed", decomposed, of_decomposed, HashMatch::Matches),
        ("as typed elsewhere", composed, of_decomposed, HashMatch::Differs),
        ("composed", "cafe-cafe", of_composed, HashMatch::Differs),
        ("composed, long", &long.0, whole_composed, HashMatch::Matches),
        ("composed, long", &long.1, whole_composed, HashMatch::Matches),
        ("as typed, long", &long.1, whole_decomposed, HashMatch::Matches),
        ("composed, cut", &long.0, cut_composed, HashMatch::Matches),
        ("composed, cut", &long.1, cut_composed, HashMatch::Matches),
        ("as typed, cut", &long.1, cut_decomposed, HashMatch::Matches),
    ] {
        assert_eq!(compare(4, text, by_python), expected, "{hashed}: {text}");
    }
}

#[test]
fn a_hash_of_the_broken_version_2x_is_refused() {
    let by_libxcrypt = "$2x$04$CCCCCCCCCCCCCCCCCCCCC.ug0A3dTXhy5U.dFjx/qguZ8I4CB77BC";
    let unusable = HashMatch::Unusable(crate::password::UnusableHash::Unparsable);
    assert_eq!(compare(4, &"x".repeat(72), by_libxcrypt), unusable);
}

#[test]
fn a_password_of_more_than_71_bytes_is_hashed_whole() {
    // bcrypt of base64 of SHA-384 of the prefix and the password, computed by Python.
    let by_python = "$2b$04$tNvvO7.J97onDt4xjyLgQuwFznMHX6djRJgfUCRDARpjdiogs1jhC";
    let long = "long password ".repeat(10);
    assert_eq!(compare(4, &long, by_python), HashMatch::Matches);

    let random = SeededRandom::default();
    for length in [71, 72, 73, 1024] {
        let text = "a".repeat(length);
        let hash = hasher(4).hash(&password(&text), &random).unwrap();
        assert_eq!(compare(4, &text, hash.expose_hash()), HashMatch::Matches, "{length}");
        let other_end = format!("{}b", &text[1..]);
        let other = compare(4, &other_end, hash.expose_hash());
        assert_eq!(other, HashMatch::Differs, "{length}");
    }
}

#[test]
fn a_password_has_1_to_1024_bytes_and_no_nul() {
    let parse = |text: &str| Password::parse(text).map(|_| ());
    assert_eq!(parse(""), Err(crate::password::PasswordUnacceptable::Empty));
    assert_eq!(parse("a"), Ok(()));
    assert_eq!(parse(&"a".repeat(1024)), Ok(()));
    assert_eq!(parse(&"\u{e9}".repeat(513)), Err(crate::password::PasswordUnacceptable::TooLong));
    assert_eq!(parse("ab\0cd"), Err(crate::password::PasswordUnacceptable::Nul));
}

#[test]
fn a_password_that_is_set_has_a_minimum_length_in_characters() {
    let parse = |text: &str| Password::parse_new(text, 8).map(|_| ());
    assert_eq!(parse("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"), Ok(()));
    assert_eq!(
        parse("1234567"),
        Err(crate::password::PasswordUnacceptable::TooShort { characters: 7, minimum: 8 })
    );
}

#[test]
fn a_match_at_a_lower_cost_is_hashed_anew() {
    let (hasher, random, password) = (hasher(5), SeededRandom::default(), typed("correct horse"));
    let upgrade = |stored: &PasswordHash| {
        let comparison = hasher.compare(Some(&password), Some(stored));
        assert_eq!(comparison.outcome, HashMatch::Matches);
        hasher.upgrade(&password, &comparison, &random).unwrap()
    };
    let upgraded = upgrade(&PasswordHash::new(BY_PYTHON)).unwrap();
    assert!(upgraded.expose_hash().starts_with("$2b$05$"));
    assert_eq!(upgrade(&upgraded), None);
}

#[test]
fn every_refusal_costs_one_comparison_at_the_configured_cost() {
    let random = SeededRandom::default();
    let hasher = hasher(6);
    let at_cost = |cost: u32| {
        let own = PasswordHasher::new(cost, &random).unwrap();
        own.hash(&password("correct horse"), &random).unwrap()
    };
    let work = |text: Option<&str>, stored: Option<&PasswordHash>| {
        let text = text.map(typed);
        let runs = bcrypt_runs::during(|| {
            hasher.spend_the_rest(&hasher.compare(text.as_ref(), stored));
        });
        runs.iter().map(|cost| 1_u64 << cost).sum::<u64>()
    };
    let unusable =
        PasswordHash::new("$2b$31$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e");
    for (case, text, stored) in [
        ("unknown user", Some("wrong"), None),
        ("impossible password", None, Some(&at_cost(6))),
        ("wrong password", Some("wrong"), Some(&at_cost(6))),
        ("right password, refused for another reason", Some("correct horse"), Some(&at_cost(5))),
        ("wrong password, cheaper hash", Some("wrong"), Some(&at_cost(4))),
        ("unusable hash", Some("correct horse"), Some(&unusable)),
        ("empty hash", Some("correct horse"), Some(&PasswordHash::new(""))),
    ] {
        assert_eq!(work(text, stored), 1 << 6, "{case}");
    }
}

#[test]
fn a_hash_above_the_ceiling_is_unusable_unless_it_is_configured() {
    let at_16 = BY_PYTHON.replace("$04$", "$16$");
    let unusable = crate::password::UnusableHash::CostTooHigh { cost: 16, ceiling: 15 };
    assert_eq!(compare(4, "x", &at_16), HashMatch::Unusable(unusable));
    let is_run = |configured| {
        bcrypt::usable_cost(
            &at_16,
            PasswordHasher { cost: configured, dummies: Vec::new() }.ceiling(),
        )
    };
    assert_eq!(is_run(16), Ok(16));
    assert!(is_run(15).is_err());
}

#[test]
fn no_password_or_hash_is_ever_printed() {
    assert_eq!(format!("{:?}", password("s3cret")), "Password(…)");
    assert_eq!(format!("{:?}", PasswordHash::new(BY_PYTHON)), "PasswordHash(…)");
    assert!(!format!("{:?}", hasher(4)).contains("$2b$"));
}
