//! Sessions that are over are removed, in batches, while requests go on.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use actix_hallpass::hallpass::testing::{ManualClock, SeededRandom};
use actix_hallpass::hallpass::{
    Credentials, LoginAnswer, RefreshError, RefreshRefusal, Sessions, TokenPair,
};
use actix_hallpass::hallpass_diesel::{Migrations, open_per_device};
use actix_hallpass::{Auth, Cleanup};
use actix_web::{App, HttpServer, web};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::app::handlers;
use crate::databases::{TestDatabase, on_every_database};
use crate::http::Client;

on_every_database!(
    what_is_over_is_removed_and_nothing_else,
    many_logins_of_one_account_leave_few_rows,
    sessions_that_can_not_be_removed_cost_no_login,
);

mod a_million {
    //! Takes minutes: `cargo test --workspace --all-features --test system -- --ignored --nocapture
    //! a_million`.

    use crate::databases::{Kind, TestDatabase};

    #[test]
    #[ignore = "it takes minutes"]
    fn on_sqlite() {
        super::a_million_sessions_keep_no_request_waiting(&TestDatabase::sqlite());
    }

    #[test]
    #[ignore = "it takes minutes"]
    fn on_postgres() {
        if let Some(database) = TestDatabase::on(Kind::Postgres) {
            super::a_million_sessions_keep_no_request_waiting(&database);
        }
    }

    #[test]
    #[ignore = "it takes minutes"]
    fn on_mysql() {
        if let Some(database) = TestDatabase::on(Kind::Mysql) {
            super::a_million_sessions_keep_no_request_waiting(&database);
        }
    }
}

/// How long a request may wait for the removal.
const BOUND: Duration = Duration::from_millis(50);

const DIGITS: &str = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 \
    UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 \
    UNION ALL SELECT 8 UNION ALL SELECT 9)";

fn auth(database: &TestDatabase) -> Auth {
    auth_with(100, database)
}

fn auth_with(max: u32, database: &TestDatabase) -> Auth {
    let url = database.database_url();
    Auth::builder()
        .clock(Arc::new(ManualClock::default()))
        .random(Arc::new(SeededRandom::new(7)))
        .random_secrets()
        .store(open_per_device(&url, max, Migrations::Run, None).unwrap())
        .password_hash_cost(4)
        .refresh_hash_cost(4)
        .build()
        .unwrap()
}

fn credentials() -> Credentials {
    Credentials::new("ada", "correct horse")
}

fn login(auth: &Auth) -> TokenPair {
    let LoginAnswer::LoggedIn(pair) =
        auth.service().login(credentials(), None).run_blocking().unwrap();
    pair
}

/// Registers somebody and logs in; returns their refresh token.
fn session(auth: &Auth) -> String {
    auth.service().register(credentials(), None).run_blocking().unwrap();
    login(auth).refresh_token.expose_token().to_owned()
}

fn refresh(auth: &Auth, token: &mut String) {
    let pair = auth.service().refresh(token, None).run_blocking().unwrap();
    pair.refresh_token.expose_token().clone_into(token);
}

/// Adds ten to the power of `digits` sessions of a hundred users, all long over.
fn add_dead_sessions(database: &TestDatabase, digits: usize) {
    let numbers = |digits: usize| {
        let tables: Vec<_> = (0..digits).map(|place| format!("{DIGITS} t{place}")).collect();
        let sum: Vec<_> =
            (0..digits).map(|place| format!("t{place}.d * 1{:0>place$}", "")).collect();
        format!("(SELECT {} AS i FROM {})", sum.join(" + "), tables.join(", "))
    };
    database.sql(&format!(
        "INSERT INTO users (id, login, password_hash)
         SELECT 1000 + i, CAST(i AS CHAR(3)), 'x' FROM {} n",
        numbers(2)
    ));
    database.sql(&format!(
        "INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_used_at,
            expires_at, user_agent, ended_at, end_reason)
         SELECT CAST(i AS CHAR(9)), 1000 + i % 100, 5, 100, 100, 100,
            1000000 + (i - i % 100) / 100, 'an agent of the usual length, say', 1000000, 'logged_out'
         FROM {} n",
        numbers(digits)
    ));
}

fn count(database: &TestDatabase) -> i64 {
    database.count("sessions")
}

fn what_is_over_is_removed_and_nothing_else(database: &TestDatabase) {
    let auth = auth(database);
    let mut token = session(&auth);
    add_dead_sessions(database, 3);
    assert_eq!(count(database), 1001);
    actix_web::rt::System::new().block_on(async {
        let kept = Duration::from_secs(2_000_000_000 - 1_000_000 - 4);
        assert_eq!(auth.remove_dead_sessions(kept).await.unwrap(), 500, "those up to second 4");
        assert_eq!(auth.remove_dead_sessions(Duration::ZERO).await.unwrap(), 500);
        assert_eq!(auth.remove_dead_sessions(Duration::ZERO).await.unwrap(), 0);
    });
    assert_eq!(count(database), 1);
    refresh(&auth, &mut token);
}

