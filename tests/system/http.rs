//! A client that sees what is on the wire.

use std::net::SocketAddr;
use std::time::Duration;

use actix_hallpass::internal::{ROUTES, Route};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::HeaderMap;

/// Sends requests to one server.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    address: SocketAddr,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// The tokens of a login or a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .max_idle_connections_per_host(64)
            .build()
            .into();
        Self { agent, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a request; `Err` is a connection that broke.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.to_owned()).unwrap();
        let request =
            self.agent.configure_request(request).allow_non_standard_methods(true).build();
        let response = self.agent.run(request)?;
        let (parts, mut body) = response.into_parts();
        let body = body.read_to_string()?;
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
        assert_is_documented(method, path, &answer);
        Ok(answer)
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.try_send(method, path, headers, body).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn get_with_token(&self, path: &str, token: &str) -> Answer {
        self.send("GET", path, &[("Authorization", &format!("Bearer {token}"))], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &body.to_string())
    }

    pub(crate) fn post_text(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("Content-Type", "application/json")], body)
    }

    pub(crate) fn send_with_token(&self, method: &str, path: &str, token: &str) -> Answer {
        self.send(method, path, &[("Authorization", &format!("Bearer {token}"))], "")
    }

    pub(crate) fn post_with_token(&self, path: &str, token: &str, body: &Value) -> Answer {
        let authorization = format!("Bearer {token}");
        let headers = [("Authorization", &*authorization), ("Content-Type", "application/json")];
        self.send("POST", path, &headers, &body.to_string())
    }

    pub(crate) fn register(&self, login: &str, password: &str) -> Answer {
        self.post("/auth/register", &json!({ "login": login, "password": password }))
    }

    pub(crate) fn login(&self, login: &str, password: &str) -> Answer {
        self.post("/auth/login", &json!({ "login": login, "password": password }))
    }

    pub(crate) fn refresh(&self, token: &str) -> Answer {
        self.post("/auth/refresh", &json!({ "refresh_token": token }))
    }

    pub(crate) fn logout(&self, token: &str) -> Answer {
        self.post("/auth/logout", &json!({ "refresh_token": token }))
    }

    /// Registers `login` and logs in.
    pub(crate) fn session(&self, login: &str) -> Tokens {
        let registered = self.register(login, "correct horse");
        assert_eq!(registered.status, 201, "{registered:?}");
        self.login(login, "correct horse").tokens()
    }
}

/// The code of a refusal is one that the table of routes has for that route.
fn assert_is_documented(method: &str, path: &str, answer: &Answer) {
    let Some(below_base) = path.strip_prefix("/auth") else { return };
    let takes = |route: &&Route| route.methods().iter().any(|it| it == method);
    let route = ROUTES.iter().filter(takes).find(|route| is_at(route.path(), below_base));
    let code = serde_json::from_str(&answer.body)
        .ok()
        .and_then(|body: Value| body.get("code").and_then(Value::as_str).map(str::to_owned));
    if let (Some(route), Some(code)) = (route, code) {
        // A route that is not mounted is not found.
        let is_known = code == "not_found" || route.codes().any(|it| it.as_str() == code);
        assert!(is_known, "{code} is not among the codes of {route:?}");
    }
}

fn is_at(template: &str, path: &str) -> bool {
    match template.split_once('{') {
        Some((front, _)) => path.strip_prefix(front).is_some_and(|id| !id.contains('/')),
        None => template == path,
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn tokens(&self) -> Tokens {
        assert_eq!(self.status, 200, "{self:?}");
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Tokens { access: text("access_token"), refresh: text("refresh_token") }
    }

    /// The status and the code of a refusal.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(body["status"], self.status, "{self:?}");
        assert_eq!(body["type"], "about:blank");
        assert!(body["title"].is_string() && body["detail"].is_string(), "{self:?}");
        (self.status, body["code"].as_str().unwrap().to_owned())
    }

    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, code: &str) {
        assert_eq!(self.refusal(), (status, code.to_owned()), "{self:?}");
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}
