//! `POST {base}/login`: a login name and a password for the tokens of a new session.

use actix_web::http::header::USER_AGENT;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use hallpass::{Device, LoginAnswer};

use crate::answer::problem::Problem;
use crate::routes::{credentials, token_body};
use crate::shared::Shared;

/// As much of a user agent as is read, of the 128 KiB that actix-web takes for a header. Real user agents have
/// about a hundred bytes.
const USER_AGENT_MAXIMUM_BYTES: usize = 8 * 1024;

pub(crate) async fn login(
    shared: Shared,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (credentials, label) = credentials::read_with_label(&request, payload).await?;
    let device = device(&shared, &request).with_label(&label.unwrap_or_default());
    let login = shared.service().login(credentials, device);
    let LoginAnswer::LoggedIn(pair) = shared.run(login).await??;
    Ok(token_body::respond(&pair))
}

/// What the request tells of where it comes from.
fn device(shared: &Shared, request: &HttpRequest) -> Device {
    let user_agent = request.headers().get(USER_AGENT);
    let user_agent = user_agent.map(|value| {
        let bytes = value.as_bytes();
        String::from_utf8_lossy(&bytes[..bytes.len().min(USER_AGENT_MAXIMUM_BYTES)])
    });
    Device::from(shared.client_of(request)).with_user_agent(&user_agent.unwrap_or_default())
}
