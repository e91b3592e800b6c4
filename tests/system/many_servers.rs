//! Four server processes on one database, whose clocks differ, and which are killed.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

use crate::databases::{TestDatabase, on_every_server};
use crate::forge;
use crate::http::{Answer, Client};
use crate::process::{Process, configure, example};

on_every_server!(
    a_retry_is_answered_by_another_process_with_the_same_successor,
    parallel_refreshes_over_four_killed_servers_have_one_lineage,
);

/// How far the clock of each server is off: by five seconds at most from one to another.
const CLOCK_OFFSETS: [i64; 4] = [0, 3, -2, 1];

/// How many refreshes of one token are sent at once.
const PARALLEL: usize = 16;

/// How many generations the session goes through.
const ROUNDS: usize = 500;

fn command(database: &TestDatabase, number: usize, bind: &str) -> Command {
    let mut command = Command::new(example("skewed_server"));
    configure(&mut command, database.directory());
    command
        .env("DATABASE_URL", database.url())
        .env("CLOCK_OFFSET_SECONDS", CLOCK_OFFSETS[number].to_string())
        .env("BIND", bind);
    command
}

fn four(database: &TestDatabase) -> [Process; 4] {
    [0, 1, 2, 3].map(|number| Process::run(&mut command(database, number, "127.0.0.1:0")))
}

fn a_retry_is_answered_by_another_process_with_the_same_successor(database: &TestDatabase) {
    let servers = four(database);
    let mut token = servers[0].session("ada").refresh;
    for round in 0..16 {
        let (one, other) = (&servers[round % 4], &servers[(round + 1 + round / 4) % 4]);
        let first = one.refresh(&token).tokens();
        let retried = other.refresh(&token).tokens();
        assert_eq!(first.refresh, retried.refresh, "round {round}");
        token = first.refresh;
    }
}

/// Sends a refresh to one server after the other until one answers: a killed one does not, and the
/// same token may be sent again.
fn refresh(clients: &[Client], first: usize, token: &str) -> Answer {
    let body = serde_json::json!({ "refresh_token": token }).to_string();
    let headers = [("Content-Type", "application/json")];
    for attempt in 0..1000 {
        let client = &clients[(first + attempt) % clients.len()];
        match client.try_send("POST", "/auth/refresh", &headers, &body) {
            Ok(answer) => return answer,
            // It was killed; its next process is on the way.
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
    panic!("no server answers");
}

/// Refreshes one token sixteen times at once, spread over the servers, for five hundred generations.
fn refresh_in_parallel(clients: &[Client], mut token: String, done: &AtomicUsize) {
    for round in 1..=ROUNDS {
        let start = Barrier::new(PARALLEL);
        let successors: BTreeSet<String> = thread::scope(|scope| {
            let refresh = |number| {
                let (start, token) = (&start, &token);
                scope.spawn(move || {
                    start.wait();
                    refresh(clients, number, token).tokens().refresh
                })
            };
            let refreshes: Vec<_> = (0..PARALLEL).map(refresh).collect();
            refreshes.into_iter().map(|refresh| refresh.join().unwrap()).collect()
        });
        assert_eq!(successors.len(), 1, "round {round}: one lineage");
        token = successors.into_iter().next().unwrap();
        assert_eq!(forge::payload(&token)["gen"], round, "one generation step");
        done.store(round, Ordering::SeqCst);
    }
}

fn parallel_refreshes_over_four_killed_servers_have_one_lineage(database: &TestDatabase) {
    let servers = four(database);
    let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address()).collect();
    let clients: Vec<_> = addresses.iter().map(|address| Client::new(*address)).collect();
    let token = servers[0].session("ada").refresh;
    let servers = Mutex::new(servers.map(Some));
    let (goes_on, done) = (AtomicBool::new(true), AtomicUsize::new(0));
    let mut logs = String::new();
    let mut kills = 0;
    thread::scope(|scope| {
        let storm = scope.spawn(|| {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                refresh_in_parallel(&clients, token, &done);
            }));
            goes_on.store(false, Ordering::SeqCst);
            outcome
        });
        for number in (0..4).cycle() {
            // One process every second, in earnest.
            thread::sleep(Duration::from_secs(1));
            if !goes_on.load(Ordering::SeqCst) {
                break;
            }
            let mut servers = servers.lock().unwrap();
            logs.push_str(&servers[number].take().unwrap().into_log());
            let bind = addresses[number].to_string();
            servers[number] = Some(Process::run(&mut command(database, number, &bind)));
            kills += 1;
        }
        storm.join().unwrap().unwrap();
    });
    for server in servers.into_inner().unwrap().into_iter().flatten() {
        logs.push_str(&server.into_log());
    }
    assert_eq!(done.into_inner(), ROUNDS);
    assert!(kills >= 3, "{kills} kills are no trouble");
    assert!(!logs.contains("reuse") && !logs.contains("ERROR"), "{logs}");
}
