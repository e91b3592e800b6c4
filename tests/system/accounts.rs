//! The life of an account on real databases: disable, enable, delete and set a password, against logins
//! and refreshes that come at the same time.

use std::sync::Arc;
use std::sync::Barrier;
use std::thread;

use actix_hallpass::hallpass::testing::{ManualClock, RecordingObserver, SeededRandom};
use actix_hallpass::hallpass::{
    AuthEventKind, Credentials, LoginAnswer, PasswordHash, Sessions, UserId,
};
use actix_hallpass::{AccountError, Auth};

use crate::databases::{TestDatabase, on_every_database};

on_every_database!(
    a_disabled_user_is_out_whatever_comes_at_the_same_time,
    a_deleted_user_is_gone_whatever_comes_at_the_same_time,
    a_new_password_is_the_only_one_whatever_comes_at_the_same_time,
    a_password_changed_by_sql_ends_refreshing,
    a_foreign_hash_is_adopted_once_whoever_logs_in_at_the_same_time,
    a_session_in_the_users_row_moves_to_the_table_at_its_refresh,
);

/// How often each race is run.
const ROUNDS: usize = 10;

const PASSWORD: &str = "correct horse";

struct World {
    auth: Auth,
    observer: Arc<RecordingObserver>,
}

impl World {
    fn new(database: &TestDatabase, sessions: Sessions) -> Self {
        let observer = Arc::new(RecordingObserver::default());
        let url = database.database_url();
        let store = match sessions {
            Sessions::OnePerUser => actix_hallpass::hallpass_diesel::open(
                &url,
                actix_hallpass::hallpass_diesel::Migrations::Run,
                None,
            ),
            Sessions::PerDevice { max } => actix_hallpass::hallpass_diesel::open_per_device(
                &url,
                max,
                actix_hallpass::hallpass_diesel::Migrations::Run,
                None,
            ),
        };
        let auth = Auth::builder()
            .clock(Arc::new(ManualClock::default()))
            .random(Arc::new(SeededRandom::new(7)))
            .random_secrets()
            .observer(observer.clone())
            .store(store.unwrap())
            .password_hash_cost(4)
            .refresh_hash_cost(4)
            .build()
            .unwrap();
        Self { auth, observer }
    }

    fn register(&self, login: &str) -> UserId {
        self.auth.service().register(credentials(login, PASSWORD), None).run_blocking().unwrap()
    }

    fn login(&self, login: &str, password: &str) -> Option<String> {
        let answer = self.auth.service().login(credentials(login, password), None).run_blocking();
        answer.ok().map(|LoginAnswer::LoggedIn(pair)| pair.refresh_token.expose_token().to_owned())
    }

    fn refresh(&self, token: &str) -> Option<String> {
        let pair = self.auth.service().refresh(token, None).run_blocking();
        pair.ok().map(|pair| pair.refresh_token.expose_token().to_owned())
    }

    /// Lets `change` happen while a session is refreshed and others begin; returns all refresh tokens
    /// that anybody has then.
    fn race(&self, login: &str, change: impl FnOnce() + Send) -> Vec<String> {
        let tokens: Vec<_> = (0..3).filter_map(|_| self.login(login, PASSWORD)).collect();
        let start = Barrier::new(7);
        let with_start = |work: &dyn Fn() -> Option<String>| {
            start.wait();
            work()
        };
        let mut all = tokens.clone();
        thread::scope(|scope| {
            let refreshes: Vec<_> = tokens
                .iter()
                .map(|token| scope.spawn(|| with_start(&|| self.refresh(token))))
                .collect();
            let logins: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| with_start(&|| self.login(login, PASSWORD))))
                .collect();
            start.wait();
            change();
            let results = refreshes.into_iter().chain(logins);
            all.extend(results.filter_map(|thread| thread.join().unwrap()));
        });
        all
    }
}

fn credentials(login: &str, password: &str) -> Credentials {
    Credentials::new(login, password)
}

/// Both modes, each on the same database.
fn worlds(database: &TestDatabase) -> [World; 2] {
    [Sessions::OnePerUser, Sessions::PerDevice { max: 5 }].map(|it| World::new(database, it))
}

fn a_disabled_user_is_out_whatever_comes_at_the_same_time(database: &TestDatabase) {
    for (mode, world) in worlds(database).into_iter().enumerate() {
        for round in 0..ROUNDS {
            let login = format!("ada{mode}{round}");
            let id = world.register(&login);
            let tokens = world.race(&login, || {
                let disabled = world.auth.service().disable(id.clone()).run_blocking();
                assert!(disabled.unwrap(), "the user is there");
            });
            assert_eq!(world.login(&login, PASSWORD), None);
            assert!(
                tokens.iter().all(|token| world.refresh(token).is_none()),
                "no session is left"
            );
            assert!(world.auth.service().enable(id).run_blocking().unwrap());
            assert!(tokens.iter().all(|token| world.refresh(token).is_none()), "none comes back");
            assert!(world.login(&login, PASSWORD).is_some());
        }
    }
}

fn a_deleted_user_is_gone_whatever_comes_at_the_same_time(database: &TestDatabase) {
    for (mode, world) in worlds(database).into_iter().enumerate() {
        for round in 0..ROUNDS {
            let login = format!("ada{mode}{round}");
            let id = world.register(&login);
            let tokens = world.race(&login, || {
                assert!(world.auth.service().delete(id.clone()).run_blocking().unwrap());
            });
            assert_eq!(world.login(&login, PASSWORD), None);
            assert!(tokens.iter().all(|token| world.refresh(token).is_none()));
            let next = world.register(&login);
            assert_ne!(next, id, "an id is not given again");
            assert!(tokens.iter().all(|token| world.refresh(token).is_none()));
        }
    }
}

