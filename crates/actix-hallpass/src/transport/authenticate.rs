//! Verifies the access token in the header of a request.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use hallpass::AccessClaims;

use crate::answer::problem::Problem;
use crate::answer::{AuthError, AuthErrorReason};
use crate::shared::Shared;
use crate::transport::bearer::Bearer;

/// Verifies the access token in the request's header. `Ok(None)` is a request without
/// credentials: a broken or refused token is an error and never a visitor without one.
pub(crate) fn authenticate(
    shared: &Shared,
    request: &HttpRequest,
) -> Result<Option<AccessClaims>, AuthError> {
    let refuse = |reason| AuthError::new(reason, shared.realm());
    let header = only_header(request).map_err(refuse)?;
    header.map_or(Ok(None), |header| verify(shared, header)).map_err(refuse)
}

/// Verifies the access token in a header. `Ok(None)` is a header of another scheme.
pub(crate) fn verify(
    shared: &Shared,
    header: &HeaderValue,
) -> Result<Option<AccessClaims>, AuthErrorReason> {
    let usual = in_usual_spelling(header);
    if let Some(claims) = usual.and_then(|token| shared.verified_tokens().claims_of(token)) {
        shared.service().check_lifetime(&claims).map_err(AuthErrorReason::Refused)?;
        return Ok(Some(claims));
    }
    let token = match Bearer::of(header) {
        Bearer::OtherScheme => return Ok(None),
        Bearer::Malformed => return Err(AuthErrorReason::Malformed),
        Bearer::Token(token) => token,
    };
    let claims = shared.service().verify_access(token.expose_token());
    let claims = claims.map_err(AuthErrorReason::Refused)?;
    if usual == Some(token.expose_token().as_bytes()) {
        shared.verified_tokens().remember(&claims);
    }
    Ok(Some(claims))
}

/// Returns what follows `Bearer` and one space. Other spellings are as good, and rare enough to be verified
/// each time.
fn in_usual_spelling(header: &HeaderValue) -> Option<&[u8]> {
    header.as_bytes().strip_prefix(b"Bearer ")
}

/// As [`authenticate`], for routes that need a token.
pub(crate) fn authenticate_or_refuse(
    shared: &Shared,
    request: &HttpRequest,
) -> Result<AccessClaims, Problem> {
    let missing = || AuthError::new(AuthErrorReason::Missing, shared.realm());
    let claims = authenticate(shared, request).and_then(|claims| claims.ok_or_else(missing));
    claims.map_err(|error| Problem::from(&error))
}

/// Returns the credentials of the request's one `Authorization` header.
pub(crate) fn presented(request: &HttpRequest) -> Result<Bearer, AuthErrorReason> {
    Ok(only_header(request)?.map_or(Bearer::OtherScheme, Bearer::of))
}

/// Returns the request's `Authorization` header, and refuses two: who reads the other one sees another
/// user.
fn only_header(request: &HttpRequest) -> Result<Option<&HeaderValue>, AuthErrorReason> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let first = headers.next();
    if headers.next().is_some() { Err(AuthErrorReason::Ambiguous) } else { Ok(first) }
}
