//! A server whose clock is wrong by `CLOCK_OFFSET_SECONDS`: for the tests of many servers. Built with
//! the examples, so that `cargo test` has it at hand.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_hallpass::hallpass::{Clock, Timestamp};
use actix_hallpass::{Auth, Environment};
use actix_web::{App, HttpServer};

/// The system's clock, some seconds away from it.
struct SkewedClock {
    offset_seconds: i64,
}

impl Clock for SkewedClock {
    #[expect(clippy::disallowed_methods, reason = "this is a clock")]
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
        let seconds = since_1970.as_secs().saturating_add_signed(self.offset_seconds);
        Timestamp::from_unix_seconds(seconds).expect("it is before the year 10000")
    }
}

#[actix_web::main]
#[expect(clippy::print_stdout, reason = "whoever starts the server reads where it listens")]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let environment = Environment::load();
    let offset_seconds = environment
        .var("CLOCK_OFFSET_SECONDS")?
        .map_or(0, |offset| offset.parse().expect("CLOCK_OFFSET_SECONDS is a whole number"));
    let auth = Auth::builder()
        .environment(&environment)
        .clock(Arc::new(SkewedClock { offset_seconds }))
        .allow_registration()
        .build()?;
    let bind = environment.var("BIND")?.expect("BIND is set");
    let server = HttpServer::new(move || App::new().configure(auth.routes("/auth"))).bind(bind)?;
    let addresses = server.addrs();
    let running = actix_web::rt::spawn(server.run());
    actix_web::rt::task::yield_now().await;
    for address in addresses {
        println!("listening on http://{address}");
    }
    running.await?
}
