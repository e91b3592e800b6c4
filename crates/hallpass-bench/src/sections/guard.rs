//! What a guard costs a request, next to an open route and to other guards.
//!
//! One worker runs on one core, wrk with 32 connections on the other. Every contender checks the HS256 signature,
//! `iss`, `aud` and `exp` of the same token and answers with the user's id; a session-bound guard gets the token
//! of a login. The open route answers the same without a token and is a program of its own; "guard alone" has
//! its handler. Every program tries the measured route first, and Node programs their open route second. Guards
//! are divided by the open route of actix-web, those of Node by that of their own framework as well. Before
//! measuring, each contender has to answer the token with its user, and to answer 401 to five broken tokens and to
//! a request without one.
//!
//! NestJS verifies with the secret as text, as tutorials do, which jsonwebtoken 9 first tries to parse as a public
//! key; with a `KeyObject` it answers about three times as many requests. actix-jwt-auth-middleware 0.5.0 does
//! not read `Authorization: Bearer`, so its program copies the token into the header that it reads.

use std::time::Duration;

use super::Section;
use crate::access_token;
use crate::client;
use crate::contender::Contender;
use crate::database::{Database, Engine};
use crate::failure::Failure;
use crate::finding::{Finding, Table};
use crate::judgement::Target;
use crate::plan::Plan;
use crate::processor_core::Core;
use crate::server::Server;
use crate::server_settings::ServerSettings;
use crate::workshop::Workshop;
use crate::wrk::Load;

pub(super) const SECTION: Section = Section {
    name: "guard",
    title: "A guarded request",
    about: "HS256, `iss`, `aud` and `exp` of one token; one worker on one core. \"Verifying each \
            time\" bypasses the memory of verified tokens. [Flame \
            graph](performance/guard-flamegraph.svg).",
    measure,
};

const OPEN: &str = "open route (actix-web)";
const OPEN_FASTIFY: &str = "open route (Fastify)";
const OPEN_NESTJS: &str = "open route (NestJS)";
const BOUND: &str = "hallpass, session-bound guard and AuthUser";

/// What is measured. A token whose header is spelt in another way is as good, and hallpass does not remember it.
const SUBJECTS: [Subject; 13] = [
    Subject::of(OPEN, Contender::Open).beside(&[]),
    Subject::of("the same in a middleware that does nothing", Contender::Open)
        .set("ROUTE", "wrapped"),
    Subject::of("hallpass, guard alone", Contender::Hallpass).set("ROUTE", "nobody").aiming(),
    Subject::of("hallpass, guard and AuthUser", Contender::Hallpass).aiming(),
    Subject::of(BOUND, Contender::Hallpass).set("ROUTE", "bound").aiming(),
    Subject::of("hallpass, guard and AuthUser, verifying each time", Contender::Hallpass)
        .spelling("bearer")
        .aiming(),
    Subject::of("by hand: actix-web-httpauth and jsonwebtoken", Contender::ByHand),
    Subject::of("actix-jwt-auth-middleware", Contender::ActixJwtAuthMiddleware),
    Subject::of("Fastify, @fastify/jwt", Contender::Fastify).beside(&[OPEN, OPEN_FASTIFY]),
    Subject::of("Fastify, @fastify/jwt with its token cache", Contender::Fastify)
        .set("TOKEN_CACHE", "true")
        .beside(&[OPEN, OPEN_FASTIFY]),
    Subject::of(OPEN_FASTIFY, Contender::Fastify).at("/open").beside(&[]),
    Subject::of("NestJS, passport-jwt", Contender::NestJs).beside(&[OPEN, OPEN_NESTJS]),
    Subject::of(OPEN_NESTJS, Contender::NestJs).at("/open").beside(&[]),
];

/// A contender as it is set up.
#[derive(Clone, Copy)]
struct Subject {
    label: &'static str,
    contender: Contender,
    setting: Option<(&'static str, &'static str)>,
    path: &'static str,
    scheme: &'static str,
    /// What it is divided by.
    open: &'static [&'static str],
    has_target: bool,
}

impl Subject {
    const fn of(label: &'static str, contender: Contender) -> Self {
        Self {
            label,
            contender,
            setting: None,
            path: "/me",
            scheme: "Bearer",
            open: &[OPEN],
            has_target: false,
        }
    }

    const fn set(self, variable: &'static str, value: &'static str) -> Self {
        Self { setting: Some((variable, value)), ..self }
    }

    const fn at(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    const fn spelling(self, scheme: &'static str) -> Self {
        Self { scheme, ..self }
    }

    const fn beside(self, open: &'static [&'static str]) -> Self {
        Self { open, ..self }
    }

    const fn aiming(self) -> Self {
        Self { has_target: true, ..self }
    }

    /// The end of the right answer.
    fn user(self) -> &'static str {
        match (self.label, self.path) {
            // The first who registers there.
            (BOUND, _) => "user 1",
            (_, "/open") => "hello",
            _ => "user 7",
        }
    }

    /// Whether it asks for nothing.
    fn is_open(self) -> bool {
        self.contender == Contender::Open || self.path == "/open"
    }
}

