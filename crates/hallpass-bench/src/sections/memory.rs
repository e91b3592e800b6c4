//! Whether a server's memory grows with what it has done.

use std::time::Duration;

use super::Section;
use crate::contender::Contender;
use crate::database::Postgres;
use crate::failure::Failure;
use crate::finding::{Finding, Table, with_separators};
use crate::judgement::Target;
use crate::plan::Plan;
use crate::processor_core::Core;
use crate::server_settings::ServerSettings;
use crate::token_file;
use crate::workshop::Workshop;
use crate::wrk::Load;

pub(super) const SECTION: Section = Section {
    name: "memory",
    title: "Memory",
    about: "The resident memory of one server after many refreshes (cost 4) from 16 clients, who log in anew every \
            half minute, beside the same server's after few. PostgreSQL, with `synchronous_commit` off so that it \
            takes less time. One run, looked at twice. The memories of tokens and of hashes, which are bounded, are not \
            full with so few sessions.",
    measure,
};

const CLIENTS: usize = 16;

fn measure(workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let database = Postgres::create()?;
    database.set("synchronous_commit", "off")?;
    let settings = ServerSettings::new()
        .on_postgres(&database)
        .set("PASSWORD_HASH_COST", 4)
        .set("REFRESH_HASH_COST", 4)
        .set("HASH_CONCURRENCY", Core::count());
    let server = workshop.start(Contender::Hallpass, &settings)?;
    let logins = token_file::register(&server, "user", CLIENTS)?;
    let mut table = Table::new("resident memory, MiB", 2);
    let (mut refreshes, mut wrong) = (0, 0);
    for until in plan.refreshes {
        while refreshes < until {
            let seconds: u64 = ((until - refreshes) / 2000).clamp(1, 30);
            let tokens = token_file::of_new_sessions(&server, &logins)?;
            let load = Load::refreshing(server.url("/auth/refresh"), &tokens, CLIENTS, 1)
                .lasting(Duration::from_secs(seconds));
            let outcome = load.run()?;
            if outcome.answers() == 0 {
                return Err(Failure::NoAnswers(label(until)));
            }
            refreshes += outcome.answers();
            wrong += outcome.wrong();
            eprintln!("memory: {refreshes} of {} refreshes", plan.refreshes[1]);
        }
        let mebibytes = server.resident_bytes()? as f64 / 1024.0 / 1024.0;
        table.add(&label(until), mebibytes, std::mem::take(&mut wrong));
    }
    let [few, many] = plan.refreshes.map(label);
    let ratio = table.ratio(&many, &few).against(Target::AtMost(1.05)).plausible_within(0.5..=1.5);
    Ok(Finding { tables: vec![table], judgements: vec![ratio], ..Finding::default() })
}

fn label(refreshes: u64) -> String {
    format!("after {} refreshes", with_separators(refreshes))
}
