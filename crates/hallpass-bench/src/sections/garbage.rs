//! Refresh tokens that are invalid: they must cost neither a hash nor SQL.
//!
//! One worker runs on one core. `POST /auth/refresh` gets a text that is no token, or a token with a wrong
//! signature, next to a `POST` of the same body to an open route that reads it as JSON. wrk does not distinguish
//! refusals while it measures, so a second of the same load before each round checks that the answers are 401.
//! The database counts its transactions; the few that it has are those of the benchmark.

use std::time::Duration;

use serde_json::{Value, json};

use super::Section;
use crate::client;
use crate::contender::Contender;
use crate::database::Postgres;
use crate::failure::Failure;
use crate::finding::{Finding, Table};
use crate::judgement::{Judgement, Target};
use crate::plan::Plan;
use crate::processor_core::Core;
use crate::server::Server;
use crate::server_settings::ServerSettings;
use crate::workshop::Workshop;
use crate::wrk::{Expected, Load};

pub(super) const SECTION: Section = Section {
    name: "garbage",
    title: "Garbage for refresh tokens",
    about: "One worker on one core: `POST /auth/refresh` with invalid tokens, next to an open \
            route that reads the same JSON.",
    measure,
};

const TEXT: &str = "a text that is no token";
const FORGED: &str = "a token with a wrong signature";

/// For how long each answer is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The server, the database that it must leave alone, and how long.
struct Running<'a> {
    server: Server,
    database: Postgres,
    plan: &'a Plan,
}

/// What was measured of each.
struct Tables {
    requests: Table,
    /// A backend reports its own at most once a second: of a load of three seconds the most is seen.
    transactions: Table,
}

fn measure(workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let database = Postgres::create()?;
    let settings = ServerSettings::new()
        .on_core(Core::OF_SERVER)
        .on_postgres(&database)
        .set("PASSWORD_HASH_COST", 4);
    let server = workshop.start(Contender::Hallpass, &settings)?;
    client::register(&server, "ada")?;
    let tokens = [(TEXT, "garbage".repeat(40)), (FORGED, forged(&server)?)];
    let mut tables = Tables {
        requests: Table::new("requests per second", 0),
        transactions: Table::new("transactions of the database for one answer", 6),
    };
    let running = Running { server, database, plan };
    let mut turns = [Running::measure_open, Running::measure_refresh];
    for round in 1..=plan.rounds {
        eprintln!("garbage: round {round} of {}", plan.rounds);
        for (kind, token) in &tokens {
            let body = json!({ "refresh_token": token });
            for measure in turns {
                measure(&running, kind, &body, &mut tables)?;
            }
        }
        // Neither always comes first.
        turns.reverse();
    }
    Ok(judge(tables))
}

fn judge(Tables { requests, transactions }: Tables) -> Finding {
    let mut finding = Finding::default();
    for kind in [TEXT, FORGED] {
        let of_one = transactions.of(kind);
        let name = format!("transactions for one answer, {kind}");
        let judgement = Judgement::of(name, &of_one, &of_one.all_of(1.0));
        finding.judge(judgement.against(Target::AtMost(0.01)).plausible_within(0.0..=0.1));
        let ratio = requests.ratio(kind, &open(kind)).named(format!("{kind} ÷ the open route"));
        finding.judge(ratio.against(Target::AtLeast(0.5)).plausible_within(0.1..=2.0));
    }
    finding.tables = vec![requests, transactions];
    finding
}

fn open(kind: &str) -> String {
    format!("the open route, {kind}")
}

/// A login's refresh token with another signature.
fn forged(server: &Server) -> Result<String, Failure> {
    let token = client::log_in(server, "ada")?.refresh;
    let (signed, _) = token.rsplit_once('.').expect("a token has three parts");
    Ok(format!("{signed}.{}", "A".repeat(43)))
}

impl Running<'_> {
    fn measure_open(&self, kind: &str, body: &Value, tables: &mut Tables) -> Result<(), Failure> {
        let outcome = self.load("/open", body).run()?;
        tables.requests.add(&open(kind), outcome.per_second(), outcome.wrong());
        Ok(())
    }

    fn measure_refresh(
        &self,
        kind: &str,
        body: &Value,
        tables: &mut Tables,
    ) -> Result<(), Failure> {
        let refresh = self.load("/auth/refresh", body);
        let surprises = refresh.clone().looking_for_refusals().lasting(LOOK).run()?.surprises();
        let before = self.database.committed_transactions()?;
        let outcome = refresh.expecting(Expected::Refusal).run()?;
        let committed = self.database.committed_transactions()? - before;
        tables.requests.add(kind, outcome.per_second(), outcome.wrong() + surprises);
        let answers = outcome.answers().max(1) as f64;
        tables.transactions.add(kind, committed as f64 / answers, 0);
        Ok(())
    }

    fn load(&self, path: &str, body: &Value) -> Load {
        let load = Load::constant(self.server.url(path), "POST", "", &body.to_string());
        load.lasting(self.plan.duration).on_core(Core::OF_LOAD)
    }
}
