//! Why a request has no user: what the guard and the extractors refuse with.

use std::fmt;
use std::time::Duration;

use hallpass::{
    AccessTokenError, Classified, ErrorCode, MalformedJson, Refusal, ScopeRule, StoreError,
};

use crate::run::RunError;
use crate::transport::challenge::Realm;

/// Why a request has no user.
///
/// A handler that takes `Result<AuthUser, AuthError>` may look at it, or return it.
#[derive(Debug)]
pub struct AuthError {
    reason: AuthErrorReason,
    realm: Option<Realm>,
}

/// What exactly is wrong. For the log and for handlers; the client gets [`AuthError::code`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthErrorReason {
    /// There is no `Authorization` header with bearer credentials.
    #[error("no access token was sent")]
    Missing,
    /// `Bearer` is followed by nothing, or by something that is no token (RFC 6750 §2.1).
    #[error("the bearer credentials are malformed")]
    Malformed,
    /// There is more than one `Authorization` header, and who reads another one sees another user.
    #[error("more than one Authorization header was sent")]
    Ambiguous,
    /// The access token is refused.
    #[error(transparent)]
    Refused(AccessTokenError),
    /// What the application adds to tokens is not in this one, or of another form: it was made before
    /// the application was changed, say.
    #[error("the token's claims are not those of the application")]
    AppClaims(#[source] MalformedJson),
    /// The handler takes claims of the application's, and there are none.
    #[error(
        "the handler takes claims, and the application adds none: call `Auth::builder().claims(…)`"
    )]
    NoAppClaims,
    /// The session of the token has ended, by a logout for instance.
    #[error("the session has ended")]
    SessionEnded,
    /// Whether the session is alive, the store could not tell.
    #[error(transparent)]
    Store(StoreError),
    /// Whether the session is alive was not looked up to the end.
    #[error(transparent)]
    Run(RunError),
    /// The user proved who they are too long ago for this.
    #[error("this needs the password of at most {} s ago", .max_age.as_secs())]
    NotRecent {
        /// How long ago it may have been.
        max_age: Duration,
    },
    /// The token allows less than is needed here.
    #[error("this needs {0}")]
    InsufficientScope(ScopeRule),
    /// What [`Guard::require`](crate::guard::Guard::require) was told says no to this user.
    #[error("the application does not allow it to this user")]
    NotAllowed,
    /// The app was built without `Auth`.
    #[error(
        "no `Auth` in the app: add `.configure(auth.routes(\"/auth\"))` or `.app_data(auth.clone())`, \
         or wrap the scope in `auth.guard()`"
    )]
    NotConfigured,
    /// The handler's `AuthUser<Id>` has another id type than the store's users.
    #[error("the handler takes ids of type {expected}, which the store's ids are not")]
    IdType {
        /// The handler's type.
        expected: &'static str,
    },
}

impl AuthError {
    pub(crate) fn new(reason: AuthErrorReason, realm: &Realm) -> Self {
        Self { reason, realm: Some(realm.clone()) }
    }

    pub(crate) fn not_configured() -> Self {
        Self { reason: AuthErrorReason::NotConfigured, realm: None }
    }

    /// Returns what exactly is wrong.
    #[must_use]
    pub fn reason(&self) -> &AuthErrorReason {
        &self.reason
    }

    /// Returns the code that the client gets.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.reason.code()
    }

    pub(crate) fn realm(&self) -> Option<&Realm> {
        self.realm.as_ref()
    }
}

impl Classified for AuthErrorReason {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Missing => Refusal::of_access_token(ErrorCode::TokenMissing),
            Self::Malformed | Self::AppClaims(_) => {
                Refusal::of_access_token(ErrorCode::TokenInvalid)
            }
            Self::Ambiguous => Refusal::of_access_token(ErrorCode::RequestAmbiguous),
            Self::Refused(error) => error.refusal(),
            Self::SessionEnded => Refusal::of_access_token(ErrorCode::SessionRevoked),
            Self::Store(error) => error.refusal(),
            Self::Run(error) => error.refusal(),
            Self::NotRecent { .. } => {
                Refusal::of_access_token(ErrorCode::InsufficientUserAuthentication)
                    .with_detail(self.to_string())
            }
            Self::InsufficientScope(_) => {
                Refusal::of_access_token(ErrorCode::InsufficientScope).with_detail(self.to_string())
            }
            Self::NotAllowed => Refusal::of_access_token(ErrorCode::InsufficientScope),
            Self::NoAppClaims | Self::NotConfigured | Self::IdType { .. } => {
                Refusal::new(ErrorCode::Internal)
            }
        }
    }
}

impl AuthErrorReason {
    /// Returns the parameter of a challenge that says what would be enough: a scope
    /// (RFC 6750 §3), or the age of a password (RFC 9470 §3).
    pub(crate) fn needed(&self) -> Option<(&'static str, String)> {
        match self {
            Self::InsufficientScope(rule) => Some(("scope", rule.scope())),
            Self::NotRecent { max_age } => Some(("max_age", max_age.as_secs().to_string())),
            Self::Missing
            | Self::Malformed
            | Self::Ambiguous
            | Self::Refused(_)
            | Self::AppClaims(_)
            | Self::NoAppClaims
            | Self::SessionEnded
            | Self::Store(_)
            | Self::Run(_)
            | Self::NotAllowed
            | Self::NotConfigured
            | Self::IdType { .. } => None,
        }
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(formatter)
    }
}

impl std::error::Error for AuthError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.reason.source()
    }
}
