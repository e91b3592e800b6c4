//! Many sessions that are over: how many of them are kept, and that a look at the others does not read them.

use crate::password::PasswordHash;
use crate::session::{EndReason, SessionId, Sessions};
use crate::store::{SessionStart, SessionsToEnd, UserStore};
use crate::testing::conformance::Subject;
use crate::testing::conformance::account::{Account, at};

/// How many ended sessions a user has who logs in all the time, where nothing removes them.
const MANY: u32 = 10_000;

/// More rows than any verb has to read that finds the user's other sessions by an index, those that a login
/// removes included: a quarter of [`MANY`].
const FEW: u64 = 2_500;

pub(super) fn run(subject: &dyn Subject, max: u32) {
    logins_remove_the_sessions_that_ended_first(subject, max);
    logins_in_one_second_leave_no_more(subject, max);
    logins_remove_the_sessions_that_expired_first(subject, max);
    one_login_does_not_remove_thousands(subject);
    ten_thousand_ended_sessions_are_not_read(subject);
    changes_do_not_read_ten_thousand_ended_sessions(subject);
}

/// How many sessions that are over are kept.
fn kept(max: u32) -> u32 {
    max + Sessions::KEPT_BEYOND_MAXIMUM
}

impl Account {
    /// Starts the sessions `s0`, `s1` and so on at times that `times` gives: from when to when it lives.
    fn start_many(&self, subject: &dyn Subject, count: u32, times: impl Fn(u64) -> (u64, u64)) {
        for number in 0..count {
            let (from, to) = times(u64::from(number));
            let start = self.start_of(&format!("s{number}"), from);
            let start = SessionStart { expires_at: at(to), ..start };
            assert!(subject.store().start_session(&start).expect("start answers"));
        }
    }

    /// Returns whether the session has a row: a token of a superseded one is judged by a later one then.
    fn is_known(&self, subject: &dyn Subject, number: u32) -> bool {
        self.judge_of(subject, &format!("s{number}")).is_some()
    }

    fn known(&self, subject: &dyn Subject, count: u32) -> Vec<u32> {
        (0..count).filter(|number| self.is_known(subject, *number)).collect()
    }

    /// Adds a user of whose sessions `s0`, `s1` and so on a hundred ended in each second from 1 on, if the
    /// subject can.
    fn with_many_ended(subject: &dyn Subject) -> Option<Self> {
        let account = Self::add(subject);
        let id = |number: u32| SessionId::new(format!("s{number}"));
        let ended: Vec<_> =
            (0..MANY).map(|number| (id(number), at(1 + u64::from(number) / 100))).collect();
        subject.add_ended_sessions(&account.id, &ended).then_some(account)
    }
}

fn logins_remove_the_sessions_that_ended_first(subject: &dyn Subject, max: u32) {
    let account = Account::add(subject);
    let logins = max + kept(max) + 10;
    account.start_many(subject, logins, |number| (100 + number, 1_000_000));
    let expected: Vec<_> = (10..logins).collect();
    assert_eq!(account.known(subject, logins), expected, "the living ones, and some that ended");
}

fn logins_in_one_second_leave_no_more(subject: &dyn Subject, max: u32) {
    let account = Account::add(subject);
    let logins = max + kept(max) + 10;
    account.start_many(subject, logins, |_| (100, 1_000_000));
    assert_eq!(account.known(subject, logins).len() as u32, max + kept(max));
}

/// Each one expires before the next login.
fn logins_remove_the_sessions_that_expired_first(subject: &dyn Subject, max: u32) {
    let account = Account::add(subject);
    let logins = 1 + kept(max) + 10;
    account.start_many(subject, logins, |number| (10_000 * number, 10_000 * number + 1_000));
    let expected: Vec<_> = (10..logins).collect();
    assert_eq!(account.known(subject, logins), expected, "the living one, and some that expired");
}

fn one_login_does_not_remove_thousands(subject: &dyn Subject) {
    let Some(account) = Account::with_many_ended(subject) else { return };
    account.start_at(subject, "first", 200);
    let removed = Sessions::REMOVED_AT_LOGIN;
    for (number, is_known) in
        [(0, false), (removed - 1, false), (removed, true), (5_000, true), (MANY - 1, true)]
    {
        assert_eq!(account.is_known(subject, number), is_known, "s{number}");
    }
    for login in 0..60 {
        account.start_at(subject, &format!("login{login}"), 200);
    }
    for number in [removed, 5_000, 8_900] {
        assert!(!account.is_known(subject, number), "s{number} has gone with a later login");
    }
}

/// Runs `work`, which may read a few rows.
fn reads_few(subject: &dyn Subject, name: &str, work: &dyn Fn(&dyn UserStore)) {
    match subject.rows_read(work) {
        Some(rows) => assert!(rows < FEW, "{name} reads {rows} rows of a user's {MANY}"),
        None => work(subject.store()),
    }
}

fn ten_thousand_ended_sessions_are_not_read(subject: &dyn Subject) {
    let Some(account) = Account::with_many_ended(subject) else { return };
    account.start_at(subject, "alive", 200);
    let id = &account.id;
    let load_in = |store: &dyn UserStore, session_id: &str| {
        let user = store.load_in_session(id, &SessionId::new(session_id)).expect("load answers");
        user.expect("the user is there").session.expect("one is alive").id
    };
    reads_few(subject, "load", &|store| drop(store.load(id).expect("load answers")));
    reads_few(subject, "load_in_session", &|store| {
        assert_eq!(load_in(store, "alive").as_str(), "alive");
    });
    reads_few(subject, "load_in_session of a superseded one", &|store| {
        assert_eq!(load_in(store, "s9999").as_str(), "alive");
    });
    reads_few(subject, "list_sessions", &|store| {
        assert_eq!(store.list_sessions(id, at(300)).expect("list answers").len(), 1);
    });
}

fn changes_do_not_read_ten_thousand_ended_sessions(subject: &dyn Subject) {
    let Some(mut account) = Account::with_many_ended(subject) else { return };
    account.start_at(subject, "alive", 200);
    let rotation = account.session_of(subject, "alive").expect("it is alive");
    let rotation = account.rotation_of(&rotation, 300);
    reads_few(subject, "rotate", &|store| assert!(store.rotate(&rotation).expect("it answers")));
    let start = account.start_of("next", 400);
    reads_few(subject, "start_session", &|store| {
        assert!(store.start_session(&start).expect("start answers"));
    });
    let upgraded = PasswordHash::new("$2b$05$upgraded");
    let start = SessionStart {
        upgraded_password_hash: Some(upgraded.clone()),
        ..account.start_of("upgrading", 500)
    };
    reads_few(subject, "start_session with an upgrade", &|store| {
        assert!(store.start_session(&start).expect("start answers"));
    });
    account.password_hash = upgraded;
    let (id, reason) = (&account.id, EndReason::Revoked);
    let kept = SessionId::new("upgrading");
    reads_few(subject, "end_sessions", &|store| {
        let others = SessionsToEnd::AllBut(kept.clone());
        store.end_sessions(id, &others, reason, at(600)).expect("end answers");
    });
    reads_few(subject, "end_session", &|store| {
        assert!(store.end_session(id, &kept, reason, at(600)).expect("end answers"));
    });
    let change = account.password_change(&PasswordHash::new("$2b$04$second"));
    reads_few(subject, "set_password", &|store| {
        assert!(store.set_password(&change).expect("set answers"));
    });
    // Where there is no place for it, it changes nothing.
    reads_few(subject, "disable", &|store| drop(store.disable(id, at(700))));
}
