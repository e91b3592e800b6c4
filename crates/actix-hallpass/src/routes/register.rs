//! `POST {base}/register`: adds a user, where the application allows it.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use hallpass::RegisterRequest;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{client_address, uncached};
use crate::problem::Problem;
use crate::{Auth, json_body};

#[derive(Deserialize)]
struct Body {
    #[serde(alias = "email")]
    login: String,
    password: Zeroizing<String>,
}

#[derive(Serialize)]
struct Registered<'a> {
    id: &'a str,
}

pub(super) async fn register(
    auth: Auth,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let Body { login, password } = json_body::read(&request, payload).await?;
    let register =
        auth.service().register(RegisterRequest { login, password }, client_address(&request));
    let id = auth.lanes().run(register).await??;
    Ok(uncached(HttpResponse::Created()).json(Registered { id: id.as_str() }))
}
