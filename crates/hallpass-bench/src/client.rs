//! Single requests to a contender, each of which has to be answered as expected.

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Request, Response};

use crate::failure::Failure;
use crate::server::Server;

/// The password of all users.
pub(crate) const PASSWORD: &str = "correct horse";

/// The tokens of a login.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// Registers a user.
pub(crate) fn register(server: &Server, login: &str) -> Result<(), Failure> {
    post(server, "/auth/register", &credentials(login), 201).map(drop)
}

/// Logs a user in who is registered.
pub(crate) fn log_in(server: &Server, login: &str) -> Result<Tokens, Failure> {
    let body = post(server, "/auth/login", &credentials(login), 200)?;
    let member = |name| text_member(&body, "POST /auth/login", name);
    Ok(Tokens { access: member("access_token")?, refresh: member("refresh_token")? })
}

/// Logs users in one after the other and returns their refresh tokens.
pub(crate) fn refresh_tokens(server: &Server, logins: &[String]) -> Result<Vec<String>, Failure> {
    logins.iter().map(|login| Ok(log_in(server, login)?.refresh)).collect()
}

/// Sends credentials to a route, and nothing for empty ones; returns what it is answered.
pub(crate) fn get(
    server: &Server,
    path: &str,
    authorization: &str,
    status: u16,
) -> Result<String, Failure> {
    let mut request = Request::get(server.url(path));
    if !authorization.is_empty() {
        request = request.header("Authorization", authorization);
    }
    let request = request.body(String::new()).expect("the address is well-formed");
    send(request, &format!("GET {path}"), status)
}

/// Sends JSON to a route, and returns what it is answered.
pub(crate) fn post(
    server: &Server,
    path: &str,
    body: &Value,
    status: u16,
) -> Result<String, Failure> {
    let request = Request::post(server.url(path))
        .header("Content-Type", "application/json")
        .body(body.to_string())
        .expect("the address is well-formed");
    send(request, &format!("POST {path}"), status)
}

/// Returns the body of a registration or a login.
pub(crate) fn credentials(login: &str) -> Value {
    json!({ "login": login, "password": PASSWORD })
}

fn send(request: Request<String>, what: &str, expected: u16) -> Result<String, Failure> {
    let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
    let (status, body) = agent
        .run(request)
        .and_then(read)
        .map_err(|source| Failure::Http { what: what.to_owned(), source: Box::new(source) })?;
    if status != expected {
        return Err(Failure::WrongAnswer { request: what.to_owned(), status, expected, body });
    }
    Ok(body)
}

fn read(response: Response<ureq::Body>) -> Result<(u16, String), ureq::Error> {
    let status = response.status().as_u16();
    Ok((status, response.into_body().read_to_string()?))
}

fn text_member(body: &str, request: &str, member: &'static str) -> Result<String, Failure> {
    let value: Option<Value> = serde_json::from_str(body).ok();
    let text = value.as_ref().and_then(|value| value[member].as_str());
    text.map(str::to_owned).ok_or_else(|| Failure::NoMember {
        request: request.to_owned(),
        member,
        body: body.to_owned(),
    })
}
