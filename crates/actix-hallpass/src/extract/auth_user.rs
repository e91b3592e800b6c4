//! The user of a request, as a handler's argument.

use std::any::type_name;
use std::fmt::Display;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use hallpass::{AccessClaims, Scope, SessionId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::answer::{AuthError, AuthErrorReason};
use crate::extract::identify::identify;
use crate::guard::identified::Identified;

/// The user who sent a request, with a verified access token.
///
/// In a guarded scope it is what the guard found; elsewhere it verifies the token itself. It can
/// only be made from a verified token (or by `actix_hallpass::testing`), so whoever has one need
/// not check again.
///
/// `Id` is anything that can be read from text and written back: `i64`, a UUID, `String`.
///
/// # Security
/// `Option<AuthUser>` compiles, because actix-web makes an `Option` of every extractor, and turns
/// a forged or expired token into an anonymous visitor. Use [`MaybeAuthUser`], which refuses it.
///
/// ```
/// use actix_hallpass::AuthUser;
/// use actix_web::get;
///
/// #[get("/me")]
/// async fn me(user: AuthUser) -> String {
///     format!("hello, user {}", user.id)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthUser<Id = i64, Claims = NoClaims> {
    /// Who they are.
    pub id: Id,
    /// Which login it is.
    pub session_id: SessionId,
    /// What they may do, as it was when the token was made.
    pub scope: Scope,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// The first second in which the token is no longer valid.
    pub expires_at: Timestamp,
    /// When they proved who they are: at login, or at the step-up that made this token; `None` in a
    /// token of another issuer with our key.
    pub auth_time: Option<Timestamp>,
    /// What the application adds to its tokens; see [`AuthBuilder::claims`](crate::setup::AuthBuilder::claims).
    pub claims: Claims,
}

/// None of the application's claims: what a handler that takes an [`AuthUser`] reads of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoClaims;

impl<'de> Deserialize<'de> for NoClaims {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

/// The user who sent a request, or nobody where no token was sent.
///
/// A token that is malformed, forged or expired is refused with 401, as it is for [`AuthUser`]:
/// only the absence of a token is anonymous.
///
/// ```
/// use actix_hallpass::MaybeAuthUser;
/// use actix_web::get;
///
/// #[get("/greeting")]
/// async fn greeting(MaybeAuthUser(user): MaybeAuthUser) -> String {
///     user.map_or("hello, stranger".to_owned(), |user| format!("hello, user {}", user.id))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaybeAuthUser<Id = i64, Claims = NoClaims>(pub Option<AuthUser<Id, Claims>>);

impl<Id, Claims> AuthUser<Id, Claims>
where
    Id: FromStr + Display,
    Claims: DeserializeOwned,
{
    pub(crate) fn from_claims(claims: &AccessClaims) -> Result<Self, AuthErrorReason> {
        let id = claims.user_id().parse();
        Ok(Self {
            id: id.ok_or(AuthErrorReason::IdType { expected: type_name::<Id>() })?,
            session_id: claims.session_id().clone(),
            scope: claims.scope().clone(),
            issued_at: claims.issued_at(),
            expires_at: claims.expires_at(),
            auth_time: claims.auth_time(),
            claims: claims.app_claims().map_err(AuthErrorReason::AppClaims)?,
        })
    }
}

impl<Id, Claims> MaybeAuthUser<Id, Claims>
where
    Id: FromStr + Display,
    Claims: DeserializeOwned,
{
    fn of(identified: &Identified) -> Result<Self, AuthError> {
        let user = identified.claims.as_ref().map(AuthUser::from_claims).transpose();
        user.map(Self).map_err(|reason| identified.shared.refusal(reason))
    }
}

impl<Id, Claims> FromRequest for AuthUser<Id, Claims>
where
    Id: FromStr + Display + 'static,
    Claims: DeserializeOwned + 'static,
{
    type Error = AuthError;
    type Future = Ready<Result<Self, AuthError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request, |identified| {
            let MaybeAuthUser(user) = MaybeAuthUser::of(identified)?;
            user.ok_or_else(|| identified.missing())
        }))
    }
}

impl<Id, Claims> FromRequest for MaybeAuthUser<Id, Claims>
where
    Id: FromStr + Display + 'static,
    Claims: DeserializeOwned + 'static,
{
    type Error = AuthError;
    type Future = Ready<Result<Self, AuthError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request, Self::of))
    }
}
