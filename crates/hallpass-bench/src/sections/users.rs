//! Whether a refresh takes longer where there are more users.
//!
//! The median time of a refresh at cost 4, on PostgreSQL, in tables of different sizes in which each user has
//! a session. One client, so that no request waits for a permit to hash, refreshes the sessions of 900 users spread
//! over the whole table, who have just logged in: their rows are in the database's memory. `synchronous_commit` is
//! off, so that the time of the disk, which is the same for all sizes, does not hide that of the table.

use super::Section;
use crate::client;
use crate::contender::Contender;
use crate::database::Postgres;
use crate::failure::Failure;
use crate::finding::{Finding, Table, with_separators};
use crate::judgement::Target;
use crate::plan::Plan;
use crate::server::Server;
use crate::server_settings::ServerSettings;
use crate::token_file;
use crate::workshop::Workshop;
use crate::wrk::Load;

pub(super) const SECTION: Section = Section {
    name: "users",
    title: "Many users",
    about: "One client refreshes at cost 4 in PostgreSQL tables of different sizes, without \
            `synchronous_commit`.",
    measure,
};

/// Whose sessions are refreshed.
const REFRESHING: usize = 900;

/// A table of some size, and the server on it.
struct Running {
    label: String,
    server: Server,
    logins: Vec<String>,
    _database: Postgres,
}

fn measure(workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let sizes = plan.users.iter().map(|users| start(workshop, *users));
    let mut running = sizes.collect::<Result<Vec<_>, _>>()?;
    let mut table = Table::new("median time of a refresh, ms", 3);
    for round in 1..=plan.rounds {
        eprintln!("users: round {round} of {}", plan.rounds);
        for it in &running {
            let tokens = token_file::of_new_sessions(&it.server, &it.logins)?;
            let url = it.server.url("/auth/refresh");
            let load = Load::refreshing(url, &tokens, 1, REFRESHING).lasting(plan.duration);
            let outcome = load.run()?;
            table.add(&it.label, outcome.p50_milliseconds(), outcome.wrong());
        }
        running.reverse();
    }
    let mut finding = Finding::default();
    let (smallest, others) = plan.users.split_first().expect("there are several sizes");
    for users in others {
        let ratio = table.ratio(&label(*users), &label(*smallest));
        let (users, smallest) = (label(*users), label(*smallest));
        let ratio = ratio.named(format!("a refresh with {users} ÷ with {smallest}"));
        finding.judge(ratio.against(Target::AtMost(1.2)).plausible_within(0.2..=4.0));
    }
    finding.add_table(table);
    Ok(finding)
}

fn start(workshop: &mut Workshop, users: u64) -> Result<Running, Failure> {
    let postgres = Postgres::create()?;
    postgres.set("synchronous_commit", "off")?;
    let settings = ServerSettings::new()
        .on_postgres(&postgres)
        .set("PASSWORD_HASH_COST", 4)
        .set("REFRESH_HASH_COST", 4);
    let server = workshop.start(Contender::Hallpass, &settings)?;
    client::register(&server, "template")?;
    client::log_in(&server, "template")?;
    eprintln!("users: filling a table with {users}");
    postgres.run(&[&filling(users), "VACUUM (ANALYZE) users", "CHECKPOINT"])?;
    let among = REFRESHING as u64;
    let logins = (0..among).map(|number| format!("user{}", 2 + number * (users - 2) / among));
    Ok(Running { label: label(users), server, logins: logins.collect(), _database: postgres })
}

fn label(users: u64) -> String {
    format!("{} users", with_separators(users))
}

/// Copies of one user, each with the password and a session of its own.
fn filling(users: u64) -> String {
    format!(
        "INSERT INTO users (login, password_hash, refresh_token_hash, session_id, refresh_generation, \
         rotated_at, scope, created_at, updated_at) \
         SELECT 'user' || number, password_hash, refresh_token_hash, md5(number::text), 3, rotated_at, \
         scope, created_at, updated_at \
         FROM users, generate_series(2, {users}) AS number WHERE login = 'template'"
    )
}
