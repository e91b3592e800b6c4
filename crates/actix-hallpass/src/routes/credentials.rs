//! The body of login and registration.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use hallpass::Credentials;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::json_body;
use crate::problem::Problem;

#[derive(Deserialize)]
struct Body {
    #[serde(alias = "email")]
    login: String,
    password: Zeroizing<String>,
}

pub(super) async fn read(request: &HttpRequest, payload: Payload) -> Result<Credentials, Problem> {
    let Body { login, password } = json_body::read(request, payload).await?;
    Ok(Credentials { login, password })
}
