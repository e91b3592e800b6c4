//! The body of login and registration.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use hallpass::{Credentials, PasswordText};
use serde::Deserialize;

use crate::answer::json_body;
use crate::answer::problem::Problem;

#[derive(Deserialize)]
struct Body {
    #[serde(alias = "email")]
    login: String,
    password: PasswordText,
}

#[derive(Deserialize)]
struct LabelledBody {
    #[serde(alias = "email")]
    login: String,
    password: PasswordText,
    label: Option<String>,
}

pub(crate) async fn read(request: &HttpRequest, payload: Payload) -> Result<Credentials, Problem> {
    let Body { login, password } = json_body::read(request, payload).await?;
    Ok(Credentials::new(login, password))
}

/// Reads credentials, and what their user calls the device.
pub(crate) async fn read_with_label(
    request: &HttpRequest,
    payload: Payload,
) -> Result<(Credentials, Option<String>), Problem> {
    let LabelledBody { login, password, label } = json_body::read(request, payload).await?;
    Ok((Credentials::new(login, password), label))
}
