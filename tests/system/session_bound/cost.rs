//! What each guard costs.

use super::*;

/// What each guard costs a request: `cargo test --release --workspace --all-features --test system
/// -- --ignored --nocapture what_each_guard_costs`. The numbers of docs/choosing.md.
#[test]
#[ignore = "it measures"]
fn what_each_guard_costs() {
    use crate::databases::{Kind, TestDatabase};

    let mut databases = vec![("SQLite", TestDatabase::sqlite())];
    databases.extend(TestDatabase::on(Kind::Postgres).map(|it| ("PostgreSQL", it)));
    databases.extend(TestDatabase::on(Kind::Mysql).map(|it| ("MariaDB", it)));
    for (name, database) in &databases {
        for sessions in [Sessions::OnePerUser, Sessions::PerDevice { max: 5 }] {
            measure(name, database, sessions);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
#[expect(clippy::print_stdout, reason = "whoever runs it wants the numbers")]
fn measure(name: &str, database: &crate::databases::TestDatabase, sessions: Sessions) {
    use actix_hallpass::hallpass::{Credentials, LoginAnswer};
    use actix_hallpass::hallpass_diesel::{Migrations, open, open_per_device};
    use actix_web::test::{TestRequest, call_service, init_service};

    const REQUESTS: usize = 2_000;

    let url = database.database_url();
    let store = match sessions {
        Sessions::OnePerUser => open(&url, Migrations::Run, None).unwrap(),
        Sessions::PerDevice { max } => open_per_device(&url, max, Migrations::Run, None).unwrap(),
    };
    let auth = TestAuth::with(|builder| builder.store(store));
    actix_web::rt::System::new().block_on(async {
        let login = format!("ada-{sessions:?}");
        let credentials = || Credentials::new(login.clone(), "correct horse");
        auth.run(auth.service().register(credentials(), None)).await.unwrap().unwrap();
        let LoginAnswer::LoggedIn(pair) =
            auth.run(auth.service().login(credentials(), None)).await.unwrap().unwrap();
        let header = format!("Bearer {}", pair.access_token.expose_token());
        let app = App::new().configure(|config| areas(&auth, config));
        let app = init_service(app.route("/open", web::get().to(async || "in"))).await;
        for path in ["/open", "/plain/nobody", "/minute/nobody", "/always/nobody"] {
            let mut times = Vec::new();
            for _ in 0..REQUESTS {
                let request = TestRequest::with_uri(path);
                let request = request.insert_header(("Authorization", header.clone())).to_request();
                let start = std::time::Instant::now();
                assert_eq!(call_service(&app, request).await.status(), 200);
                times.push(start.elapsed());
            }
            times.sort();
            println!("{name} {sessions:?} {path}: median {:?}", times[REQUESTS / 2]);
        }
    });
}
