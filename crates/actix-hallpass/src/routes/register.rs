//! `POST {base}/register`: adds a user, where the application allows it.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::answer::problem::Problem;
use crate::routes::credentials;
use crate::routes::reply::uncached;
use crate::shared::Shared;

#[derive(Serialize)]
struct Registered<'a> {
    id: &'a str,
}

pub(crate) async fn register(
    shared: Shared,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let credentials = credentials::read(&request, payload).await?;
    let register = shared.service().register(credentials, shared.client_of(&request));
    let id = shared.run(register).await??;
    Ok(uncached(HttpResponse::Created()).json(Registered { id: id.as_str() }))
}
