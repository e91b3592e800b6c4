//! `POST {base}/logout/all` and `{base}/logout/others`: ends a user's own sessions.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use hallpass::OwnSessions;

use crate::answer::problem::Problem;
use crate::routes::reply::no_content;
use crate::shared::Shared;
use crate::transport::authenticate::authenticate_or_refuse;

pub(crate) async fn all(
    shared: Shared,
    request: HttpRequest,
    _payload: Payload,
) -> Result<HttpResponse, Problem> {
    end(&shared, &request, OwnSessions::All).await
}

pub(crate) async fn others(
    shared: Shared,
    request: HttpRequest,
    _payload: Payload,
) -> Result<HttpResponse, Problem> {
    end(&shared, &request, OwnSessions::Others).await
}

async fn end(
    shared: &Shared,
    request: &HttpRequest,
    sessions: OwnSessions,
) -> Result<HttpResponse, Problem> {
    let claims = authenticate_or_refuse(shared, request)?;
    let ending = shared.service().end_own_sessions(claims, sessions, shared.client_of(request));
    shared.run(ending).await??;
    Ok(no_content())
}
