//! `POST {base}/login`: a login name and a password for the tokens of a new session.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use super::{client_address, credentials, token_body};
use crate::Auth;
use crate::problem::Problem;

pub(super) async fn login(
    auth: Auth,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let credentials = credentials::read(&request, payload).await?;
    let login = auth.service().login(credentials, client_address(&request));
    let pair = auth.run(login).await??;
    Ok(token_body::respond(&pair))
}