/// A subject that runs, and what it is shown.
struct Running {
    subject: Subject,
    server: Server,
    authorization: String,
    /// Where its users are, as long as it runs.
    _database: Database,
}

/// What is measured of each.
struct Tables {
    requests: Table,
    processor: Table,
}

fn measure(workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let mut finding = Finding::default();
    let mut tables = Tables {
        requests: Table::new("requests per second", 0),
        processor: Table::new("server's processor time for a request, µs", 2),
    };
    for turn in 1..=plan.guard_starts {
        eprintln!("guard: start {turn} of {}", plan.guard_starts);
        measure_one_start(workshop, plan, &mut tables, &mut finding);
    }
    for absence in &finding.not_measured {
        tables.requests.forget(&absence.what);
        tables.processor.forget(&absence.what);
    }
    // Nothing can be divided then.
    if let Some(open) = finding.not_measured.iter().find(|absence| absence.what == OPEN) {
        return Err(Failure::NoAnswers(format!("{OPEN}: {}", open.reason)));
    }
    judge(&tables, &mut finding);
    finding.add_table(tables.requests);
    finding.add_table(tables.processor);
    Ok(finding)
}

/// Starts all that have not failed, and measures them in turn.
fn measure_one_start(
    workshop: &mut Workshop,
    plan: &Plan,
    tables: &mut Tables,
    finding: &mut Finding,
) {
    let mut running = Vec::new();
    for subject in SUBJECTS {
        if finding.leaves_out(subject.label) {
            continue;
        }
        match start(workshop, subject) {
            Ok(it) => running.push(it),
            Err(failure) => finding.leave_out(subject.label, failure.chain()),
        }
    }
    for _ in 0..plan.guard_rounds {
        running.retain(|it| {
            let measured = measure_once(it, plan.guard_duration, tables);
            measured.map_err(|failure| finding.leave_out(it.subject.label, failure.chain())).is_ok()
        });
        // Nobody always comes first, or after the same one.
        running.reverse();
    }
}

/// Starts a subject, and looks whether it does its work.
fn start(workshop: &mut Workshop, subject: Subject) -> Result<Running, Failure> {
    let database = Database::create(Engine::Sqlite)?;
    let settings = ServerSettings::new()
        .on_core(Core::OF_SERVER)
        .on_database(&database)
        // As long as the token that all are shown.
        .set("ACCESS_TOKEN_EXPIRATION", "1h")
        .set("PASSWORD_HASH_COST", 4);
    let settings = match subject.setting {
        Some((variable, value)) => settings.set(variable, value),
        None => settings,
    };
    let server = workshop.start(subject.contender, &settings)?;
    let authorization = format!("{} {}", subject.scheme, token_for(subject, &server)?);
    let answer = client::get(&server, subject.path, &authorization, 200)?;
    if !answer.ends_with(subject.user()) {
        return Err(Failure::NotTheUser { request: format!("GET {}", subject.path), answer });
    }
    if !subject.is_open() {
        let mut refused = access_token::refused().into_iter();
        let scheme = subject.scheme;
        client::get(&server, subject.path, "", 401)?;
        refused.try_for_each(|token| {
            client::get(&server, subject.path, &format!("{scheme} {token}"), 401).map(drop)
        })?;
    }
    Ok(Running { subject, server, authorization, _database: database })
}

/// The same token for all, but for a guard that looks for its session: that one takes a login's.
fn token_for(subject: Subject, server: &Server) -> Result<String, Failure> {
    if subject.label != BOUND {
        return Ok(access_token::good());
    }
    client::register(server, "ada")?;
    Ok(client::log_in(server, "ada")?.access)
}

fn measure_once(it: &Running, duration: Duration, tables: &mut Tables) -> Result<(), Failure> {
    let load = Load::constant(it.server.url(it.subject.path), "GET", &it.authorization, "")
        .lasting(duration)
        .on_core(Core::OF_LOAD);
    let before = it.server.cpu_time()?;
    let outcome = load.run()?;
    let used = it.server.cpu_time()? - before;
    let microseconds = used.as_secs_f64() * 1e6 / outcome.answers().max(1) as f64;
    tables.requests.add(it.subject.label, outcome.per_second(), outcome.wrong());
    tables.processor.add(it.subject.label, microseconds, 0);
    Ok(())
}

fn judge(Tables { requests, processor }: &Tables, finding: &mut Finding) {
    for subject in SUBJECTS.iter().filter(|subject| requests.has(subject.label)) {
        let throughput = subject.has_target.then_some(Target::AtLeast(0.92));
        let time = subject.has_target.then_some(Target::AtMost(1.10));
        for open in subject.open.iter().filter(|open| requests.has(open)) {
            let what = format!("{} ÷ {open}", subject.label);
            let of_requests =
                requests.ratio(subject.label, open).named(format!("{what}: requests"));
            let of_processor =
                processor.ratio(subject.label, open).named(format!("{what}: processor time"));
            finding.judge(of_requests.against(throughput).plausible_within(0.002..=1.5));
            finding.judge(of_processor.against(time).plausible_within(0.5..=400.0));
        }
    }
}
