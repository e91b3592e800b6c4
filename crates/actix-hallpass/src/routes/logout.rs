//! `POST {base}/logout`: ends the session of a refresh token, an access token, or both.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::answer::problem::Problem;
use crate::answer::{AuthError, AuthErrorReason, json_body};
use crate::routes::reply::no_content;
use crate::shared::Shared;
use crate::transport::bearer::AuthorizationHeader;
use crate::transport::presented::Presented;

#[derive(Default, Deserialize)]
struct Body {
    refresh_token: Option<Zeroizing<String>>,
}

pub(crate) async fn logout(
    shared: Shared,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let access_token = match AuthorizationHeader::of(&request).presented() {
        Presented::Token(token) => Some(token),
        Presented::Absent | Presented::Malformed => None,
        Presented::Ambiguous => {
            let refusal = AuthError::new(AuthErrorReason::Ambiguous, shared.realm());
            return Err(Problem::from(&refusal));
        }
    };
    let body: Body = json_body::read_if_any(&request, payload).await?;
    let refresh_token = body.refresh_token.as_ref().map(|token| token.as_str());
    let logout = shared.service().logout(refresh_token, access_token, shared.client_of(&request));
    shared.run(logout).await??;
    Ok(no_content())
}
