//! `POST {base}/logout`: ends the session of a refresh token, an access token, or both.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::answer::problem::Problem;
use crate::answer::{AuthError, json_body};
use crate::auth::Auth;
use crate::routes::mount::{client_address, uncached};
use crate::transport::authenticate::presented;
use crate::transport::bearer::Bearer;

#[derive(Default, Deserialize)]
struct Body {
    refresh_token: Option<Zeroizing<String>>,
}

pub(crate) async fn logout(
    auth: Auth,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let credentials = presented(&request)
        .map_err(|reason| Problem::from(&AuthError::new(reason, auth.realm())))?;
    let body: Body = json_body::read_if_any(&request, payload).await?;
    let refresh_token = body.refresh_token.as_ref().map(|token| token.as_str());
    let access_token = match &credentials {
        Bearer::Token(token) => Some(token.expose_token()),
        Bearer::OtherScheme | Bearer::Malformed => None,
    };
    let logout =
        auth.service().logout(refresh_token, access_token, client_address(&auth, &request));
    auth.run(logout).await??;
    Ok(uncached(HttpResponse::NoContent()).finish())
}
