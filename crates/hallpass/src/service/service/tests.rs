//! What the use cases have in common: the check of an access token, and the application's claims.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::service::{FreshAccess, LoginError, ReauthenticateError, RefreshError, Step};
use crate::store::StoreError;
use crate::testing::forge;
use crate::testing::world::{PASSWORD, World};

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
) -> Step<Result<FreshAccess, ReauthenticateError>> {
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

/// Runs the steps; panics where one that holds a permit to hash asks for claims.
fn watched<T>(counting: &Counting, mut step: Step<T>) -> T {
    loop {
        step = match step {
            Step::Done(answer) => return answer,
            Step::Store(work) => work.run(),
            Step::Hash(_, work) => {
                let before = counting.asked();
                let next = work.run();
                assert_eq!(counting.asked(), before, "claims may ask a database");
                next
            }
        };
    }
}

#[test]
fn claims_are_not_asked_for_with_a_permit_to_hash() {
    let (counting, world) = Counting::world();
    world.register("ada");
    let first = watched(&counting, world.login_steps("ada", PASSWORD)).unwrap();
    let refresh = || world.service.refresh(first.refresh_token.expose_token(), None);
    watched(&counting, refresh()).unwrap();
    watched(&counting, refresh()).unwrap();
    watched(&counting, reauthenticate(&world, &first)).unwrap();
    assert_eq!(counting.asked(), 4, "a login, a rotation, a retry, a step-up");
}
