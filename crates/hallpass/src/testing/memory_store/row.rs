//! A user and their sessions, as a database would hold them.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::password::PasswordStamp;
use crate::session::{DeviceSession, EndReason, RefreshTokenHash, Session, SessionId, Sessions};
use crate::store::{NewUser, PasswordChange, Rotation, SessionStart, SessionsToEnd};
use crate::time::Timestamp;
use crate::user::{LoginName, User, UserId};

pub(super) struct Row {
    pub(super) login: LoginName,
    /// Without a session.
    pub(super) user: User,
    /// Oldest first.
    sessions: Vec<Entry>,
}

/// A session that is alive or was.
struct Entry {
    session: Session,
    device: DeviceSession,
    end: Option<EndReason>,
}

impl Row {
    pub(super) fn new(id: UserId, new: &NewUser) -> Self {
        let user = User {
            id,
            password_hash: new.password_hash.clone(),
            scope: new.scope.clone(),
            is_disabled: false,
            session: None,
        };
        Self { login: new.login.clone(), user, sessions: Vec::new() }
    }

    /// Returns the user with the session that was used last.
    pub(super) fn user(&self) -> User {
        let session = self.latest().map(|index| self.sessions[index].session.clone());
        User { session, ..self.user.clone() }
    }

    pub(super) fn user_in_session(&self, session_id: &SessionId) -> User {
        match self.sessions.iter().find(|entry| entry.session.id == *session_id) {
            Some(entry) if entry.end.is_none() => {
                User { session: Some(entry.session.clone()), ..self.user.clone() }
            }
            Some(entry) if entry.end == Some(EndReason::Superseded) => self.user(),
            _ => self.user.clone(),
        }
    }

    pub(super) fn edit(&mut self, change: impl FnOnce(&mut User)) {
        let index = self.latest();
        let mut user = self.user();
        change(&mut user);
        match (index, user.session.take()) {
            (Some(index), Some(session)) => self.sessions[index].session = session,
            (Some(index), None) => drop(self.sessions.remove(index)),
            (None, Some(session)) => self.sessions.push(Entry::of(session)),
            (None, None) => {}
        }
        self.user = user;
    }

    pub(super) fn start_session(&mut self, start: &SessionStart, max: usize) -> bool {
        if self.user.is_disabled || self.user.password_hash != start.verified_password_hash {
            return false;
        }
        if let Some(upgraded) = &start.upgraded_password_hash {
            let earlier = PasswordStamp::of(&self.user.password_hash);
            for entry in self.alive().filter(|entry| entry.is_bound_to(&earlier)) {
                entry.session.refresh_token_hash =
                    entry.session.refresh_token_hash.bound_to(upgraded);
            }
            self.user.password_hash = upgraded.clone();
        }
        self.make_room(max - 1, start.session.rotated_at);
        self.sessions.push(Entry::begun(start));
        self.remove_excess(max, start.session.rotated_at);
        true
    }

    /// Ends those that were used least recently, until there are `max`.
    fn make_room(&mut self, max: usize, now: Timestamp) {
        let mut alive: Vec<_> = self.alive().collect();
        alive.reverse();
        alive.sort_by_key(|entry| {
            let is_expired = entry.device.expires_at <= now;
            (is_expired, Reverse(entry.device.last_used_at))
        });
        for entry in alive.into_iter().skip(max) {
            entry.end(EndReason::Superseded, now);
        }
    }

    /// Removes sessions that have been over for longest, if there are too many.
    fn remove_excess(&mut self, max: usize, now: Timestamp) {
        let mut over: Vec<_> = self
            .sessions
            .iter()
            .map(|entry| &entry.device)
            .filter(|it| it.expires_at <= now)
            .collect();
        over.sort_by_key(|device| device.expires_at);
        over.truncate(Sessions::removed_of(over.len(), max));
        let removed: HashSet<_> = over.into_iter().map(|device| device.id.clone()).collect();
        self.sessions.retain(|entry| !removed.contains(&entry.session.id));
    }

    /// Adds sessions that a later login took the place of.
    pub(super) fn add_ended_sessions(&mut self, ended: &[(SessionId, Timestamp)]) {
        for (id, ended_at) in ended {
            let session = Session {
                id: id.clone(),
                refresh_token_hash: RefreshTokenHash::new("", None),
                generation: 0,
                rotated_at: *ended_at,
            };
            let mut entry = Entry::of(session);
            entry.end(EndReason::Superseded, *ended_at);
            self.sessions.push(entry);
        }
    }

