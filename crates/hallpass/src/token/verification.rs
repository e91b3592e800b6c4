//! The verification of access tokens, which every guarded request waits for.
//!
//! There is one way, and it is the fast one. To read a payload twice, once to find members that
//! come twice and once for their values, and to make a text of each member took most of a
//! verification. Here it is read once, and names are compared where they stand. Two things more are
//! fast for refresh tokens too, a line each where they stand: `keys/jws.rs` leaves a header unread
//! that is written like our own, and `keys/hmac.rs` has the key set up.
//!
//! What is accepted, what is refused, and why, is exactly as in the plain way, which stands in
//! `access/tests/plain.rs`, and which `access/tests/differential.rs` compares this one with.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::json::{MalformedJson, TWICE, Text, UniqueMembers, UniqueNames};
use crate::keys::JwsError;
use crate::session::SessionId;
use crate::time::Timestamp;
use crate::token::AccessClaims;
use crate::token::access::AccessTokens;
use crate::token::claims::Claims;
use crate::user::{Scope, UserId};

/// Why an access token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// It is not a token of ours at all.
    #[error("not an access token")]
    NotAuthentic(#[from] JwsError),
    /// A claim is missing, comes twice, or has the wrong type.
    #[error("the claims of the access token are malformed")]
    Claims(#[source] MalformedJson),
    /// `iss` is not ours (RFC 7519 §4.1.1).
    #[error("the access token has another issuer")]
    Issuer,
    /// `aud` is not ours (RFC 7519 §4.1.3).
    #[error("the access token is for another audience")]
    Audience,
    /// `sub` is not the canonical text of an id.
    #[error("the access token's subject is not an id")]
    Subject,
    /// Its time is over (RFC 7519 §4.1.4).
    #[error("the access token expired at {expired_at}, now is {now}")]
    Expired {
        /// Its `exp`.
        expired_at: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
    /// Its time has not come (RFC 7519 §4.1.5).
    #[error("the access token is not valid before {not_before}, now is {now}")]
    NotYetValid {
        /// Its `nbf`.
        not_before: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
}

impl AccessTokens {
    /// Verifies that `token` is ours and valid at `now`: `now < exp + leeway`, and
    /// `nbf <= now + leeway` where there is an `nbf`.
    ///
    /// `iat` in the future is not refused: no RFC asks for it, and clocks differ.
    ///
    /// # Errors
    /// [`AccessTokenError`]: the first rule that the token breaks.
    pub(crate) fn verify(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<AccessClaims, AccessTokenError> {
        let claims = self.authenticate(token)?;
        self.check_lifetime(&claims, now)?;
        Ok(claims)
    }

    /// Verifies that an authentic token is valid at `now`.
    ///
    /// # Errors
    /// `Expired` or `NotYetValid`.
    pub(crate) fn check_lifetime(
        &self,
        claims: &AccessClaims,
        now: Timestamp,
    ) -> Result<(), AccessTokenError> {
        if now >= claims.expires_at().plus(self.leeway) {
            return Err(AccessTokenError::Expired { expired_at: claims.expires_at(), now });
        }
        match claims.not_before() {
            Some(not_before) if not_before > now.plus(self.leeway) => {
                Err(AccessTokenError::NotYetValid { not_before, now })
            }
            _ => Ok(()),
        }
    }

    /// Verifies that `token` is ours, be it expired: what logout asks for.
    ///
    /// # Errors
    /// [`AccessTokenError`], but neither `Expired` nor `NotYetValid`.
    pub(crate) fn authenticate(&self, token: &str) -> Result<AccessClaims, AccessTokenError> {
        let payload = self.jws.open(token)?;
        let read = ReadClaims::read(&payload, token).map_err(AccessTokenError::Claims)?;
        if read.issuer != self.issuer {
            return Err(AccessTokenError::Issuer);
        }
        if read.audience != self.audience {
            return Err(AccessTokenError::Audience);
        }
        Ok(read.claims)
    }
}

/// The claims of a token, and what is only compared.
struct ReadClaims<'a> {
    issuer: Cow<'a, str>,
    audience: Cow<'a, str>,
    claims: AccessClaims,
}

impl<'a> ReadClaims<'a> {
    /// Reads the payload of a token, and keeps the token.
    ///
    /// # Errors
    /// [`MalformedJson`] for what is not a JSON object, and for a member that is missing, comes twice
    /// at whatever depth, or has the wrong type.
    fn read(payload: &'a [u8], token: &str) -> Result<Self, MalformedJson> {
        serde_json::from_slice(payload)
            .and_then(|members: Members<'a>| members.complete(token))
            .map_err(MalformedJson::of)
    }
}

/// The members of a token as far as they have been read.
#[derive(Default)]
struct Members<'a> {
    iss: Option<Text<'a>>,
    aud: Option<Text<'a>>,
    sub: Option<UserId>,
    iat: Option<Timestamp>,
    exp: Option<Timestamp>,
    nbf: Option<Timestamp>,
    jti: Option<String>,
    sid: Option<SessionId>,
    auth_time: Option<Timestamp>,
    scope: Option<Scope>,
    /// The application's.
    others: UniqueNames<'a>,
}

impl<'a> Members<'a> {
    fn complete(self, token: &str) -> Result<ReadClaims<'a>, serde_json::Error> {
        let claims = Claims {
            user_id: present(self.sub)?,
            session_id: present(self.sid)?,
            token_id: present(self.jti)?,
            issued_at: present(self.iat)?,
            expires_at: present(self.exp)?,
            not_before: self.nbf,
            auth_time: self.auth_time,
            scope: self.scope.unwrap_or_default(),
            token: Zeroizing::new(token.to_owned()),
            has_app_claims: !self.others.is_empty(),
        };
        let (issuer, audience) = (present(self.iss)?.0, present(self.aud)?.0);
        Ok(ReadClaims { issuer, audience, claims: AccessClaims::new(claims) })
    }

    fn read_value<A: MapAccess<'a>>(
        &mut self,
        name: Text<'a>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match &*name.0 {
            "iss" => read_once(&mut self.iss, map),
            "aud" => read_once(&mut self.aud, map),
            "sub" => read_once(&mut self.sub, map),
            "iat" => read_once(&mut self.iat, map),
            "exp" => read_once(&mut self.exp, map),
            "nbf" => read_once(&mut self.nbf, map),
            "jti" => read_once(&mut self.jti, map),
            "sid" => read_once(&mut self.sid, map),
            "auth_time" => read_once(&mut self.auth_time, map),
            "scope" => read_once(&mut self.scope, map),
            _ => {
                map.next_value::<UniqueMembers>()?;
                self.others.add(name)
            }
        }
    }
}

/// Reads a `T`, so that `null` is none: a member is left out or of its type.
fn read_once<'a, T: Deserialize<'a>, A: MapAccess<'a>>(
    member: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error> {
    match member.replace(map.next_value()?) {
        Some(_) => Err(A::Error::custom(TWICE)),
        None => Ok(()),
    }
}

fn present<T>(member: Option<T>) -> Result<T, serde_json::Error> {
    member.ok_or_else(|| serde_json::Error::custom("a member is missing"))
}

/// An object only: an array would be the members in the order of their declaration.
impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the claims of an access token")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key()? {
            members.read_value(name, &mut map)?;
        }
        Ok(members)
    }
}
