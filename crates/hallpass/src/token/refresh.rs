//! Refresh tokens: days long, each used once, and the successor that follows from each.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::json::{self, MalformedJson};
use crate::keys::jws::Jws;
use crate::keys::{JwsError, TokenSecret};
use crate::password::bcrypt::salt::Salt;
use crate::random::{Random, RandomUnavailable};
use crate::session::{SessionId, SessionPolicy};
use crate::time::Timestamp;
use crate::token::refresh_secret::RefreshSecret;
use crate::token::successor::{SuccessorKey, SuccessorOf};
use crate::user::UserId;

/// Ends the audience of refresh tokens, and never that of access tokens.
pub(crate) const REFRESH_SUFFIX: &str = "#refresh";

/// Issues and authenticates refresh tokens, and derives successors.
pub(crate) struct RefreshTokens {
    jws: Jws,
    successor_key: SuccessorKey,
    issuer: String,
    audience: String,
    policy: SessionPolicy,
}

/// A refresh token as the client gets it.
///
/// # Security
/// `Debug` shows no character of it; memory is wiped on drop.
pub struct RefreshToken(Zeroizing<String>);

/// What an authentic refresh token says; it may be expired, replaced or revoked.
///
/// `Serialize` is what a token is signed from, and why this type stays inside the crate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefreshClaims {
    iss: String,
    aud: String,
    /// The user.
    #[serde(rename = "sub")]
    pub(crate) user_id: UserId,
    /// The session.
    #[serde(rename = "sid")]
    pub(crate) session_id: SessionId,
    /// How many tokens of the session came before it.
    #[serde(rename = "gen")]
    pub(crate) generation: u64,
    /// When it was issued.
    #[serde(rename = "iat")]
    pub(crate) issued_at: Timestamp,
    /// The first second in which it is no longer valid.
    #[serde(rename = "exp")]
    pub(crate) expires_at: Timestamp,
    #[serde(default, deserialize_with = "json::not_null", skip_serializing_if = "Option::is_none")]
    nbf: Option<Timestamp>,
    /// When the session began.
    pub(crate) auth_time: Timestamp,
    #[serde(rename = "jti")]
    pub(crate) secret: RefreshSecret,
}

/// Why a text is not a refresh token of ours, or not yet one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshTokenError {
    /// It is not a token of ours at all.
    #[error("not a refresh token")]
    NotAuthentic(#[from] JwsError),
    /// A claim is missing, comes twice, or has the wrong type.
    #[error("the claims of the refresh token are malformed")]
    Claims(#[source] MalformedJson),
    /// `iss` is not ours.
    #[error("the refresh token has another issuer")]
    Issuer,
    /// `aud` is not ours.
    #[error("the refresh token is for another audience")]
    Audience,
    /// `sub` is not the canonical text of an id.
    #[error("the refresh token's subject is not an id")]
    Subject,
    /// Its time has not come (RFC 7519 §4.1.5).
    #[error("the refresh token is not valid before {not_before}, now is {now}")]
    NotYetValid {
        /// Its `nbf`.
        not_before: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
}

impl RefreshTokens {
    /// Returns the issuer for `issuer` with `secret`; the audience is that of access tokens +
    /// `#refresh`.
    #[must_use]
    pub(crate) fn new(
        secret: &TokenSecret,
        issuer: &str,
        audience: &str,
        policy: SessionPolicy,
    ) -> Self {
        Self {
            jws: Jws::new("rt+jwt", secret, None),
            successor_key: SuccessorKey::new(secret),
            issuer: issuer.to_owned(),
            audience: format!("{audience}{REFRESH_SUFFIX}"),
            policy,
        }
    }

    /// Returns the claims of a session's first token, with a random secret.
    pub(crate) fn first(
        &self,
        user_id: UserId,
        session_id: SessionId,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<RefreshClaims, RandomUnavailable> {
        Ok(RefreshClaims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            user_id,
            session_id,
            generation: 0,
            issued_at: now,
            expires_at: self.policy.refresh_expiry(now, now),
            nbf: None,
            auth_time: now,
            secret: RefreshSecret::generate(random)?,
        })
    }

    /// Returns the claims of the token that replaces `presented` in a rotation at `rotated_at`,
    /// whose hash has the random `salt`.
    ///
    /// They follow from the three alone, of which the row has two, so a retry gets the same
    /// successor from any process, although only a hash of it is stored.
    ///
    /// # Security
    /// A leak of the database forges nothing. Neither does a leak of the signing secret, also
    /// together with a replaced token: without the row, the 128 bits of the salt are missing.
    pub(crate) fn successor(
        &self,
        presented: &RefreshClaims,
        rotated_at: Timestamp,
        salt: Salt,
    ) -> RefreshClaims {
        RefreshClaims {
            generation: presented.generation.saturating_add(1),
            issued_at: rotated_at,
            expires_at: self.policy.refresh_expiry(rotated_at, presented.auth_time),
            nbf: None,
            secret: self.successor_key.secret(&SuccessorOf {
                session_id: &presented.session_id,
                generation: presented.generation,
                secret: &presented.secret,
                rotated_at,
                salt,
            }),
            ..presented.clone()
        }
    }

    /// Returns the signed token.
    pub(crate) fn sign(&self, claims: &RefreshClaims) -> RefreshToken {
        RefreshToken(self.jws.sign(claims))
    }

    /// Verifies that `token` is ours, be it expired, replaced or revoked.
    ///
    /// # Errors
    /// [`RefreshTokenError`], but not `NotYetValid`: the first rule that the token breaks.
    pub(crate) fn authenticate(&self, token: &str) -> Result<RefreshClaims, RefreshTokenError> {
        // The secret is in it.
        let payload = Zeroizing::new(self.jws.open(token)?);
        let claims: RefreshClaims =
            json::from_slice(&payload).map_err(RefreshTokenError::Claims)?;
        if claims.iss != self.issuer {
            return Err(RefreshTokenError::Issuer);
        }
        if claims.aud != self.audience {
            return Err(RefreshTokenError::Audience);
        }
        Ok(claims)
    }
}

impl RefreshClaims {
    /// Refuses a token whose `nbf` lies in the future. There is no leeway: only this issuer's
    /// own clock counts.
    pub(crate) fn check_not_before(&self, now: Timestamp) -> Result<(), RefreshTokenError> {
        match self.nbf {
            Some(not_before) if not_before > now => {
                Err(RefreshTokenError::NotYetValid { not_before, now })
            }
            _ => Ok(()),
        }
    }
}

impl RefreshToken {
    /// Returns the token. Named so that a search finds every use.
    #[must_use]
    pub fn expose_token(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RefreshTokens")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests;
