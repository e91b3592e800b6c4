//! A guard that knows about logout: what it refuses, how often it asks, and what it does without an answer.

mod cost;
mod in_tests;
mod outages;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use actix_hallpass::hallpass::testing::{ManualClock, MemoryStore, Verb};
use actix_hallpass::hallpass::{PasswordHash, Sessions, StoreError, UserId};
use actix_hallpass::testing::{TestAuth, TestUser};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpServer};
use serde_json::json;

use crate::app::{TestApp, handlers};
use crate::forge::{ACCESS_SECRET, REFRESH_SECRET};
use crate::http::Tokens;

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// An application over a store in memory that counts how often a session is looked up, and that can be
/// away.
struct World {
    app: TestApp,
    memory: Arc<MemoryStore>,
    looks: Arc<AtomicUsize>,
    is_down: Arc<AtomicBool>,
    is_slow: Arc<AtomicBool>,
}

impl World {
    fn new() -> Self {
        Self::with(Sessions::OnePerUser)
    }

    fn with(sessions: Sessions) -> Self {
        let (looks, is_down) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let is_slow = Arc::new(AtomicBool::new(false));
        let (counted, down) = (Arc::clone(&looks), Arc::clone(&is_down));
        let slow = Arc::clone(&is_slow);
        let memory = MemoryStore::default().with_sessions(sessions).before(move |_, verb| {
            if verb == Verb::Load {
                counted.fetch_add(1, Ordering::SeqCst);
                if slow.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(200));
                }
            }
            if down.load(Ordering::SeqCst) {
                return Err(StoreError::Unavailable("the disk is on fire".into()));
            }
            Ok(())
        });
        let memory = Arc::new(memory);
        let auth = TestAuth::with(|builder| builder.store(memory.clone()).sessions(sessions));
        let app = serve(auth);
        Self { app, memory, looks, is_down, is_slow }
    }

    /// How often the store was asked since the last call.
    fn looks(&self) -> usize {
        self.looks.swap(0, Ordering::SeqCst)
    }

    fn advance(&self, duration: Duration) {
        self.app.auth.clock().advance(duration);
    }

    fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    fn status(&self, path: &str, tokens: &Tokens) -> u16 {
        self.app.get_with_token(path, &tokens.access).status
    }

    #[track_caller]
    fn assert_ended(&self, path: &str, tokens: &Tokens) {
        let answer = self.app.get_with_token(path, &tokens.access);
        answer.assert_refused(401, "session_revoked");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    }
}

fn serve(auth: TestAuth) -> TestApp {
    TestApp::serve(auth, |auth| {
        HttpServer::new(move || {
            let auth = Arc::clone(&auth);
            App::new().configure(auth.routes("/auth")).configure(move |config| areas(&auth, config))
        })
        .workers(2)
        .bind("127.0.0.1:0")
        .map(|server| (server.addrs()[0], server.run()))
        .unwrap()
    })
}

fn areas(auth: &TestAuth, config: &mut ServiceConfig) {
    let bound = |staleness| auth.guard().session_bound(staleness);
    for (path, guard) in [
        ("/plain", auth.guard()),
        ("/minute", bound(MINUTE)),
        ("/always", bound(Duration::ZERO)),
        ("/tolerant", bound(MINUTE).tolerate_outage(5 * MINUTE)),
        ("/tolerant-first", auth.guard().tolerate_outage(5 * MINUTE).session_bound(MINUTE)),
        ("/half", bound(SECOND / 2)),
        ("/patient", bound(MINUTE).tolerate_outage(Duration::MAX)),
        ("/optional", bound(MINUTE).optional()),
        ("/scoped", bound(MINUTE).scope("orders:write")),
    ] {
        config.service(web::scope(path).wrap(guard).configure(handlers));
    }
}

#[test]
fn the_process_that_handles_the_logout_forgets_at_once() {
    let world = World::new();
    let tokens = world.app.session("ada");
    assert_eq!(world.status("/minute/user", &tokens), 200);
    assert_eq!(world.app.logout(&tokens.refresh).status, 204);
    world.assert_ended("/minute/user", &tokens);
    world.assert_ended("/always/user", &tokens);
    assert_eq!(world.status("/plain/user", &tokens), 200, "another guard does not know");
}

#[test]
fn the_store_is_asked_once_per_session_and_max_staleness() {
    let world = World::new();
    let (ada, bob) = (world.app.session("ada"), world.app.session("bob"));
    world.looks();
    for _ in 0..10 {
        assert_eq!(world.status("/minute/user", &ada), 200);
        assert_eq!(world.status("/minute/user", &bob), 200);
    }
    assert_eq!(world.looks(), 2, "once for each session");
    world.advance(MINUTE - SECOND);
    assert_eq!(world.status("/minute/user", &ada), 200);
    assert_eq!(world.looks(), 0);
    world.advance(SECOND);
    assert_eq!(world.status("/minute/user", &ada), 200);
    assert_eq!(world.looks(), 1);
    for _ in 0..3 {
        assert_eq!(world.status("/always/user", &ada), 200);
    }
    assert_eq!(world.looks(), 3, "at every request");
    for _ in 0..3 {
        assert_eq!(world.status("/plain/user", &ada), 200);
    }
    assert_eq!(world.looks(), 0, "another guard asks nothing");
}

