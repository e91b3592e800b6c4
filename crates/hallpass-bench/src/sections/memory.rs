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
            half minute, beside the same server's after few. Once with as many blocking threads as actix-web has by \
            itself, 512 among all workers, and once with 8 for each worker. PostgreSQL, with `synchronous_commit` off \
            so that it takes less time. One run of each, looked at several times. The memories of tokens and of \
            hashes, which are bounded, are not full with so few sessions.",
    measure,
};

const CLIENTS: usize = 16;

/// A server as it is set up.
struct Subject {
    label: &'static str,
    blocking_threads: Option<usize>,
}

const SUBJECTS: [Subject; 2] = [
    Subject { label: "512 blocking threads at most", blocking_threads: None },
    Subject { label: "8 blocking threads for each worker", blocking_threads: Some(8) },
];

impl Subject {
    fn settings(&self, database: &Postgres) -> ServerSettings {
        let settings = ServerSettings::new()
            .on_postgres(database)
            .set("PASSWORD_HASH_COST", 4)
            .set("REFRESH_HASH_COST", 4)
            .set("HASH_CONCURRENCY", Core::count());
        match self.blocking_threads {
            Some(number) => settings.set("BLOCKING_THREADS", number),
            None => settings,
        }
    }

    fn after(&self, refreshes: u64) -> String {
        format!("{}, after {} refreshes", self.label, with_separators(refreshes))
    }
}

fn measure(workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let mut finding = Finding::default();
    let mut table = Table::new("resident memory, MiB", 2);
    let [few, .., many] = *plan.refreshes else { panic!("memory is looked at twice at least") };
    for subject in SUBJECTS {
        refresh(workshop, plan, &subject, &mut table)?;
        let ratio = table.ratio(&subject.after(many), &subject.after(few));
        let (many, few) = (with_separators(many), with_separators(few));
        let ratio = ratio.named(format!("{}: after {many} ÷ after {few} refreshes", subject.label));
        finding.judge(ratio.against(Target::AtMost(1.05)).plausible_within(0.5..=1.5));
    }
    finding.add_table(table);
    Ok(finding)
}

fn refresh(
    workshop: &mut Workshop,
    plan: &Plan,
    subject: &Subject,
    table: &mut Table,
) -> Result<(), Failure> {
    let database = Postgres::create()?;
    database.set("synchronous_commit", "off")?;
    let server = workshop.start(Contender::Hallpass, &subject.settings(&database))?;
    let logins = token_file::register(&server, "user", CLIENTS)?;
    let (mut refreshes, mut wrong) = (0, 0);
    for &until in plan.refreshes {
        while refreshes < until {
            let seconds: u64 = ((until - refreshes) / 2000).clamp(1, 30);
            let tokens = token_file::of_new_sessions(&server, &logins)?;
            let load = Load::refreshing(server.url("/auth/refresh"), &tokens, CLIENTS, 1)
                .lasting(Duration::from_secs(seconds));
            let outcome = load.run()?;
            if outcome.answers() == 0 {
                return Err(Failure::NoAnswers(subject.after(until)));
            }
            refreshes += outcome.answers();
            wrong += outcome.wrong();
            eprintln!("memory, {}: {refreshes} refreshes", subject.label);
        }
        let mebibytes = server.resident_bytes()? as f64 / 1024.0 / 1024.0;
        table.add(&subject.after(until), mebibytes, std::mem::take(&mut wrong));
    }
    Ok(())
}
