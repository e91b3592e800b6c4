//! Logout: ends the session of whatever authentic token is presented.

use std::net::IpAddr;

use crate::event::{AuthEvent, AuthEventKind};
use crate::service::service::event;
use crate::service::{Service, UseCase};
use crate::session::{EndReason, SessionId};
use crate::store::{StoreError, UserStore};
use crate::user::UserId;

type Outcome = Result<(), StoreError>;

impl Service {
    /// Ends the session of each authentic token, be it expired or of an old generation.
    ///
    /// A token that is not authentic ends nothing, and neither is it an error: the client is
    /// logged out as far as it can be. Ending a session twice is no error either.
    ///
    /// # Errors
    /// [`StoreError`] when the store could not tell: the session may go on.
    pub fn logout(
        &self,
        refresh_token: Option<&str>,
        access_token: Option<&str>,
        client_address: Option<IpAddr>,
    ) -> UseCase<Outcome> {
        let mut sessions: Vec<_> = [
            refresh_token.and_then(|token| self.session_of_refresh_token(token)),
            access_token.and_then(|token| self.session_of_access_token(token)),
        ]
        .into_iter()
        .flatten()
        .collect();
        sessions.dedup();
        if sessions.is_empty() {
            return UseCase::Answered(Ok(()));
        }
        let service = self.clone();
        UseCase::of_store(move || service.log_out_of(sessions, client_address))
    }

    fn session_of_refresh_token(&self, token: &str) -> Option<(UserId, SessionId)> {
        let claims = self.0.refresh_tokens.authenticate(token).ok()?;
        self.is_id(&claims.user_id).then_some((claims.user_id, claims.session_id))
    }

    fn session_of_access_token(&self, token: &str) -> Option<(UserId, SessionId)> {
        let claims = self.0.access_tokens.authenticate(token).ok()?;
        let claims = self.check_subject(claims).ok()?;
        Some((claims.user_id().clone(), claims.session_id().clone()))
    }

    fn log_out_of(
        &self,
        sessions: Vec<(UserId, SessionId)>,
        client_address: Option<IpAddr>,
    ) -> Outcome {
        for (user_id, session_id) in sessions {
            let (reason, now) = (EndReason::LoggedOut, self.now());
            let end = |store: &dyn UserStore| store.end_session(&user_id, &session_id, reason, now);
            if self.change_sessions(&user_id, end)? {
                self.observe(&AuthEvent {
                    user_id: Some(user_id),
                    session_id: Some(session_id),
                    ..event(AuthEventKind::LoggedOut, client_address)
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
