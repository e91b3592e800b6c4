//! Counts what a guard allocates for a request that it lets in.

use std::net::Ipv6Addr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{self, Bytes};
use actix_web::{App, Error, Route};
use allocation_counter::measure;
use hallpass::testing::MemoryStore;
use serde_json::json;

use crate::guard::Guard;
use crate::guard::live_sessions::Look;
use crate::testing::{TestAuth, TokenFor};

const REQUESTS: u64 = 100;

/// More, so that the growth of the cache, some fifty allocations for the first hundred tokens and ever fewer
/// after them, is far from one for each.
const TOKENS_SEEN_FIRST: u64 = 1000;

/// The entry in the request's extensions, whatever the token says.
#[actix_web::test]
async fn a_guard_allocates_once_for_a_request_with_a_token_that_it_remembers() {
    let auth = TestAuth::new();
    for token in [
        auth.token_for(7),
        auth.token_for(7).scope("orders:read orders:write"),
        auth.token_for(7).claims(&json!({ "tenant": "acme" })),
    ] {
        let description = format!("{token:?}");
        let header = as_received(token);
        let headers = vec![header; REQUESTS as usize + 1];
        assert_eq!(allocations_of(auth.guard(), &headers).await, REQUESTS, "{description}");
    }
}

#[actix_web::test]
async fn a_guard_that_knows_about_logout_allocates_no_more_for_a_session_that_it_remembers() {
    let auth = TestAuth::new();
    let claims = auth.service().verify_access(&auth.token_for(7).mint()).unwrap();
    auth.live_sessions().of(&claims).remember(Look { is_alive: true, at: auth.service().now() });
    let guard = auth.guard().session_bound(Duration::from_secs(60));
    let headers = vec![as_received(auth.token_for(7)); REQUESTS as usize + 1];
    assert_eq!(allocations_of(guard, &headers).await, REQUESTS);
}

/// The memory for a request's entries. Where a route asks for the method, actix-web makes the first one itself.
#[actix_web::test]
async fn a_guard_allocates_once_more_where_nobody_else_has_an_entry() {
    let auth = TestAuth::new();
    let remembered = vec![as_received(auth.token_for(7)); REQUESTS as usize + 1];
    let allocations = allocations_on(any_method, auth.guard(), &remembered).await;
    assert_eq!(allocations, 2 * REQUESTS);
    assert_allocates_on(any_method, 3, &auth, |user| auth.token_for(user)).await;
}

/// The entry in the extensions, and the claims with the token that is remembered.
#[actix_web::test]
async fn a_guard_allocates_twice_for_a_token_that_it_sees_first() {
    let auth = TestAuth::new();
    assert_allocates(2, &auth, |user| auth.token_for(user)).await;
    let claims = json!({ "tenant": "acme" });
    assert_allocates(2, &auth, |user| auth.token_for(user).claims(&claims)).await;
}

#[actix_web::test]
async fn a_guard_allocates_once_more_for_each_long_text_that_it_sees_first() {
    let auth = TestAuth::new();
    assert_allocates(3, &auth, |user| auth.token_for(user).scope("orders:read orders:write")).await;
    let claims = json!({ "tenant": "a".repeat(512) });
    assert_allocates(3, &auth, |user| auth.token_for(user).claims(&claims)).await;
    // An id as long as a UUID, of a type that std has.
    let id = |user: u64| Ipv6Addr::from_bits(u128::MAX - u128::from(user));
    let auth = TestAuth::with(|auth| auth.store(Arc::new(MemoryStore::with_ids(id))));
    assert_allocates(3, &auth, |user| auth.token_for(id(user))).await;
    let all_of_them =
        |user| auth.token_for(id(user)).scope("orders:read orders:write").claims(&claims);
    assert_allocates(5, &auth, all_of_them).await;
}

/// The text that the id is read into, to see whether it is one.
#[actix_web::test]
async fn a_guard_allocates_once_more_for_an_id_that_is_a_string_and_that_it_sees_first() {
    let id = |user: u64| format!("user-{user}");
    let auth = TestAuth::with(|auth| auth.store(Arc::new(MemoryStore::with_ids(id))));
    assert_allocates(3, &auth, |user| auth.token_for(id(user))).await;
    let remembered = vec![as_received(auth.token_for(id(7))); REQUESTS as usize + 1];
    assert_eq!(allocations_of(auth.guard(), &remembered).await, REQUESTS);
}

async fn assert_allocates<'a>(
    expected: u64,
    auth: &'a TestAuth,
    token_for: impl Fn(u64) -> TokenFor<'a>,
) {
    assert_allocates_on(get, expected, auth, token_for).await;
}

/// Asserts what a request takes with a token that comes once, but for the memory of the cache, which grows
/// now and then.
async fn assert_allocates_on<'a>(
    route: fn() -> Route,
    expected: u64,
    auth: &'a TestAuth,
    token_for: impl Fn(u64) -> TokenFor<'a>,
) {
    let headers: Vec<_> =
        (0..=TOKENS_SEEN_FIRST).map(|user| as_received(token_for(user))).collect();
    let allocations = allocations_on(route, auth.guard(), &headers).await;
    let growth = allocations.checked_sub(expected * TOKENS_SEEN_FIRST);
    let growth = growth.expect("each allocates as often");
    assert!(growth < TOKENS_SEEN_FIRST / 5, "{growth}");
}

async fn allocations_of(guard: Guard, headers: &[HeaderValue]) -> u64 {
    allocations_on(get, guard, headers).await
}

fn get() -> Route {
    web::get().to(async || "hello")
}

fn any_method() -> Route {
    web::to(async || "hello")
}

/// Returns what requests with these headers but the first allocate through `guard`, beyond what they do to
/// the same route without it.
async fn allocations_on(route: fn() -> Route, guard: Guard, headers: &[HeaderValue]) -> u64 {
    let app = App::new()
        .service(web::scope("/open").route("/", route()))
        .service(web::scope("/guarded").wrap(guard).route("/", route()));
    let app = init_service(app).await;
    let [open, guarded] = ["/open/", "/guarded/"].map(|path| {
        let requests = headers.iter().map(|header| {
            let header = (AUTHORIZATION, header.clone());
            TestRequest::get().uri(path).insert_header(header).to_request()
        });
        allocations(&app, requests.collect())
    });
    guarded.checked_sub(open).expect("a guard frees nothing of the handler's")
}

/// Returns the header as a server has it: a part of what it read, which is shared with the others.
fn as_received(token: TokenFor<'_>) -> HeaderValue {
    let (_, value) = token.header();
    let read = Bytes::from(value + "\r\n");
    HeaderValue::from_maybe_shared(read.slice(..read.len() - 2)).expect("it is visible ASCII")
}

/// Returns what the app allocates for the requests but the first, with which it warms up.
fn allocations<S, R, B>(app: &S, requests: Vec<R>) -> u64
where
    S: Service<R, Response = ServiceResponse<B>, Error = Error>,
{
    let mut requests = requests.into_iter();
    let answer =
        |request| match pin!(app.call(request)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => assert_eq!(answer.expect("it is let in").status(), 200),
            Poll::Pending => panic!("it waits for something"),
        };
    answer(requests.next().expect("there are some"));
    measure(|| requests.for_each(answer)).count_total
}
