//! Who sent a request: from the guard around it if there is one, else from its header.

use actix_web::{HttpMessage as _, HttpRequest};

use crate::answer::AuthError;
use crate::auth::Auth;
use crate::guard::identified::Identified;
use crate::transport::authenticate::authenticate;

/// Reads what the guard around the request found out. Without a guard, verifies the request's header by
/// the `Auth` in the app's data.
pub(crate) fn identify<T>(
    request: &HttpRequest,
    read: impl FnOnce(&Identified) -> Result<T, AuthError>,
) -> Result<T, AuthError> {
    if let Some(identified) = request.extensions().get::<Identified>() {
        return read(identified);
    }
    let shared = Auth::of(request).ok_or_else(AuthError::not_configured)?.shared();
    read(&Identified { shared: shared.clone(), claims: authenticate(shared, request)? })
}
