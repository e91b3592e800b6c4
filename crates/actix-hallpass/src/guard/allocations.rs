//! Counts what a guard allocates for a request that it lets in.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{self, Bytes};
use actix_web::{App, Error};
use allocation_counter::measure;
use hallpass::testing::MemoryStore;
use serde_json::json;

use super::Guard;
use crate::live_sessions::Look;
use crate::testing::{TestAuth, TokenFor};

const REQUESTS: u64 = 100;

/// What every request costs is one entry in its extensions. What is long is one more: an id or a scope of
/// more than 23 bytes, and claims of the application.
#[actix_web::test]
async fn a_guard_allocates_once_for_a_request_and_once_for_each_thing_that_is_long() {
    let auth = TestAuth::new();
    let login = || auth.token_for(7).session_id("BBBBBBBBBBBBBBBBBBBBBB");
    for (token, expected) in [
        (login(), 1),
        (login().scope("orders:read"), 1),
        (login().scope("orders:read orders:write"), 2),
        (login().claims(&json!({ "tenant": "acme" })), 2),
    ] {
        let description = format!("{token:?}");
        assert_eq!(allocations_of(auth.guard(), token).await, expected, "{description}");
    }
}

#[actix_web::test]
async fn a_guard_allocates_twice_for_a_request_of_a_user_with_a_long_id() {
    const OFFSET: u128 = 10_u128.pow(36);
    let store = MemoryStore::with_ids(|number| OFFSET + u128::from(number));
    let auth = TestAuth::with(|auth| auth.store(Arc::new(store)));
    assert_eq!(allocations_of(auth.guard(), auth.token_for(OFFSET)).await, 2);
}

#[actix_web::test]
async fn a_guard_that_knows_about_logout_allocates_no_more_for_a_session_that_it_remembers() {
    let auth = TestAuth::new();
    let claims = auth.service().verify_access(&auth.token_for(7).mint()).unwrap();
    auth.live_sessions().of(&claims).remember(Look { is_alive: true, at: auth.service().now() });
    let guard = auth.guard().session_bound(Duration::from_secs(60));
    assert_eq!(allocations_of(guard, auth.token_for(7)).await, 1);
}

/// Returns what a request through `guard` allocates beyond one to the same handler without it.
async fn allocations_of(guard: Guard, token: TokenFor<'_>) -> u64 {
    let handler = || web::get().to(async || "hello");
    let app = App::new()
        .service(web::scope("/open").route("/", handler()))
        .service(web::scope("/guarded").wrap(guard).route("/", handler()));
    let app = init_service(app).await;
    let header = as_received(token);
    let [open, guarded] = ["/open/", "/guarded/"].map(|path| {
        let request =
            || TestRequest::get().uri(path).insert_header((AUTHORIZATION, header.clone()));
        allocations(&app, || request().to_request())
    });
    let beyond = guarded.checked_sub(open).expect("a guard frees nothing of the handler's");
    assert_eq!(beyond % REQUESTS, 0, "each request costs the same");
    beyond / REQUESTS
}

/// Returns the header as a server has it: a part of what it read, which is shared with the others.
fn as_received(token: TokenFor<'_>) -> HeaderValue {
    let (_, value) = token.header();
    let read = Bytes::from(value + "\r\n");
    HeaderValue::from_maybe_shared(read.slice(..read.len() - 2)).expect("it is visible ASCII")
}

/// Returns what the app allocates for all requests, once it has warmed up.
fn allocations<S, R, B>(app: &S, request: impl Fn() -> R) -> u64
where
    S: Service<R, Response = ServiceResponse<B>, Error = Error>,
{
    let answer =
        |request| match pin!(app.call(request)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => assert_eq!(answer.expect("it is let in").status(), 200),
            Poll::Pending => panic!("it waits for something"),
        };
    answer(request());
    let requests: Vec<_> = (0..REQUESTS).map(|_| request()).collect();
    measure(|| requests.into_iter().for_each(answer)).count_total
}
