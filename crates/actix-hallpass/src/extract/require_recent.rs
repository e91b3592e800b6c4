//! How recently a user must have proved who they are, as an argument of a handler.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::answer::AuthError;
use crate::extract::identify::identify;
use crate::guard::requirement::Requirement;

/// Refuses whoever gave their password more than `SECONDS` ago: 401 without a token, and 401
/// `insufficient_user_authentication` (RFC 9470) with an older one. It works with a guard and without
/// one. A time more than 60 s ahead of the clock is not recent: a clock was wrong then.
///
/// The client then sends the password to `POST {base}/reauthenticate` and repeats the request with the
/// access token that it gets. For a whole scope of routes, see
/// [`Guard::max_age`](crate::guard::Guard::max_age).
///
/// # Security
/// `Option<RequireRecent<SECONDS>>` compiles, because actix-web makes an `Option` of every extractor, and
/// refuses nobody.
///
/// ```
/// use actix_hallpass::{AuthUser, RequireRecent};
/// use actix_web::delete;
///
/// #[delete("/account")]
/// async fn close_account(_: RequireRecent<300>, user: AuthUser) -> String {
///     format!("goodbye, user {}", user.id)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequireRecent<const SECONDS: u64>;

impl<const SECONDS: u64> FromRequest for RequireRecent<SECONDS> {
    type Error = AuthError;
    type Future = Ready<Result<Self, AuthError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let requirement = Requirement::MaxAge(Duration::from_secs(SECONDS));
        let checked = identify(request, |identified| identified.check(&requirement));
        ready(checked.map(|()| Self))
    }
}
