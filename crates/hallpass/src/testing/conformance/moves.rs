//! Sessions that began in the store of one for each user: they go on in the store of several, and move at
//! their next rotation.

use crate::password::PasswordHash;
use crate::session::{Session, SessionId};
use crate::store::{SessionStart, SessionsToEnd, UserStore};
use crate::testing::conformance::Subject;
use crate::testing::conformance::account::{Account, at, hash};
use crate::testing::conformance::races::winners;

/// How often each race is run.
const ROUNDS: usize = 20;

/// The checks that need two sessions side by side are left out where there may be one.
pub(super) fn run(subject: &dyn Subject, max: u32) {
    let Some(single) = subject.one_per_user() else { return };
    a_session_that_has_not_moved_is_superseded_like_any_other(subject, single, max);
    if max == 1 {
        a_session_that_has_not_moved_takes_its_place(subject, single);
        return;
    }
    a_session_of_the_other_store_moves_at_its_rotation(subject, single);
    a_session_that_has_not_moved_is_listed_and_ended(subject, single);
    a_session_that_has_not_moved_ends_with_the_password(subject, single);
    a_login_leaves_a_session_that_has_not_moved(subject, single);
    for _ in 0..ROUNDS {
        a_move_and_a_logout_leave_nothing(subject, single);
        a_session_moves_once(subject, single);
    }
}

impl Account {
    /// Starts a session in the store of one for each user.
    fn start_in(&self, single: &dyn UserStore, session_id: &str) {
        let start = self.start_of(session_id, 100);
        assert!(single.start_session(&start).expect("start answers"));
    }

    fn session_in(&self, single: &dyn UserStore) -> Option<Session> {
        single.load(&self.id).expect("load answers").expect("the user is there").session
    }
}

fn a_session_of_the_other_store_moves_at_its_rotation(
    subject: &dyn Subject,
    single: &dyn UserStore,
) {
    let account = Account::add(subject);
    account.start_in(single, "s1");
    let begun = account.session_in(single).expect("it has begun");
    let refreshed = account.rotation_of(&begun, 150);
    assert!(single.rotate(&refreshed).expect("rotate answers"));
    let before = account.session_in(single);
    assert_eq!(account.session_of(subject, "s1"), before, "it is found where it is");
    let created_at = account.list(subject, 300)[0].created_at;
    assert_eq!(account.session_of(subject, "s2"), None, "another one is not");
    assert!(!account.rotate(subject, "s1", "x", "y"), "another hash moves nothing");
    assert_eq!(account.session_in(single), before);
    assert!(account.rotate_at(subject, "s1", 200));
    assert_eq!(account.session_in(single), None, "it has moved");
    let session = account.session_of(subject, "s1").expect("it goes on");
    assert_eq!((session.generation, session.rotated_at), (2, at(200)));
    let listed = account.list(subject, 300);
    let times: Vec<_> = listed.iter().map(|it| (it.created_at, it.last_used_at)).collect();
    assert_eq!(times, [(created_at, at(200))], "a refresh must not show in the time of login");
    assert!(account.rotate_at(subject, "s1", 300));
    assert!(account.end(subject, "s1"));
    assert_eq!(account.session_of(subject, "s1"), None);
}

fn a_session_that_has_not_moved_is_superseded_like_any_other(
    subject: &dyn Subject,
    single: &dyn UserStore,
    max: u32,
) {
    let account = Account::add(subject);
    account.start_in(single, "s0");
    for number in 1..=max {
        account.start_at(subject, &format!("s{number}"), 200 + u64::from(number));
    }
    assert_eq!(account.session_in(single), None, "the least recently used one goes");
    let last = format!("s{max}");
    let judge = account.judge_of(subject, "s0");
    assert_eq!(judge.as_ref(), Some(&last), "a later login took its place");
    assert!(!account.rotate(subject, "s0", "a0", "a1"), "it is over");
    assert!(!account.end(subject, "s0"), "it is over");
    assert!(account.listed_ids(subject, 300).iter().all(|id| id != "s0"));
    account.start_in(single, "elsewhere");
    let ended = account.end(subject, "elsewhere");
    assert!(
        ended && account.judge_of(subject, "elsewhere").is_none(),
        "a logout supersedes nothing"
    );
}

