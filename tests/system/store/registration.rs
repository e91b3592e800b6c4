//! Many want one login name at once, where a deleted user has left their mark in the index.

use std::sync::Barrier;
use std::thread;

use actix_hallpass::hallpass::{LoginName, NewUser, PasswordHash, Scope, Timestamp};
use actix_hallpass::hallpass_diesel::{self, Migrations};

use crate::databases::{TestDatabase, on_every_server};

on_every_server!(of_many_who_want_one_name_at_once_nobody_hears_of_an_outage);

/// More of them have to wait for each other than there are in a race of the suite.
const RIVALS: usize = 16;

/// MySQL gives up all but one of those who wait for a mark to be cleared, and may do so again and again.
fn of_many_who_want_one_name_at_once_nobody_hears_of_an_outage(database: &TestDatabase) {
    let size = std::num::NonZeroU32::new(RIVALS as u32);
    let store = hallpass_diesel::open(&database.database_url(), Migrations::Run, size).unwrap();
    let ada = NewUser {
        login: LoginName::parse("ada").unwrap(),
        password_hash: PasswordHash::new("p"),
        scope: Scope::default(),
        created_at: Timestamp::MAX,
    };
    for _ in 0..200 {
        database.sql("DELETE FROM users");
        let start = Barrier::new(RIVALS);
        let created = thread::scope(|scope| {
            let rival = |_| {
                scope.spawn(|| {
                    start.wait();
                    store.create(&ada).unwrap()
                })
            };
            let rivals: Vec<_> = (0..RIVALS).map(rival).collect();
            rivals.into_iter().filter_map(|rival| rival.join().unwrap()).count()
        });
        assert_eq!(created, 1);
    }
}
