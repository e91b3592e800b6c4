//! Several sessions for each user: what each verb does to the others, and how one begun in the store of
//! one for each user goes on.

use std::net::{IpAddr, Ipv6Addr};

use crate::password::{PasswordHash, PasswordStamp};
use crate::session::{Device, DeviceSession, Session, SessionId};
use crate::store::{Rotation, SessionStart, SessionsToEnd, UserStore};
use crate::testing::conformance::races::{RIVALS, winners};
use crate::testing::conformance::{Account, Subject, at, hash};

/// How often each race is run.
const ROUNDS: usize = 20;

/// The checks that need two sessions side by side are left out where there may be one.
pub(super) fn run(subject: &dyn Subject, max: u32) {
    the_least_recently_used_session_goes(subject, max);
    a_session_that_has_expired_takes_no_place(subject, max);
    a_session_is_listed_with_its_device(subject);
    if max > 1 {
        run_side_by_side(subject, max);
    }
    let Some(single) = subject.one_per_user() else { return };
    a_session_that_has_not_moved_is_superseded_like_any_other(subject, single, max);
    if max > 1 {
        run_moves(subject, single);
    } else {
        a_session_that_has_not_moved_takes_its_place(subject, single);
    }
}

fn run_side_by_side(subject: &dyn Subject, max: u32) {
    sessions_go_on_side_by_side(subject);
    what_is_over_is_not_listed(subject);
    an_upgraded_password_hash_ends_no_session(subject);
    a_new_password_ends_all_sessions_but_the_kept_one(subject);
    what_is_over_is_removed_in_batches(subject);
    for _ in 0..ROUNDS {
        many_logins_at_once_stay_within_the_maximum(subject, max);
        an_upgrade_and_rotations_leave_every_session_alive(subject);
        no_session_looks_dead_while_the_password_hash_is_upgraded(subject);
    }
}

fn run_moves(subject: &dyn Subject, single: &dyn UserStore) {
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
    /// Starts a session at `unix_seconds`, whose hash is bound to the user's password.
    pub(super) fn start_at(&self, subject: &dyn Subject, session_id: &str, unix_seconds: u64) {
        let start = self.start_of(session_id, unix_seconds);
        assert!(subject.store().start_session(&start).expect("start answers"), "{session_id}");
    }

    pub(super) fn start_of(&self, session_id: &str, unix_seconds: u64) -> SessionStart {
        let start = self.session_start(session_id);
        let session = Session {
            refresh_token_hash: hash("a0").bound_to(&self.password_hash),
            rotated_at: at(unix_seconds),
            ..start.session
        };
        SessionStart { session, expires_at: at(unix_seconds + 1_000), ..start }
    }

    /// Rotates whatever hash the session has.
    fn rotate_at(&self, subject: &dyn Subject, session_id: &str, unix_seconds: u64) -> bool {
        let Some(session) = self.session_of(subject, session_id) else { return false };
        let rotation = self.rotation_of(&session, unix_seconds);
        subject.store().rotate(&rotation).expect("rotate answers")
    }

    pub(super) fn rotation_of(&self, session: &Session, unix_seconds: u64) -> Rotation {
        Rotation {
            verified_hash: session.refresh_token_hash.clone(),
            successor_hash: hash(&format!("at{unix_seconds}")).bound_to(&self.password_hash),
            generation: session.generation + 1,
            rotated_at: at(unix_seconds),
            expires_at: at(unix_seconds + 1_000),
            ..self.rotation(session.id.as_str(), "", "")
        }
    }

    /// Returns the id of the session by which a token of this one is judged.
    pub(super) fn judge_of(&self, subject: &dyn Subject, session_id: &str) -> Option<String> {
        let user = subject.store().load_in_session(&self.id, &SessionId::new(session_id));
        let session = user.expect("load answers").expect("the user is there").session;
        session.map(|session| session.id.as_str().to_owned())
    }

    fn list(&self, subject: &dyn Subject, unix_seconds: u64) -> Vec<DeviceSession> {
        subject.store().list_sessions(&self.id, at(unix_seconds)).expect("list answers")
    }

    fn listed_ids(&self, subject: &dyn Subject, unix_seconds: u64) -> Vec<String> {
        let listed = self.list(subject, unix_seconds).into_iter();
        listed.map(|session| session.id.as_str().to_owned()).collect()
    }

    /// Starts a session in the store of one for each user.
    fn start_in(&self, single: &dyn UserStore, session_id: &str) {
        let start = self.start_of(session_id, 100);
        assert!(single.start_session(&start).expect("start answers"));
    }

    fn session_in(&self, single: &dyn UserStore) -> Option<Session> {
        single.load(&self.id).expect("load answers").expect("the user is there").session
    }
}

