//! `POST {base}/refresh`: a refresh token for its successor and a new access token.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use hallpass::ErrorCode;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::answer::json_body;
use crate::answer::problem::Problem;
use crate::routes::token_body;
use crate::shared::Shared;

#[derive(Deserialize)]
struct Body {
    refresh_token: Option<Zeroizing<String>>,
}

pub(crate) async fn refresh(
    shared: Shared,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let body: Body = json_body::read(&request, payload).await?;
    let token = body.refresh_token.filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Problem::new(ErrorCode::RefreshMissing))?;
    let refresh = shared.service().refresh(&token, shared.client_of(&request));
    let pair = shared.run(refresh).await??;
    Ok(token_body::respond(&pair))
}
