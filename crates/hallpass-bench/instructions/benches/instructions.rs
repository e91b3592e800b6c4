//! Counts instructions under callgrind, which do not depend on how busy the machine is: of verifying an
//! access token, of finding one that was verified, and of deciding about a refresh token: with the one bcrypt
//! of its successor for the newest, which hides what stands around it, so that is counted apart, and with none for the
//! others. And of what a login does on the event loop, for the bodies that cost the most.
//!
//! No body may keep an event loop for 0.3 ms. The worst one known has 8 KiB and takes 2.2 million instructions,
//! which is 0.15 ms on an AMD EPYC at 2.6 GHz and 0.28 ms with 3 instructions per cycle at that clock.
//!
//! `cargo bench` fails where a path takes more than 5 % above the figure that is committed here. A rise
//! that is worth it, or a fall, changes the figure in the same commit. They are those of Rust 1.95 and of
//! valgrind 3.19, which shows the programs a processor with AVX2 and without instructions for SHA.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use actix_hallpass::AuthErrorReason;
use actix_hallpass::testing::TestAuth;
use actix_web::http::header::HeaderValue;
use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use hallpass::testing::{ManualClock, MemoryLimiter, MemoryStore, RecordingObserver, SeededRandom};
use hallpass::{
    AccessClaims, AccessTokenError, Credentials, Device, LoginAnswer, LoginError, Ports,
    RefreshError, Service, Setting, Settings, TokenPair, TokenSecret, UseCase, json,
};
use serde::Deserialize;

/// A service, and what is shown to it. Given back, so that its end is not counted.
struct Case {
    service: Service,
    token: String,
}

/// Returns the limits of a path that took `instructions` when it was last looked at.
fn figure(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, instructions * 105 / 100)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

fn service(clock: &Arc<ManualClock>) -> Service {
    let mut settings = Settings::default();
    settings.access_token_secret = TokenSecret::new("0f1e2d3c4b5a69788796a5b4c3d2e1f0").into();
    settings.refresh_token_secret = TokenSecret::new("f0e1d2c3b4a5968778695a4b3c2d1e0f").into();
    settings.password_hash_cost = Setting::Value(4);
    settings.refresh_hash_cost = Setting::Value(4);
    let ports = Ports {
        store: Arc::new(MemoryStore::default()),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::default()),
        observer: Arc::new(RecordingObserver::default()),
        claims: None,
        password_rule: None,
        attempt_limiter: Some(Arc::new(MemoryLimiter::default())),
        session_watcher: None,
    };
    let config = settings.check(Vec::new()).expect("the settings are right");
    Service::new(&config, ports).expect("the random source answers")
}

fn logged_in(clock: &Arc<ManualClock>) -> (Service, TokenPair) {
    let service = service(clock);
    let credentials = || Credentials::new("ada", "correct horse");
    service.register(credentials(), None).run_blocking().expect("nobody has the name");
    let answer = service.login(credentials(), None).run_blocking();
    let LoginAnswer::LoggedIn(pair) = answer.expect("the password is right");
    (service, pair)
}

fn good() -> Case {
    let (service, pair) = logged_in(&Arc::default());
    let case = Case { service, token: pair.access_token.expose_token().to_owned() };
    // The first one asks the processor what it can do.
    case.service.verify_access(&case.token).expect("it is good");
    case
}

fn wrongly_signed() -> Case {
    let Case { service, token } = good();
    let (signed, _) = token.rsplit_once('.').expect("it has three parts");
    let token = format!("{signed}.{}", "A".repeat(43));
    Case { service, token }
}

fn garbage() -> Case {
    Case { token: "garbage".to_owned(), ..good() }
}

#[library_benchmark]
#[bench::that_is_good(args = (good()), config = figure(30_811))]
#[bench::that_is_wrongly_signed(args = (wrongly_signed()), config = figure(22_267))]
#[bench::that_is_garbage(args = (garbage()), config = figure(244))]
fn an_access_token(case: Case) -> (Case, Result<AccessClaims, AccessTokenError>) {
    let answer = black_box(&case.service).verify_access(black_box(&case.token));
    (case, answer)
}

fn remembered() -> (TestAuth, HeaderValue) {
    let auth = TestAuth::new();
    let (_, header) = auth.token_for(7).header();
    let header = HeaderValue::from_str(&header).expect("a token is visible ASCII");
    auth.verify_header(&header).expect("it is good");
    (auth, header)
}

#[library_benchmark]
#[bench::that_is_remembered(args = (remembered()), config = figure(580))]
fn the_header_of_an_access_token(
    (auth, header): (TestAuth, HeaderValue),
) -> (TestAuth, Result<Option<AccessClaims>, AuthErrorReason>) {
    let answer = black_box(&auth).verify_header(black_box(&header));
    (auth, answer)
}

/// The token of a session that has been refreshed since.
fn replaced(ago: Duration) -> Case {
    let clock = Arc::<ManualClock>::default();
    let (service, pair) = logged_in(&clock);
    let token = pair.refresh_token.expose_token().to_owned();
    service.refresh(&token, None).run_blocking().expect("it is the newest");
    clock.advance(ago);
    Case { service, token }
}

