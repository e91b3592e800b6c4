//! Who sent this request: from the guard around it if there is one, else from its header.

use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest};
use hallpass::AccessClaims;

use crate::answer::problem::Problem;
use crate::answer::{AuthError, AuthErrorReason};
use crate::auth::Auth;
use crate::guard::requirement::Requirement;
use crate::transport::bearer::Bearer;

/// What a guard found out about a request, kept in its extensions.
pub(crate) struct Identified {
    pub(crate) auth: Auth,
    /// The token's claims, `None` for a visitor whom an optional guard let in without a token.
    pub(crate) claims: Option<AccessClaims>,
}

impl Identified {
    /// Reads what the guard around the request found out, or what its header says where there is no
    /// guard.
    pub(crate) fn read<T>(
        request: &HttpRequest,
        read: impl FnOnce(&Self) -> Result<T, AuthError>,
    ) -> Result<T, AuthError> {
        if let Some(identified) = request.extensions().get::<Self>() {
            return read(identified);
        }
        let auth = Auth::of(request).ok_or_else(AuthError::not_configured)?;
        read(&Self { auth: auth.clone(), claims: authenticate(auth, request)? })
    }

    /// Refuses whoever sent no token, and whose token does not fulfil `requirement`.
    pub(crate) fn check(&self, requirement: &Requirement) -> Result<(), AuthError> {
        let claims = self.claims.as_ref().ok_or_else(|| self.missing())?;
        let checked = requirement.check(claims, self.auth.service());
        checked.map_err(|reason| self.auth.refusal(reason))
    }

    /// Returns the refusal of whoever sent no token.
    pub(crate) fn missing(&self) -> AuthError {
        AuthError::new(AuthErrorReason::Missing, self.auth.realm())
    }
}

/// Verifies the access token in the request's header. `Ok(None)` is a request without
/// credentials: a broken or refused token is an error and never a visitor without one.
pub(crate) fn authenticate(
    auth: &Auth,
    request: &HttpRequest,
) -> Result<Option<AccessClaims>, AuthError> {
    let refuse = |reason| AuthError::new(reason, auth.realm());
    let header = only_header(request).map_err(refuse)?;
    header.map_or(Ok(None), |header| verify(auth, header)).map_err(refuse)
}

/// Verifies the access token in a header. `Ok(None)` is a header of another scheme.
pub(crate) fn verify(
    auth: &Auth,
    header: &HeaderValue,
) -> Result<Option<AccessClaims>, AuthErrorReason> {
    let usual = in_usual_spelling(header);
    if let Some(claims) = usual.and_then(|token| auth.verified_tokens().claims_of(token)) {
        auth.service().check_lifetime(&claims).map_err(AuthErrorReason::Refused)?;
        return Ok(Some(claims));
    }
    let token = match Bearer::of(header) {
        Bearer::OtherScheme => return Ok(None),
        Bearer::Malformed => return Err(AuthErrorReason::Malformed),
        Bearer::Token(token) => token,
    };
    let claims = auth.service().verify_access(token.expose_token());
    let claims = claims.map_err(AuthErrorReason::Refused)?;
    if usual == Some(token.expose_token().as_bytes()) {
        auth.verified_tokens().remember(&claims);
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
    auth: &Auth,
    request: &HttpRequest,
) -> Result<AccessClaims, Problem> {
    let missing = || AuthError::new(AuthErrorReason::Missing, auth.realm());
    let claims = authenticate(auth, request).and_then(|claims| claims.ok_or_else(missing));
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
