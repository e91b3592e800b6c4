//! What the use cases have in common: the check of an access token, and the application's claims.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::password::PasswordHash;
use crate::service::{
    FreshAccess, HashPermit, LoginAnswer, LoginError, OwnSessions, ReauthenticateError,
    RefreshError, UseCase,
};
use crate::store::StoreError;
use crate::testing::world::{PASSWORD, World};
use crate::testing::{Verb, forge};
use crate::user::Credentials;

#[test]
fn an_access_token_is_verified_by_the_clock_and_for_ids_of_the_store_alone() {
    let world = World::new();
    let verify = |subject: &str, exp: u64| {
        let payload = format!(
            r#"{{"iss":"hallpass","aud":"hallpass","sub":"{subject}","iat":1,"exp":{exp},"jti":"j","sid":"s"}}"#
        );
        let header = r#"{"typ":"at+jwt","alg":"HS256"}"#;
        world.service.verify_access(&forge::token(header, &payload, forge::ACCESS_SECRET))
    };
    assert!(verify("1", 2_000_000_001).is_ok());
    assert!(matches!(verify("1", 2_000_000_000), Err(AccessTokenError::Expired { .. })));
    for subject in ["01", "+1", "1.0", "", "ada"] {
        assert_eq!(verify(subject, 2_000_000_001), Err(AccessTokenError::Subject), "{subject}");
    }
}

/// Says how often it was asked before, and can be told to say nothing.
#[derive(Default)]
struct Counting(AtomicU64);

const SILENT: u64 = 1000;

impl ClaimsSource for Counting {
    fn claims(&self, _: &User) -> Result<AppClaims, ClaimsError> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            SILENT.. => Err(StoreError::Unavailable("no answer".into()).into()),
            count => AppClaims::of(&BTreeMap::from([("count", count)])),
        }
    }
}

impl Counting {
    fn world() -> (Arc<Self>, World) {
        let counting = Arc::new(Self::default());
        let world = World::adding(counting.clone());
        (counting, world)
    }

