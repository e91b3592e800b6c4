//! How often a verb is run that fails.

#[cfg(feature = "mysql")]
use std::{
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

#[cfg(feature = "mysql")]
use crate::databases::wait_for;
use crate::databases::{Kind, TestDatabase};
use crate::process::{Process, command_on};

/// The trigger counts the runs with a sequence, which a rollback does not reset.
#[test]
#[cfg(feature = "postgres")]
fn a_verb_that_a_trigger_always_refuses_is_run_three_times_at_most() {
    let Some(database) = TestDatabase::on(Kind::Postgres) else { return };
    let server = Process::run(command_on(&database).env_remove("SESSIONS_PER_USER"));
    server.register("ada", "correct horse");
    for (pause, expected) in [("0", 2), ("0.15", 3)] {
        database.sql(&format!(
            "CREATE SEQUENCE runs;
             CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM nextval(''runs''), pg_sleep({pause}); RAISE EXCEPTION ''no''; END';
             CREATE TRIGGER refuse BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION refuse()",
        ));
        assert_eq!(server.login("ada", "correct horse").status, 503);
        let runs = database.count("generate_series(1, (SELECT last_value FROM runs))");
        assert_eq!(runs, expected, "after {pause} s each");
        database.sql("DROP FUNCTION refuse CASCADE; DROP SEQUENCE runs");
    }
    assert_eq!(server.login("ada", "correct horse").status, 200);
}

/// The statement is executed and committed, and its reply is lost.
#[test]
#[cfg(feature = "mysql")]
fn a_verb_whose_reply_is_lost_is_not_run_again() {
    let Some(database) = TestDatabase::on(Kind::Mysql) else { return };
    let proxy = Proxy::to(database.url());
    let mut command = command_on(&database);
    command.env("DATABASE_URL", proxy.url()).env_remove("SESSIONS_PER_USER");
    let server = Process::run(&mut command);
    server.register("ada", "correct horse");
    database.sql(
        "CREATE TABLE runs (slept INTEGER);
         CREATE TRIGGER run AFTER UPDATE ON users
         FOR EACH ROW INSERT INTO runs VALUES (SLEEP(1.5))",
    );
    thread::scope(|scope| {
        let login = scope.spawn(|| server.login("ada", "correct horse"));
        let sleeping =
            "information_schema.processlist WHERE state = 'User sleep' AND db = DATABASE()";
        wait_for(&database, sleeping);
        proxy.lose_replies();
        let answer = login.join().unwrap();
        assert_eq!(answer.status, 503, "{answer:?}");
    });
    wait_for(&database, "runs");
    database.sql("DROP TRIGGER run");
    assert_eq!(server.login("ada", "correct horse").status, 200);
    assert_eq!(database.count("runs"), 1);
}

/// Stands between a process and its database server.
#[cfg(feature = "mysql")]
struct Proxy {
    url: String,
    clients: Arc<Mutex<Vec<TcpStream>>>,
}

#[cfg(feature = "mysql")]
impl Proxy {
    /// Forwards connections to the server of this URL for as long as the test process runs.
    fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (before, rest) = url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let server: SocketAddr = server.replace("localhost", "127.0.0.1").parse().unwrap();
        let url = format!("{before}@{}/{database}", listener.local_addr().unwrap());
        let clients = Arc::<Mutex<Vec<_>>>::default();
        let of_thread = Arc::clone(&clients);
        thread::spawn(move || {
            for client in listener.incoming().map(Result::unwrap) {
                let upstream = TcpStream::connect(server).unwrap();
                of_thread.lock().unwrap().push(client.try_clone().unwrap());
                forward(&client, &upstream);
                forward(&upstream, &client);
            }
        });
        Self { url, clients }
    }

    fn url(&self) -> &str {
        &self.url
    }

    /// Closes the connections to the process. Those to the server stay open, so that the
    /// server finishes its statements.
    fn lose_replies(&self) {
        for client in self.clients.lock().unwrap().drain(..) {
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

/// Forwards what comes from one end to the other, which stays open after the end of input.
#[cfg(feature = "mysql")]
fn forward(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut from, &mut to));
}