fn newest() -> Case {
    let (service, pair) = logged_in(&Arc::default());
    Case { service, token: pair.refresh_token.expose_token().to_owned() }
}

fn retried() -> Case {
    replaced(Duration::ZERO)
}

fn stolen() -> Case {
    replaced(Duration::from_secs(3600))
}

#[library_benchmark]
#[bench::that_is_newest(args = (newest()), config = figure(4_252_259))]
#[bench::that_is_sent_again(args = (retried()), config = figure(160_234))]
#[bench::that_was_stolen(args = (stolen()), config = figure(46_750))]
#[bench::that_is_garbage(args = (garbage()), config = figure(433))]
fn a_refresh_token(case: Case) -> (Case, Result<TokenPair, RefreshError>) {
    let answer = black_box(&case.service).refresh(black_box(&case.token), None).run_blocking();
    (case, answer)
}

/// A refresh that waits for its permit to hash.
struct Waiting {
    _service: Service,
    _refresh: UseCase<Result<TokenPair, RefreshError>>,
}

#[library_benchmark]
#[bench::that_is_newest(args = (newest()), config = figure(46_525))]
fn what_comes_before_the_hash_for_a_refresh_token(case: Case) -> Waiting {
    match black_box(&case.service).refresh(black_box(&case.token), None) {
        UseCase::Ready(run) => Waiting { _service: case.service, _refresh: run.resume() },
        UseCase::Answered(_) | UseCase::Waiting(..) => panic!("the newest is looked up first"),
    }
}

/// The body of a login, as the route reads it.
#[derive(Deserialize)]
struct Body {
    login: String,
    password: String,
    label: Option<String>,
}

/// The largest body that a route reads, in bytes.
const MAXIMUM_BYTES: usize = 8 * 1024;

fn body_of(login: &str, password: &str) -> String {
    format!(r#"{{"login":"{login}","password":"{password}"}}"#)
}

/// Returns the body with as many members before its own as there is room for, each with an escape, so
/// that each name is a copy.
fn with_many_members(body: &str) -> String {
    let mut members = String::new();
    for number in 0.. {
        let member = format!(r#""\n{number:x}":0,"#);
        if members.len() + member.len() + body.len() > MAXIMUM_BYTES {
            break;
        }
        members += &member;
    }
    body.replacen('{', &format!("{{{members}"), 1)
}

fn repeated(unit: &str, count: usize) -> (Service, String) {
    (service(&Arc::default()), body_of(&unit.repeat(count), "correct horse"))
}

fn members_and(login: &str, password: &str) -> (Service, String) {
    (service(&Arc::default()), with_many_members(&body_of(login, password)))
}

fn texts(login: &str, password: &str) -> (Service, String) {
    (service(&Arc::default()), body_of(login, password))
}

/// Accents in an order that has to be sorted, after one letter.
fn accents() -> (Service, String) {
    let accents = ["\u{345}", "\u{301}", "\u{327}", "\u{334}", "\u{35c}", "\u{323}", "\u{5b0}"];
    repeated(&format!("a{}", accents.concat().repeat(145)), 1)
}

/// Control characters as a label, none of which stays.
fn label_of_controls() -> (Service, String) {
    let body = body_of("ada", "correct horse")
        .replace('}', &format!(r#","label":"{}"}}"#, r"\b".repeat(4050)));
    (service(&Arc::default()), body)
}

#[library_benchmark]
#[bench::that_is_ordinary(args = ("ada@example.com", 1), setup = repeated, config = figure(16_553))]
#[bench::whose_name_expands(args = ("\u{fdfa}", 1016), setup = repeated, config = figure(382_330))]
#[bench::whose_name_composes(args = ("\u{1f82}", 254), setup = repeated, config = figure(579_884))]
#[bench::whose_name_is_sorted(args = (accents()), config = figure(736_428))]
#[bench::whose_label_is_removed(args = (label_of_controls()), config = figure(903_419))]
#[bench::with_many_members(args = ("ada", "correct horse"), setup = members_and, config = figure(1_581_825))]
#[bench::whose_password_composes(args = ("ada", &"\u{1f82}".repeat(340)), setup = texts, config = figure(314_870))]
#[bench::with_the_worst_of_all(args = (&"\u{1f82}".repeat(254), &"\u{1f82}".repeat(340)), setup = members_and, config = figure(2_170_220))]
fn what_comes_before_the_store_for_a_login(
    (service, body): (Service, String),
) -> (Service, UseCase<Result<LoginAnswer, LoginError>>) {
    let Body { login, password, label } =
        json::from_slice(black_box(body.as_bytes())).expect("it has the members");
    let device = Device::default().with_label(&label.unwrap_or_default());
    let credentials = Credentials::new(login, password);
    let login = black_box(&service).login(credentials, device);
    (service, login)
}

library_benchmark_group!(
    name = verify,
    benchmarks = [an_access_token, the_header_of_an_access_token]
);
library_benchmark_group!(
    name = decide,
    benchmarks = [a_refresh_token, what_comes_before_the_hash_for_a_refresh_token]
);
library_benchmark_group!(name = log_in, benchmarks = [what_comes_before_the_store_for_a_login]);
main!(library_benchmark_groups = [verify, decide, log_in]);
