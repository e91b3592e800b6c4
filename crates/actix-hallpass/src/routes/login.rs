//! `POST {base}/login`: a login name and a password for the tokens of a new session.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use hallpass::LoginRequest;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{client_address, token_body};
use crate::problem::Problem;
use crate::{Auth, json_body};

#[derive(Deserialize)]
struct Body {
    #[serde(alias = "email")]
    login: String,
    password: Zeroizing<String>,
}

pub(super) async fn login(
    auth: Auth,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let Body { login, password } = json_body::read(&request, payload).await?;
    let login = auth.service().login(LoginRequest { login, password }, client_address(&request));
    let pair = auth.lanes().run(login).await??;
    Ok(token_body::respond(&pair))
}
