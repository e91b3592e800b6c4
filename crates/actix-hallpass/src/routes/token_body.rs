//! The answer that hands tokens out (RFC 6749 §5.1): with those of a step-up (`reauthenticate.rs`), the one place
//! that writes them into JSON.

use actix_web::HttpResponse;
use hallpass::TokenPair;
use serde::Serialize;

use crate::routes::reply::uncached;

#[derive(Serialize)]
struct TokenBody<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: &'a str,
    refresh_expires_in: u64,
}

pub(crate) fn respond(pair: &TokenPair) -> HttpResponse {
    uncached(HttpResponse::Ok()).json(TokenBody {
        access_token: pair.access_token.expose_token(),
        token_type: "Bearer",
        expires_in: pair.access_expires_in,
        refresh_token: pair.refresh_token.expose_token(),
        refresh_expires_in: pair.refresh_expires_in,
    })
}