fn sessions_go_on_side_by_side(subject: &dyn Subject) {
    let account = Account::add(subject);
    account.start_at(subject, "s1", 100);
    account.start_at(subject, "s2", 110);
    assert!(account.rotate_at(subject, "s1", 120));
    assert_eq!(account.session_of(subject, "s1").map(|session| session.generation), Some(1));
    assert_eq!(account.session_of(subject, "s2").map(|session| session.generation), Some(0));
    assert!(account.end(subject, "s1"));
    assert_eq!(account.session_of(subject, "s1"), None);
    let user = subject.store().load_in_session(&account.id, &SessionId::new("s1"));
    let user = user.expect("load answers").expect("the user is there");
    assert_eq!(user.session, None, "an ended session is judged by no other one");
    assert!(account.rotate_at(subject, "s2", 130), "the other device goes on");
    let all_but = SessionsToEnd::AllBut(SessionId::new("s2"));
    assert_eq!(account.end_several(subject, &all_but), 0);
    account.start_at(subject, "s3", 140);
    assert_eq!(account.end_several(subject, &all_but), 1);
    assert_eq!(account.listed_ids(subject, 150), ["s2"]);
}

fn the_least_recently_used_session_goes(subject: &dyn Subject, max: u32) {
    let account = Account::add(subject);
    for number in 0..max {
        account.start_at(subject, &format!("s{number}"), 100 + u64::from(number));
    }
    if max > 1 {
        assert!(account.rotate_at(subject, "s0", 500), "the oldest is used once more");
    }
    let evicted = if max > 1 { "s1" } else { "s0" };
    assert!(account.session_of(subject, evicted).is_some());
    account.start_at(subject, "last", 600);
    assert_eq!(account.session_of(subject, evicted), None);
    assert_eq!(account.list(subject, 700).len(), max as usize);
    assert_eq!(account.session_of(subject, "s0").is_some(), max > 1);
    let judge = account.judge_of(subject, evicted);
    assert_eq!(judge.as_deref(), Some("last"), "a later login took its place");
}

fn a_session_that_has_expired_takes_no_place(subject: &dyn Subject, max: u32) {
    let account = Account::add(subject);
    account.start_at(subject, "expired", 100);
    for number in 1..max {
        account.start_at(subject, &format!("s{number}"), 1_050);
    }
    account.start_at(subject, "last", 1_100);
    assert_eq!(account.list(subject, 1_100).len(), max as usize, "nobody else had to go");
}

fn a_session_is_listed_with_its_device(subject: &dyn Subject) {
    let account = Account::add(subject);
    let address = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 3, 4, 5, 6));
    let user_agent = "ö".repeat(255);
    let device = Device::from(Some(address)).with_user_agent(&user_agent).with_label("Ada's 📱");
    let start = SessionStart { device, ..account.start_of("s1", 100) };
    assert!(subject.store().start_session(&start).expect("start answers"));
    let listed = DeviceSession {
        id: SessionId::new("s1"),
        created_at: at(100),
        last_used_at: at(100),
        expires_at: at(1_100),
        user_agent: Some(user_agent),
        client_address: Some(address),
        label: Some("Ada's 📱".to_owned()),
        password_stamp: Some(PasswordStamp::of(&account.password_hash)),
    };
    assert_eq!(account.list(subject, 150), std::slice::from_ref(&listed));
    assert!(account.rotate_at(subject, "s1", 200));
    let used = DeviceSession { last_used_at: at(200), expires_at: at(1_200), ..listed };
    assert_eq!(account.list(subject, 250), [used]);
}

fn what_is_over_is_not_listed(subject: &dyn Subject) {
    let account = Account::add(subject);
    let neighbour = Account::add(subject);
    neighbour.start_at(subject, "neighbours", 100);
    account.start_at(subject, "s1", 100);
    account.start_at(subject, "s2", 200);
    assert_eq!(account.listed_ids(subject, 1_099), ["s2", "s1"], "the last one used is first");
    assert_eq!(account.listed_ids(subject, 1_100), ["s2"], "expired in that very second");
    assert!(account.end(subject, "s2"));
    assert!(account.listed_ids(subject, 300).iter().all(|id| id != "s2"));
}

fn an_upgraded_password_hash_ends_no_session(subject: &dyn Subject) {
    let mut account = Account::add(subject);
    account.start_at(subject, "s1", 100);
    let upgraded = PasswordHash::new("$2b$05$upgraded");
    let start = account.start_of("s2", 200);
    let session = Session { refresh_token_hash: hash("b0").bound_to(&upgraded), ..start.session };
    let start = SessionStart { upgraded_password_hash: Some(upgraded.clone()), session, ..start };
    assert!(subject.store().start_session(&start).expect("start answers"));
    for session_id in ["s1", "s2"] {
        let session = account.session_of(subject, session_id).expect("it is alive");
        let stamp = session.refresh_token_hash.password_stamp();
        assert!(
            stamp == Some(&PasswordStamp::of(&upgraded)),
            "{session_id} is bound to the new hash"
        );
    }
    account.password_hash = upgraded;
    assert!(account.rotate_at(subject, "s1", 300));
}

