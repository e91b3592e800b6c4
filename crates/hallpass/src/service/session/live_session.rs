//! Is the session of an access token alive? What a guard that knows about logout asks, and every route
//! that changes something for a user who is logged in.

use crate::service::{Service, UseCase};
use crate::store::StoreError;
use crate::token::AccessClaims;
use crate::user::User;

impl Service {
    /// Returns whether the session of an access token is alive: its user has not logged out, is not
    /// disabled, and has the password that it was begun with.
    ///
    /// # Errors
    /// [`StoreError`] when the store could not tell.
    pub fn is_alive(&self, claims: AccessClaims) -> UseCase<Result<bool, StoreError>> {
        let service = self.clone();
        UseCase::of_store(move || service.user_in_session(&claims).map(|user| user.is_some()))
    }

    /// Returns the user of an access token with their session, if it is alive.
    pub(crate) fn user_in_session(
        &self,
        claims: &AccessClaims,
    ) -> Result<Option<User>, StoreError> {
        let session_id = claims.session_id();
        let user = self.store().load_in_session(claims.user_id(), session_id)?;
        Ok(user.filter(|user| !user.is_disabled && user.is_in_session(session_id)))
    }
}
