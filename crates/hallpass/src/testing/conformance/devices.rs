//! Several sessions for each user: what each verb does to the others.

use std::net::{IpAddr, Ipv6Addr};

use crate::password::{PasswordHash, PasswordStamp};
use crate::session::{Device, DeviceSession, Session, SessionId};
use crate::store::{Rotation, SessionStart, SessionsToEnd};
use crate::testing::conformance::Subject;
use crate::testing::conformance::account::{Account, at, hash};
use crate::testing::conformance::races::{RIVALS, winners};

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
    pub(super) fn rotate_at(
        &self,
        subject: &dyn Subject,
        session_id: &str,
        unix_seconds: u64,
    ) -> bool {
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

    pub(super) fn list(&self, subject: &dyn Subject, unix_seconds: u64) -> Vec<DeviceSession> {
        subject.store().list_sessions(&self.id, at(unix_seconds)).expect("list answers")
    }

    pub(super) fn listed_ids(&self, subject: &dyn Subject, unix_seconds: u64) -> Vec<String> {
        let listed = self.list(subject, unix_seconds).into_iter();
        listed.map(|session| session.id.as_str().to_owned()).collect()
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
