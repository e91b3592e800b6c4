//! `POST {base}/register`: adds a user, where the application allows it.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::answer::problem::Problem;
use crate::auth::Auth;
use crate::routes::credentials;
use crate::routes::mount::{client_address, uncached};

#[derive(Serialize)]
struct Registered<'a> {
    id: &'a str,
}

pub(crate) async fn register(
    auth: Auth,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let credentials = credentials::read(&request, payload).await?;
    let register = auth.service().register(credentials, client_address(&auth, &request));
    let id = auth.run(register).await??;
    Ok(uncached(HttpResponse::Created()).json(Registered { id: id.as_str() }))
}
