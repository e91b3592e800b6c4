//! `POST {base}/reauthenticate`: the password once more, for an access token that says so.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use hallpass::PasswordText;
use serde::{Deserialize, Serialize};

use crate::answer::json_body;
use crate::answer::problem::Problem;
use crate::routes::reply::uncached;
use crate::shared::Shared;
use crate::transport::authenticate::authenticate_or_refuse;

#[derive(Deserialize)]
struct Body {
    password: PasswordText,
}

#[derive(Serialize)]
struct FreshAccessBody<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
}

pub(crate) async fn reauthenticate(
    shared: Shared,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let claims = authenticate_or_refuse(&shared, &request)?;
    let Body { password } = json_body::read(&request, payload).await?;
    let step_up = shared.service().reauthenticate(claims, password, shared.client_of(&request));
    let fresh = shared.run(step_up).await??;
    Ok(uncached(HttpResponse::Ok()).json(FreshAccessBody {
        access_token: fresh.access_token.expose_token(),
        token_type: "Bearer",
        expires_in: fresh.access_expires_in,
    }))
}
