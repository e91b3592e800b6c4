//! A user's own sessions: which there are, and the end of one, of the others, of all.

use std::net::IpAddr;

use crate::event::{AuthEvent, AuthEventKind};
use crate::password::PasswordStamp;
use crate::service::service::event;
use crate::service::{Service, UseCase};
use crate::session::list::SessionList;
use crate::session::{DeviceSession, EndReason, SessionId};
use crate::store::{SessionsToEnd, StoreError, UserStore};
use crate::token::AccessClaims;
use crate::user::User;

/// Why somebody's sessions are neither shown nor ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnSessionsError {
    /// The session of the access token has ended: a token that outlived it shows and ends nothing.
    #[error("the session has ended")]
    SessionEnded,
    /// The store could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Service {
    /// Returns the sessions of the user of an access token, the one that was used last first.
    ///
    /// The session of the access token, and a session that was used within the lifetime of an access token,
    /// are shown as used now, so that the list does not reveal when a session was refreshed. Among
    /// themselves these are ordered by login, the latest first.
    ///
    /// # Errors
    /// [`OwnSessionsError::SessionEnded`] when that token's own is over.
    pub fn own_sessions(
        &self,
        presented: AccessClaims,
        client_address: Option<IpAddr>,
    ) -> UseCase<Result<Vec<DeviceSession>, OwnSessionsError>> {
        let service = self.clone();
        UseCase::of_store(move || service.list_own_sessions(&presented, client_address))
    }

    /// Ends one session of the user of an access token; returns whether it was theirs and alive.
    ///
    /// # Errors
    /// As [`Service::own_sessions`].
    pub fn end_own_session(
        &self,
        presented: AccessClaims,
        session_id: SessionId,
        client_address: Option<IpAddr>,
    ) -> UseCase<Result<bool, OwnSessionsError>> {
        let service = self.clone();
        UseCase::of_store(move || service.end_one_of(&presented, &session_id, client_address))
    }

    /// Ends the sessions of the user of an access token: all of them, or all but the token's own.
    /// Returns how many.
    ///
    /// # Errors
    /// As [`Service::own_sessions`].
    pub fn end_own_sessions(
        &self,
        presented: AccessClaims,
        sessions: OwnSessions,
        client_address: Option<IpAddr>,
    ) -> UseCase<Result<usize, OwnSessionsError>> {
        let service = self.clone();
        UseCase::of_store(move || service.end_several_of(&presented, sessions, client_address))
    }

    fn list_own_sessions(
        &self,
        presented: &AccessClaims,
        client_address: Option<IpAddr>,
    ) -> Result<Vec<DeviceSession>, OwnSessionsError> {
        let user = self.owner(presented, client_address)?;
        let stamp = PasswordStamp::of(&user.password_hash);
        let now = self.now();
        let mut sessions = self.store().list_sessions(&user.id, now)?;
        sessions.retain(|session| session.password_stamp.as_ref().is_none_or(|it| *it == stamp));
        let list = SessionList {
            own: presented.session_id(),
            access_acceptance: self.0.access_tokens.acceptance(),
            policy: self.0.session_policy,
            now,
        };
        Ok(list.show(sessions))
    }

    fn end_one_of(
        &self,
        presented: &AccessClaims,
        session_id: &SessionId,
        client_address: Option<IpAddr>,
    ) -> Result<bool, OwnSessionsError> {
        let user = self.owner(presented, client_address)?;
        let (reason, kind) = if session_id == presented.session_id() {
            (EndReason::LoggedOut, AuthEventKind::LoggedOut)
        } else {
            (EndReason::Revoked, AuthEventKind::SessionRevoked)
        };
        let now = self.now();
        let end = |store: &dyn UserStore| store.end_session(&user.id, session_id, reason, now);
        let is_ended = self.change_sessions(&user.id, end)?;
        if is_ended {
            self.observe(&AuthEvent {
                user_id: Some(user.id),
                session_id: Some(session_id.clone()),
                ..event(kind, client_address)
            });
        }
        Ok(is_ended)
    }

    fn end_several_of(
        &self,
        presented: &AccessClaims,
        sessions: OwnSessions,
        client_address: Option<IpAddr>,
    ) -> Result<usize, OwnSessionsError> {
        let user = self.owner(presented, client_address)?;
        let own = presented.session_id();
        let sessions = sessions.of(own);
        let (reason, now) = (EndReason::Revoked, self.now());
        let end = |store: &dyn UserStore| store.end_sessions(&user.id, &sessions, reason, now);
        let count = self.change_sessions(&user.id, end)?;
        self.observe(&AuthEvent {
            user_id: Some(user.id),
            session_id: Some(own.clone()),
            ..event(AuthEventKind::SessionsEnded { count }, client_address)
        });
        Ok(count)
    }

    fn owner(
        &self,
        presented: &AccessClaims,
        client_address: Option<IpAddr>,
    ) -> Result<User, OwnSessionsError> {
        self.user_in_session(presented)?.ok_or_else(|| {
            self.observe(&AuthEvent {
                user_id: Some(presented.user_id().clone()),
                session_id: Some(presented.session_id().clone()),
                ..event(AuthEventKind::EndedSessionPresented, client_address)
            });
            OwnSessionsError::SessionEnded
        })
    }
}

/// Which of their sessions somebody ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnSessions {
    /// All of them, the one that they are in, too.
    All,
    /// All but the one that they are in.
    Others,
}

impl OwnSessions {
    /// Returns which these are for whoever is in this session.
    pub(crate) fn of(self, own: &SessionId) -> SessionsToEnd {
        match self {
            Self::All => SessionsToEnd::All,
            Self::Others => SessionsToEnd::AllBut(own.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
