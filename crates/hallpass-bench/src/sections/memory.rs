//! Whether a server's memory grows with what it has done.
//!
//! The resident memory of a server after many refreshes (cost 4) from 16 clients, who log in again every half
//! minute, next to the same server's after few. A round is the life of one server, with a database of its own
//! and actix-web's default number of blocking threads. PostgreSQL has `synchronous_commit` off, which takes less time.
//! The memories of tokens and of hashes, which are bounded, are not full with so few sessions.

use std::time::Duration;

use super::Section;
use crate::contender::Contender;
use crate::database::Postgres;
use crate::failure::Failure;
use crate::finding::{Finding, Table, with_separators};
use crate::judgement::Target;
use crate::plan::Plan;
use crate::processor_core::Core;
use crate::server::Server;
use crate::server_settings::ServerSettings;
use crate::token_file;
use crate::workshop::Workshop;
use crate::wrk::{Load, Outcome};

pub(super) const SECTION: Section = Section {
    name: "memory",
    title: "Memory",
    about: "Resident memory of a server after refreshes at cost 4 from 16 clients. It grows with \
            the blocking threads that actix-web starts ([operations](operations.md#memory)).",
    measure,
};

const CLIENTS: usize = 16;

fn measure(workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let mut finding = Finding::default();
    let mut table = Table::new("resident memory, MiB", 2);
    let [few, .., many] = *plan.refreshes else { panic!("memory is looked at twice at least") };
    for round in 1..=plan.memory_rounds {
        look_at_one_server(workshop, plan, round, &mut table)?;
    }
    let ratio = table.ratio(&after(many), &after(few)).against(Target::AtMost(1.05));
    finding.judge(ratio.plausible_within(0.5..=1.5));
    finding.add_table(table);
    Ok(finding)
}

/// Starts a server, and looks at its memory as often as planned.
fn look_at_one_server(
    workshop: &mut Workshop,
    plan: &Plan,
    round: usize,
    table: &mut Table,
) -> Result<(), Failure> {
    let database = Postgres::create()?;
    database.set("synchronous_commit", "off")?;
    let server = workshop.start(Contender::Hallpass, &settings(&database))?;
    let logins = token_file::register(&server, "user", CLIENTS)?;
    let (mut refreshes, mut wrong) = (0, 0);
    for &until in plan.refreshes {
        while refreshes < until {
            let outcome = refresh(&server, &logins, until - refreshes)?;
            refreshes += outcome.answers();
            wrong += outcome.wrong();
            eprintln!("memory, round {round} of {}: {refreshes} refreshes", plan.memory_rounds);
        }
        let mebibytes = server.resident_bytes()? as f64 / 1024.0 / 1024.0;
        table.add(&after(until), mebibytes, std::mem::take(&mut wrong));
    }
    Ok(())
}

fn settings(database: &Postgres) -> ServerSettings {
    ServerSettings::new()
        .on_postgres(database)
        .set("PASSWORD_HASH_COST", 4)
        .set("REFRESH_HASH_COST", 4)
        .set("HASH_CONCURRENCY", Core::count())
}

/// Refreshes for as long as `missing` of them take at 2,000 a second, between a second and half a minute.
fn refresh(server: &Server, logins: &[String], missing: u64) -> Result<Outcome, Failure> {
    let seconds = (missing / 2000).clamp(1, 30);
    let tokens = token_file::of_new_sessions(server, logins)?;
    let load = Load::refreshing(server.url("/auth/refresh"), &tokens, CLIENTS, 1)
        .lasting(Duration::from_secs(seconds));
    let outcome = load.run()?;
    match outcome.answers() {
        0 => Err(Failure::NoAnswers(SECTION.title.to_owned())),
        _ => Ok(outcome),
    }
}

fn after(refreshes: u64) -> String {
    format!("after {} refreshes", with_separators(refreshes))
}