fn a_new_password_ends_all_sessions_but_the_kept_one(subject: &dyn Subject) {
    let mut account = Account::add(subject);
    account.start_at(subject, "s1", 100);
    account.start_at(subject, "s2", 100);
    let second = PasswordHash::new("$2b$04$second");
    let kept = account.session_of(subject, "s1").expect("it is alive").refresh_token_hash;
    assert!(account.set_password(subject, &account.password_change_keeping(&second, "s1", &kept)));
    assert_eq!(account.session_of(subject, "s2"), None);
    let session = account.session_of(subject, "s1").expect("it goes on");
    assert!(session.refresh_token_hash == kept.bound_to(&second), "bound to the new password");
    account.password_hash = second;
    let third = PasswordHash::new("$2b$04$third");
    assert!(account.set_password(subject, &account.password_change(&third)));
    assert_eq!(account.session_of(subject, "s1"), None);
}

/// Of all users' sessions: other tests may have left some.
fn what_is_over_is_removed_in_batches(subject: &dyn Subject) {
    let store = subject.store();
    let remove = |before, limit| store.remove_dead_sessions(before, limit).expect("it answers");
    while remove(at(2_000), 100) == 100 {}
    assert_eq!(remove(at(2_000), 100), 0, "all of them are gone");
    let account = Account::add(subject);
    account.start_at(subject, "alive", 5_000);
    for user in 0..5 {
        let account = Account::add(subject);
        account.start_at(subject, "expired", 1_000 + user);
        account.start_at(subject, "ended", 1_500);
        assert!(account.end(subject, "ended"), "at 300");
    }
    assert_eq!(remove(at(299), 100), 0);
    assert_eq!(remove(at(300), 3), 3);
    assert_eq!(remove(at(300), 3), 2, "the ended ones are over since they ended");
    assert_eq!(remove(at(2_000), 0), 0);
    assert_eq!(remove(at(2_002), 100), 3, "the expired ones since then");
    assert_eq!(remove(at(2_004), 2), 2);
    assert_eq!(remove(at(2_004), 2), 0);
    assert!(account.session_of(subject, "alive").is_some());
    assert!(account.rotate_at(subject, "alive", 5_100));
}

fn many_logins_at_once_stay_within_the_maximum(subject: &dyn Subject, max: u32) {
    let account = Account::add(subject);
    account.start_at(subject, "first", 100);
    winners(|number| {
        if number == 0 {
            return account.rotate_at(subject, "first", 150);
        }
        account.start_at(subject, &format!("s{number}"), 200);
        true
    });
    let listed = account.list(subject, 300).len();
    assert_eq!(listed, (max as usize).min(RIVALS), "as many as there may be");
}

fn an_upgrade_and_rotations_leave_every_session_alive(subject: &dyn Subject) {
    let mut account = Account::add(subject);
    account.start_at(subject, "s1", 100);
    let upgraded = PasswordHash::new("$2b$05$upgraded");
    let start = account.start_of("s2", 200);
    let start = SessionStart { upgraded_password_hash: Some(upgraded.clone()), ..start };
    winners(|number| match number {
        0 => subject.store().start_session(&start).expect("start answers"),
        _ => account.rotate_at(subject, "s1", 210 + number as u64),
    });
    let session = account.session_of(subject, "s1").expect("it goes on");
    account.password_hash = upgraded;
    let stamp = session.refresh_token_hash.password_stamp();
    assert!(stamp == Some(&PasswordStamp::of(&account.password_hash)), "bound to the new hash");
}

/// Whoever looks at user and session while a login upgrades the hash must not see half of it.
fn no_session_looks_dead_while_the_password_hash_is_upgraded(subject: &dyn Subject) {
    let account = Account::add(subject);
    account.start_at(subject, "s1", 100);
    let upgraded = PasswordHash::new("$2b$05$upgraded");
    let start = account.start_of("s2", 200);
    let start = SessionStart { upgraded_password_hash: Some(upgraded), ..start };
    let s1 = SessionId::new("s1");
    let alive = winners(|number| {
        if number == 0 {
            return subject.store().start_session(&start).expect("start answers");
        }
        (0..50).all(|_| {
            let user = subject.store().load_in_session(&account.id, &s1).expect("load answers");
            user.expect("the user is there").is_in_session(&s1)
        })
    });
    assert_eq!(alive, RIVALS, "it is alive all the time");
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