    fn asked(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

fn count_in(world: &World, token: &AccessToken) -> u64 {
    let claims = world.service.verify_access(token.expose_token()).unwrap();
    claims.app_claims::<BTreeMap<String, u64>>().unwrap()["count"]
}

fn reauthenticate(
    world: &World,
    pair: &TokenPair,
) -> UseCase<Result<FreshAccess, ReauthenticateError>> {
    let claims = world.service.verify_access(pair.access_token.expose_token()).unwrap();
    world.service.reauthenticate(claims, PASSWORD.to_owned().into(), None)
}

#[test]
fn claims_are_made_anew_for_each_access_token() {
    let (_, world) = Counting::world();
    let (_, first) = world.session("ada");
    let second = world.rotate(&first);
    let retried = world.rotate(&first);
    let fresh = reauthenticate(&world, &second).run_blocking().unwrap();
    let tokens = [&first, &second, &retried].map(|pair| &pair.access_token);
    assert_eq!(tokens.map(|token| count_in(&world, token)), [0, 1, 2]);
    assert_eq!(count_in(&world, &fresh.access_token), 3);
}

#[test]
fn without_claims_nothing_is_written_and_the_same_token_is_good_later() {
    let (counting, world) = Counting::world();
    let (id, first) = world.session("ada");
    let before = world.row(&id);
    counting.0.store(SILENT, Ordering::SeqCst);
    let refused = world.refresh(first.refresh_token.expose_token());
    assert!(matches!(refused, Err(RefreshError::Issue(IssueError::Claims(_)))), "{refused:?}");
    let refused = world.login("ada", PASSWORD);
    assert!(matches!(refused, Err(LoginError::Issue(IssueError::Claims(_)))), "{refused:?}");
    let refused = reauthenticate(&world, &first).run_blocking();
    assert!(matches!(refused, Err(ReauthenticateError::Issue(IssueError::Claims(_)))));
    assert_eq!((world.row(&id), world.events()), (before, vec![]));
    assert_eq!(world.service.0.refresh_token_hasher.remembered(), 1, "the one that the row has");
    counting.0.store(0, Ordering::SeqCst);
    world.rotate(&first);
}

/// What a use case must not do while it holds a permit to hash, counted.
type Count = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A permit that fails the test if anything was counted while it was held.
struct Held {
    count: Count,
    before: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        assert_eq!((self.count)(), self.before, "it takes a connection while others wait to hash");
    }
}

/// Runs a use case to its end, whose permits are [`Held`]. Returns the answer and how many there were.
fn watched<T>(count: &Count, mut use_case: UseCase<T>) -> (T, u32) {
    let mut permits = 0;
    loop {
        use_case = match use_case {
            UseCase::Answered(answer) => return (answer, permits),
            UseCase::Ready(run) => run.resume(),
            UseCase::Waiting(_, wait) => {
                permits += 1;
                let held = Held { count: Arc::clone(count), before: count() };
                wait.grant(HashPermit::holding(held)).resume()
            }
        };
    }
}

#[test]
fn claims_are_not_asked_for_with_a_permit_to_hash() {
    let (counting, world) = Counting::world();
    let asked = Arc::clone(&counting);
    let count: Count = Arc::new(move || asked.asked());
    world.register("ada");
    let LoginAnswer::LoggedIn(first) =
        watched(&count, world.login_case("ada", PASSWORD)).0.unwrap();
    let refresh = || world.service.refresh(first.refresh_token.expose_token(), None);
    watched(&count, refresh()).0.unwrap();
    watched(&count, refresh()).0.unwrap();
    watched(&count, reauthenticate(&world, &first)).0.unwrap();
    assert_eq!(counting.asked(), 4, "a login, a rotation, a retry, a step-up");
}

/// A pool has fewer connections than there are requests that wait for bcrypt.
#[test]
fn the_store_is_not_called_with_a_permit_to_hash() {
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    let world = World::with(
        |_| {},
        |store| {
            store.before(move |_, _| {
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        },
    );
    let count: Count = Arc::new(move || calls.load(Ordering::SeqCst));
    let password = |text: &str| text.to_owned().into();
    let credentials = Credentials::new("ada", password(PASSWORD));
    let (id, permits) = watched(&count, world.service.register(credentials, None));
    assert_eq!(permits, 1);
    let id = id.unwrap();
    let (first, permits) = watched(&count, world.login_case("ada", PASSWORD));
    let LoginAnswer::LoggedIn(first) = first.unwrap();
    assert_eq!(permits, 1);
    let refresh = || world.service.refresh(first.refresh_token.expose_token(), None);
    let (second, permits) = watched(&count, refresh());
    assert_eq!((second.is_ok(), permits), (true, 1), "a rotation");
    let (retried, permits) = watched(&count, refresh());
    assert_eq!((retried.is_ok(), permits), (true, 1), "a retry");
    let (fresh, permits) = watched(&count, reauthenticate(&world, &first));
    assert_eq!((fresh.is_ok(), permits), (true, 1));
    let claims = world.service.verify_access(first.access_token.expose_token()).unwrap();
    let (old, new) = (password(PASSWORD), password("battery staple"));
    let change = world.service.change_password(&claims, old, new, OwnSessions::Others, None);
    let (changed, permits) = watched(&count, change);
    assert_eq!((changed.is_ok(), permits), (true, 1), "the proof and the new hash");
    let (set, permits) =
        watched(&count, world.service.set_password(id.clone(), password("the third horse")));
    assert_eq!((set.is_ok(), permits), (true, 1));
    world.store.edit(&id, |user| user.password_hash = PasswordHash::new("pbkdf2$"));
    let adopt =
        world.service.adopt_password(id, PasswordHash::new("pbkdf2$"), password("seven horses"));
    let (adopted, permits) = watched(&count, adopt);
    assert_eq!((adopted.unwrap(), permits), (true, 1));
}

/// What the verbs and the watcher did, in their order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: impl ToString) {
        self.0.lock().unwrap().push(line.to_string());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl SessionWatcher for Log {
    fn sessions_changed(&self, user_id: &UserId) {
        self.add(format!("told of {user_id}"));
    }
}

/// Returns a world in which `log` is told of changed sessions and has the verbs that change them, which
/// fail while `is_down`.
fn watched_world(log: &Log, is_down: &Arc<AtomicBool>) -> World {
    let (verbs, is_down) = (log.clone(), Arc::clone(is_down));
    let mut world = World::with(
        |_| {},
        |store| {
            let store = store.with_sessions(Sessions::PerDevice { max: 3 });
            store.before(move |_, verb| match verb {
                Verb::Load | Verb::LoadByLogin | Verb::Create | Verb::Rotate => Ok(()),
                verb => {
                    verbs.add(format!("{verb:?}"));
                    let error = || StoreError::Unavailable("the disk is on fire".into());
                    if is_down.load(Ordering::SeqCst) { Err(error()) } else { Ok(()) }
                }
            })
        },
    );
    world.restart_with_watcher(Arc::new(log.clone()));
    world
}

/// What was looked up while the change ran may be older than it, and a change that failed may have been done.
#[test]
fn the_watcher_is_told_after_each_change_of_sessions_whatever_came_of_it() {
    for fails in [false, true] {
        let (log, is_down) = (Log::default(), Arc::new(AtomicBool::new(false)));
        let world = watched_world(&log, &is_down);
        let (id, pair) = world.session("ada");
        let replaced = world.session("bob").1;
        world.rotate(&replaced);
        world.advance(31);
        let (service, refresh) = (&world.service, pair.refresh_token.expose_token());
        let claims = service.verify_access(pair.access_token.expose_token()).unwrap();
        let password = |text: &str| text.to_owned().into();
        let run = |verb: &str, user: u64, is_ok: bool| {
            assert_eq!(is_ok, !fails, "{verb}");
            assert_eq!(log.take(), [verb.to_owned(), format!("told of {user}")]);
        };
        log.take();
        is_down.store(fails, Ordering::SeqCst);
        run("StartSession", 1, world.login("ada", PASSWORD).is_ok());
        let reused = world.refresh(replaced.refresh_token.expose_token());
        run("EndSession", 2, matches!(reused, Err(RefreshError::Refused(_))));
        let others = service.end_own_sessions(claims.clone(), OwnSessions::Others, None);
        run("EndSessions", 1, others.run_blocking().is_ok());
        let change = service.change_password(
            &claims,
            password(PASSWORD),
            password("a third horse"),
            OwnSessions::Others,
            None,
        );
        run("SetPassword", 1, change.run_blocking().is_ok());
        let own = claims.session_id().clone();
        run("EndSession", 1, service.end_own_session(claims, own, None).run_blocking().is_ok());
        run("EndSession", 1, service.logout(Some(refresh), None, None).run_blocking().is_ok());
        let set = service.set_password(id.clone(), password("battery staple"));
        run("SetPassword", 1, set.run_blocking().is_ok());
        run("EndSessions", 1, service.end_sessions(id.clone()).run_blocking().is_ok());
        run("Disable", 1, service.disable(id.clone()).run_blocking().is_ok());
        run("Enable", 1, service.enable(id.clone()).run_blocking().is_ok());
        run("Delete", 1, service.delete(id).run_blocking().is_ok());
    }
}
