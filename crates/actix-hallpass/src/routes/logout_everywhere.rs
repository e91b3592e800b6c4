//! `POST {base}/logout/all` and `{base}/logout/others`: ends a user's own sessions.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use hallpass::OwnSessions;

use super::{client_address, uncached};
use crate::Auth;
use crate::authenticate::authenticate_or_refuse;
use crate::problem::Problem;

pub(super) async fn all(
    auth: Auth,
    request: HttpRequest,
    _payload: Payload,
) -> Result<HttpResponse, Problem> {
    end(&auth, &request, OwnSessions::All).await
}

pub(super) async fn others(
    auth: Auth,
    request: HttpRequest,
    _payload: Payload,
) -> Result<HttpResponse, Problem> {
    end(&auth, &request, OwnSessions::Others).await
}

async fn end(
    auth: &Auth,
    request: &HttpRequest,
    sessions: OwnSessions,
) -> Result<HttpResponse, Problem> {
    let claims = authenticate_or_refuse(auth, request)?;
    let step = auth.service().end_own_sessions(claims, sessions, client_address(auth, request));
    let ended = auth.run(step).await?;
    ended.map_err(|error| Problem::of_own_sessions(error, auth.realm()))?;
    Ok(uncached(HttpResponse::NoContent()).finish())
}
