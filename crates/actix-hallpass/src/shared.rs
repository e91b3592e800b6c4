//! What the guard, the routes and the extractors share: one value per application, made by the builder.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpRequest;
use hallpass::{Service, UseCase};

use crate::answer::{AuthError, AuthErrorReason};
use crate::guard::live_sessions::LiveSessions;
use crate::guard::verified_tokens::VerifiedTokens;
use crate::run::RunError;
use crate::run::hashing::HashLanes;
use crate::setup::trusted_proxies::TrustedProxies;
use crate::transport::challenge::Realm;

/// The use cases with everything that HTTP needs around them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Parts>);

/// What a [`Shared`] is made of.
pub(crate) struct Parts {
    pub(crate) service: Service,
    pub(crate) lanes: HashLanes,
    pub(crate) realm: Realm,
    pub(crate) registration: Registration,
    pub(crate) live_sessions: Arc<LiveSessions>,
    pub(crate) verified_tokens: VerifiedTokens,
    pub(crate) trusted_proxies: TrustedProxies,
}

/// Whether `POST {base}/register` is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Registration {
    Closed,
    Open,
}

impl Shared {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub(crate) fn service(&self) -> &Service {
        &self.0.service
    }

    /// Runs a use case: store calls and bcrypt off the event loop, bcrypt with a permit.
    pub(crate) async fn run<T: Send + 'static>(&self, use_case: UseCase<T>) -> Result<T, RunError> {
        self.0.lanes.run(use_case).await
    }

    pub(crate) fn realm(&self) -> &Realm {
        &self.0.realm
    }

    /// Returns the refusal of a request. Missing application claims are the application's fault if it
    /// adds none, and the token's otherwise.
    pub(crate) fn refusal(&self, reason: AuthErrorReason) -> AuthError {
        let is_about_app_claims = matches!(reason, AuthErrorReason::AppClaims(_));
        if is_about_app_claims && !self.service().adds_claims() {
            return AuthError::new(AuthErrorReason::NoAppClaims, self.realm());
        }
        AuthError::new(reason, self.realm())
    }

    pub(crate) fn registration(&self) -> Registration {
        self.0.registration
    }

    pub(crate) fn live_sessions(&self) -> &LiveSessions {
        &self.0.live_sessions
    }

    pub(crate) fn verified_tokens(&self) -> &VerifiedTokens {
        &self.0.verified_tokens
    }

    /// Returns the client's address, for events, sessions and limits.
    pub(crate) fn client_of(&self, request: &HttpRequest) -> Option<IpAddr> {
        self.0.trusted_proxies.client_of(request)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shared(…)")
    }
}