fn many_logins_of_one_account_leave_few_rows(database: &TestDatabase) {
    logins_of_one_account_leave_few_rows(200, database);
}

#[test]
fn two_thousand_logins_of_one_account_leave_few_rows() {
    logins_of_one_account_leave_few_rows(2_000, &TestDatabase::sqlite());
}

/// A right password costs no attempt, so nothing limits how often somebody logs in.
fn logins_of_one_account_leave_few_rows(logins: u32, database: &TestDatabase) {
    const MAX: u32 = 5;

    let auth = auth_with(MAX, database);
    let refused = |token: &str| auth.service().refresh(token, None).run_blocking().unwrap_err();
    let first = session(&auth);
    let pairs: Vec<_> = (1..logins).map(|_| login(&auth)).collect();
    assert_eq!(count(database), i64::from(MAX + MAX + Sessions::KEPT_BEYOND_MAXIMUM));
    let newest = pairs.last().unwrap();
    let claims = auth.service().verify_access(newest.access_token.expose_token()).unwrap();
    let listed = auth.service().own_sessions(claims, None).run_blocking().unwrap();
    assert_eq!(listed.len() as u32, MAX);
    let reason = refused(&first);
    let is_revoked = matches!(reason, RefreshError::Refused(RefreshRefusal::NoSession));
    assert!(is_revoked, "its row is gone: {reason:?}");
    let superseded = pairs.iter().filter(|pair| {
        let answer = auth.service().refresh(pair.refresh_token.expose_token(), None);
        matches!(answer.run_blocking(), Err(RefreshError::Refused(RefreshRefusal::Superseded)))
    });
    assert_eq!(superseded.count() as u32, MAX + Sessions::KEPT_BEYOND_MAXIMUM);
}

/// An application's table that refers to sessions keeps them from being removed.
fn sessions_that_can_not_be_removed_cost_no_login(database: &TestDatabase) {
    const MAX: u32 = 1;

    let auth = auth_with(MAX, database);
    session(&auth);
    for _ in 0..MAX + Sessions::KEPT_BEYOND_MAXIMUM {
        login(&auth);
    }
    let id = if database.url().starts_with("mysql") {
        "VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin"
    } else {
        "TEXT"
    };
    database.sql(&format!(
        "CREATE TABLE purchases (user_id BIGINT, session_id {id},
            FOREIGN KEY (user_id, session_id) REFERENCES sessions (user_id, id))"
    ));
    database.sql("INSERT INTO purchases SELECT user_id, id FROM sessions");
    let pairs = [login(&auth), login(&auth)];
    let newest = pairs[1].refresh_token.expose_token();
    auth.service().refresh(newest, None).run_blocking().unwrap();
    let all = MAX + MAX + Sessions::KEPT_BEYOND_MAXIMUM;
    assert_eq!(count(database), i64::from(all + 2));
    database.sql("DROP TABLE purchases");
    login(&auth);
    assert_eq!(count(database), i64::from(all), "the next login removes them");
}

#[test]
fn a_task_removes_them_now_and_then() {
    let database = TestDatabase::sqlite();
    let auth = auth(&database);
    session(&auth);
    add_dead_sessions(&database, 2);
    actix_web::rt::System::new().block_on(async {
        let kept = Duration::ZERO;
        let task = auth.clean_up(Cleanup { every: Duration::from_millis(10), kept });
        one_is_left(&database).await;
        add_more(&database);
        one_is_left(&database).await;
        task.stop().await;
    });
}

/// Whatever starts the program: `#[tokio::main]` with many threads or one, `#[actix_web::main]`, or tokio
/// with tasks of one thread.
fn on_each_runtime(run: impl AsyncFn()) {
    let mut builders = [Builder::new_multi_thread(), Builder::new_current_thread()];
    for builder in &mut builders {
        let runtime = builder.enable_all().build().unwrap();
        runtime.block_on(run());
        runtime.block_on(LocalSet::new().run_until(run()));
    }
    actix_web::rt::System::new().block_on(run());
}

#[test]
fn a_task_removes_them_on_any_runtime_of_tokio() {
    on_each_runtime(async || {
        let database = TestDatabase::sqlite();
        let auth = auth(&database);
        session(&auth);
        add_dead_sessions(&database, 2);
        let task = auth.clean_up(Cleanup { kept: Duration::ZERO, ..Cleanup::default() });
        one_is_left(&database).await;
        task.stop().await;
    });
}

#[test]
fn the_log_has_a_line_where_something_was_removed_and_none_otherwise() {
    let database = TestDatabase::sqlite();
    let auth = auth(&database);
    session(&auth);
    add_dead_sessions(&database, 1);
    let ((), log) = crate::log::during(|| {
        actix_web::rt::System::new().block_on(async {
            let every = Duration::from_millis(10);
            let task = auth.clean_up(Cleanup { every, kept: Duration::ZERO });
            one_is_left(&database).await;
            tokio::time::sleep(20 * every).await;
            task.stop().await;
        });
    });
    assert_eq!(log.matches("old sessions removed").count(), 1, "{log}");
    assert!(log.contains("count="), "{log}");
}

