//! Access tokens: minutes long, verified without the database (RFC 9068). They are issued
//! here, and verified in `verification.rs`.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::keys::TokenSecret;
use crate::keys::jws::{Jws, MAXIMUM_BYTES};
use crate::random::{Random, RandomUnavailable, random_text};
use crate::session::SessionId;
use crate::time::Timestamp;
use crate::token::{AppClaims, ClaimsError};
use crate::user::{Scope, UserId};

/// Issues and verifies access tokens.
pub(crate) struct AccessTokens {
    pub(crate) jws: Jws,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    lifetime: Duration,
    pub(crate) leeway: Duration,
}

/// The settings of [`AccessTokens`].
#[derive(Debug)]
pub(crate) struct AccessTokenSettings {
    /// The HMAC key.
    pub(crate) secret: TokenSecret,
    /// The key's id, put into the header as `kid` when there is one.
    pub(crate) key_id: Option<String>,
    /// Who issues: `iss`.
    pub(crate) issuer: String,
    /// For whom: `aud`.
    pub(crate) audience: String,
    /// From issue to expiry, in whole seconds.
    pub(crate) lifetime: Duration,
    /// How far the clocks of issuer and verifier may differ, in whole seconds.
    pub(crate) leeway: Duration,
}

/// An access token as the client gets it.
///
/// # Security
/// `Debug` shows no character of it; memory is wiped on drop.
pub struct AccessToken {
    text: Zeroizing<String>,
    expires_at: Timestamp,
}

/// What is signed: hallpass's claims, then the application's, none of which has the name of one of
/// hallpass's.
#[derive(Serialize)]
struct SignedClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a UserId,
    iat: Timestamp,
    exp: Timestamp,
    jti: &'a str,
    sid: &'a SessionId,
    auth_time: Timestamp,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    scope: &'a Scope,
    #[serde(flatten)]
    app_claims: &'a AppClaims,
}

/// Why an access token is not issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// There was no randomness for its `jti`.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The application's claims could not be had, or make it too long.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
}

/// For whom an access token is issued.
#[derive(Debug)]
pub(crate) struct AccessGrant<'a> {
    /// The user: `sub`.
    pub(crate) user_id: &'a UserId,
    /// The session: `sid`.
    pub(crate) session_id: &'a SessionId,
    /// When they proved who they are: `auth_time`.
    pub(crate) auth_time: Timestamp,
    /// When the token ends: `exp`.
    pub(crate) expires_at: Timestamp,
    /// What they may do: `scope`.
    pub(crate) scope: &'a Scope,
    /// What the application adds.
    pub(crate) app_claims: &'a AppClaims,
}

impl AccessTokens {
    /// Returns the issuer and verifier with these settings.
    #[must_use]
    pub(crate) fn new(settings: AccessTokenSettings) -> Self {
        Self {
            jws: Jws::new("at+jwt", &settings.secret, settings.key_id),
            issuer: settings.issuer,
            audience: settings.audience,
            lifetime: settings.lifetime,
            leeway: settings.leeway,
        }
    }

    /// Returns when a token issued `now` ends: after the configured lifetime, or with its session
    /// if that is sooner.
    pub(crate) fn expiry(&self, now: Timestamp, session_ends_at: Timestamp) -> Timestamp {
        now.plus(self.lifetime).min(session_ends_at)
    }

    /// Returns how long after its issue a token is accepted at most: its lifetime and the leeway.
    pub(crate) fn acceptance(&self) -> Duration {
        self.lifetime.saturating_add(self.leeway)
    }

    /// Issues a token.
    ///
    /// # Errors
    /// [`IssueError`] when there is no randomness for its `jti`, or it would be longer than
    /// [`AccessTokens::verify`] reads.
    pub(crate) fn issue(
        &self,
        grant: &AccessGrant<'_>,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<AccessToken, IssueError> {
        let claims = SignedClaims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: grant.user_id,
            iat: now,
            exp: grant.expires_at,
            jti: &random_text::<16>(random)?,
            sid: grant.session_id,
            auth_time: grant.auth_time,
            scope: grant.scope,
            app_claims: grant.app_claims,
        };
        let text = self.jws.sign(&claims);
        let (bytes, maximum) = (text.len(), MAXIMUM_BYTES);
        if bytes > maximum {
            return Err(ClaimsError::TooLong { bytes, maximum }.into());
        }
        Ok(AccessToken { text, expires_at: grant.expires_at })
    }
}

impl AccessToken {
    /// Returns the token. Named so that a search finds every use.
    #[must_use]
    pub fn expose_token(&self) -> &str {
        &self.text
    }

    /// Returns its `exp`.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AccessTokens").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(…)")
    }
}

#[cfg(test)]
mod tests;
