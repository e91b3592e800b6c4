//! What an access token says, once it has been verified.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::json::MalformedJson;
use crate::session::SessionId;
use crate::time::Timestamp;
use crate::token::app_members::AppMembers;
use crate::user::{Scope, UserId};

/// What an access token says, once it has been verified. Made by
/// [`Service::verify_access`](crate::Service::verify_access) alone. Cheap to clone.
#[derive(Clone)]
pub struct AccessClaims(Arc<Claims>);

/// What the clones of an [`AccessClaims`] share.
pub(crate) struct Claims {
    pub(crate) user_id: UserId,
    pub(crate) session_id: SessionId,
    pub(crate) token_id: String,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) auth_time: Option<Timestamp>,
    pub(crate) scope: Scope,
    /// What all this was read from, and the application's claims are read from when they are asked for.
    pub(crate) token: Zeroizing<String>,
    pub(crate) has_app_claims: bool,
}

impl AccessClaims {
    /// Returns what a token says that is ours.
    pub(crate) fn new(claims: Claims) -> Self {
        Self(Arc::new(claims))
    }

    /// Returns `sub`: the user.
    #[must_use]
    pub fn user_id(&self) -> &UserId {
        &self.0.user_id
    }

    /// Returns `sid`: the session.
    #[must_use]
    pub fn session_id(&self) -> &SessionId {
        &self.0.session_id
    }

    /// Returns `scope`, empty when it is left out.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// Returns `iat`: when the token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        self.0.issued_at
    }

    /// Returns `exp`: the first second in which the token is no longer valid.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// Returns `nbf`: the first second in which the token is valid, where it says one.
    pub(crate) fn not_before(&self) -> Option<Timestamp> {
        self.0.not_before
    }

    /// Returns `auth_time`: when the user proved who they are, at login or at the step-up that made
    /// this token; `None` in a token that another issuer with our key made without it.
    #[must_use]
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.0.auth_time
    }

    /// Returns whether the user proved who they are `max_age` before `now` at most (RFC 9470 §4).
    /// Not in a token that does not say when, or says more than 60 s ahead of `now`: a clock was
    /// wrong then, and the proof may be of any age.
    pub(crate) fn is_recent(&self, max_age: Duration, now: Timestamp) -> bool {
        self.0.auth_time.is_some_and(|auth_time| {
            !auth_time.is_from_a_wrong_clock(now) && now <= auth_time.plus(max_age)
        })
    }

    /// Returns the application's claims, read as a `C`, which sees no claim of hallpass's.
    ///
    /// # Errors
    /// [`MalformedJson`] when they are no `C`: the token was made before the application added them,
    /// say.
    pub fn app_claims<C: DeserializeOwned>(&self) -> Result<C, MalformedJson> {
        let token = self.0.has_app_claims.then(|| self.expose_token());
        C::deserialize(AppMembers(token)).map_err(MalformedJson::of)
    }

    /// Returns `jti`: the token's own id.
    #[must_use]
    pub fn token_id(&self) -> &str {
        &self.0.token_id
    }

    /// Returns the token itself, to send it on to a service that verifies it as well. Named so that a search
    /// finds every use.
    #[must_use]
    pub fn expose_token(&self) -> &str {
        &self.0.token
    }
}

/// Compares the tokens, which say everything else, in constant time.
impl PartialEq for AccessClaims {
    fn eq(&self, other: &Self) -> bool {
        self.expose_token().as_bytes().ct_eq(other.expose_token().as_bytes()).into()
    }
}

impl Eq for AccessClaims {}

impl fmt::Debug for AccessClaims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccessClaims")
            .field("user_id", &self.0.user_id)
            .field("session_id", &self.0.session_id)
            .field("token_id", &self.0.token_id)
            .field("issued_at", &self.0.issued_at)
            .field("expires_at", &self.0.expires_at)
            .field("scope", &self.0.scope)
            .finish_non_exhaustive()
    }
}
