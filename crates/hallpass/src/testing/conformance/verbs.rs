//! Each verb alone: what it changes, and what it must leave alone.

use crate::password::PasswordHash;
use crate::session::{Session, SessionId, Sessions};
use crate::store::{NewUser, PasswordChange, Rotation, SessionStart, SessionsToEnd, StoreError};
use crate::testing::conformance::Subject;
use crate::testing::conformance::account::{Account, at, hash, scope, unused_login};
use crate::user::{LoginName, Scope, UserId};

pub(super) fn run(subject: &dyn Subject) {
    a_user_is_loaded_as_created(subject);
    nobody_is_loaded_for_an_unknown_id_or_login(subject);
    a_login_name_is_given_once(subject);
    a_session_starts_only_on_the_verified_password_hash(subject);
    a_session_start_upgrades_the_password_hash(subject);
    if subject.store().sessions() == Sessions::OnePerUser {
        a_session_start_replaces_the_session(subject);
    }
    a_rotation_replaces_the_hash_and_counts(subject);
    a_rotation_replaces_the_times_of_a_wrong_clock(subject);
    a_rotation_needs_session_and_hash_byte_for_byte(subject);
    a_rotation_leaves_other_users_alone(subject);
    an_ended_session_is_gone_and_stays_so(subject);
    only_the_named_session_is_ended(subject);
    all_sessions_end_but_the_one_that_is_kept(subject);
    a_new_password_ends_the_session(subject);
    a_new_password_needs_the_verified_one(subject);
    a_new_password_may_leave_a_session(subject);
    a_session_that_moved_on_is_not_kept(subject);
    a_disabled_user_neither_starts_nor_rotates(subject);
    a_user_is_disabled_and_enabled(subject);
    a_deleted_user_is_nobody(subject);
    a_user_is_deleted_once(subject);
}

fn a_user_is_loaded_as_created(subject: &dyn Subject) {
    let account = Account::add(subject);
    let user = account.load(subject).expect("the user is there");
    assert_eq!(user.id, account.id);
    assert!(user.password_hash == account.password_hash, "the password hash is the one given");
    let expected = if subject.keeps_scopes() { scope() } else { Scope::default() };
    assert_eq!(user.scope, expected);
    assert!(!user.is_disabled);
    assert_eq!(user.session, None);
    let by_login = subject.store().load_by_login(&account.login).expect("load answers");
    assert_eq!(by_login, Some(user));
    assert!(subject.store().is_id(account.id.as_str()), "an id of the store is an id");
}

fn nobody_is_loaded_for_an_unknown_id_or_login(subject: &dyn Subject) {
    let account = Account::add(subject);
    subject.delete(&account.id);
    assert_eq!(account.load(subject), None);
    let unknown = subject.store().load_by_login(&unused_login()).expect("load answers");
    assert_eq!(unknown, None);
    // Not even an id, unless ids are free text; then nobody has it.
    let no_id = UserId::new("not an id ' of any store");
    assert_eq!(subject.store().load(&no_id).expect("load answers"), None);
}

fn a_login_name_is_given_once(subject: &dyn Subject) {
    let account = Account::add(subject);
    let second = NewUser {
        login: account.login.clone(),
        password_hash: PasswordHash::new("$2b$04$second"),
        scope: scope(),
        created_at: at(2),
    };
    assert_eq!(subject.store().create(&second).expect("create answers"), None);
    let user = account.load(subject).expect("the user is there");
    assert!(user.password_hash == account.password_hash, "the first user is unchanged");
    let unlike = LoginName::parse(&format!("{}\u{301}", account.login)).expect("it is short");
    assert_eq!(subject.store().load_by_login(&unlike).expect("load answers"), None);
}

fn a_session_starts_only_on_the_verified_password_hash(subject: &dyn Subject) {
    let account = Account::add(subject);
    for other in ["$2b$04$other", "$2B$04$FIRST", "$2b$04$first "] {
        let start = SessionStart {
            verified_password_hash: PasswordHash::new(other),
            ..account.session_start("s1")
        };
        assert!(!subject.store().start_session(&start).expect("start answers"), "{other}");
        assert_eq!(account.session(subject), None);
    }
    assert!(account.start(subject, "s1"));
    let expected = account.session_start("s1").session;
    assert_eq!(account.session(subject), Some(expected));
}

