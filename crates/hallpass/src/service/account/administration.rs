//! The life of an account, as the application ends, suspends and resumes it.

use crate::event::{AuthEvent, AuthEventKind};
use crate::service::service::event;
use crate::service::{Service, UseCase};
use crate::session::EndReason;
use crate::store::{SessionsToEnd, StoreError, UserStore};
use crate::time::Timestamp;
use crate::user::UserId;

type Outcome<T> = Result<T, StoreError>;

impl Service {
    /// Lets a user neither log in nor refresh, and ends their sessions: returns whether there is such a
    /// user. Their access tokens live until they expire, but for a guard that asks for their session.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for a table that has no place for it, the others
    /// when the store could not do it.
    pub fn disable(&self, user_id: UserId) -> UseCase<Outcome<bool>> {
        self.do_to(user_id, AuthEventKind::UserDisabled, |store, user_id, now| {
            store.disable(user_id, now)
        })
    }

    /// Lets a disabled user log in again; returns whether there is such a user. Sessions that ended when
    /// they were disabled stay so.
    ///
    /// # Errors
    /// As [`Service::disable`].
    pub fn enable(&self, user_id: UserId) -> UseCase<Outcome<bool>> {
        self.do_to(user_id, AuthEventKind::UserEnabled, |store, user_id, now| {
            store.enable(user_id, now)
        })
    }

    /// Deletes a user with their sessions; returns whether there was one. What the application keeps of
    /// them is the application's: a table that refers to the user may stop it.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when it is stopped, the others when the store
    /// could not do it.
    pub fn delete(&self, user_id: UserId) -> UseCase<Outcome<bool>> {
        self.do_to(user_id, AuthEventKind::UserDeleted, |store, user_id, _| store.delete(user_id))
    }

    /// Ends all sessions of a user; returns how many there were.
    ///
    /// # Errors
    /// [`StoreError`] when the store could not do it; none has ended then.
    pub fn end_sessions(&self, user_id: UserId) -> UseCase<Outcome<usize>> {
        let service = self.clone();
        UseCase::of_store(move || service.end_all_sessions(user_id))
    }

    fn end_all_sessions(&self, user_id: UserId) -> Outcome<usize> {
        let (all, reason) = (SessionsToEnd::All, EndReason::Revoked);
        let now = self.now();
        let end = |store: &dyn UserStore| store.end_sessions(&user_id, &all, reason, now);
        let count = self.change_sessions(&user_id, end)?;
        self.observe_account(user_id, AuthEventKind::SessionsEnded { count });
        Ok(count)
    }

    fn do_to(
        &self,
        user_id: UserId,
        done: AuthEventKind,
        verb: impl FnOnce(&dyn UserStore, &UserId, Timestamp) -> Outcome<bool> + Send + 'static,
    ) -> UseCase<Outcome<bool>> {
        let service = self.clone();
        UseCase::of_store(move || {
            let now = service.now();
            let outcome = service.change_sessions(&user_id, |store| verb(store, &user_id, now));
            if matches!(outcome, Ok(true)) {
                service.observe_account(user_id, done);
            }
            outcome
        })
    }

    fn observe_account(&self, user_id: UserId, kind: AuthEventKind) {
        self.observe(&AuthEvent { user_id: Some(user_id), ..event(kind, None) });
    }
}

#[cfg(test)]
mod tests;
