//! `GET {base}/sessions`, `DELETE {base}/sessions/{id}`: a user's own sessions.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use hallpass::{AccessClaims, DeviceSession, ErrorCode, SessionId, Timestamp};
use serde::Serialize;

use crate::answer::problem::Problem;
use crate::routes::reply::{no_content, uncached};
use crate::shared::Shared;
use crate::transport::authenticate::authenticate_or_refuse;

/// The parameter of the path, as in the catalogue.
const SESSION_ID: &str = "hallpass_session_id";

#[derive(Serialize)]
struct SessionsBody<'a> {
    sessions: Vec<SessionBody<'a>>,
}

#[derive(Serialize)]
struct SessionBody<'a> {
    id: &'a str,
    current: bool,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    user_agent: Option<&'a str>,
    client_address: Option<String>,
    label: Option<&'a str>,
}

pub(crate) async fn list(
    shared: Shared,
    request: HttpRequest,
    _payload: Payload,
) -> Result<HttpResponse, Problem> {
    let claims = authenticate_or_refuse(&shared, &request)?;
    let address = shared.client_of(&request);
    let sessions = shared.run(shared.service().own_sessions(claims.clone(), address)).await??;
    let sessions = sessions.iter().map(|session| describe(session, &claims)).collect();
    Ok(uncached(HttpResponse::Ok()).json(SessionsBody { sessions }))
}

fn describe<'a>(session: &'a DeviceSession, claims: &AccessClaims) -> SessionBody<'a> {
    SessionBody {
        id: session.id.as_str(),
        current: session.id == *claims.session_id(),
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
        user_agent: session.user_agent.as_deref(),
        client_address: session.client_address.map(|address| address.to_string()),
        label: session.label.as_deref(),
    }
}

pub(crate) async fn end(
    shared: Shared,
    request: HttpRequest,
    _payload: Payload,
) -> Result<HttpResponse, Problem> {
    let claims = authenticate_or_refuse(&shared, &request)?;
    let id = SessionId::parse(request.match_info().query(SESSION_ID));
    let id = id.ok_or_else(|| Problem::new(ErrorCode::NotFound))?;
    let address = shared.client_of(&request);
    match shared.run(shared.service().end_own_session(claims, id, address)).await?? {
        true => Ok(no_content()),
        false => Err(Problem::new(ErrorCode::NotFound)),
    }
}
