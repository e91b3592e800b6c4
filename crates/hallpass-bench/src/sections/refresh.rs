//! Refreshes next to those of the usual tutorial.
//!
//! Eight clients, each with a session of its own, refresh one after the other; server, database and clients share
//! the machine. The NestJS program compares the whole refresh token with its bcrypt hash (cost 10), signs two
//! tokens, hashes the new one and stores it. bcrypt reads 72 bytes, so it also accepts a replaced token that was made
//! in the same ten seconds. hallpass runs bcrypt once for a refresh, and twice where another process made the hash.
//! Up to eight refreshes are under way at the end of a round and do not count: up to 4 % in hallpass's favour.

use super::Section;
use crate::contender::Contender;
use crate::database::{Database, Engine};
use crate::failure::Failure;
use crate::finding::{Finding, Table};
use crate::judgement::Target;
use crate::plan::Plan;
use crate::processor_core::Core;
use crate::server::Server;
use crate::server_settings::ServerSettings;
use crate::token_file;
use crate::workshop::Workshop;
use crate::wrk::Load;

pub(super) const SECTION: Section = Section {
    name: "refresh",
    title: "Refreshes",
    about: "Eight clients refresh one after the other. The NestJS program follows the usual \
            tutorial: bcrypt at cost 10 to compare, and again to store. Where each refresh \
            reaches another process, hallpass's ratios halve and miss their targets. [Flame \
            graph](performance/refresh-flamegraph.svg) at cost 4.",
    measure,
};

const CLIENTS: usize = 8;
const NESTJS: &str = "NestJS tutorial, cost 10";

/// Settings of hallpass, with the target that they have.
const VARIANTS: [Variant; 4] = [
    Variant { label: "hallpass, cost 6 (default)", cost: 6, all_cores: false, target: Some(10.0) },
    Variant {
        label: "hallpass, cost 6, HASH_CONCURRENCY = cores",
        cost: 6,
        all_cores: true,
        target: None,
    },
    Variant { label: "hallpass, cost 4", cost: 4, all_cores: false, target: Some(40.0) },
    Variant {
        label: "hallpass, cost 4, HASH_CONCURRENCY = cores",
        cost: 4,
        all_cores: true,
        target: None,
    },
];

struct Variant {
    label: &'static str,
    cost: u32,
    all_cores: bool,
    target: Option<f64>,
}

/// A server that runs, with users who are registered there.
struct Running {
    label: String,
    server: Server,
    logins: Vec<String>,
    _database: Database,
}

fn measure(workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let mut finding = Finding::default();
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let mut running = start_all(workshop, engine, &mut finding)?;
        let mut table = Table::new(format!("refreshes per second on {}", engine.name()), 1);
        for round in 1..=plan.refresh_rounds {
            eprintln!("refresh, {}: round {round} of {}", engine.name(), plan.refresh_rounds);
            for it in &running {
                let tokens = token_file::of_new_sessions(&it.server, &it.logins)?;
                let url = it.server.url("/auth/refresh");
                let load =
                    Load::refreshing(url, &tokens, CLIENTS, 1).lasting(plan.refresh_duration);
                let outcome = load.run()?;
                table.add(&it.label, outcome.per_second(), outcome.wrong());
            }
            running.reverse();
        }
        judge(&table, engine, &mut finding);
        finding.add_table(table);
    }
    Ok(finding)
}

fn start_all(
    workshop: &mut Workshop,
    engine: Engine,
    finding: &mut Finding,
) -> Result<Vec<Running>, Failure> {
    let mut running = Vec::new();
    match start(workshop, Contender::NestJs, engine, NESTJS, ServerSettings::new()) {
        Ok(it) => running.push(it),
        Err(failure) => finding.leave_out(format!("{NESTJS}, {}", engine.name()), failure.chain()),
    }
    for variant in &VARIANTS {
        let settings = ServerSettings::new()
            .set("PASSWORD_HASH_COST", 4)
            .set("REFRESH_HASH_COST", variant.cost);
        let settings = match variant.all_cores {
            true => settings.set("HASH_CONCURRENCY", Core::count()),
            false => settings,
        };
        running.push(start(workshop, Contender::Hallpass, engine, variant.label, settings)?);
    }
    Ok(running)
}

fn start(
    workshop: &mut Workshop,
    contender: Contender,
    engine: Engine,
    label: &str,
    settings: ServerSettings,
) -> Result<Running, Failure> {
    let database = Database::create(engine)?;
    let server = workshop.start(contender, &settings.on_database(&database))?;
    let logins = token_file::register(&server, "user", CLIENTS)?;
    Ok(Running { label: label.to_owned(), server, logins, _database: database })
}

fn judge(table: &Table, engine: Engine, finding: &mut Finding) {
    if table.of(NESTJS).count() == 0 {
        return;
    }
    for variant in &VARIANTS {
        let name = format!("{} ÷ {NESTJS}, {}", variant.label, engine.name());
        let judgement = table.ratio(variant.label, NESTJS).named(name);
        finding.judge(
            judgement.against(variant.target.map(Target::AtLeast)).plausible_within(2.0..=500.0),
        );
    }
}