fn a_session_start_upgrades_the_password_hash(subject: &dyn Subject) {
    let account = Account::add(subject);
    let upgraded = PasswordHash::new("$2b$05$upgraded");
    let start = SessionStart {
        upgraded_password_hash: Some(upgraded.clone()),
        ..account.session_start("s1")
    };
    assert!(subject.store().start_session(&start).expect("start answers"));
    let user = account.load(subject).expect("the user is there");
    assert!(user.password_hash == upgraded, "the upgraded hash is stored");
    assert!(!account.start(subject, "s2"), "the earlier hash no longer starts a session");
}

fn a_session_start_replaces_the_session(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    assert!(account.rotate(subject, "s1", "a0", "a1"));
    assert!(account.start(subject, "s2"));
    let session = account.session(subject).expect("there is a session");
    assert_eq!((session.id.as_str(), session.generation), ("s2", 0));
    assert!(!account.rotate(subject, "s1", "a1", "a2"), "the earlier session is over");
}

fn a_rotation_replaces_the_hash_and_counts(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    assert!(account.rotate(subject, "s1", "a0", "a1"));
    let rotated = Session {
        id: SessionId::new("s1"),
        refresh_token_hash: hash("a1"),
        generation: 1,
        rotated_at: at(200),
    };
    assert_eq!(account.session(subject), Some(rotated.clone()));
    assert!(!account.rotate(subject, "s1", "a0", "a2"), "a hash is swapped once");
    assert_eq!(account.session(subject), Some(rotated));
    assert!(account.rotate(subject, "s1", "a1", "a2"));
    assert_eq!(account.session(subject).map(|session| session.generation), Some(2));
}

fn a_rotation_replaces_the_times_of_a_wrong_clock(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let ahead = Rotation {
        rotated_at: at(90_000),
        expires_at: at(91_000),
        ..account.rotation("s1", "a0", "a1")
    };
    assert!(subject.store().rotate(&ahead).expect("rotate answers"));
    assert!(account.rotate(subject, "s1", "a1", "a2"));
    assert_eq!(account.session(subject).map(|session| session.rotated_at), Some(at(200)));
    let listed = subject.store().list_sessions(&account.id, at(200)).expect("list answers");
    for session in listed {
        assert_eq!((session.last_used_at, session.expires_at), (at(200), at(1_100)));
    }
}

fn a_rotation_needs_session_and_hash_byte_for_byte(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let before = account.session(subject);
    for (session_id, from) in [("s2", "a0"), ("S1", "a0"), ("s1", "A0"), ("s1", "a0 "), ("s1", "b")]
    {
        assert!(!account.rotate(subject, session_id, from, "a1"), "{session_id} {from}");
        assert_eq!(account.session(subject), before);
    }
}

fn a_rotation_leaves_other_users_alone(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let neighbour = Account::with_session(subject, "s1");
    let before = neighbour.load(subject);
    assert!(account.rotate(subject, "s1", "a0", "a1"));
    assert!(account.end(subject, "s1"));
    assert_eq!(neighbour.load(subject), before);
}

fn an_ended_session_is_gone_and_stays_so(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    assert!(account.end(subject, "s1"));
    assert_eq!(account.session(subject), None);
    assert!(!account.end(subject, "s1"), "a session is ended once");
    assert!(!account.rotate(subject, "s1", "a0", "a1"), "a swap brings no session back");
    assert_eq!(account.session(subject), None);
}

fn only_the_named_session_is_ended(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    for other in ["s2", "S1", "s1 ", ""] {
        assert!(!account.end(subject, other), "{other:?}");
    }
    assert!(account.session(subject).is_some());
}

fn all_sessions_end_but_the_one_that_is_kept(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let neighbour = Account::with_session(subject, "s1");
    let all_but = |id| SessionsToEnd::AllBut(SessionId::new(id));
    assert_eq!(account.end_several(subject, &all_but("s1")), 0);
    assert!(account.session(subject).is_some(), "it is kept");
    assert_eq!(account.end_several(subject, &all_but("s2")), 1);
    assert_eq!(account.session(subject), None);
    assert!(account.start(subject, "s3"));
    assert_eq!(account.end_several(subject, &SessionsToEnd::All), 1);
    assert_eq!(account.end_several(subject, &SessionsToEnd::All), 0, "they are ended once");
    assert!(!account.rotate(subject, "s3", "a0", "a1"), "a swap brings no session back");
    assert!(neighbour.session(subject).is_some(), "others are left alone");
}

fn a_new_password_ends_the_session(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let second = PasswordHash::new("$2b$04$second");
    let change = account.password_change(&second);
    let set = || subject.store().set_password(&change).expect("set answers");
    assert!(set());
    let user = account.load(subject).expect("the user is there");
    assert!(user.password_hash == second, "the new hash is stored");
    assert_eq!(user.session, None);
    assert!(!account.start(subject, "s2"), "the earlier password starts no session");
    subject.delete(&account.id);
    assert!(!set(), "nobody has no password");
}

