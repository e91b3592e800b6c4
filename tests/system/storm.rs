//! Many requests at once against the example server on a real file, and processes that are killed.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::databases::{TestDatabase, on_every_database};
use crate::forge;
use crate::http::{Answer, Client, Tokens};
use crate::process::{Process, command_on};

on_every_database!(
    fifty_refreshes_of_one_token_have_one_successor_for_twenty_rounds,
    a_refresh_that_races_with_a_logout_brings_no_session_back,
    a_refresh_that_races_with_a_login_does_not_harm_it,
    a_refresh_that_races_with_disabling_brings_no_session_back,
    a_refresh_that_races_with_deletion_brings_no_session_back,
    logins_of_one_user_at_once_leave_one_session_that_works,
    a_server_that_is_killed_under_a_storm_logs_nobody_out,
);

/// Sends `count` refreshes with one token at once, and does `meanwhile` with them.
fn refresh_at_once(
    client: &Client,
    token: &str,
    count: usize,
    meanwhile: impl FnOnce() + Send,
) -> Vec<Answer> {
    let start = Barrier::new(count + 1);
    thread::scope(|scope| {
        let refresh = || {
            start.wait();
            client.refresh(token)
        };
        let refreshes: Vec<_> = (0..count).map(|_| scope.spawn(refresh)).collect();
        start.wait();
        meanwhile();
        refreshes.into_iter().map(|refresh| refresh.join().unwrap()).collect()
    })
}

fn fifty_refreshes_of_one_token_have_one_successor_for_twenty_rounds(database: &TestDatabase) {
    let server = Process::on(database);
    let mut token = server.session("ada").refresh;
    for round in 1..=20 {
        let answers = refresh_at_once(&server, &token, 50, || ());
        let successors: BTreeSet<_> =
            answers.iter().map(|answer| answer.tokens().refresh).collect();
        assert_eq!(successors.len(), 1, "round {round}");
        token = successors.into_iter().next().unwrap();
        assert_eq!(forge::payload(&token)["gen"], round, "one generation step");
    }
    server.refresh(&token).tokens();
    let log = server.into_log();
    assert!(log.contains("refreshed") && !log.contains("reuse"), "{log}");
}

/// Lets eight refreshes race with `interfere`, for twenty rounds, each with a session of its own.
/// Nothing may come of it but 200 and 401, and afterwards no token of the session may work.
fn race(server: Process, interfere: impl Fn(&Process, &str, &Tokens) + Sync) {
    for round in 0..20 {
        let login = format!("user{round}");
        let tokens = server.session(&login);
        let answers =
            refresh_at_once(&server, &tokens.refresh, 8, || interfere(&server, &login, &tokens));
        for answer in &answers {
            assert!(matches!(answer.status, 200 | 401), "{answer:?}");
        }
        let successors = answers.iter().filter(|answer| answer.status == 200);
        for token in successors.map(|answer| answer.tokens().refresh).chain([tokens.refresh]) {
            assert_eq!(server.refresh(&token).status, 401, "the session came back");
        }
    }
    let log = server.into_log();
    assert!(!log.contains("ERROR") && !log.contains("reuse"), "{log}");
}

fn a_refresh_that_races_with_a_logout_brings_no_session_back(database: &TestDatabase) {
    let server = Process::on(database);
    race(server, |server, _, tokens| assert_eq!(server.logout(&tokens.refresh).status, 204));
}

fn a_refresh_that_races_with_a_login_does_not_harm_it(database: &TestDatabase) {
    let server = Process::on(database);
    race(server, |server, login, _| {
        let present = server.login(login, "correct horse").tokens();
        server.refresh(&present.refresh).tokens();
    });
}

fn a_refresh_that_races_with_disabling_brings_no_session_back(database: &TestDatabase) {
    let server = Process::on(database);
    race(server, |_, login, _| {
        database.sql(&format!("UPDATE users SET disabled_at = 1 WHERE login = '{login}'"));
    });
}

fn a_refresh_that_races_with_deletion_brings_no_session_back(database: &TestDatabase) {
    let server = Process::on(database);
    race(server, |_, login, _| {
        database.sql(&format!("DELETE FROM users WHERE login = '{login}'"));
    });
}

fn logins_of_one_user_at_once_leave_one_session_that_works(database: &TestDatabase) {
    let server = Process::on(database);
    server.register("ada", "correct horse");
    let start = Barrier::new(8);
    let sessions: Vec<_> = thread::scope(|scope| {
        let login = || {
            start.wait();
            server.login("ada", "correct horse").tokens()
        };
        let logins: Vec<_> = (0..8).map(|_| scope.spawn(login)).collect();
        logins.into_iter().map(|login| login.join().unwrap()).collect()
    });
    let alive =
        sessions.iter().filter(|tokens| server.refresh(&tokens.refresh).status == 200).count();
    assert_eq!(alive, 1);
}

/// Refreshes for as long as `goes_on`, with its newest token; a reply that was lost is a reason
/// to send the same token again. Returns how often it was answered.
fn refresh_until(client: &Client, mut token: String, goes_on: &AtomicBool) -> (usize, String) {
    let body = |token: &str| serde_json::json!({ "refresh_token": token }).to_string();
    let headers = [("Content-Type", "application/json")];
    let mut answers = 0;
    while goes_on.load(Ordering::SeqCst) {
        match client.try_send("POST", "/auth/refresh", &headers, &body(&token)) {
            Ok(answer) if answer.status == 503 => {}
            Ok(answer) => {
                token = answer.tokens().refresh;
                answers += 1;
            }
            // The server is down or was killed: its next process is on the way.
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
    (answers, token)
}

fn a_server_that_is_killed_under_a_storm_logs_nobody_out(database: &TestDatabase) {
    let mut server = Process::on(database);
    let address = server.address();
    let restart = || Process::run(command_on(database).env("BIND", address.to_string()));
    let sessions: Vec<_> =
        (0..8).map(|number| server.session(&format!("user{number}")).refresh).collect();
    let goes_on = AtomicBool::new(true);
    thread::scope(|scope| {
        let clients: Vec<_> = sessions
            .into_iter()
            .map(|token| {
                let (client, goes_on) = (Client::new(address), &goes_on);
                scope.spawn(move || refresh_until(&client, token, goes_on))
            })
            .collect();
        for _ in 0..5 {
            // Long enough for the clients to be in the middle of something.
            thread::sleep(Duration::from_millis(300));
            server.kill();
            server = restart();
        }
        thread::sleep(Duration::from_millis(300));
        goes_on.store(false, Ordering::SeqCst);
        for client in clients {
            let (answers, token) = client.join().expect("a client was refused");
            assert!(answers > 5, "{answers} answers are no storm");
            server.refresh(&token).tokens();
        }
    });
}