fn a_new_password_is_the_only_one_whatever_comes_at_the_same_time(database: &TestDatabase) {
    for (mode, world) in worlds(database).into_iter().enumerate() {
        for round in 0..ROUNDS {
            let login = format!("ada{mode}{round}");
            let id = world.register(&login);
            let tokens = world.race(&login, || {
                let new = "another horse".to_owned().into();
                let set = world.auth.service().set_password(id.clone(), new);
                set.run_blocking().unwrap();
            });
            assert_eq!(world.login(&login, PASSWORD), None, "the old password is gone");
            assert!(
                tokens.iter().all(|token| world.refresh(token).is_none()),
                "no session is left"
            );
            assert!(world.login(&login, "another horse").is_some());
        }
    }
}

fn a_password_changed_by_sql_ends_refreshing(database: &TestDatabase) {
    for (mode, world) in worlds(database).into_iter().enumerate() {
        let login = format!("ada{mode}");
        let id = world.register(&login);
        let token = world.login(&login, PASSWORD).unwrap();
        let made_elsewhere = "$2b$04$5Nz85urDEzXGhsRdUzg26.ppvweAggoJC5IXWV38ye77/YyXAPU6a";
        database
            .sql(&format!("UPDATE users SET password_hash = '{made_elsewhere}' WHERE id = {id}"));
        assert_eq!(world.refresh(&token), None);
    }
}

fn a_foreign_hash_is_adopted_once_whoever_logs_in_at_the_same_time(database: &TestDatabase) {
    for (mode, world) in worlds(database).into_iter().enumerate() {
        let login = format!("ada{mode}");
        let id = world.register(&login);
        database.sql(&format!("UPDATE users SET password_hash = 'scrypt$x' WHERE id = {id}"));
        assert_eq!(world.login(&login, "seven77"), None);
        let start = Barrier::new(4);
        let adopt = || {
            let (verified, password) = (PasswordHash::new("scrypt$x"), "seven77".to_owned().into());
            start.wait();
            let service = world.auth.service();
            let is_adopted = service.adopt_password(id.clone(), verified, password).run_blocking();
            let token = world.login(&login, "seven77").expect("the password is adopted");
            (is_adopted.unwrap(), token)
        };
        let logins: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(adopt)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(logins.iter().filter(|(is_adopted, _)| *is_adopted).count(), 1);
        let alive = logins.iter().filter(|(_, token)| world.refresh(token).is_some()).count();
        assert_eq!(alive, if mode == 0 { 1 } else { 4 }, "no login ends another one's session");
    }
}

/// One column to a table, as an operator does it: a restart with another setting.
fn a_session_in_the_users_row_moves_to_the_table_at_its_refresh(database: &TestDatabase) {
    let before = World::new(database, Sessions::OnePerUser);
    for login in ["ada", "bob", "eve"] {
        before.register(login);
    }
    let [ada, bob, eve] = ["ada", "bob", "eve"].map(|login| before.login(login, PASSWORD).unwrap());
    // The secrets follow from the seed of chance, so this one has the same.
    let after = World::new(database, Sessions::PerDevice { max: 5 });
    let next = after.refresh(&ada).expect("nobody is logged out");
    assert_eq!(after.refresh(&ada).as_ref(), Some(&next), "a lost reply is answered as ever");
    after.refresh(&next).unwrap();
    let second = after.login("bob", PASSWORD).unwrap();
    assert!(after.refresh(&bob).is_some(), "beside a login on another device, too");
    assert!(after.refresh(&second).is_some());
    after.auth.service().logout(Some(&eve), None, None).run_blocking().unwrap();
    assert_eq!(after.refresh(&eve), None, "and is logged out where it is");
    let kinds = after.observer.take_kinds();
    assert!(!kinds.contains(&AuthEventKind::ReuseDetected), "{kinds:?}");
}

#[actix_web::test]
async fn the_calls_of_an_application_say_what_they_did() {
    use actix_hallpass::testing::TestAuth;

    let auth = TestAuth::new();
    let id = auth.run(auth.service().register(credentials("ada", PASSWORD), None)).await;
    let id = id.unwrap().unwrap();
    assert!(
        auth.run(auth.service().login(credentials("ada", PASSWORD), None)).await.unwrap().is_ok()
    );
    assert_eq!(auth.end_sessions(&id).await.unwrap(), 1);
    assert!(auth.disable(&id).await.unwrap());
    assert!(auth.enable(&id).await.unwrap());
    assert!(auth.set_password(&id, "another horse").await.unwrap());
    let short = auth.set_password(&id, "short").await.unwrap_err();
    assert!(matches!(short, AccountError::Password(_)), "{short:?}");
    assert!(auth.delete(&id).await.unwrap());
    for gone in [
        auth.disable(&id).await,
        auth.enable(&id).await,
        auth.delete(&id).await,
        auth.set_password(&id, "another horse").await,
        auth.adopt_password(&id, &PasswordHash::new("pbkdf2$…"), "another horse").await,
    ] {
        assert!(!gone.unwrap(), "nobody is there");
    }
    assert_eq!(auth.remove_dead_sessions(std::time::Duration::ZERO).await.unwrap(), 0);
}

/// In a handler, an error of these calls is the response that a route of hallpass's would give.
#[actix_web::test]
async fn an_error_of_a_call_is_a_response() {
    use actix_hallpass::testing::TestAuth;
    use actix_web::ResponseError as _;
    use actix_web::body::to_bytes;

    let auth = TestAuth::new();
    let error = auth.set_password(7, "x").await.unwrap_err();
    let response = error.error_response();
    assert_eq!(response.status(), 422);
    let body = to_bytes(response.into_body()).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["code"], "password_unacceptable");
    assert_eq!(body["detail"], "too short: 1 character; the minimum is 8");
}