    pub(super) fn rotate(&mut self, rotation: &Rotation) -> bool {
        if self.user.is_disabled {
            return false;
        }
        let current = self.alive().find(|entry| {
            entry.session.id == rotation.session_id
                && entry.session.refresh_token_hash == rotation.verified_hash
        });
        current.map(|entry| entry.rotate(rotation)).is_some()
    }

    pub(super) fn end_sessions(
        &mut self,
        is_to_end: impl Fn(&SessionId) -> bool,
        reason: EndReason,
        now: Timestamp,
    ) -> usize {
        let to_end = self.alive().filter(|entry| is_to_end(&entry.session.id));
        to_end.map(|entry| entry.end(reason, now)).count()
    }

    pub(super) fn set_password(&mut self, change: &PasswordChange) -> bool {
        if change.verified_password_hash != self.user.password_hash {
            return false;
        }
        if let Some(proven) = &change.proven_session {
            let entry = self.alive().find(|entry| {
                entry.session.id == proven.id
                    && entry.session.refresh_token_hash == proven.verified_hash
            });
            let Some(entry) = entry else { return false };
            entry.session.refresh_token_hash = proven.bound_hash.clone();
        }
        let is_to_end = |id: &SessionId| match &change.sessions {
            SessionsToEnd::All => true,
            SessionsToEnd::AllBut(kept) => id != kept,
        };
        self.end_sessions(is_to_end, EndReason::PasswordChanged, change.changed_at);
        self.user.password_hash = change.password_hash.clone();
        true
    }

    pub(super) fn list_sessions(&self, now: Timestamp) -> Vec<DeviceSession> {
        let is_alive = |entry: &&Entry| entry.end.is_none() && now < entry.device.expires_at;
        let mut alive: Vec<_> = self.sessions.iter().filter(is_alive).map(Entry::device).collect();
        alive.reverse();
        alive.sort_by_key(|device| Reverse(device.last_used_at));
        alive
    }

    pub(super) fn remove_dead_sessions(&mut self, before: Timestamp, limit: usize) -> usize {
        let mut removed = 0;
        self.sessions.retain(|entry| {
            let is_removed = removed < limit && entry.device.expires_at <= before;
            removed += usize::from(is_removed);
            !is_removed
        });
        removed
    }

    fn alive(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.sessions.iter_mut().filter(|entry| entry.end.is_none())
    }

    fn latest(&self) -> Option<usize> {
        let alive = self.sessions.iter().enumerate().filter(|(_, entry)| entry.end.is_none());
        alive.max_by_key(|(_, entry)| entry.device.last_used_at).map(|(index, _)| index)
    }
}

impl Entry {
    fn begun(start: &SessionStart) -> Self {
        let device = &start.device;
        let entry = Self::of(start.session.clone());
        let device = DeviceSession {
            expires_at: start.expires_at,
            user_agent: device.user_agent().map(str::to_owned),
            client_address: device.client_address(),
            label: device.label().map(str::to_owned),
            ..entry.device
        };
        Self { device, ..entry }
    }

    /// Returns an entry of which nothing is known but the session.
    fn of(session: Session) -> Self {
        let device = DeviceSession {
            id: session.id.clone(),
            created_at: session.rotated_at,
            last_used_at: session.rotated_at,
            expires_at: Timestamp::MAX,
            user_agent: None,
            client_address: None,
            label: None,
            password_stamp: None,
        };
        Self { session, device, end: None }
    }

    fn device(&self) -> DeviceSession {
        let password_stamp = self.session.refresh_token_hash.password_stamp().cloned();
        DeviceSession { password_stamp, ..self.device.clone() }
    }

    fn is_bound_to(&self, stamp: &PasswordStamp) -> bool {
        self.session.refresh_token_hash.password_stamp() == Some(stamp)
    }

    fn rotate(&mut self, rotation: &Rotation) {
        // The stamp stays: another login may have renewed it meanwhile.
        let stamp = self.session.refresh_token_hash.password_stamp().cloned();
        let bcrypt_hash = rotation.successor_hash.expose_bcrypt_hash();
        self.session.refresh_token_hash = RefreshTokenHash::new(bcrypt_hash, stamp);
        self.session.generation += 1;
        self.session.rotated_at = rotation.rotated_at;
        self.device.last_used_at = rotation.rotated_at;
        self.device.expires_at = rotation.expires_at;
    }

    fn end(&mut self, reason: EndReason, now: Timestamp) {
        self.end = Some(reason);
        self.device.expires_at = self.device.expires_at.min(now);
    }
}
