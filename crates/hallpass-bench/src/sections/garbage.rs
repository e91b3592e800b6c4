//! Refresh tokens that are none: they must cost neither a hash nor SQL.

use serde_json::json;

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
    about: "One worker on one core. `POST /auth/refresh` with a token that is none, and with one whose signature is \
            wrong, beside a `POST` of the same body to an open route that reads it as JSON. The refreshes are answered \
            401, and ask nothing of the database: it counts its transactions, of which the few are those of the \
            benchmark itself.",
    measure,
};

const TEXT: &str = "a text that is no token";
const FORGED: &str = "a token with a wrong signature";

fn measure(workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let database = Postgres::create()?;
    let settings = ServerSettings::new()
        .on_core(Core::OF_SERVER)
        .on_postgres(&database)
        .set("PASSWORD_HASH_COST", 4);
    let server = workshop.start(Contender::Hallpass, &settings)?;
    client::register(&server, "ada")?;
    let tokens = [(TEXT, "garbage".repeat(40)), (FORGED, forged(&server)?)];
    let mut table = Table::new("requests per second", 0);
    let mut transactions = Table::new("transactions of the database", 0);
    for round in 1..=plan.rounds {
        eprintln!("garbage: round {round} of {}", plan.rounds);
        for (kind, token) in &tokens {
            let body = json!({ "refresh_token": token });
            client::post(&server, "/auth/refresh", &body, 401)?;
            let body = body.to_string();
            measure_once(
                &server,
                plan,
                ("/open", Expected::Success),
                &body,
                &open(kind),
                &mut table,
            )?;
            let before = database.committed_transactions()?;
            let refresh = ("/auth/refresh", Expected::Refusal);
            measure_once(&server, plan, refresh, &body, kind, &mut table)?;
            transactions.add(kind, (database.committed_transactions()? - before) as f64, 0);
        }
    }
    let mut finding = Finding::default();
    for (kind, _) in &tokens {
        let (of, per) = (transactions.of(kind), table.of(kind));
        let name = format!("transactions ÷ requests per second, {kind}");
        finding.judge(Judgement::of(name, &of, &per).against(Target::AtMost(0.01)));
        let ratio = table.ratio(kind, &open(kind)).against(Target::AtLeast(0.5));
        finding.judge(ratio.plausible_within(0.1..=2.0));
    }
    finding.tables = vec![table, transactions];
    Ok(finding)
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

fn measure_once(
    server: &Server,
    plan: &Plan,
    (path, expected): (&str, Expected),
    body: &str,
    label: &str,
    table: &mut Table,
) -> Result<(), Failure> {
    let load = Load::constant(server.url(path), "POST", "", body)
        .lasting(plan.duration)
        .on_core(Core::OF_LOAD)
        .expecting(expected);
    let outcome = load.run()?;
    table.add(label, outcome.per_second(), outcome.wrong());
    Ok(())
}
