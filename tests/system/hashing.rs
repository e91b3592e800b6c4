//! Bounded hashing: two lanes, a limit to waiting, permits that survive a disconnect.

use std::io::Write as _;
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use actix_hallpass::hallpass::testing::MemoryStore;
use actix_hallpass::hallpass::{
    LoginName, NewUser, PasswordHash, Rotation, SessionId, SessionStart, StoreError, Timestamp,
    User, UserId, UserStore,
};
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

#[test]
fn a_storm_of_logins_is_refused_with_busy_and_delays_no_refresh() {
    let app = slow_app(Arc::new(MemoryStore::default()));
    let tokens = app.session("ada");
    let start = Barrier::new(5);
    let statuses = thread::scope(|scope| {
        let login = || {
            start.wait();
            let answer = app.login("nobody", "wrong horse");
            if answer.status == 503 {
                answer.assert_refused(503, "busy");
                assert_eq!(answer.header("retry-after"), Some("1"));
            }
            answer.status
        };
        let logins: Vec<_> = (0..4).map(|_| scope.spawn(login)).collect();
        start.wait();
        // What takes no permit or one of the other lane goes on.
        let next = app.refresh(&tokens.refresh).tokens();
        app.refresh("garbage").assert_refused(401, "refresh_invalid");
        app.post("/auth/login", &json!({})).assert_refused(400, "invalid_request");
        assert_eq!(app.get_with_token("/guarded/maybe", &next.access).body, "user 1");
        assert_eq!(app.logout(&next.refresh).status, 204);
        logins.into_iter().map(|login| login.join().unwrap()).collect::<Vec<_>>()
    });
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert_eq!((statuses.len(), refused), (4, 3), "{statuses:?}");
    assert!(statuses.contains(&401));
}

/// A store that tells when a login begins.
struct Announcing {
    store: MemoryStore,
    begun: Mutex<mpsc::Sender<()>>,
}

#[test]
fn a_permit_is_kept_while_its_hash_runs_although_the_client_hung_up() {
    let (begun, begins) = mpsc::channel();
    let app =
        slow_app(Arc::new(Announcing { store: MemoryStore::default(), begun: Mutex::new(begun) }));
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
    app.login("nobody", "wrong horse").assert_refused(503, "busy");
}

impl UserStore for Announcing {
    fn is_id(&self, text: &str) -> bool {
        self.store.is_id(text)
    }

    fn load(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.store.load(id)
    }

    fn load_by_login(&self, login: &LoginName) -> Result<Option<User>, StoreError> {
        let _ = self.begun.lock().unwrap().send(());
        self.store.load_by_login(login)
    }

    fn create(&self, user: &NewUser) -> Result<Option<UserId>, StoreError> {
        self.store.create(user)
    }

    fn start_session(&self, start: &SessionStart) -> Result<bool, StoreError> {
        self.store.start_session(start)
    }

    fn rotate(&self, rotation: &Rotation) -> Result<bool, StoreError> {
        self.store.rotate(rotation)
    }

    fn end_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.store.end_session(user_id, session_id, now)
    }

    fn set_password(
        &self,
        user_id: &UserId,
        password_hash: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.store.set_password(user_id, password_hash, now)
    }
}
