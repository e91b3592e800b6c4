//! Bounded hashing: two lanes, a limit to waiting, permits that survive a disconnect.

use std::io::Write as _;
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use actix_hallpass::hallpass::UserStore;
use actix_hallpass::hallpass::testing::{InterposedStore, MemoryStore, Verb};
use serde_json::json;

use crate::app::TestApp;

/// A hash that takes at least eight times as long as a request may wait for its turn.
const SLOW: u32 = 14;
const WAIT: Duration = Duration::from_millis(100);

/// Starts an app with one permit in each lane and slow password hashes.
fn slow_app(store: Arc<dyn UserStore>) -> TestApp {
    TestApp::with(|builder| {
        builder
            .store(store)
            .password_hash_cost(SLOW)
            .hash_concurrency(NonZeroUsize::MIN)
            .hash_wait(WAIT)
    })
}

/// Returns a store, and what tells when a login has begun.
fn announcing() -> (Arc<dyn UserStore>, mpsc::Receiver<()>) {
    let (begun, begins) = mpsc::channel();
    let store = InterposedStore::new(Arc::new(MemoryStore::default()), move |verb| {
        if verb == Verb::LoadByLogin {
            let _ = begun.send(());
        }
        Ok(())
    });
    (Arc::new(store), begins)
}

#[test]
fn a_crowd_of_logins_is_refused_with_busy_and_delays_no_refresh() {
    let (store, begins) = announcing();
    let app = slow_app(store);
    let tokens = app.session("ada");
    begins.recv().unwrap();
    let statuses = thread::scope(|scope| {
        let login = || app.login("nobody", "wrong horse").status;
        let logins: Vec<_> = (0..4).map(|_| scope.spawn(login)).collect();
        (0..4).for_each(|_| begins.recv().unwrap());
        // What takes no permit, or one of the other lane, goes on.
        let mut next = tokens.clone();
        for _ in 0..5 {
            next = app.refresh(&next.refresh).tokens();
        }
        app.refresh("garbage").assert_refused(401, "refresh_invalid");
        app.post("/auth/login", &json!({})).assert_refused(400, "invalid_request");
        assert_eq!(app.get_with_token("/guarded/maybe", &next.access).body, "user 1");
        assert_eq!(app.logout(&next.refresh).status, 204);
        logins.into_iter().map(|login| login.join().unwrap()).collect::<Vec<_>>()
    });
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert_eq!((statuses.len(), refused), (4, 3), "{statuses:?}");
    assert!(statuses.contains(&401), "one of them had its turn");
}

#[test]
fn a_permit_is_kept_while_its_hash_runs_although_the_client_hung_up() {
    let (store, begins) = announcing();
    let app = slow_app(store);
    let mut stream = TcpStream::connect(app.address()).unwrap();
    let body = r#"{"login":"nobody","password":"wrong horse"}"#;
    let request = format!(
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    begins.recv().unwrap();
    drop(stream);
    let answer = app.login("nobody", "wrong horse");
    answer.assert_refused(503, "busy");
    assert_eq!(answer.header("retry-after"), Some("1"));
}
