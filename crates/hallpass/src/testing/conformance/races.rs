//! Verbs against each other: whoever wins, no session comes back and nothing is counted twice.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::password::PasswordHash;
use crate::session::Sessions;
use crate::store::{NewUser, Rotation};
use crate::testing::conformance::Subject;
use crate::testing::conformance::account::{Account, at, hash, scope};
use crate::user::UserId;

/// Threads that want the same thing at once.
pub(super) const RIVALS: usize = 8;

/// How often each race is run: the first rounds only warm the connections up.
const ROUNDS: usize = 20;

pub(super) fn run(subject: &dyn Subject) {
    for _ in 0..ROUNDS {
        one_of_many_rotations_wins(subject);
        one_of_many_registrations_wins(subject);
        one_of_many_ends_counts(subject);
        a_rotation_brings_no_ended_session_back(subject);
        if subject.store().sessions() == Sessions::OnePerUser {
            a_rotation_brings_no_superseded_session_back(subject);
        }
        a_rotation_brings_no_session_of_an_earlier_password_back(subject);
        a_login_with_an_earlier_password_starts_nothing(subject);
        a_disabled_user_has_no_session_whoever_wins(subject);
        a_rotation_survives_a_deletion_and_a_disabling(subject);
    }
}

/// Runs `one(0)` to `one(RIVALS - 1)` at once and returns how many said yes.
pub(super) fn winners(one: impl Fn(usize) -> bool + Sync) -> usize {
    let start = Barrier::new(RIVALS);
    thread::scope(|scope| {
        let rival = |number| {
            let (start, one) = (&start, &one);
            scope.spawn(move || {
                start.wait();
                one(number)
            })
        };
        let rivals: Vec<_> = (0..RIVALS).map(rival).collect();
        rivals.into_iter().map(|rival| rival.join().expect("no panic")).filter(|won| *won).count()
    })
}

fn one_of_many_rotations_wins(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let won = winners(|number| account.rotate(subject, "s1", "a0", &format!("rival{number}")));
    assert_eq!(won, 1, "one rotation wins");
    let session = account.session(subject).expect("the session goes on");
    assert_eq!(session.generation, 1, "one generation step");
}

fn one_of_many_registrations_wins(subject: &dyn Subject) {
    let taken = Account::add(subject);
    subject.delete(&taken.id);
    let new = NewUser {
        login: taken.login.clone(),
        password_hash: taken.password_hash.clone(),
        scope: scope(),
        created_at: at(1),
    };
    let won = winners(|_| subject.store().create(&new).expect("create answers").is_some());
    assert_eq!(won, 1, "one registration wins");
}

fn one_of_many_ends_counts(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    assert_eq!(winners(|_| account.end(subject, "s1")), 1, "one reuse event");
}

fn a_rotation_brings_no_ended_session_back(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    winners(|number| match number {
        0 => account.end(subject, "s1"),
        _ => account.rotate(subject, "s1", "a0", "a1"),
    });
    assert_eq!(account.session(subject), None, "logged out is logged out");
}

fn a_rotation_brings_no_superseded_session_back(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    winners(|number| match number {
        0 => account.start(subject, "s2"),
        _ => account.rotate(subject, "s1", "a0", "a1"),
    });
    let session = account.session(subject).expect("the login's session is there");
    assert_eq!((session.id.as_str(), session.generation), ("s2", 0), "the login stands");
    assert!(session.refresh_token_hash == hash("a0"), "with the hash of its own token");
}

fn a_rotation_brings_no_session_of_an_earlier_password_back(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let change = account.password_change(&PasswordHash::new("$2b$04$second"));
    winners(|number| match number {
        0 => account.set_password(subject, &change),
        _ => account.rotate(subject, "s1", "a0", &format!("rival{number}")),
    });
    assert_eq!(account.session(subject), None, "the password was changed");
}

fn a_login_with_an_earlier_password_starts_nothing(subject: &dyn Subject) {
    let account = Account::add(subject);
    let change = account.password_change(&PasswordHash::new("$2b$04$second"));
    winners(|number| match number {
        0 => account.set_password(subject, &change),
        _ => account.start(subject, &format!("s{number}")),
    });
    assert_eq!(account.session(subject), None, "it starts before and ends, or not at all");
}

fn a_disabled_user_has_no_session_whoever_wins(subject: &dyn Subject) {
    let account = Account::with_session(subject, "s1");
    let is_disabled = AtomicBool::new(false);
    winners(|number| match number {
        0 => {
            let disabled = subject.store().disable(&account.id, at(300));
            is_disabled.store(disabled.is_ok(), Ordering::SeqCst);
            false
        }
        1 => account.rotate(subject, "s1", "a0", "a1"),
        _ => account.start(subject, &format!("t{number}")),
    });
    if is_disabled.into_inner() {
        assert_eq!(account.session(subject), None, "the user is disabled");
    }
}

fn a_rotation_survives_a_deletion_and_a_disabling(subject: &dyn Subject) {
    let delete = |subject: &dyn Subject, id: &UserId| {
        subject.delete(id);
        true
    };
    for remove in [delete, |subject: &dyn Subject, id: &UserId| subject.disable(id)] {
        let account = Account::with_session(subject, "s1");
        let is_removed = AtomicBool::new(false);
        winners(|number| match number {
            0 => {
                is_removed.store(remove(subject, &account.id), Ordering::SeqCst);
                false
            }
            _ => account.rotate(subject, "s1", "a0", "a1"),
        });
        if !is_removed.into_inner() {
            continue;
        }
        let next = Rotation { verified_hash: hash("a1"), ..account.rotation("s1", "a1", "a2") };
        let is_rotated = subject.store().rotate(&next).expect("rotate answers");
        assert!(!is_rotated, "no rotation after it");
    }
}
