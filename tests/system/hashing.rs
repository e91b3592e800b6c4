//! Bounded hashing: two lanes, a limit to waiting, permits that survive a disconnect.

use std::future::{Future as _, poll_fn};
use std::io::Write as _;
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use actix_hallpass::hallpass::testing::SeededRandom;
use actix_hallpass::hallpass::{Credentials, LoginAnswer, Random, RandomUnavailable};
use actix_hallpass::testing::TestAuth;
use actix_web::{App, HttpServer};
use serde_json::json;

use crate::app::TestApp;
use crate::http::Client;

/// A random source at which one hash can be held up: it draws its salt with its permit in hand.
struct Turnstile {
    random: SeededRandom,
    is_closed: AtomicBool,
    arrivals: Mutex<mpsc::Sender<()>>,
    releases: Mutex<mpsc::Receiver<()>>,
}

/// The other side of a [`Turnstile`].
struct Attendant {
    turnstile: Arc<Turnstile>,
    arrivals: mpsc::Receiver<()>,
    releases: mpsc::Sender<()>,
}

impl Random for Turnstile {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        if self.is_closed.swap(false, Ordering::SeqCst) {
            self.arrivals.lock().unwrap().send(()).unwrap();
            self.releases.lock().unwrap().recv().unwrap();
        }
        self.random.fill(bytes)
    }
}

impl Attendant {
    fn new() -> Self {
        let (arrived, arrivals) = mpsc::channel();
        let (releases, released) = mpsc::channel();
        let turnstile = Turnstile {
            random: SeededRandom::default(),
            is_closed: AtomicBool::new(false),
            arrivals: Mutex::new(arrived),
            releases: Mutex::new(released),
        };
        Self { turnstile: Arc::new(turnstile), arrivals, releases }
    }

    /// Starts an app with one permit in each lane whose connections end with their clients.
    fn app(&self, hash_wait: Duration) -> TestApp {
        let auth = TestAuth::with(|builder| {
            builder
                .random(self.turnstile.clone())
                .hash_concurrency(NonZeroUsize::MIN)
                .hash_wait(hash_wait)
        });
        TestApp::serve(auth, |auth| {
            HttpServer::new(move || App::new().configure(auth.routes("/auth")))
                .workers(1)
                // Else a client that is gone counts as one that has only finished talking.
                .h1_allow_half_closed(false)
                .bind("127.0.0.1:0")
                .map(|server| (server.addrs()[0], server.run()))
                .unwrap()
        })
    }

    /// Holds up what `request` sends, once it hashes.
    fn hold_up(&self, request: impl FnOnce()) {
        self.turnstile.is_closed.store(true, Ordering::SeqCst);
        request();
        self.arrivals.recv().unwrap();
    }

    fn release(&self) {
        self.releases.send(()).unwrap();
    }
}

/// Sends a request and leaves without waiting for its answer when the stream is dropped.
fn begin(client: &Client, path: &str, login: &str) -> TcpStream {
    let mut stream = TcpStream::connect(client.address()).unwrap();
    let body = json!({ "login": login, "password": "correct horse" }).to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

#[test]
fn who_gets_no_permit_in_time_is_told_to_come_back_and_the_other_lane_goes_on() {
    let attendant = Attendant::new();
    let app = attendant.app(Duration::from_millis(100));
    let mut tokens = app.session("ada");
    thread::scope(|scope| {
        attendant.hold_up(|| {
            scope.spawn(|| assert_eq!(app.register("eve", "correct horse").status, 201));
        });
        for answer in [app.login("ada", "correct horse"), app.register("bob", "correct horse")] {
            answer.assert_refused(503, "busy");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        // What takes no permit, or one of the other lane, goes on.
        for _ in 0..3 {
            tokens = app.refresh(&tokens.refresh).tokens();
        }
        app.refresh("garbage").assert_refused(401, "refresh_invalid");
        app.post("/auth/login", &json!({})).assert_refused(400, "invalid_request");
        app.register("bob", "short").assert_refused(422, "password_unacceptable");
        assert_eq!(app.logout(&tokens.refresh).status, 204);
        attendant.release();
    });
    app.login("ada", "correct horse").tokens();
}

#[test]
fn a_permit_is_kept_while_its_hash_runs_although_the_client_hung_up() {
    // A registration begins with its hash, and a login comes to it on the thread that loaded the user.
    for (path, login) in [("/auth/register", "eve"), ("/auth/login", "ada")] {
        let attendant = Attendant::new();
        // Long enough for the server to see that the client is gone: a permit that went with the
        // client would then be given to the next one.
        let app = attendant.app(Duration::from_secs(1));
        assert_eq!(app.register("ada", "correct horse").status, 201);
        attendant.hold_up(|| drop(begin(&app, path, login)));
        app.register("bob", "correct horse").assert_refused(503, "busy");
        attendant.release();
        assert_eq!(app.register("bob", "correct horse").status, 201, "{path}");
    }
}

/// To load, to hash and to swap are done on one thread, which is waited for once.
#[actix_web::test]
async fn what_waits_for_no_permit_is_done_on_one_blocking_thread() {
    let auth = TestAuth::new();
    let credentials = || Credentials::new("ada", "correct horse");
    auth.run(auth.service().register(credentials(), None)).await.unwrap().unwrap();
    let LoginAnswer::LoggedIn(pair) =
        auth.run(auth.service().login(credentials(), None)).await.unwrap().unwrap();
    let refresh = auth.service().refresh(pair.refresh_token.expose_token(), None);
    let (mut refresh, mut polls) = (pin!(auth.run(refresh)), 0);
    let refreshed = poll_fn(|context| {
        polls += 1;
        refresh.as_mut().poll(context)
    });
    refreshed.await.unwrap().unwrap();
    assert!(polls <= 2, "it was begun, and it was done: {polls}");
}
