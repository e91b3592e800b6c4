//! The truth table of a refresh: every row, and the seconds between two rows.

use std::time::Duration;

use super::*;
use crate::keys::TokenSecret;
use crate::password::PasswordHash;
use crate::session::{RefreshTokenHash, SessionId};
use crate::testing::forge;
use crate::testing::forge::REFRESH_SECRET;
use crate::token::refresh::RefreshTokens;
use crate::user::{Scope, UserId};

const LOGIN: u64 = 2_000_000_000;
const ROTATED: u64 = LOGIN + 100_000;
const DAY: u64 = 24 * 60 * 60;

fn at(unix_seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(unix_seconds).unwrap()
}

fn policy() -> SessionPolicy {
    SessionPolicy {
        idle_limit: Duration::from_secs(14 * DAY),
        absolute_limit: Duration::from_secs(90 * DAY),
        grace: Duration::from_secs(30),
    }
}

/// A token of session `s1`, issued shortly before the row was rotated last.
fn token(generation: u64) -> RefreshClaims {
    token_with(generation, ROTATED - 1000, ROTATED - 1000 + 14 * DAY)
}

fn token_with(generation: u64, issued_at: u64, expires_at: u64) -> RefreshClaims {
    let payload = format!(
        r#"{{"iss":"hallpass","aud":"hallpass#refresh","sub":"7","sid":"s1","gen":{generation},"iat":{issued_at},"exp":{expires_at},"auth_time":{LOGIN},"jti":"{}"}}"#,
        "A".repeat(43)
    );
    let token = forge::token(r#"{"typ":"rt+jwt","alg":"HS256"}"#, &payload, REFRESH_SECRET);
    let secret = TokenSecret::new(REFRESH_SECRET).unwrap();
    RefreshTokens::new(&secret, "hallpass", "hallpass", policy()).authenticate(&token).unwrap()
}

/// A user whose session was rotated to `generation` at [`ROTATED`].
fn user(session_id: &str, generation: u64) -> User {
    User {
        id: UserId::new(7),
        password_hash: PasswordHash::new(""),
        scope: Scope::default(),
        is_disabled: false,
        session: Some(Session {
            id: SessionId::new(session_id),
            refresh_token_hash: RefreshTokenHash::new("", None),
            generation,
            rotated_at: at(ROTATED),
        }),
    }
}

/// A look at the moment in which the token arrives.
fn look(attempt: Attempt, now: u64) -> Look {
    Look { attempt, received_at: at(now), now: at(now) }
}

/// A decision without its operands, so that a table of them can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Expired,
    UnknownUser,
    UserDisabled,
    NoSession,
    Superseded,
    Ahead,
    ProveCurrent,
    ProvePredecessor,
    Stale,
    Reuse,
}

fn row(decision: &Decision<'_>) -> Row {
    match decision {
        Decision::Refuse(RefreshRefusal::Expired { .. }) => Row::Expired,
        Decision::Refuse(RefreshRefusal::UnknownUser) => Row::UnknownUser,
        Decision::Refuse(RefreshRefusal::UserDisabled) => Row::UserDisabled,
        Decision::Refuse(RefreshRefusal::NoSession) => Row::NoSession,
        Decision::Refuse(RefreshRefusal::Superseded) => Row::Superseded,
        Decision::Refuse(RefreshRefusal::GenerationAhead { .. }) => Row::Ahead,
        Decision::Refuse(RefreshRefusal::Stale { .. }) => Row::Stale,
        Decision::Refuse(other) => panic!("decide alone can't know {other:?}"),
        Decision::Prove(Claim::Current, ..) => Row::ProveCurrent,
        Decision::Prove(Claim::Predecessor, ..) => Row::ProvePredecessor,
        Decision::EndSession => Row::Reuse,
    }
}