/// Where there may be one session.
fn a_session_that_has_not_moved_takes_its_place(subject: &dyn Subject, single: &dyn UserStore) {
    let account = Account::add(subject);
    account.start_in(single, "s1");
    account.start_at(subject, "s2", 200);
    assert_eq!(account.listed_ids(subject, 300), ["s2"], "the least recently used one goes");
    assert_eq!(account.session_in(single), None);
    account.start_in(single, "s3");
    assert!(account.rotate_at(subject, "s3", 250));
    assert_eq!(account.session_of(subject, "s3").map(|session| session.generation), Some(1));
}

fn a_session_that_has_not_moved_is_listed_and_ended(subject: &dyn Subject, single: &dyn UserStore) {
    let account = Account::add(subject);
    account.start_in(single, "s1");
    account.start_at(subject, "s2", 200);
    assert_eq!(account.listed_ids(subject, 300), ["s2", "s1"]);
    assert!(account.end(subject, "s1"));
    assert_eq!(account.listed_ids(subject, 300), ["s2"]);
    account.start_in(single, "s3");
    let all_but = |id| SessionsToEnd::AllBut(SessionId::new(id));
    assert_eq!(account.end_several(subject, &all_but("s3")), 1);
    assert_eq!(account.listed_ids(subject, 300), ["s3"]);
    assert_eq!(account.end_several(subject, &SessionsToEnd::All), 1);
    assert_eq!(account.session_in(single), None);
}

fn a_session_that_has_not_moved_ends_with_the_password(
    subject: &dyn Subject,
    single: &dyn UserStore,
) {
    let mut account = Account::add(subject);
    account.start_in(single, "s1");
    account.start_at(subject, "s2", 200);
    let second = PasswordHash::new("$2b$04$second");
    let kept = account.session_of(subject, "s1").expect("it is alive").refresh_token_hash;
    assert!(account.set_password(subject, &account.password_change_keeping(&second, "s1", &kept)));
    assert_eq!(account.listed_ids(subject, 300), ["s1"], "the kept one is the one in the row");
    account.password_hash = second;
    let third = PasswordHash::new("$2b$04$third");
    assert!(account.set_password(subject, &account.password_change(&third)));
    assert_eq!(account.session_in(single), None);
}

fn a_login_leaves_a_session_that_has_not_moved(subject: &dyn Subject, single: &dyn UserStore) {
    let mut account = Account::add(subject);
    account.start_in(single, "s1");
    let upgraded = PasswordHash::new("$2b$05$upgraded");
    let start = account.start_of("s2", 200);
    let start = SessionStart { upgraded_password_hash: Some(upgraded.clone()), ..start };
    assert!(subject.store().start_session(&start).expect("start answers"));
    account.password_hash = upgraded.clone();
    let session = account.session_of(subject, "s1").expect("it goes on");
    assert!(session.refresh_token_hash == hash("a0").bound_to(&upgraded), "bound to the new hash");
    assert!(account.rotate_at(subject, "s1", 300));
    let moved = account.session_of(subject, "s1").expect("it goes on").refresh_token_hash;
    assert!(moved == hash("at300").bound_to(&upgraded));
}

fn a_move_and_a_logout_leave_nothing(subject: &dyn Subject, single: &dyn UserStore) {
    let account = Account::add(subject);
    account.start_in(single, "s1");
    winners(|number| match number {
        0 => account.end(subject, "s1"),
        _ => account.rotate_at(subject, "s1", 200),
    });
    assert_eq!(account.session_of(subject, "s1"), None, "logged out is logged out");
}

fn a_session_moves_once(subject: &dyn Subject, single: &dyn UserStore) {
    let account = Account::add(subject);
    account.start_in(single, "s1");
    let session = account.session_of(subject, "s1").expect("it is alive");
    let moved = winners(|number| {
        let rotation = account.rotation_of(&session, 200 + number as u64);
        subject.store().rotate(&rotation).expect("rotate answers")
    });
    assert_eq!(moved, 1, "one rotation wins");
    let session = account.session_of(subject, "s1").expect("it goes on");
    assert_eq!(session.generation, 1, "one generation step");
}
