//! The contender `open`: an open route, the ceiling of what actix-web does here, or with ROUTE=wrapped the
//! same one behind a middleware that does nothing, which is what any guard costs at least.
//!
//! Settings are environment variables: BIND, WORKERS and ROUTE.

use std::env;
use std::hint::black_box;
use std::io;

use actix_web::dev::Service as _;
use actix_web::{App, HttpServer, rt, web};

/// Says what a guarded handler says, in a scope as those are.
async fn open() -> String {
    format!("hello, user {}", black_box(7))
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let is_wrapped = env::var("ROUTE").is_ok_and(|route| route == "wrapped");
    let server = HttpServer::new(move || {
        let (app, me) = (App::new(), web::scope("/me").route("", web::get().to(open)));
        if is_wrapped {
            app.service(me.wrap_fn(|request, service| service.call(request)))
        } else {
            app.service(me)
        }
    })
    .workers(workers()?)
    .bind(bind())?;
    let addresses = server.addrs();
    let running = rt::spawn(server.run());
    // Its first turn starts the workers and the signal handlers.
    rt::task::yield_now().await;
    for address in addresses {
        println!("listening on http://{address}");
    }
    running.await?
}

fn bind() -> String {
    env::var("BIND").unwrap_or_else(|_| "127.0.0.1:0".to_owned())
}

fn workers() -> io::Result<usize> {
    let number = env::var("WORKERS").unwrap_or_else(|_| "1".to_owned());
    number.parse().map_err(|error| io::Error::other(format!("WORKERS: {error}")))
}