#[test]
fn a_part_of_a_second_counts_as_a_whole_one() {
    let world = World::new();
    let ada = world.app.session("ada");
    world.looks();
    for _ in 0..3 {
        assert_eq!(world.status("/half/user", &ada), 200);
    }
    assert_eq!(world.looks(), 1);
    world.advance(SECOND);
    assert_eq!(world.status("/half/user", &ada), 200);
    assert_eq!(world.looks(), 1);
}

#[test]
fn an_outage_is_tolerated_whichever_call_comes_first() {
    let world = World::new();
    let ada = world.app.session("ada");
    for path in ["/tolerant/user", "/tolerant-first/user"] {
        assert_eq!(world.status(path, &ada), 200, "{path}");
    }
    world.set_down(true);
    world.advance(2 * MINUTE);
    for path in ["/tolerant/user", "/tolerant-first/user"] {
        assert_eq!(world.status(path, &ada), 200, "{path}");
    }
    assert_eq!(world.status("/minute/user", &ada), 503);
}

#[test]
fn a_session_that_has_ended_is_not_asked_for_again_and_again_either() {
    let world = World::new();
    let tokens = world.app.session("ada");
    world.app.logout(&tokens.refresh);
    world.looks();
    for _ in 0..10 {
        world.assert_ended("/minute/user", &tokens);
    }
    assert_eq!(world.looks(), 1);
}

#[test]
fn of_many_requests_at_once_one_asks() {
    let world = World::new();
    let tokens = world.app.session("ada");
    world.looks();
    // So that the others come before the answer.
    world.is_slow.store(true, Ordering::SeqCst);
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| assert_eq!(world.status("/minute/user", &tokens), 200));
        }
    });
    assert_eq!(world.looks(), 1);
}

/// What another process does, this one learns within `max_staleness`.
#[test]
fn what_ends_elsewhere_is_known_within_max_staleness() {
    type Elsewhere = fn(&MemoryStore, &UserId);
    let changes: [Elsewhere; 4] = [
        |store, id| assert!(store.edit(id, |user| user.session = None)),
        |store, id| assert!(store.edit(id, |user| user.is_disabled = true)),
        |store, id| assert!(store.delete(id)),
        |store, id| {
            store.edit(id, |user| user.password_hash = PasswordHash::new("$2b$04$by_other_means"));
        },
    ];
    for change in changes {
        let world = World::new();
        let tokens = world.app.session("ada");
        assert_eq!(world.status("/minute/user", &tokens), 200);
        change(&world.memory, &UserId::new(1));
        assert_eq!(world.status("/minute/user", &tokens), 200, "not yet");
        world.assert_ended("/always/user", &tokens);
        world.advance(MINUTE);
        world.assert_ended("/minute/user", &tokens);
    }
}

/// Each `Auth` remembers for itself, in one process too.
#[test]
fn what_ends_through_another_auth_is_known_within_max_staleness() {
    let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(ManualClock::default()));
    let app = |audience: &str| {
        serve(TestAuth::with(|builder| {
            let builder = builder.store(store.clone()).clock(clock.clone()).audience(audience);
            builder.access_token_secret(ACCESS_SECRET).refresh_token_secret(REFRESH_SECRET)
        }))
    };
    let (api, same, admin) = (app("api"), app("api"), app("admin"));
    let tokens = api.session("ada");
    let ends: [&dyn Fn(&Tokens); 2] =
        [&|tokens| assert_eq!(same.logout(&tokens.refresh).status, 204), &|_| {
            let disabled = admin.auth.service().disable(UserId::new(1)).run_blocking();
            assert!(disabled.unwrap());
        }];
    let mut tokens = Some(tokens);
    for end in ends {
        let tokens = tokens.take().unwrap_or_else(|| api.login("ada", "correct horse").tokens());
        let get = |path| api.get_with_token(path, &tokens.access);
        assert_eq!(get("/minute/user").status, 200);
        end(&tokens);
        assert_eq!(get("/minute/user").status, 200, "not yet");
        get("/always/user").assert_refused(401, "session_revoked");
        clock.advance(MINUTE);
        get("/minute/user").assert_refused(401, "session_revoked");
    }
}