#[test]
fn every_row_by_generation_time_and_attempt() {
    use Attempt::{AfterLostSwap, First};
    let (within, last, after) = (ROTATED, ROTATED + 30, ROTATED + 31);
    for (presented, stored, now, first, after_lost_swap) in [
        // Row 5: ahead of the row.
        (6, 5, within, Row::Ahead, Row::Ahead),
        (u64::MAX, 5, after, Row::Ahead, Row::Ahead),
        // Rows 6 and 7: the current one, at any time.
        (5, 5, within, Row::ProveCurrent, Row::ProveCurrent),
        (5, 5, after, Row::ProveCurrent, Row::ProveCurrent),
        (0, 0, after, Row::ProveCurrent, Row::ProveCurrent),
        // Rows 8 and 8b: one behind within grace, whose last second counts.
        (4, 5, within, Row::ProvePredecessor, Row::ProvePredecessor),
        (4, 5, last, Row::ProvePredecessor, Row::ProvePredecessor),
        // The clock of this server may be behind that of the one that rotated.
        (4, 5, ROTATED - 60, Row::ProvePredecessor, Row::ProvePredecessor),
        // Row 9: two or three behind within grace.
        (3, 5, within, Row::Stale, Row::Stale),
        (2, 5, last, Row::Stale, Row::Stale),
        // Row 10: anything else, unless it was current a moment ago.
        (4, 5, after, Row::Reuse, Row::Stale),
        (3, 5, after, Row::Reuse, Row::Stale),
        (2, 5, after, Row::Reuse, Row::Stale),
        (1, 5, within, Row::Reuse, Row::Stale),
        (1, 5, after, Row::Reuse, Row::Stale),
        (0, 1000, after, Row::Reuse, Row::Stale),
    ] {
        let user = user("s1", stored);
        for (attempt, expected) in [(First, first), (AfterLostSwap, after_lost_swap)] {
            let decision = decide(&token(presented), Some(&user), look(attempt, now), &policy());
            let case = format!("{presented} of {stored} at {now}, {attempt:?}");
            assert_eq!(row(&decision), expected, "{case}");
        }
    }
}

/// The row was rotated by a clock that was ahead, and the clock is right now.
#[test]
fn a_rotation_further_ahead_than_a_minute_gives_no_retry_and_no_alarm() {
    use Attempt::{AfterLostSwap, First};
    let (skewed, wrong) = ([59, 60], [61, 3600, DAY]);
    for (generation, if_skewed, if_wrong) in [
        (6, Row::Ahead, Row::Ahead),
        (5, Row::ProveCurrent, Row::ProveCurrent),
        (4, Row::ProvePredecessor, Row::Stale),
        (3, Row::Stale, Row::Stale),
        (2, Row::Stale, Row::Stale),
        (1, Row::Reuse, Row::Reuse),
        (0, Row::Reuse, Row::Reuse),
    ] {
        let cases = skewed.map(|it| (it, if_skewed)).into_iter();
        for (seconds, expected) in cases.chain(wrong.map(|it| (it, if_wrong))) {
            for attempt in [First, AfterLostSwap] {
                let lost = attempt == AfterLostSwap && expected == Row::Reuse;
                let expected = if lost { Row::Stale } else { expected };
                let (user, look) = (user("s1", 5), look(attempt, ROTATED - seconds));
                let decision = decide(&token(generation), Some(&user), look, &policy());
                assert_eq!(row(&decision), expected, "{generation} {seconds} {attempt:?}");
            }
        }
    }
}

/// The clock was right, and set back by an hour while the token was on its way.
#[test]
fn a_token_received_before_the_clock_was_set_back_is_no_theft() {
    let (received_at, now) = (at(ROTATED + 31), at(ROTATED + 31 - 3600));
    let look = Look { attempt: Attempt::First, received_at, now };
    for generation in [2, 3, 4] {
        let user = user("s1", 5);
        let decision = decide(&token(generation), Some(&user), look, &policy());
        assert_eq!(row(&decision), Row::Stale, "{generation}");
    }
}

/// A request that waited for the store for an hour, and lost to another one in that time.
#[test]
fn a_rotation_after_the_token_was_received_is_not_ahead_of_the_clock() {
    let (received_at, now) = (at(ROTATED - 3600), at(ROTATED));
    let look = Look { attempt: Attempt::AfterLostSwap, received_at, now };
    let user = user("s1", 5);
    let decision = decide(&token(4), Some(&user), look, &policy());
    assert_eq!(row(&decision), Row::ProvePredecessor);
}

#[test]
fn with_grace_zero_there_are_no_retries() {
    let policy = SessionPolicy { grace: Duration::ZERO, ..policy() };
    for (generation, first, after_lost_swap) in [
        (5, Row::ProveCurrent, Row::ProveCurrent),
        (4, Row::Reuse, Row::Stale),
        (3, Row::Reuse, Row::Stale),
    ] {
        for (attempt, expected) in
            [(Attempt::First, first), (Attempt::AfterLostSwap, after_lost_swap)]
        {
            for now in [ROTATED, ROTATED - DAY] {
                let user = user("s1", 5);
                let token = token(generation);
                let decision = decide(&token, Some(&user), look(attempt, now), &policy);
                assert_eq!(row(&decision), expected, "{generation} {attempt:?} {now}");
            }
        }
    }
}