#[test]
fn whatever_waits_of_an_auth_runs_on_any_runtime_of_tokio() {
    on_each_runtime(async || {
        let database = TestDatabase::sqlite();
        let auth = auth(&database);
        session(&auth);
        auth.set_password(1, "another horse").await.unwrap();
        let credentials = || Credentials::new("ada", "another horse");
        let login = || auth.run(auth.service().login(credentials(), None));
        login().await.unwrap().unwrap();
        assert_eq!(auth.end_sessions(1).await.unwrap(), 1);
        assert!(auth.disable(1).await.unwrap());
        login().await.unwrap().unwrap_err();
        assert!(auth.enable(1).await.unwrap());
        assert_eq!(auth.remove_dead_sessions(Duration::ZERO).await.unwrap(), 2);
        assert!(auth.delete(1).await.unwrap());
    });
}

#[test]
fn outside_of_a_runtime_the_task_is_not_silently_lost() {
    let auth = auth(&TestDatabase::sqlite());
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| auth.clean_up(Cleanup::default())));
    let message = panic.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("runtime"), "{message}");
}

#[test]
fn an_application_under_tokio_main_serves_and_cleans_up() {
    let database = TestDatabase::sqlite();
    let auth = auth(&database);
    session(&auth);
    add_dead_sessions(&database, 2);
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        auth.clean_up(Cleanup { kept: Duration::ZERO, ..Cleanup::default() });
        one_is_left(&database).await;
        let server = HttpServer::new(move || {
            App::new()
                .configure(auth.routes("/auth"))
                .service(web::scope("/api").wrap(auth.guard()).configure(handlers))
        });
        let server = server.workers(1).bind("127.0.0.1:0").unwrap();
        let client = Client::new(server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        let requests = thread::spawn(move || {
            let login = client.login("ada", "correct horse");
            let answer = client.get_with_token("/api/nobody", &login.tokens().access);
            drop(handle.stop(false));
            answer.status
        });
        server.await.unwrap();
        assert_eq!(requests.join().unwrap(), 200);
    });
}

async fn one_is_left(database: &TestDatabase) {
    for _ in 0..1000 {
        if count(database) == 1 {
            return;
        }
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} sessions are left after ten seconds", count(database));
}

fn add_more(database: &TestDatabase) {
    database.sql(
        "INSERT INTO sessions (id, user_id, generation, rotated_at, created_at, last_used_at,
            expires_at, ended_at, end_reason)
         VALUES ('more', 1000, 5, 100, 100, 100, 1000000, 1000000, 'logged_out')",
    );
}

/// Refreshes until `is_over`, and returns how long each one took, the longest last.
#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
fn refreshes(auth: &Auth, token: &mut String, is_over: impl Fn() -> bool) -> Vec<Duration> {
    let mut times = Vec::new();
    while !is_over() {
        let start = Instant::now();
        refresh(auth, token);
        times.push(start.elapsed());
        // As requests come: one after the other, with a moment between them.
        thread::sleep(Duration::from_millis(2));
    }
    times.sort();
    times
}

/// What a request waits for the removal is what the slowest one in a thousand takes longer beside it. The
/// longest one of ten thousands is printed: it may wait for a checkpoint of the database, or for the disk,
/// which this test can't tell from the removal.
#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
#[expect(clippy::print_stdout, reason = "whoever runs it wants the numbers")]
fn a_million_sessions_keep_no_request_waiting(database: &TestDatabase) {
    let auth = auth(database);
    let mut token = session(&auth);
    add_dead_sessions(database, 6);
    let start = Instant::now();
    let alone = refreshes(&auth, &mut token, || start.elapsed() > Duration::from_secs(10));
    let is_over = AtomicBool::new(false);
    let start = Instant::now();
    let beside = thread::scope(|scope| {
        let remover = scope.spawn(|| {
            let removed = actix_web::rt::System::new()
                .block_on(async { auth.remove_dead_sessions(Duration::ZERO).await });
            is_over.store(true, Ordering::SeqCst);
            removed.unwrap()
        });
        let beside = refreshes(&auth, &mut token, || is_over.load(Ordering::SeqCst));
        assert_eq!(remover.join().unwrap(), 1_000_000);
        beside
    });
    let per_mille = |times: &[Duration], rank: usize| times[(times.len() - 1) * rank / 1000];
    for (name, times) in [("alone", &alone), ("beside", &beside)] {
        println!(
            "{name}: {} refreshes, median {:?}, 99 % {:?}, 99.9 % {:?}, longest {:?}",
            times.len(),
            per_mille(times, 500),
            per_mille(times, 990),
            per_mille(times, 999),
            per_mille(times, 1000),
        );
    }
    println!("a million sessions were removed in {:?}", start.elapsed());
    assert!(per_mille(&beside, 999) < per_mille(&alone, 999) + BOUND);
    assert_eq!(count(database), 1);
}
