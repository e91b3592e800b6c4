//! Replies that no cache may keep (RFC 6749 §5.1).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, HttpResponseBuilder};

/// Begins a reply that no cache may keep.
pub(crate) fn uncached(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header((CACHE_CONTROL, "no-store"));
    response
}

/// Returns 204: done, with nothing to say.
pub(crate) fn no_content() -> HttpResponse {
    uncached(HttpResponse::NoContent()).finish()
}
