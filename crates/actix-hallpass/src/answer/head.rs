//! The answer to HEAD: that of GET, without its body (RFC 9110 §9.3.2).

use actix_web::HttpResponse;
use actix_web::body::{self, BoxBody};
use actix_web::http::Method;

/// Returns the response as a request of this method is answered.
///
/// actix-http drops the body of an answer to HEAD by itself, but not if another request comes behind this one
/// before it is answered: the client would then read the body as the next answer. The length goes with the
/// body, which RFC 9110 §9.3.2 allows.
pub(crate) fn answer_to(method: &Method, response: HttpResponse) -> HttpResponse {
    if method != Method::HEAD {
        return response;
    }
    response.map_body(|_, _| BoxBody::new(body::None::new()))
}
