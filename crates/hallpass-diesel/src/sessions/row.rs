//! A row of a table of sessions, and what it means.

use diesel::prelude::*;
use hallpass::{
    Device, DeviceSession, EndReason, PasswordStamp, RefreshTokenHash, Session, SessionId,
    StoreError, Timestamp,
};

use crate::declare::value::{Reader, Whole, Words};

/// What a session is judged by.
///
/// Neither serialized nor printed: it holds a hash.
#[derive(Queryable)]
#[expect(missing_debug_implementations, reason = "it holds a hash")]
pub struct SessionRow {
    id: Words,
    refresh_token_hash: Option<Words>,
    password_stamp: Option<Words>,
    generation: Whole,
    rotated_at: Whole,
    ended_at: Option<Whole>,
    end_reason: Option<Words>,
}

/// What its user is shown of a session.
#[derive(Queryable)]
#[expect(missing_debug_implementations, reason = "it holds a stamp")]
pub struct DeviceSessionRow {
    id: Words,
    password_stamp: Option<Words>,
    created_at: Whole,
    last_used_at: Whole,
    expires_at: Whole,
    user_agent: Option<Words>,
    client_address: Option<Words>,
    label: Option<Words>,
}

/// The key of a session that is over, in the order in which they are removed.
#[derive(Debug, Queryable)]
pub struct DeadSession<Id> {
    /// Since when.
    pub expires_at: i64,
    /// Whose it was.
    pub user_id: Id,
    /// Which it was.
    pub id: String,
}

/// A session of a user that is over.
#[derive(Queryable)]
#[expect(missing_debug_implementations, reason = "it is never printed")]
pub struct OverSession {
    id: Words,
    since: Whole,
}

/// A session to be written into its table.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// The session.
    pub session: &'a Session,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends unless it is refreshed.
    pub expires_at: Timestamp,
    /// Where it was begun from.
    pub device: &'a Device,
}

impl SessionRow {
    /// Returns whether a later login took its place.
    pub(crate) fn is_superseded(&self) -> bool {
        let reason = self.end_reason.as_ref().and_then(Words::as_str);
        self.is_over() && reason == Some(EndReason::Superseded.as_str())
    }

    /// Either column says so: an operator may have written one of them.
    fn is_over(&self) -> bool {
        self.refresh_token_hash.is_none() || self.ended_at.is_some()
    }

    /// Returns the session, `None` if it has ended.
    pub(crate) fn into_session(self, table: &'static str) -> Result<Option<Session>, StoreError> {
        if self.is_over() {
            return Ok(None);
        }
        let id = self.id.text_or_empty();
        let row = Reader { id: id.clone(), table };
        let Some(bcrypt_hash) = self.refresh_token_hash else { return Ok(None) };
        let stamp = self.password_stamp.map(|stamp| PasswordStamp::new(stamp.text_or_empty()));
        Ok(Some(Session {
            id: SessionId::new(id),
            refresh_token_hash: RefreshTokenHash::new(bcrypt_hash.text_or_empty(), stamp),
            generation: row.count("generation", self.generation)?,
            rotated_at: row.time("rotated_at", Some(self.rotated_at))?,
        }))
    }
}

impl OverSession {
    /// Returns since when it is over. A value that is no time was long ago.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.since.time()
    }

    pub(crate) fn into_id(self) -> String {
        self.id.text_or_empty()
    }
}

impl DeviceSessionRow {
    /// Returns when it was last used, and which it is. What is no time is long ago.
    pub(crate) fn into_last_use(self) -> (Option<Timestamp>, SessionId) {
        (self.last_used_at.time(), SessionId::new(self.id.text_or_empty()))
    }

    /// Returns the session that the row describes. What is no address is none: nobody is refused for it.
    pub(crate) fn into_device_session(
        self,
        table: &'static str,
    ) -> Result<DeviceSession, StoreError> {
        let id = self.id.text_or_empty();
        let row = Reader { id: id.clone(), table };
        let text = |words: Option<Words>| words.map(Words::text_or_empty);
        Ok(DeviceSession {
            id: SessionId::new(id),
            created_at: row.time("created_at", Some(self.created_at))?,
            last_used_at: row.time("last_used_at", Some(self.last_used_at))?,
            expires_at: row.time("expires_at", Some(self.expires_at))?,
            user_agent: text(self.user_agent),
            client_address: text(self.client_address).and_then(|address| address.parse().ok()),
            label: text(self.label),
            password_stamp: text(self.password_stamp).map(PasswordStamp::new),
        })
    }
}

/// Returns a session that is still in its user's row, where nothing is known of its device, nor when
/// it began.
pub(crate) fn not_moved_yet(session: Session) -> DeviceSession {
    DeviceSession {
        password_stamp: session.refresh_token_hash.password_stamp().cloned(),
        id: session.id,
        created_at: session.rotated_at,
        last_used_at: session.rotated_at,
        expires_at: Timestamp::MAX,
        user_agent: None,
        client_address: None,
        label: None,
    }
}
