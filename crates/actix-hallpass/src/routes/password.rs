//! `POST {base}/password`: the current password for a new one.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use hallpass::{OwnSessions, PasswordText};
use serde::Deserialize;

use crate::answer::json_body;
use crate::answer::problem::Problem;
use crate::routes::reply::no_content;
use crate::shared::Shared;
use crate::transport::authenticate::authenticate_or_refuse;

#[derive(Deserialize)]
struct Body {
    current_password: PasswordText,
    new_password: PasswordText,
    #[serde(default)]
    end_sessions: Ending,
}

/// Which sessions end with the old password.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(try_from = "String")]
enum Ending {
    #[default]
    Others,
    All,
}

impl TryFrom<String> for Ending {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "others" => Ok(Self::Others),
            "all" => Ok(Self::All),
            _ => Err("it is neither `others` nor `all`"),
        }
    }
}

pub(crate) async fn change(
    shared: Shared,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let claims = authenticate_or_refuse(&shared, &request)?;
    let body: Body = json_body::read(&request, payload).await?;
    let ending = match body.end_sessions {
        Ending::Others => OwnSessions::Others,
        Ending::All => OwnSessions::All,
    };
    let (current, new) = (body.current_password, body.new_password);
    let address = shared.client_of(&request);
    let change = shared.service().change_password(&claims, current, new, ending, address);
    shared.run(change).await??;
    Ok(no_content())
}