#[test]
fn who_has_no_such_session_is_told_why_whatever_the_generation() {
    let disabled = User { is_disabled: true, ..user("s1", 5) };
    let logged_out = User { session: None, ..user("s1", 5) };
    let logged_in_again = user("s2", 0);
    for generation in [0, 4, 5, 6] {
        for attempt in [Attempt::First, Attempt::AfterLostSwap] {
            for (user, expected) in [
                (None, Row::UnknownUser),
                (Some(&disabled), Row::UserDisabled),
                (Some(&logged_out), Row::NoSession),
                (Some(&logged_in_again), Row::Superseded),
            ] {
                let decision = decide(&token(generation), user, look(attempt, ROTATED), &policy());
                assert_eq!(row(&decision), expected, "{generation} {attempt:?}");
            }
        }
    }
}

#[test]
fn a_token_expires_by_what_it_says_and_by_the_limits_of_today() {
    let absolute = LOGIN + 90 * DAY;
    for (issued_at, expires_at, now, is_expired) in [
        // Its own exp, in the very second.
        (LOGIN, LOGIN + 100, LOGIN + 99, false),
        (LOGIN, LOGIN + 100, LOGIN + 100, true),
        // Issued under a longer idle limit than today's.
        (LOGIN, LOGIN + 30 * DAY, LOGIN + 14 * DAY - 1, false),
        (LOGIN, LOGIN + 30 * DAY, LOGIN + 14 * DAY, true),
        // Issued under a longer absolute limit than today's.
        (absolute - DAY, absolute + DAY, absolute - 1, false),
        (absolute - DAY, absolute + DAY, absolute, true),
    ] {
        let token = token_with(5, issued_at, expires_at);
        let expected = if is_expired { Row::Expired } else { Row::ProveCurrent };
        let user = user("s1", 5);
        let decided = decide(&token, Some(&user), look(Attempt::First, now), &policy());
        assert_eq!(row(&decided), expected, "{issued_at} {expires_at} {now}");
        assert_eq!(check_lifetime(&token, &policy(), at(now)).is_err(), is_expired);
    }
}

#[test]
fn an_expired_token_is_neither_reuse_nor_a_hint_about_the_user() {
    let token = token_with(0, LOGIN, LOGIN + 100);
    for user in [None, Some(&user("s1", 5)), Some(&user("s2", 5))] {
        let decision = decide(&token, user, look(Attempt::First, ROTATED), &policy());
        assert_eq!(row(&decision), Row::Expired);
    }
}

#[test]
fn a_claim_holds_only_if_the_secret_matches() {
    use HashMatch::{Differs, Matches};
    let unusable = || HashMatch::Unusable(UnusableHash::Unparsable);
    let hash_unusable = RefreshRefusal::HashUnusable(UnusableHash::Unparsable);
    for (claim, outcome, expected) in [
        (Claim::Current, Matches, Ok(())),
        (Claim::Current, Differs, Err(RefreshRefusal::SecretDiffers)),
        (Claim::Current, unusable(), Err(hash_unusable.clone())),
        (Claim::Predecessor, Matches, Ok(())),
        (Claim::Predecessor, Differs, Err(RefreshRefusal::SuccessorDiffers)),
        (Claim::Predecessor, unusable(), Err(hash_unusable)),
    ] {
        assert_eq!(claim.judge(outcome.clone()), expected, "{claim:?} {outcome:?}");
    }
}

#[test]
fn what_no_honest_client_can_cause_is_suspicious() {
    let ahead = RefreshRefusal::GenerationAhead { presented: 6, stored: 5 };
    let stale = RefreshRefusal::Stale { presented: 3, stored: 5 };
    let unusable = RefreshRefusal::HashUnusable(UnusableHash::Unparsable);
    for (refusal, expected) in [
        (RefreshRefusal::UnknownUser, false),
        (RefreshRefusal::NoSession, false),
        (RefreshRefusal::Superseded, false),
        (stale, false),
        (ahead, true),
        (RefreshRefusal::SecretDiffers, true),
        (RefreshRefusal::SuccessorDiffers, true),
        (unusable, true),
        (RefreshRefusal::Reused, true),
    ] {
        assert_eq!(refusal.is_suspicious(), expected, "{refusal}");
    }
}
