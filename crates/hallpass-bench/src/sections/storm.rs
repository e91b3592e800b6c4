//! What a storm of logins does to other requests.
//!
//! 64 clients log in without a pause, with right passwords at cost 12. A login without a permit to hash gets 503
//! `busy`; any other refusal counts as an error. Eight clients send guarded requests and four refresh, all from the
//! same two cores. The quiet rounds have the guarded requests alone. `LOGIN_THROTTLE` is off, because the storm comes
//! from one address; everything else has its default, on PostgreSQL. wrk corrects its percentiles for coordinated
//! omission.

use std::time::Duration;

use super::Section;
use crate::access_token;
use crate::client::PASSWORD;
use crate::contender::Contender;
use crate::database::{Database, Engine};
use crate::failure::Failure;
use crate::finding::{Finding, Table};
use crate::judgement::Target;
use crate::plan::Plan;
use crate::server::Server;
use crate::server_settings::ServerSettings;
use crate::token_file;
use crate::workshop::Workshop;
use crate::wrk::{Load, Outcome};

pub(super) const SECTION: Section = Section {
    name: "storm",
    title: "A storm of logins",
    about: "64 clients log in at cost 12 while eight send guarded requests and four refresh, on \
            two cores.",
    measure,
};

const STORMING: usize = 64;
const GUARDED: usize = 8;
const REFRESHING: usize = 4;

/// Whether the logins are there.
#[derive(Clone, Copy)]
enum Weather {
    Quiet,
    Storm,
}

const QUIET: &str = "quiet";
const STORM: &str = "in the storm";

impl Weather {
    fn label(self) -> &'static str {
        match self {
            Self::Quiet => QUIET,
            Self::Storm => STORM,
        }
    }
}

fn measure(workshop: &mut Workshop, plan: &Plan) -> Result<Finding, Failure> {
    let database = Database::create(Engine::Postgres)?;
    let settings = ServerSettings::new().on_database(&database).set("LOGIN_THROTTLE", "off");
    let server = workshop.start(Contender::Hallpass, &settings)?;
    eprintln!("storm: registering {} users", STORMING + REFRESHING);
    token_file::register(&server, "storm", STORMING)?;
    let refreshing = token_file::register(&server, "refreshing", REFRESHING)?;
    let mut requests = Table::new("guarded requests per second", 0);
    let mut latency = Table::new("their 99th percentile, ms", 2);
    let mut succeeding = Table::new("refreshes that succeed, %", 1);
    let mut refreshing_rate = Table::new("refreshes per second in the storm", 1);
    let mut logins = Table::new("logins per second that are granted", 1);
    let mut weathers = [Weather::Storm, Weather::Quiet];
    for round in 1..=plan.rounds {
        eprintln!("storm: round {round} of {}", plan.rounds);
        // Neither is always the one after the other.
        weathers.reverse();
        for weather in weathers {
            let Outcomes { guarded, storm } =
                measure_once(&server, &refreshing, weather, plan.storm)?;
            let label = weather.label();
            requests.add(label, guarded.per_second(), guarded.wrong());
            latency.add(label, guarded.p99_milliseconds(), 0);
            if let Some(Storm { logins: outcome, refreshes }) = storm {
                logins.add(label, outcome.granted_per_second(), outcome.surprises());
                let all = refreshes.answers() + refreshes.wrong();
                let share = refreshes.answers() as f64 / all.max(1) as f64;
                succeeding.add(label, share * 100.0, refreshes.wrong());
                refreshing_rate.add(label, refreshes.per_second(), 0);
            }
        }
    }
    let mut finding = judged(requests, latency, succeeding);
    finding.add_table(refreshing_rate);
    finding.add_table(logins);
    Ok(finding)
}

/// What came of the loads that ran at once.
struct Outcomes {
    guarded: Outcome,
    storm: Option<Storm>,
}

/// What came of the logins, and of the refreshes beside them.
struct Storm {
    logins: Outcome,
    refreshes: Outcome,
}

/// How long the storm is there before and after what is measured.
const HEAD_START: Duration = Duration::from_secs(2);
/// Who still waits for a permit when the storm ends is answered in this time.
const AFTERMATH: Duration = Duration::from_secs(3);
/// A refresh that takes longer has not succeeded.
const PATIENCE: Duration = Duration::from_secs(2);

/// Guarded requests, alone or in a storm.
fn measure_once(
    server: &Server,
    refreshing: &[String],
    weather: Weather,
    duration: Duration,
) -> Result<Outcomes, Failure> {
    let authorization = format!("Bearer {}", access_token::good());
    let guarded = Load::constant(server.url("/me"), "GET", &authorization, "")
        .over_connections(GUARDED)
        .lasting(duration);
    if let Weather::Quiet = weather {
        return Ok(Outcomes { guarded: guarded.run()?, storm: None });
    }
    let tokens = token_file::of_new_sessions(server, refreshing)?;
    let logins = Load::logging_in(server.url("/auth/login"), "storm", STORMING, PASSWORD)
        .over_connections(STORMING)
        .lasting(duration + HEAD_START + HEAD_START)
        .start()?;
    std::thread::sleep(HEAD_START);
    let guarded = guarded.start()?;
    let refreshes = Load::refreshing(server.url("/auth/refresh"), &tokens, REFRESHING, 1)
        .lasting(duration)
        .waiting_no_longer_than(PATIENCE)
        .run()?;
    let guarded = guarded.finish()?;
    let logins = logins.finish()?;
    std::thread::sleep(AFTERMATH);
    Ok(Outcomes { guarded, storm: Some(Storm { logins, refreshes }) })
}

fn judged(requests: Table, latency: Table, succeeding: Table) -> Finding {
    let mut finding = Finding::default();
    let guarded = requests.ratio(STORM, QUIET).named("guarded requests, storm ÷ quiet".to_owned());
    let p99 = latency.ratio(STORM, QUIET).named("99th percentile, storm ÷ quiet".to_owned());
    let share = succeeding.share(STORM).named("refreshes that succeed in the storm".to_owned());
    finding.judge(guarded.against(Target::AtLeast(0.5)).plausible_within(0.05..=2.0));
    finding.judge(p99.against(Target::AtMost(5.0)).plausible_within(0.1..=100.0));
    finding.judge(share.against(Target::AtLeast(0.99)).plausible_within(0.5..=1.0));
    finding.tables = vec![requests, latency, succeeding];
    finding
}
