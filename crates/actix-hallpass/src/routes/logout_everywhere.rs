//! `POST {base}/logout/all` and `{base}/logout/others`: ends a user's own sessions.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use hallpass::OwnSessions;

use crate::answer::problem::Problem;
use crate::auth::Auth;
use crate::routes::mount::{client_address, uncached};
use crate::transport::authenticate::authenticate_or_refuse;

pub(crate) async fn all(
    auth: Auth,
    request: HttpRequest,
    _payload: Payload,
) -> Result<HttpResponse, Problem> {
    end(&auth, &request, OwnSessions::All).await
}

pub(crate) async fn others(
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
    let ending = auth.service().end_own_sessions(claims, sessions, client_address(auth, request));
    let ended = auth.run(ending).await?;
    ended.map_err(|error| Problem::of_own_sessions(error, auth.realm()))?;
    Ok(uncached(HttpResponse::NoContent()).finish())
}
