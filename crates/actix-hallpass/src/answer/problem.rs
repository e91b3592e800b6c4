//! Refusals to HTTP (RFC 9457). The one file that makes responses of them, and logs the causes
//! that the client is not told.

use std::fmt::Display;
use std::time::Duration;

use actix_web::http::header::{ALLOW, CACHE_CONTROL, HeaderName, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use actix_web_httpauth::headers::www_authenticate::WwwAuthenticate;
use hallpass::{Classified, ErrorCode, Refusal, Severity};
use serde::Serialize;
use tracing::Level;

use crate::answer::AuthError;
use crate::answer::status::status;
use crate::run::RunError;
use crate::transport::challenge::{BearerChallenge, ChallengeError, Realm};

/// After which time trying again is worth it, where nothing else is known: the time to hash a few
/// passwords, or for a database to come back.
const RETRY_AFTER_SECONDS: u64 = 1;

/// A refusal on its way to the client. Making one logs nothing.
#[derive(Debug)]
pub(crate) struct Problem {
    refusal: Refusal,
    /// For the log, if it is written there.
    reason: Option<String>,
    challenge: Option<Box<BearerChallenge>>,
    /// What the route takes instead: methods, types or codings.
    alternatives: Vec<(HeaderName, String)>,
}

#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    code: &'static str,
    detail: &'a str,
}

impl Problem {
    /// Returns the refusal of a request for a reason that its code tells.
    pub(crate) fn new(code: ErrorCode) -> Self {
        Self::from_refusal(Refusal::new(code))
    }

    /// Returns what an error is to a client.
    pub(crate) fn of(error: &impl Classified) -> Self {
        let problem = Self::from_refusal(error.refusal());
        let reason = problem.is_logged().then(|| error.reason());
        Self { reason, ..problem }
    }

    pub(crate) fn method_not_allowed(allowed: &[Method]) -> Self {
        let allowed: Vec<_> = allowed.iter().map(Method::as_str).collect();
        let allowed = allowed.join(", ");
        let refusal = Refusal::new(ErrorCode::MethodNotAllowed);
        let detail = format!("this route takes {allowed}");
        Self::from_refusal(refusal.with_detail(detail)).with_alternative(ALLOW, allowed)
    }

    fn from_refusal(refusal: Refusal) -> Self {
        let alternatives = Vec::new();
        Self { refusal, reason: None, challenge: None, alternatives }
    }

    /// Adds why, for the log.
    pub(crate) fn because(mut self, reason: &dyn Display) -> Self {
        self.reason = self.is_logged().then(|| reason.to_string());
        self
    }

    /// Adds a header that names what the route takes.
    pub(crate) fn with_alternative(
        mut self,
        name: HeaderName,
        alternative: impl Into<String>,
    ) -> Self {
        self.alternatives.push((name, alternative.into()));
        self
    }

    /// Adds the challenge of a refused access token, or of any other 401. Where no access token was
    /// asked for, it says nothing of one.
    pub(crate) fn in_realm(self, realm: &Realm) -> Self {
        self.in_realm_that_needs(None, realm)
    }

