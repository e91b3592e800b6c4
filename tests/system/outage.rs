//! A database server that crashes and comes back under load.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::databases::{Kind, PrivateServer, TestDatabase, not_tested};
use crate::forge;
use crate::http::Client;
use crate::process::{Process, command_on};

/// How long a refusal may take, and how long after its return the database may still be refused.
const AT_MOST: Duration = Duration::from_secs(2);

/// More than there are connections in the pool.
const CLIENTS: usize = 12;

/// What one client saw.
#[derive(Default)]
struct Report {
    refusals: usize,
    slowest_refusal: Duration,
    last_refusal: Option<Instant>,
}

#[expect(clippy::disallowed_methods, reason = "spans are measured, not the time of day")]
fn now() -> Instant {
    Instant::now()
}

/// Refreshes with the newest token for as long as `goes_on`; sends the same again after a 503.
fn refresh_until(client: &Client, mut token: String, goes_on: &AtomicBool) -> Report {
    let mut report = Report::default();
    let mut generation = 0;
    while goes_on.load(Ordering::SeqCst) {
        let sent = now();
        let answer = client.refresh(&token);
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            report.refusals += 1;
            report.slowest_refusal = report.slowest_refusal.max(sent.elapsed());
            report.last_refusal = Some(now());
            continue;
        }
        token = answer.tokens().refresh;
        generation += 1;
        assert_eq!(forge::payload(&token)["gen"], generation, "nothing is lost or doubled");
    }
    report
}

fn a_crash_is_503_until_the_database_is_back(kind: Kind) {
    let mut server = match PrivateServer::start(kind) {
        Ok(server) => server,
        Err(reason) => return not_tested(kind, &format!("its crash: {reason}")),
    };
    let database = TestDatabase::on_server(server.server());
    if kind == Kind::Mysql {
        // What was answered is kept, whatever the server's default says.
        database.sql("SET GLOBAL autocommit = 0");
    }
    let process = Process::run(&mut command_on(&database));
    let sessions: Vec<_> =
        (0..CLIENTS).map(|number| process.session(&format!("user{number}")).refresh).collect();
    let goes_on = AtomicBool::new(true);
    let (reports, back) = thread::scope(|scope| {
        let client = |token| {
            let (client, goes_on) = (Client::new(process.address()), &goes_on);
            scope.spawn(move || refresh_until(&client, token, goes_on))
        };
        let clients: Vec<_> = sessions.into_iter().map(client).collect();
        thread::sleep(Duration::from_millis(500));
        server.stop();
        // Longer than a verb waits for a connection.
        thread::sleep(Duration::from_millis(2500));
        server.go_on().unwrap();
        let back = now();
        thread::sleep(AT_MOST + Duration::from_secs(1));
        goes_on.store(false, Ordering::SeqCst);
        let reports: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        (reports, back)
    });
    for report in reports {
        assert!(report.refusals > 1, "the outage was noticed");
        assert!(report.slowest_refusal <= AT_MOST, "{:?}", report.slowest_refusal);
        let recovery = report.last_refusal.unwrap().saturating_duration_since(back);
        assert!(recovery <= AT_MOST, "{recovery:?}");
    }
    let log = process.into_log();
    assert!(log.contains("unavailable") && !log.contains("reuse"), "{log}");
}

/// A primary that becomes a standby answers, and writes nothing. Without a new connection it would be
/// asked until the program ends.
#[test]
#[cfg(feature = "postgres")]
fn a_connection_that_may_not_write_is_replaced() {
    let Some(database) = TestDatabase::on(Kind::Postgres) else { return };
    let server = crate::databases::Server::of(Kind::Postgres).unwrap();
    let set_read_only = |value: &str| {
        server.sql(&format!(
            "ALTER DATABASE {} SET default_transaction_read_only = {value}",
            database.name()
        ));
    };
    let token = Process::run(&mut command_on(&database)).session("ada").refresh;
    set_read_only("on");
    let process = Process::run(command_on(&database).env("MIGRATE", "false"));
    for _ in 0..20 {
        process.refresh(&token).assert_refused(503, "unavailable");
    }
    set_read_only("off");
    // Each connection finds it out once, and r2d2 replaces it in the background.
    let mut answers = (0..50).map(|_| {
        thread::sleep(Duration::from_millis(20));
        process.refresh(&token)
    });
    answers.find(|answer| answer.status != 503).expect("it writes again").tokens();
}

/// Twelve users at once, twice, with so long a pause that the server has closed all connections.
fn connections_closed_for_being_idle_cost_no_request(database: &TestDatabase) {
    let server = Process::run(&mut command_on(database));
    let mut tokens: Vec<_> =
        (0..CLIENTS).map(|number| server.session(&format!("user{number}")).refresh).collect();
    for _ in 0..2 {
        // It is the server's clock that counts.
        thread::sleep(Duration::from_millis(2500));
        tokens = thread::scope(|scope| {
            let server = &server;
            let refresh =
                |token: String| scope.spawn(move || server.refresh(&token).tokens().refresh);
            let refreshes: Vec<_> = tokens.into_iter().map(refresh).collect();
            refreshes.into_iter().map(|refresh| refresh.join().unwrap()).collect()
        });
    }
    let log = server.into_log();
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
#[cfg(feature = "postgres")]
fn connections_that_postgres_closes_for_being_idle_cost_no_request() {
    let Some(database) = TestDatabase::on(Kind::Postgres) else { return };
    let name = database.name();
    database.sql(&format!("ALTER DATABASE {name} SET idle_session_timeout = '1s'"));
    connections_closed_for_being_idle_cost_no_request(&database);
}

/// On a server of its own: the setting is one for all databases.
#[test]
#[cfg(feature = "mysql")]
fn connections_that_mysql_closes_for_being_idle_cost_no_request() {
    let server = match PrivateServer::start(Kind::Mysql) {
        Ok(server) => server,
        Err(reason) => return not_tested(Kind::Mysql, &format!("idle connections: {reason}")),
    };
    let database = TestDatabase::on_server(server.server());
    database.sql("SET GLOBAL wait_timeout = 1");
    connections_closed_for_being_idle_cost_no_request(&database);
}

#[test]
#[cfg(feature = "postgres")]
fn a_crash_of_postgres_is_503_until_it_is_back() {
    a_crash_is_503_until_the_database_is_back(Kind::Postgres);
}

#[test]
#[cfg(feature = "mysql")]
fn a_crash_of_mysql_is_503_until_it_is_back() {
    a_crash_is_503_until_the_database_is_back(Kind::Mysql);
}
