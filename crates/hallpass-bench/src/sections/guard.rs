//! What a guard costs a request, beside an open route and beside other guards.

use std::rc::Rc;
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
    about: "One worker on one core, wrk with 32 connections on the other. All check an HS256 signature, `iss`, `aud` \
            and `exp` of the same token and hand the user to the handler, which answers with their id; the open \
            route answers the same without asking. hallpass's guard alone has the handler of the open route. \
            Before anything is measured, each contender has to accept the token, to refuse five broken ones, and to \
            refuse whoever has none.",
    measure,
};

const OPEN: &str = "open route (actix-web)";
const WRAPPED: &str = "the same in a middleware that does nothing";
const GUARD: &str = "hallpass, guard alone";
const GUARD_AND_USER: &str = "hallpass, guard and AuthUser";
const BOUND: &str = "hallpass, session-bound guard and AuthUser";

/// Subjects that are measured, and where.
const SUBJECTS: [Subject; 11] = [
    Subject { label: OPEN, contender: Contender::Open, path: "/open", variant: "" },
    Subject { label: WRAPPED, contender: Contender::Open, path: "/wrapped", variant: "" },
    Subject { label: GUARD, contender: Contender::Hallpass, path: "/guarded", variant: "" },
    Subject { label: GUARD_AND_USER, contender: Contender::Hallpass, path: "/me", variant: "" },
    Subject { label: BOUND, contender: Contender::Hallpass, path: "/bound", variant: "" },
    Subject {
        label: "by hand: actix-web-httpauth and jsonwebtoken",
        contender: Contender::ByHand,
        path: "/me",
        variant: "",
    },
    Subject {
        label: "actix-jwt-auth-middleware",
        contender: Contender::ActixJwtAuthMiddleware,
        path: "/me",
        variant: "",
    },
    Subject {
        label: "Fastify, @fastify/jwt",
        contender: Contender::Fastify,
        path: "/me",
        variant: "",
    },
    Subject {
        label: "Fastify, @fastify/jwt with its token cache",
        contender: Contender::Fastify,
        path: "/me",
        variant: "true",
    },
    Subject {
        label: "NestJS, passport-jwt",
        contender: Contender::NestJs,
        path: "/me",
        variant: "",
    },
    Subject {
        label: "open route (NestJS)",
        contender: Contender::NestJs,
        path: "/open",
        variant: "",
    },
];

/// A route of a contender.
#[derive(Clone, Copy)]
struct Subject {
    label: &'static str,
    contender: Contender,
    path: &'static str,
    /// Its `TOKEN_CACHE`.
    variant: &'static str,
}

/// A subject that runs, and the token that it is shown.
struct Running {
    subject: Subject,
    server: Rc<Server>,
    token: String,
    /// Where its users are, as long as it runs.
    database: Rc<Database>,
}

fn measure(workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let mut finding = Finding::default();
    let mut running = start_all(workshop, &mut finding)?;
    let mut requests = Table::new("requests per second", 0);
    let mut processor = Table::new("server's processor time for a request, µs", 2);
    for round in 1..=plan.rounds {
        eprintln!("guard: round {round} of {}", plan.rounds);
        running.retain(|it| {
            let measured = measure_once(it, plan.duration, &mut requests, &mut processor);
            measured.map_err(|failure| finding.miss(it.subject.label, failure.chain())).is_ok()
        });
        // Nobody always comes first, or after the same one.
        running.reverse();
    }
    judge(&requests, &processor, &mut finding);
    finding.add_table(requests);
    finding.add_table(processor);
    Ok(finding)
}

/// Starts each program once: the routes of one are asked in turn.
fn start_all(workshop: &mut Workshop, finding: &mut Finding) -> Result<Vec<Running>, Failure> {
    let mut running: Vec<Running> = Vec::new();
    for subject in SUBJECTS {
        let same = running.iter().find(|it| {
            it.subject.contender == subject.contender && it.subject.variant == subject.variant
        });
        let started = match same {
            Some(it) => Ok((it.server.clone(), it.database.clone())),
            None => start(workshop, subject),
        };
        let checked = started.and_then(|(server, database)| {
            let token = token_for(subject, &server)?;
            check(subject, &server, &token)?;
            Ok(Running { subject, server, token, database })
        });
        match checked {
            Ok(it) => running.push(it),
            Err(failure) => finding.miss(subject.label, failure.chain()),
        }
    }
    Ok(running)
}

fn start(workshop: &mut Workshop, subject: Subject) -> Result<(Rc<Server>, Rc<Database>), Failure> {
    let database = Database::create(Engine::Sqlite)?;
    let settings = ServerSettings::new()
        .on_core(Core::OF_SERVER)
        .on_database(&database)
        .set("PASSWORD_HASH_COST", 4)
        .set("TOKEN_CACHE", subject.variant);
    Ok((workshop.start(subject.contender, &settings)?.into(), database.into()))
}

/// The same token for all, but for a guard that looks for its session: that one takes a login's.
fn token_for(subject: Subject, server: &Server) -> Result<String, Failure> {
    if subject.label != BOUND {
        return Ok(access_token::good());
    }
    client::register(server, "ada")?;
    Ok(client::log_in(server, "ada")?.access)
}

fn check(subject: Subject, server: &Server, token: &str) -> Result<(), Failure> {
    client::get(server, subject.path, token, 200)?;
    if ["/open", "/wrapped"].contains(&subject.path) {
        return Ok(());
    }
    let mut refused = access_token::refused().into_iter();
    refused.try_for_each(|token| client::get(server, subject.path, &token, 401).map(drop))
}

fn measure_once(
    it: &Running,
    duration: Duration,
    requests: &mut Table,
    processor: &mut Table,
) -> Result<(), Failure> {
    let load = Load::constant(it.server.url(it.subject.path), "GET", &it.token, "")
        .lasting(duration)
        .on_core(Core::OF_LOAD);
    let before = it.server.cpu_time()?;
    let outcome = load.run()?;
    let used = it.server.cpu_time()? - before;
    let microseconds = used.as_secs_f64() * 1e6 / outcome.answers().max(1) as f64;
    requests.add(it.subject.label, outcome.per_second(), outcome.wrong());
    processor.add(it.subject.label, microseconds, 0);
    Ok(())
}

fn judge(requests: &Table, processor: &Table, finding: &mut Finding) {
    for (label, throughput, time) in [
        (GUARD, Some(Target::AtLeast(0.92)), Some(Target::AtMost(1.10))),
        (GUARD_AND_USER, Some(Target::AtLeast(0.92)), Some(Target::AtMost(1.10))),
        (BOUND, None, None),
        (WRAPPED, None, None),
        ("by hand: actix-web-httpauth and jsonwebtoken", None, None),
        ("actix-jwt-auth-middleware", None, None),
        ("Fastify, @fastify/jwt", None, None),
        ("Fastify, @fastify/jwt with its token cache", None, None),
        ("NestJS, passport-jwt", None, None),
    ] {
        if requests.of(label).count() == 0 {
            continue;
        }
        let of_requests = requests.ratio(label, OPEN).named(format!("{label}: requests"));
        let of_processor = processor.ratio(label, OPEN).named(format!("{label}: processor time"));
        finding.judge(of_requests.against(throughput).plausible_within(0.002..=1.5));
        finding.judge(of_processor.against(time).plausible_within(0.5..=400.0));
    }
}
