//! The changes that the service asks a store for: each says what the rows must still hold.

use crate::password::PasswordHash;
use crate::session::{Device, RefreshTokenHash, Session, SessionId};
use crate::time::Timestamp;
use crate::user::{LoginName, Scope, UserId};

/// A user to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Their login name, unique.
    pub login: LoginName,
    /// The hash of their password.
    pub password_hash: PasswordHash,
    /// What they may do.
    pub scope: Scope,
    /// When they are added.
    pub created_at: Timestamp,
}

/// The start of a session at login.
#[derive(Clone, Debug)]
pub struct SessionStart {
    /// Whose session it is.
    pub user_id: UserId,
    /// The password hash that was verified.
    pub verified_password_hash: PasswordHash,
    /// The hash of the same password to put in its place.
    pub upgraded_password_hash: Option<PasswordHash>,
    /// The session, at generation 0. Its hash is bound to the password hash that is stored then.
    pub session: Session,
    /// When it ends unless it is refreshed.
    pub expires_at: Timestamp,
    /// Where it is begun from.
    pub device: Device,
}

/// The replacement of a session's refresh token by its successor.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Whose session it is.
    pub user_id: UserId,
    /// Which session it is.
    pub session_id: SessionId,
    /// The hash that the presented token matched: the version stamp of the row.
    pub verified_hash: RefreshTokenHash,
    /// The hash of its successor.
    pub successor_hash: RefreshTokenHash,
    /// The successor's generation.
    pub generation: u64,
    /// When it is rotated; before the session's last rotation only if a wrong clock stored that
    /// one. It replaces the stored time in any case.
    pub rotated_at: Timestamp,
    /// When the session began.
    pub auth_time: Timestamp,
    /// When it ends unless it is refreshed again.
    pub expires_at: Timestamp,
}

/// Which of a user's sessions are to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionsToEnd {
    /// All of them.
    All,
    /// All but this one.
    AllBut(SessionId),
}

/// A new password for a user.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// Whose password it is.
    pub user_id: UserId,
    /// The hash of the old one: the row must still have it.
    pub verified_password_hash: PasswordHash,
    /// The hash of the new one.
    pub password_hash: PasswordHash,
    /// The session of whoever changes it, which must be alive: `None` where the application does.
    pub proven_session: Option<ProvenSession>,
    /// The sessions that end with the old password.
    pub sessions: SessionsToEnd,
    /// When it is changed.
    pub changed_at: Timestamp,
}

/// The session in which a password is changed.
#[derive(Clone, Debug)]
pub struct ProvenSession {
    /// Which session it is.
    pub id: SessionId,
    /// The hash that it had when it was looked at, and must still have.
    pub verified_hash: RefreshTokenHash,
    /// The same hash, bound to the new password: with it the session goes on, unless it is to end.
    pub bound_hash: RefreshTokenHash,
}
