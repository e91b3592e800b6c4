//! `POST {base}/logout`: ends the session of a refresh token, an access token, or both.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::answer::problem::Problem;
use crate::answer::{AuthError, json_body};
use crate::routes::reply::no_content;
use crate::shared::Shared;
use crate::transport::authenticate::presented;
use crate::transport::bearer::Bearer;

#[derive(Default, Deserialize)]
struct Body {
    refresh_token: Option<Zeroizing<String>>,
}

pub(crate) async fn logout(
    shared: Shared,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let credentials = presented(&request)
        .map_err(|reason| Problem::from(&AuthError::new(reason, shared.realm())))?;
    let body: Body = json_body::read_if_any(&request, payload).await?;
    let refresh_token = body.refresh_token.as_ref().map(|token| token.as_str());
    let access_token = match &credentials {
        Bearer::Token(token) => Some(token.expose_token()),
        Bearer::OtherScheme | Bearer::Malformed => None,
    };
    let logout = shared.service().logout(refresh_token, access_token, shared.client_of(&request));
    shared.run(logout).await??;
    Ok(no_content())
}
