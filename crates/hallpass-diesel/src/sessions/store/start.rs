//! How a session starts beside others: with what is known of its device, in the place of those that
//! exceed the maximum.

use std::cmp::Reverse;
use std::time::Instant;

use diesel::result::QueryResult;
use hallpass::{
    Device, EndReason, PasswordStamp, RefreshTokenHash, Session, SessionId, SessionStart, Sessions,
    StoreError, Timestamp,
};

use super::DeviceStore;
use crate::connection::pool::Connections;
use crate::connection::retry::is_refused;
use crate::sessions::change::{Over, Removal, SessionChange, Wanted};
use crate::sessions::row::{DeviceSessionRow, NewSession, OverSession};
use crate::users::change::{InRowChange, UserChange};
use crate::users::row::UserRow;
use crate::users::statements::UserStatements;

/// How many sessions one statement at a login removes: to find hundreds of rows by their keys, PostgreSQL would
/// rather read the whole table, as long as that is small.
const REMOVED_AT_ONCE: usize = 20;

impl<T, P> DeviceStore<T, P>
where
    P: Connections + 'static,
    T: UserStatements<P::Connection> + 'static,
{
    /// Binds the session in the user's row, which is locked, to another password.
    fn bind_in_row(
        &self,
        connection: &mut P::Connection,
        id: &T::Id,
        start: &SessionStart,
    ) -> QueryResult<()> {
        let (from, to) = (&start.verified_password_hash, start.upgraded_password_hash.as_ref());
        let hash = T::load(connection, id)?.and_then(|row| row.refresh_token_hash());
        let (Some(to), Some(hash)) = (to, hash) else { return Ok(()) };
        if hash.password_stamp() == Some(&PasswordStamp::of(from)) {
            let bind = InRowChange::Bind { from: &hash, to: &hash.bound_to(to) };
            T::change_session(connection, id, bind)?;
        }
        Ok(())
    }

    /// Ends the sessions that were used least recently and exceed the maximum, be it the one that is
    /// still in the user's row, which is locked.
    fn make_room(
        &self,
        connection: &mut P::Connection,
        id: &T::Id,
        started: &Session,
    ) -> QueryResult<()> {
        let now = started.rotated_at;
        let listed = self.sessions.list(connection, id, now)?;
        let mut others: Vec<_> = listed.into_iter().map(DeviceSessionRow::into_last_use).collect();
        others.extend(T::load(connection, id)?.and_then(UserRow::into_last_use));
        others.retain(|(_, session_id)| *session_id != started.id);
        others.sort_by_key(|(last_used_at, _)| Reverse(*last_used_at));
        for (last_used_at, excess) in others.into_iter().skip(self.max.saturating_sub(1) as usize) {
            let end = SessionChange::End(&excess, EndReason::Superseded, now);
            if self.sessions.change(connection, id, end)? == 0 {
                self.supersede_in_row(connection, id, &excess, last_used_at.unwrap_or(now), now)?;
            }
        }
        Ok(())
    }

    /// Ends the session in the user's row, and leaves a superseded one in the table: otherwise a token of it
    /// would be judged like one of an unknown session.
    fn supersede_in_row(
        &self,
        connection: &mut P::Connection,
        id: &T::Id,
        session_id: &SessionId,
        last_used_at: Timestamp,
        now: Timestamp,
    ) -> QueryResult<()> {
        let end = InRowChange::End(session_id, now);
        let is_ended = T::change_session(connection, id, end)? == 1;
        // A row that was edited or restored may have an id that no token has, or that the table has already.
        let is_id = SessionId::parse(session_id.as_str()).is_some();
        if !is_ended
            || !is_id
            || self.sessions.find(connection, id, Wanted::Id(session_id))?.is_some()
        {
            return Ok(());
        }
        let session = Session {
            id: session_id.clone(),
            refresh_token_hash: RefreshTokenHash::new("", None),
            generation: 0,
            rotated_at: last_used_at,
        };
        let new = NewSession {
            session: &session,
            created_at: last_used_at,
            expires_at: now,
            device: &Device::default(),
        };
        self.sessions.insert(connection, id, &new)?;
        let end = SessionChange::End(session_id, EndReason::Superseded, now);
        self.sessions.change(connection, id, end).map(drop)
    }

    /// Removes the user's sessions that ended or expired first, if there are too many.
    ///
    /// A failure is ignored: the login is already committed and must not depend on it, and the next
    /// login tries again. It fails, for example, if the role may not `DELETE`, or if a foreign key of
    /// another table refers to a session.
    pub(super) fn remove_excess(&self, start: &SessionStart) {
        let now = start.session.rotated_at;
        let _ = self.users.run_for(&start.user_id, (), |connection, id| {
            self.remove_excess_on(connection, id, now)
        });
    }

    fn remove_excess_on(
        &self,
        connection: &mut P::Connection,
        id: &T::Id,
        now: Timestamp,
    ) -> QueryResult<()> {
        let most = [self.max, Sessions::KEPT_BEYOND_MAXIMUM, Sessions::REMOVED_AT_LOGIN];
        let limit = most.into_iter().map(i64::from).sum();
        let mut over = self.sessions.over(connection, id, Over::Ended, limit)?;
        over.extend(self.sessions.over(connection, id, Over::Expired(now), limit)?);
        over.sort_by_key(OverSession::since);
        over.truncate(Sessions::removed_of(over.len(), self.max as usize));
        let ids: Vec<_> = over.into_iter().map(OverSession::into_id).collect();
        for some in ids.chunks(REMOVED_AT_ONCE) {
            self.sessions.remove(connection, Removal::Ids(id, some))?;
        }
        Ok(())
    }

    fn start_from(&self, device: &Device, start: &SessionStart) -> Result<bool, StoreError> {
        let SessionStart { session, verified_password_hash: verified, .. } = start;
        let new = NewSession {
            session,
            created_at: session.rotated_at,
            expires_at: start.expires_at,
            device,
        };
        self.change(&start.user_id, |connection, id| {
            if T::change(connection, id, UserChange::ConfirmPassword(start))? != 1 {
                return Ok(false);
            }
            if let Some(upgraded) = &start.upgraded_password_hash {
                let (from, to) = (PasswordStamp::of(verified), PasswordStamp::of(upgraded));
                let bind = SessionChange::Bind { from: &from, to: &to };
                self.sessions.change(connection, id, bind)?;
                self.bind_in_row(connection, id, start)?;
            }
            self.sessions.insert(connection, id, &new)?;
            self.make_room(connection, id, session)?;
            Ok(true)
        })
    }

    /// Starts the session. Leaves out what can't be stored about the device: text that is too long for
    /// its column, or that has letters which the column lacks.
    #[expect(clippy::disallowed_methods, reason = "a span is measured, not the time of day")]
    pub(super) fn start_with_what_fits(&self, start: &SessionStart) -> Result<bool, StoreError> {
        let begin = Instant::now();
        let mut started = self.start_from(&start.device, start);
        for known in [Device::from(start.device.client_address()), Device::default()] {
            match started {
                Err(error) if is_refused(&error, begin.elapsed()) => {
                    started = self.start_from(&known, start);
                }
                started => return started,
            }
        }
        started
    }
}
