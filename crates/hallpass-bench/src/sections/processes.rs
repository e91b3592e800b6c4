//! Several processes on one database, and where their time goes.
//!
//! Eight clients use one, two or four processes over one PostgreSQL, everything on the same two cores, so more
//! processes cannot do more than the cores allow. Each process has one permit to hash, and each client stays with
//! one process.

use std::time::Duration;

use super::Section;
use crate::clock::Stopwatch;
use crate::contender::Contender;
use crate::database::{Database, Engine};
use crate::failure::Failure;
use crate::finding::{Finding, Table};
use crate::plan::Plan;
use crate::process_statistics::{self, cpu_time_of_all, cpu_time_of_ended_children};
use crate::server::Server;
use crate::server_settings::ServerSettings;
use crate::token_file;
use crate::workshop::Workshop;
use crate::wrk::{Load, Outcome, Running};

pub(super) const SECTION: Section = Section {
    name: "processes",
    title: "Several processes",
    about: "Eight clients on one, two or four processes over one PostgreSQL, all on the same two \
            cores. Each process has one permit to hash.",
    measure,
};

const CLIENTS: usize = 8;
const COUNTS: [usize; 3] = [1, 2, 4];
const COSTS: [u32; 2] = [4, 6];

/// The processor time that has been used by whom.
struct Times {
    servers: Duration,
    database: Duration,
    load: Duration,
    idle: Duration,
}

fn measure(workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let mut tables = [
        Table::new("refreshes per second", 1),
        Table::new("processor time of the servers for a refresh, ms", 3),
        Table::new("processor time of PostgreSQL for a refresh, ms", 3),
        Table::new("processor time of wrk for a refresh, ms", 3),
        Table::new("cores that were idle", 2),
    ];
    let database = Database::create(Engine::Postgres)?;
    let mut kinds: Vec<_> =
        COSTS.into_iter().flat_map(|cost| COUNTS.map(|count| (cost, count))).collect();
    for round in 1..=plan.rounds {
        eprintln!("processes: round {round} of {}", plan.rounds);
        for &(cost, count) in &kinds {
            measure_once(workshop, &database, plan, (cost, count, round), &mut tables)?;
        }
        kinds.reverse();
    }
    Ok(Finding { tables: tables.into(), ..Finding::default() })
}

fn measure_once(
    workshop: &mut Workshop,
    database: &Database,
    plan: &Plan,
    (cost, count, round): (u32, usize, usize),
    tables: &mut [Table; 5],
) -> Result<(), Failure> {
    let settings = ServerSettings::new()
        .on_database(database)
        .set("PASSWORD_HASH_COST", 4)
        .set("REFRESH_HASH_COST", cost)
        .set("HASH_CONCURRENCY", 1);
    let servers = (0..count).map(|_| workshop.start(Contender::Hallpass, &settings));
    let servers = servers.collect::<Result<Vec<_>, _>>()?;
    let name = format!("user-{round}-{cost}-{count}-");
    let logins = token_file::register(&servers[0], &name, CLIENTS)?;
    let shares = logins.chunks(CLIENTS / count).zip(&servers);
    let files = shares.map(|(share, server)| token_file::of_new_sessions(server, share));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let loads = servers.iter().zip(&files).map(|(server, tokens)| {
        let url = server.url("/auth/refresh");
        Load::refreshing(url, tokens, CLIENTS / count, 1).lasting(plan.duration)
    });
    let (before, watch) = (Times::now(&servers)?, Stopwatch::start());
    let running = loads.map(|load| load.start()).collect::<Result<Vec<_>, _>>()?;
    let outcomes = running.into_iter().map(Running::finish).collect::<Result<Vec<_>, _>>()?;
    let (elapsed, used) = (watch.elapsed(), Times::now(&servers)?.since(&before));
    add(tables, &format!("cost {cost}, {count} of them"), &outcomes, elapsed, &used);
    Ok(())
}

fn add(
    [rate, servers, database, load, idle]: &mut [Table; 5],
    label: &str,
    outcomes: &[Outcome],
    elapsed: Duration,
    used: &Times,
) {
    let refreshes: u64 = outcomes.iter().map(Outcome::answers).sum();
    let milliseconds = |used: Duration| used.as_secs_f64() * 1e3 / refreshes.max(1) as f64;
    rate.add(
        label,
        outcomes.iter().map(Outcome::per_second).sum(),
        outcomes.iter().map(Outcome::wrong).sum(),
    );
    servers.add(label, milliseconds(used.servers), 0);
    database.add(label, milliseconds(used.database), 0);
    load.add(label, milliseconds(used.load), 0);
    idle.add(label, used.idle.as_secs_f64() / elapsed.as_secs_f64(), 0);
}

impl Times {
    fn now(servers: &[Server]) -> Result<Self, Failure> {
        let of_servers = servers.iter().map(Server::cpu_time);
        Ok(Self {
            servers: of_servers.sum::<Result<Duration, Failure>>()?,
            database: cpu_time_of_all("postgres")?,
            load: cpu_time_of_ended_children()?,
            idle: process_statistics::idle_time()?,
        })
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            servers: self.servers.saturating_sub(earlier.servers),
            database: self.database.saturating_sub(earlier.database),
            load: self.load.saturating_sub(earlier.load),
            idle: self.idle.saturating_sub(earlier.idle),
        }
    }
}