/// Whatever this process does itself, it knows at once: run as the application would run it.
#[test]
fn what_ends_here_is_known_at_once() {
    let (id, new) = (UserId::new(1), || "another horse".to_owned().into());
    for change in 0..6 {
        let world = World::with(Sessions::PerDevice { max: 1 });
        let tokens = world.app.session("ada");
        assert_eq!(world.status("/minute/user", &tokens), 200);
        let service = world.app.auth.service();
        match change {
            0 => assert!(service.disable(id.clone()).run_blocking().unwrap()),
            1 => assert!(service.delete(id.clone()).run_blocking().unwrap()),
            2 => assert!(service.set_password(id.clone(), new()).run_blocking().unwrap()),
            3 => assert_eq!(service.end_sessions(id.clone()).run_blocking().unwrap(), 1),
            4 => drop(world.app.login("ada", "correct horse").tokens()),
            _ => {
                world.app.refresh(&tokens.refresh).tokens();
                world.advance(31 * SECOND);
                world.app.refresh(&tokens.refresh).assert_refused(401, "session_revoked");
            }
        }
        world.assert_ended("/minute/user", &tokens);
    }
}

#[test]
fn a_device_that_is_logged_out_from_another_one_is_out() {
    let world = World::with(Sessions::PerDevice { max: 5 });
    let phone = world.app.session("ada");
    let laptop = world.app.login("ada", "correct horse").tokens();
    assert_eq!(world.status("/minute/user", &phone), 200);
    let answer = world.app.send_with_token("POST", "/auth/logout/others", &laptop.access);
    assert_eq!(answer.status, 204);
    world.assert_ended("/minute/user", &phone);
    assert_eq!(world.status("/minute/user", &laptop), 200);
    let body = json!({ "current_password": "correct horse", "new_password": "another horse" });
    let phone = world.app.login("ada", "correct horse").tokens();
    assert_eq!(world.app.post_with_token("/auth/password", &laptop.access, &body).status, 204);
    world.assert_ended("/minute/user", &phone);
    assert_eq!(world.status("/minute/user", &laptop), 200, "the kept session goes on");
}

#[test]
fn a_session_that_is_ended_by_its_id_is_out_and_then_all_of_the_user_and_of_nobody_else() {
    let world = World::with(Sessions::PerDevice { max: 5 });
    let bob = world.app.session("bob");
    let phone = world.app.session("ada");
    let laptop = world.app.login("ada", "correct horse").tokens();
    for tokens in [&bob, &phone, &laptop] {
        assert_eq!(world.status("/minute/user", tokens), 200);
    }
    let list = world.app.get_with_token("/auth/sessions", &phone.access).json();
    let sessions = list["sessions"].as_array().unwrap();
    let own = sessions.iter().find(|session| session["current"] == true).unwrap();
    let path = format!("/auth/sessions/{}", own["id"].as_str().unwrap());
    assert_eq!(world.app.send_with_token("DELETE", &path, &laptop.access).status, 204);
    world.assert_ended("/minute/user", &phone);
    assert_eq!(world.status("/minute/user", &laptop), 200);
    let all = world.app.send_with_token("POST", "/auth/logout/all", &laptop.access);
    assert_eq!(all.status, 204);
    world.assert_ended("/minute/user", &laptop);
    assert_eq!(world.status("/minute/user", &bob), 200);
}

#[test]
fn a_refresh_ends_nothing_and_is_not_asked_for() {
    let world = World::new();
    let first = world.app.session("ada");
    assert_eq!(world.status("/minute/user", &first), 200);
    let second = world.app.refresh(&first.refresh).tokens();
    world.looks();
    assert_eq!(world.status("/minute/user", &second), 200);
    assert_eq!(world.status("/minute/user", &first), 200, "its access token lives on");
    assert_eq!(world.looks(), 0);
}

#[test]
fn what_else_the_guard_asks_comes_after_the_session() {
    let world = World::new();
    let tokens = world.app.session("ada");
    let answer = world.app.get_with_token("/scoped/user", &tokens.access);
    answer.assert_refused(403, "insufficient_scope");
    assert_eq!(world.status("/scoped/user", &tokens), 403, "also when it remembers");
    world.app.logout(&tokens.refresh);
    world.assert_ended("/scoped/user", &tokens);
}

#[test]
fn visitors_pass_where_they_may_and_a_dead_session_is_no_visitor() {
    let world = World::new();
    let tokens = world.app.session("ada");
    assert_eq!(world.app.get("/optional/maybe").body, "anonymous");
    assert_eq!(world.app.get_with_token("/optional/maybe", &tokens.access).body, "user 1");
    world.app.logout(&tokens.refresh);
    world.assert_ended("/optional/maybe", &tokens);
    world.app.get("/minute/user").assert_refused(401, "token_missing");
    world.app.get_with_token("/minute/user", "garbage").assert_refused(401, "token_invalid");
}

#[test]
fn a_token_of_a_session_that_never_was_is_refused() {
    let world = World::new();
    world.app.session("ada");
    for user in [1, 99] {
        let access = world.app.auth.token_for(user).session_id("no-such-session").mint();
        world.assert_ended("/minute/user", &Tokens { access, refresh: String::new() });
    }
}
