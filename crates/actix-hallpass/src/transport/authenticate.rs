//! Verifies the access token that a request presents.

use actix_web::HttpRequest;
use hallpass::AccessClaims;

use crate::answer::problem::Problem;
use crate::answer::{AuthError, AuthErrorReason};
use crate::shared::Shared;
use crate::transport::bearer::AuthorizationHeader;
use crate::transport::presented::Presented;

/// Verifies the access token of a request. `Ok(None)` is a request without credentials: a broken or
/// refused token is an error and never a visitor without one.
pub(crate) fn authenticate(
    shared: &Shared,
    request: &HttpRequest,
) -> Result<Option<AccessClaims>, AuthError> {
    let verified = verify(shared, AuthorizationHeader::of(request));
    verified.map_err(|reason| AuthError::new(reason, shared.realm()))
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

/// Verifies the access token in a header. A token that is remembered is not even parsed.
pub(crate) fn verify(
    shared: &Shared,
    header: AuthorizationHeader<'_>,
) -> Result<Option<AccessClaims>, AuthErrorReason> {
    let usual = header.in_usual_spelling();
    if let Some(claims) = usual.and_then(|token| shared.verified_tokens().claims_of(token)) {
        shared.service().check_lifetime(&claims).map_err(AuthErrorReason::Refused)?;
        return Ok(Some(claims));
    }
    let token = match header.presented() {
        Presented::Absent => return Ok(None),
        Presented::Malformed => return Err(AuthErrorReason::Malformed),
        Presented::Ambiguous => return Err(AuthErrorReason::Ambiguous),
        Presented::Token(token) => token,
    };
    let claims = shared.service().verify_access(token).map_err(AuthErrorReason::Refused)?;
    if usual == Some(token.as_bytes()) {
        shared.verified_tokens().remember(&claims);
    }
    Ok(Some(claims))
}
