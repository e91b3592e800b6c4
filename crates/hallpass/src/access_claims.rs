//! What an access token says, read in one pass over the text that was signed.
//!
//! Every access token that is not remembered comes through here. To read a payload twice, once to find
//! members that come twice and once for their values, and to make a text of each member took most of a
//! verification. Here it is read once, names are compared where they stand, and what is kept is one
//! allocation where ids are short. What is accepted is the same, as
//! `access_token/tests/differential.rs` shows with the plain way beside it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use smol_str::SmolStr;

use crate::app_members::AppMembers;
use crate::json::{Text, UniqueMembers, UniqueNames};
use crate::token_text::TokenText;
use crate::{MalformedJson, Scope, SessionId, Timestamp, UserId};

/// What an access token says, once it has been verified. Made by
/// [`Service::verify_access`](crate::Service::verify_access) alone. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessClaims(Arc<Claims>);

#[derive(PartialEq, Eq)]
struct Claims {
    user_id: UserId,
    session_id: SessionId,
    token_id: SmolStr,
    issued_at: Timestamp,
    expires_at: Timestamp,
    not_before: Option<Timestamp>,
    auth_time: Option<Timestamp>,
    scope: Scope,
    /// What all this was read from, and the application's claims are read from when they are asked for.
    token: TokenText,
    has_app_claims: bool,
}

/// The claims of a token, and what is only compared.
pub(crate) struct ReadClaims<'a> {
    pub(crate) issuer: Cow<'a, str>,
    pub(crate) audience: Cow<'a, str>,
    pub(crate) claims: AccessClaims,
}

impl AccessClaims {
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

    /// Returns whether the user proved who they are `max_age` before `now` at most (RFC 9470 §4). Not in
    /// a token that does not say when.
    pub(crate) fn is_recent(&self, max_age: Duration, now: Timestamp) -> bool {
        self.0.auth_time.is_some_and(|auth_time| now <= auth_time.plus(max_age))
    }

    /// Returns the application's claims, read as a `C`, which sees no claim of hallpass's.
    ///
    /// # Errors
    /// [`MalformedJson`] when they are no `C`: the token was made before the application added them,
    /// say.
    pub fn app_claims<C: DeserializeOwned>(&self) -> Result<C, MalformedJson> {
        let token = self.0.has_app_claims.then(|| self.expose_token());
        Ok(C::deserialize(AppMembers(token))?)
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
        self.0.token.as_str()
    }
}

impl<'a> ReadClaims<'a> {
    /// Reads the payload of a token, and keeps the token.
    ///
    /// # Errors
    /// [`MalformedJson`] for what is not a JSON object, and for a member that is missing, comes twice
    /// at whatever depth, or has the wrong type.
    pub(crate) fn read(payload: &'a [u8], token: &str) -> Result<Self, MalformedJson> {
        let members: Members<'a> = serde_json::from_slice(payload)?;
        Ok(members.complete(token)?)
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
    jti: Option<SmolStr>,
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
            token: TokenText::new(token),
            has_app_claims: !self.others.is_empty(),
        };
        let (issuer, audience) = (present(self.iss)?.0, present(self.aud)?.0);
        Ok(ReadClaims { issuer, audience, claims: AccessClaims(Arc::new(claims)) })
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
        Some(_) => Err(A::Error::custom("a member comes twice")),
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
