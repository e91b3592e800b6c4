//! A scope that one handler needs, as an argument of it.

use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use hallpass::ScopeRule;

use crate::answer::AuthError;
use crate::extract::identify::identify;
use crate::guard::requirement::Requirement;

/// The name of what a handler needs, for [`RequireScope`].
pub trait RequiredScope {
    /// What is needed; `ScopeRule::all("orders:write")`, say. Made by the compiler, so a scope that
    /// is none does not get through it.
    const RULE: ScopeRule;
}

/// Refuses whoever has no access token that allows `S`: 401 without a token, 403
/// `insufficient_scope` with one that allows less. It works with a guard and without one.
///
/// Put it before the body among the handler's arguments: extractors run in their order, and who may
/// not write need not be read. For a whole scope of routes, see [`Guard::scope`](crate::guard::Guard::scope).
///
/// # Security
/// `Option<RequireScope<S>>` compiles, because actix-web makes an `Option` of every extractor, and
/// refuses nobody.
///
/// ```
/// use actix_hallpass::{AuthUser, RequireScope, RequiredScope, ScopeRule};
/// use actix_web::post;
///
/// struct OrdersWrite;
///
/// impl RequiredScope for OrdersWrite {
///     const RULE: ScopeRule = ScopeRule::all("orders:write");
/// }
///
/// #[post("/orders")]
/// async fn order(_: RequireScope<OrdersWrite>, user: AuthUser) -> String {
///     format!("ordered by user {}", user.id)
/// }
/// ```
pub struct RequireScope<S>(PhantomData<fn() -> S>);

impl<S> fmt::Debug for RequireScope<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RequireScope")
    }
}

impl<S: RequiredScope + 'static> FromRequest for RequireScope<S> {
    type Error = AuthError;
    type Future = Ready<Result<Self, AuthError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let requirement = Requirement::Scope(const { S::RULE });
        let checked = identify(request, |identified| identified.check(&requirement));
        ready(checked.map(|()| Self(PhantomData)))
    }
}