    /// As [`Problem::in_realm`], with a parameter of the challenge that says what would be enough.
    pub(crate) fn in_realm_that_needs(
        self,
        needed: Option<(&'static str, String)>,
        realm: &Realm,
    ) -> Self {
        let code = self.refusal.code;
        let is_about_access_token = self.refusal.is_about_access_token;
        if self.challenge.is_some() || !(is_about_access_token || status(code) == 401) {
            return self;
        }
        let error = bearer_error(code).filter(|_| is_about_access_token);
        let error =
            error.map(|error| ChallengeError { code: error, description: code.detail(), needed });
        let challenge = BearerChallenge { realm: realm.clone(), error };
        Self { challenge: Some(Box::new(challenge)), ..self }
    }

    /// Returns the response, and logs what it is about.
    pub(crate) fn into_response(self) -> HttpResponse {
        self.log();
        let Refusal { code, detail, retry_after, .. } = self.refusal;
        let status = status(code);
        let mut response = HttpResponse::build(status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        response.content_type("application/problem+json");
        if let Some(challenge) = self.challenge {
            response.insert_header(WwwAuthenticate(*challenge));
        }
        if status == 503 || status == 429 {
            let seconds = retry_after.map_or(RETRY_AFTER_SECONDS, whole_seconds);
            response.insert_header((RETRY_AFTER, seconds));
        }
        for alternative in self.alternatives {
            response.insert_header(alternative);
        }
        let body = ProblemBody {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code: code.as_str(),
            detail: detail.as_deref().unwrap_or(code.detail()),
        };
        response.body(serde_json::to_string(&body).expect("strings and a number are JSON"))
    }

    /// A refusal is for debugging: an event tells the operator where it matters.
    fn log(&self) {
        let Some(reason) = &self.reason else { return };
        let code = self.refusal.code.as_str();
        let row = self.refusal.damaged_row.as_ref();
        let (table, column) = (row.map(|row| row.table), row.map(|row| row.column));
        let id = row.map(|row| row.id.as_str());
        match self.refusal.severity {
            Severity::Error => {
                tracing::error!(target: "hallpass", table, column, id, reason, "{code}");
            }
            Severity::Warning => {
                tracing::warn!(target: "hallpass", table, column, id, reason, "{code}");
            }
            Severity::Info => tracing::debug!(target: "hallpass", code, reason, "refused"),
        }
    }

    /// Whether a reason is written down: a flood of refusals should not cost their texts.
    fn is_logged(&self) -> bool {
        match self.refusal.severity {
            Severity::Error | Severity::Warning => true,
            Severity::Info => tracing::enabled!(target: "hallpass", Level::DEBUG),
        }
    }
}

impl<E: Classified> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::of(&error)
    }
}

impl From<&AuthError> for Problem {
    fn from(error: &AuthError) -> Self {
        let problem = Self::of(error.reason());
        match error.realm() {
            Some(realm) => problem.in_realm_that_needs(error.reason().needed(), realm),
            None => problem,
        }
    }
}

impl ResponseError for AuthError {
    fn status_code(&self) -> StatusCode {
        status(self.code())
    }

    fn error_response(&self) -> HttpResponse {
        Problem::from(self).into_response()
    }
}

impl ResponseError for RunError {
    fn status_code(&self) -> StatusCode {
        status(self.code())
    }

    fn error_response(&self) -> HttpResponse {
        Problem::of(self).into_response()
    }
}

/// Returns the word of RFC 6750 §3.1 or RFC 9470 §3 for a refused access token, `None` where there
/// was none: nothing is said about credentials that were not sent.
fn bearer_error(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::RequestAmbiguous => Some("invalid_request"),
        ErrorCode::TokenInvalid | ErrorCode::TokenExpired | ErrorCode::SessionRevoked => {
            Some("invalid_token")
        }
        ErrorCode::InsufficientScope => Some("insufficient_scope"),
        ErrorCode::InsufficientUserAuthentication => Some("insufficient_user_authentication"),
        ErrorCode::InvalidRequest
        | ErrorCode::RefreshMissing
        | ErrorCode::TokenMissing
        | ErrorCode::InvalidCredentials
        | ErrorCode::RefreshInvalid
        | ErrorCode::RefreshExpired
        | ErrorCode::RefreshStale
        | ErrorCode::SessionSuperseded
        | ErrorCode::NotFound
        | ErrorCode::MethodNotAllowed
        | ErrorCode::LoginTaken
        | ErrorCode::BodyTooLarge
        | ErrorCode::UnsupportedMediaType
        | ErrorCode::PasswordUnacceptable
        | ErrorCode::LoginUnacceptable
        | ErrorCode::Throttled
        | ErrorCode::Internal
        | ErrorCode::Busy
        | ErrorCode::RefreshConflict
        | ErrorCode::Unavailable => None,
    }
}

/// Rounds up, to one second at least.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}