fn a_new_password_needs_the_verified_one(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let before = account.load(subject);
    for other in ["$2b$04$other", "$2B$04$FIRST", "$2b$04$first "] {
        let change = PasswordChange {
            verified_password_hash: PasswordHash::new(other),
            ..account.password_change(&PasswordHash::new("$2b$04$second"))
        };
        assert!(!account.set_password(subject, &change), "{other}");
        assert_eq!(account.load(subject), before);
    }
}

fn a_new_password_may_leave_a_session(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let second = PasswordHash::new("$2b$04$second");
    let bound = hash("a0").bound_to(&second);
    assert!(
        account.set_password(subject, &account.password_change_keeping(&second, "s1", &hash("a0")))
    );
    let user = account.load(subject).expect("the user is there");
    assert!(user.password_hash == second, "the new hash is stored");
    let session = user.session.expect("the session goes on");
    assert_eq!((session.id.as_str(), session.generation), ("s1", 0));
    assert!(session.refresh_token_hash == bound, "it is bound to the new password");
    let next = Rotation { verified_hash: bound, ..account.rotation("s1", "a0", "a1") };
    assert!(subject.store().rotate(&next).expect("rotate answers"), "it is refreshed as before");
}

fn a_session_that_moved_on_is_not_kept(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    assert!(account.rotate(subject, "s1", "a0", "a1"));
    let before = account.load(subject);
    let second = PasswordHash::new("$2b$04$second");
    for (session_id, verified) in [("s1", "a0"), ("s2", "a1"), ("S1", "a1"), ("s1", "A1")] {
        let change = account.password_change_keeping(&second, session_id, &hash(verified));
        assert!(!account.set_password(subject, &change), "{session_id} {verified}");
        assert_eq!(account.load(subject), before, "nothing has changed");
    }
}

fn a_disabled_user_neither_starts_nor_rotates(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    if !subject.disable(&account.id) {
        return;
    }
    assert!(account.load(subject).expect("the user is there").is_disabled);
    assert!(!account.rotate(subject, "s1", "a0", "a1"), "no rotation");
    assert!(!account.start(subject, "s2"), "no session");
    assert!(account.end(subject, "s1"), "but a logout");
}

fn a_user_is_disabled_and_enabled(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let neighbour = Account::with_session(subject, "s1");
    let store = subject.store();
    match store.disable(&account.id, at(300)) {
        Err(StoreError::Unsupported(_)) => {
            assert!(account.session(subject).is_some(), "nothing has changed");
            let enabled = store.enable(&account.id, at(300));
            assert!(matches!(enabled, Err(StoreError::Unsupported(_))), "{enabled:?}");
            return;
        }
        disabled => assert!(disabled.expect("disable answers"), "the user is there"),
    }
    let user = account.load(subject).expect("the user is there");
    assert!(user.is_disabled);
    assert_eq!(user.session, None, "their session has ended");
    assert!(!account.start(subject, "s2"), "no session");
    assert!(store.enable(&account.id, at(400)).expect("enable answers"));
    assert!(store.enable(&account.id, at(400)).expect("enable answers"), "twice is no harm");
    let user = account.load(subject).expect("the user is there");
    assert!(!user.is_disabled);
    assert_eq!(user.session, None, "no session comes back");
    assert!(account.start(subject, "s2"));
    let other = neighbour.load(subject).expect("the user is there");
    assert!(!other.is_disabled && other.session.is_some(), "others are left alone");
    subject.delete(&account.id);
    assert!(!store.disable(&account.id, at(300)).expect("disable answers"), "nobody is there");
    assert!(!store.enable(&account.id, at(300)).expect("enable answers"), "nobody is there");
}

fn a_user_is_deleted_once(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let neighbour = Account::with_session(subject, "s1");
    assert!(subject.store().delete(&account.id).expect("delete answers"));
    assert!(!subject.store().delete(&account.id).expect("delete answers"), "once");
    assert_eq!(account.load(subject), None);
    assert!(neighbour.session(subject).is_some(), "others are left alone");
}

fn a_deleted_user_is_nobody(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    subject.delete(&account.id);
    assert!(!account.rotate(subject, "s1", "a0", "a1"), "no rotation");
    assert!(!account.start(subject, "s2"), "no session");
    assert!(
        !account.end(subject, "s1"),
        "the session of a deleted user can still be ended: is the foreign key there, and on?"
    );
    let next = Account::add(subject);
    assert_ne!(next.id, account.id, "an id is not given again: its tokens are still alive");
}
