//! Errors to HTTP (RFC 9457). The one file that maps them, and logs the causes that the client is
//! not told.

use std::error::Error;

use actix_web::http::header::{ALLOW, CACHE_CONTROL, HeaderName, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use actix_web_httpauth::headers::www_authenticate::WwwAuthenticate;
use hallpass::{
    AccessTokenError, ClaimsError, IssueError, LoginError, OwnSessionsError, PasswordChangeError,
    RandomUnavailable, ReauthenticateError, RefreshError, RefreshRefusal, RegisterError,
    RegistrationRefusal, StoreError, Throttled, error_chain,
};
use serde::Serialize;

use crate::answer::{AuthError, AuthErrorReason, ErrorCode};
use crate::run::RunError;
use crate::transport::challenge::{BearerChallenge, ChallengeError, Realm};

/// Seconds after which trying again is worth it: the time to hash a few passwords, or for a
/// database to come back.
const RETRY_AFTER_SECONDS: u64 = 1;

/// A refusal on its way to the client.
#[derive(Debug)]
pub(crate) struct Problem {
    code: ErrorCode,
    /// What the code's own text can't tell: which rule a new password broke.
    detail: Option<String>,
    challenge: Option<Box<BearerChallenge>>,
    /// What the route takes instead: methods, types or codings.
    alternatives: Vec<(HeaderName, String)>,
    /// How many seconds to wait, where it is known.
    retry_after_seconds: Option<u64>,
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
    pub(crate) fn new(code: ErrorCode) -> Self {
        let alternatives = Vec::new();
        Self { code, detail: None, challenge: None, alternatives, retry_after_seconds: None }
    }

    fn with_detail(code: ErrorCode, detail: String) -> Self {
        Self { detail: Some(detail), ..Self::new(code) }
    }

    pub(crate) fn method_not_allowed(allowed: &[Method]) -> Self {
        let allowed: Vec<_> = allowed.iter().map(Method::as_str).collect();
        let allowed = allowed.join(", ");
        let detail = format!("this route takes {allowed}");
        Self::with_detail(ErrorCode::MethodNotAllowed, detail).with_alternative(ALLOW, allowed)
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

    /// A 401 of a route: where no access token was asked for, nothing is said of one.
    pub(crate) fn in_realm(self, realm: &Realm) -> Self {
        if self.code.status() != 401 || self.challenge.is_some() {
            return self;
        }
        let challenge = BearerChallenge { realm: realm.clone(), error: None };
        Self { challenge: Some(Box::new(challenge)), ..self }
    }

    pub(crate) fn into_response(self) -> HttpResponse {
        let status = self.code.status();
        let mut response = HttpResponse::build(status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        response.content_type("application/problem+json");
        if let Some(challenge) = self.challenge {
            response.insert_header(WwwAuthenticate(*challenge));
        }
        if status == 503 || status == 429 {
            let seconds = self.retry_after_seconds.unwrap_or(RETRY_AFTER_SECONDS);
            response.insert_header((RETRY_AFTER, seconds));
        }
        for alternative in self.alternatives {
            response.insert_header(alternative);
        }
        let body = ProblemBody {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code: self.code.as_str(),
            detail: self.detail.as_deref().unwrap_or(self.code.detail()),
        };
        response.body(serde_json::to_string(&body).expect("strings and a number are JSON"))
    }
}

impl ResponseError for AuthError {
    fn status_code(&self) -> StatusCode {
        self.code().status()
    }

    fn error_response(&self) -> HttpResponse {
        Problem::from(self).into_response()
    }
}

impl From<&AuthError> for Problem {
    fn from(error: &AuthError) -> Self {
        let code = error.code();
        match code {
            ErrorCode::Internal => tracing::error!(target: "hallpass", reason = %error, "internal"),
            ErrorCode::Unavailable | ErrorCode::Busy => tracing::error!(
                target: "hallpass",
                reason = error_chain(error),
                code = code.as_str(),
                "a session can't be looked at"
            ),
            _ => tracing::debug!(
                target: "hallpass",
                reason = error_chain(error),
                code = code.as_str(),
                "access refused"
            ),
        }
        let challenge = error.realm().filter(|_| code.status().is_client_error()).map(|realm| {
            let error = challenge_error(error.reason(), code);
            Box::new(BearerChallenge { realm: realm.clone(), error })
        });
        let detail =
            match error.reason() {
                reason @ (AuthErrorReason::InsufficientScope(_)
                | AuthErrorReason::NotRecent { .. }) => Some(reason.to_string()),
                _ => None,
            };
        Self { detail, challenge, ..Self::new(code) }
    }
}

/// RFC 6750 §3.1: nothing is said about credentials that were not sent.
fn challenge_error(reason: &AuthErrorReason, code: ErrorCode) -> Option<ChallengeError> {
    let error = match reason {
        AuthErrorReason::Missing => return None,
        AuthErrorReason::Ambiguous => "invalid_request",
        AuthErrorReason::InsufficientScope(_) | AuthErrorReason::NotAllowed => "insufficient_scope",
        AuthErrorReason::NotRecent { .. } => "insufficient_user_authentication",
        _ => "invalid_token",
    };
    let needed = match reason {
        AuthErrorReason::InsufficientScope(rule) => Some(("scope", rule.scope())),
        AuthErrorReason::NotRecent { max_age } => Some(("max_age", max_age.as_secs().to_string())),
        _ => None,
    };
    Some(ChallengeError { code: error, description: code.detail(), needed })
}

impl From<Throttled> for Problem {
    /// Which limit it was, and whether there is such an account, is not told.
    fn from(throttled: Throttled) -> Self {
        let wait = throttled.wait;
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self { retry_after_seconds: Some(seconds.max(1)), ..Self::new(ErrorCode::Throttled) }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Refused(_) => Self::new(ErrorCode::InvalidCredentials),
            LoginError::Throttled(throttled) => throttled.into(),
            LoginError::Store(error) => error.into(),
            LoginError::Issue(error) => error.into(),
            LoginError::Random(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl Problem {
    /// Where the access token itself is what is wrong, the challenge says so, as at a guard.
    pub(crate) fn of_reauthentication(error: ReauthenticateError, realm: &Realm) -> Self {
        match error {
            ReauthenticateError::SessionEnded => Self::session_ended(realm),
            ReauthenticateError::Expired { expired_at, now } => {
                let expired = AccessTokenError::Expired { expired_at, now };
                Self::from(&AuthError::new(AuthErrorReason::Refused(expired), realm))
            }
            ReauthenticateError::Refused(_) => Self::new(ErrorCode::InvalidCredentials),
            ReauthenticateError::Throttled(throttled) => throttled.into(),
            ReauthenticateError::Store(error) => error.into(),
            ReauthenticateError::Issue(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl Problem {
    pub(crate) fn of_own_sessions(error: OwnSessionsError, realm: &Realm) -> Self {
        match error {
            OwnSessionsError::SessionEnded => Self::session_ended(realm),
            OwnSessionsError::Store(error) => error.into(),
            error => internal(&error),
        }
    }

    pub(crate) fn of_password_change(error: PasswordChangeError, realm: &Realm) -> Self {
        match error {
            PasswordChangeError::SessionEnded => Self::session_ended(realm),
            error => Self::from(&error),
        }
    }

    fn session_ended(realm: &Realm) -> Self {
        Self::from(&AuthError::new(AuthErrorReason::SessionEnded, realm))
    }
}

impl From<&PasswordChangeError> for Problem {
    fn from(error: &PasswordChangeError) -> Self {
        match error {
            PasswordChangeError::Unacceptable(reason) => {
                Self::with_detail(ErrorCode::PasswordUnacceptable, error_chain(reason))
            }
            PasswordChangeError::Refused(_) => Self::new(ErrorCode::InvalidCredentials),
            PasswordChangeError::Throttled(throttled) => (*throttled).into(),
            PasswordChangeError::SessionEnded => Self::new(ErrorCode::SessionRevoked),
            PasswordChangeError::UnknownUser => Self::new(ErrorCode::NotFound),
            PasswordChangeError::Conflict => {
                tracing::warn!(target: "hallpass", reason = %error, "unavailable");
                Self::new(ErrorCode::Unavailable)
            }
            PasswordChangeError::Store(error) => error.into(),
            error => internal(error),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Refused(refusal) => Self::new(refresh_code(&refusal)),
            RefreshError::Conflict => Self::new(ErrorCode::RefreshConflict),
            RefreshError::Store(error) => error.into(),
            RefreshError::Issue(error) => error.into(),
            RefreshError::Random(error) => error.into(),
            error => internal(&error),
        }
    }
}

/// What is not the client's to know, be it that the user is disabled or that the row is damaged,
/// is one answer.
fn refresh_code(refusal: &RefreshRefusal) -> ErrorCode {
    match refusal {
        RefreshRefusal::Expired { .. } => ErrorCode::RefreshExpired,
        RefreshRefusal::NoSession | RefreshRefusal::PasswordChanged | RefreshRefusal::Reused => {
            ErrorCode::SessionRevoked
        }
        RefreshRefusal::Superseded => ErrorCode::SessionSuperseded,
        RefreshRefusal::Stale { .. } => ErrorCode::RefreshStale,
        _ => ErrorCode::RefreshInvalid,
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Refused(refusal) => refusal.into(),
            RegisterError::Throttled(throttled) => throttled.into(),
            RegisterError::Store(error) => error.into(),
            RegisterError::Random(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<RegistrationRefusal> for Problem {
    fn from(refusal: RegistrationRefusal) -> Self {
        let code = match refusal {
            RegistrationRefusal::LoginUnacceptable(_) => ErrorCode::LoginUnacceptable,
            RegistrationRefusal::PasswordUnacceptable(_) => ErrorCode::PasswordUnacceptable,
            RegistrationRefusal::LoginTaken => return Self::new(ErrorCode::LoginTaken),
            refusal => return internal(&refusal),
        };
        Self::with_detail(code, error_chain(&refusal))
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Row { table, column, id, problem } => {
                tracing::error!(target: "hallpass", table, column, id, problem, "unavailable");
            }
            StoreError::Constraint(_) | StoreError::Unsupported(_) => return internal(error),
            error => {
                tracing::error!(target: "hallpass", reason = error_chain(error), "unavailable");
            }
        }
        Self::new(ErrorCode::Unavailable)
    }
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Claims(ClaimsError::Store(error)) => of_claims(error),
            error => internal(&error),
        }
    }
}

/// It is the application's database that did not answer, which need not be hallpass's: the log says so.
fn of_claims(error: StoreError) -> Problem {
    let error = ClaimsError::Store(error);
    if matches!(error, ClaimsError::Store(StoreError::Constraint(_) | StoreError::Unsupported(_))) {
        return internal(&error);
    }
    tracing::error!(target: "hallpass", reason = error_chain(&error), "unavailable");
    Problem::new(ErrorCode::Unavailable)
}

impl From<RandomUnavailable> for Problem {
    fn from(error: RandomUnavailable) -> Self {
        internal(&error)
    }
}

impl ResponseError for RunError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Busy => ErrorCode::Busy.status(),
            Self::Interrupted(_) => ErrorCode::Internal.status(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        Problem::from(self).into_response()
    }
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        Self::from(&error)
    }
}

impl From<&RunError> for Problem {
    fn from(error: &RunError) -> Self {
        match error {
            RunError::Busy => {
                tracing::warn!(target: "hallpass", reason = %error, "busy");
                Self::new(ErrorCode::Busy)
            }
            RunError::Interrupted(_) => internal(error),
        }
    }
}

fn internal(error: &dyn Error) -> Problem {
    tracing::error!(target: "hallpass", reason = error_chain(error), "internal");
    Problem::new(ErrorCode::Internal)
}
