//! Requests that look, prove, and write on a condition: what they come to when something happens in
//! between.

use crate::event::LoginRefusal;
use crate::service::OwnSessions;
use crate::session::RefreshRefusal;
use crate::testing::model::action::Request;
use crate::testing::model::ledger::{Hash, Ledger, Session, State, Token};
use crate::testing::model::outcome::Outcome;
use crate::time::Timestamp;

/// What a request is about to write, and what the row must still be then.
pub(in super::super) enum Write {
    Rotate { token: usize, seen: usize },
    Begin { user: usize, seen_hash: usize },
    Password { user: usize, new: usize, seen_hash: usize, proven: Option<Proven> },
}

/// The session in which a password is changed, and which sessions are to end by it.
pub(in super::super) struct Proven {
    session: usize,
    seen: usize,
    ending: OwnSessions,
}

/// Whether a request has lost a race already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    First,
    Second,
}

impl Ledger {
    /// Does a request with nothing in between.
    pub(super) fn send(&mut self, request: Request) -> Outcome {
        let came_at = self.now;
        match self.arrive(request) {
            Some(refusal) => refusal,
            None => self.finish(request, came_at, None),
        }
    }

    /// Returns what the token alone says no to.
    pub(in super::super) fn arrive(&self, request: Request) -> Option<Outcome> {
        match request {
            Request::Refresh { token } => {
                let ends_at = self.token_ends_at(token);
                let (expired_at, now) = (timestamp(ends_at), timestamp(self.now));
                let refusal = RefreshRefusal::Expired { expired_at, now };
                (self.now >= ends_at).then_some(Outcome::RefreshRefused(refusal))
            }
            Request::ChangePassword { access_token, .. } => {
                let ends_at = self.access_tokens[access_token].expires_at;
                (self.now >= ends_at).then_some(Outcome::AccessRefused)
            }
            Request::LogIn { .. } | Request::SetPassword { .. } => None,
        }
    }

    /// Looks at the row: returns the answer, or what is to be written first.
    pub(in super::super) fn look(
        &mut self,
        request: Request,
        came_at: u64,
    ) -> Result<Write, Outcome> {
        self.look_as(Look::First, request, came_at)
    }

    /// Writes what a first look led to, looks again where that has been overtaken, and answers.
    pub(in super::super) fn finish(
        &mut self,
        request: Request,
        came_at: u64,
        prepared: Option<Write>,
    ) -> Outcome {
        let write = match prepared.map_or_else(|| self.look(request, came_at), Ok) {
            Ok(write) if self.still_holds(&write) => write,
            Ok(_) => match self.look_as(Look::Second, request, came_at) {
                Ok(write) => write,
                Err(answer) => return answer,
            },
            Err(answer) => return answer,
        };
        self.write(write)
    }

    fn look_as(&mut self, look: Look, request: Request, came_at: u64) -> Result<Write, Outcome> {
        match request {
            Request::Refresh { token } => self.look_at_session(look, token, came_at),
            Request::LogIn { user, password } => {
                let seen_hash = self.prove(user, password)?;
                Ok(Write::Begin { user, seen_hash })
            }
            Request::ChangePassword { access_token, current, new, ending } => {
                let (user, seen_hash, proven) =
                    self.look_at_own_password(access_token, current, ending)?;
                Ok(Write::Password { user, new, seen_hash, proven: Some(proven) })
            }
            Request::SetPassword { user, new } => {
                Ok(Write::Password { user, new, seen_hash: self.accounts[user].hash, proven: None })
            }
        }
    }

    /// Rows 2 to 10 of the state machine.
    fn look_at_session(
        &mut self,
        look: Look,
        token: usize,
        came_at: u64,
    ) -> Result<Write, Outcome> {
        let no = |refusal| Err(Outcome::RefreshRefused(refusal));
        let Token { session, generation: presented, .. } = self.tokens[token];
        if self.accounts[self.sessions[session].user].is_disabled {
            return no(RefreshRefusal::UserDisabled);
        }
        match self.judge_of(session) {
            None => return no(RefreshRefusal::NoSession),
            Some(other) if other != session => return no(RefreshRefusal::Superseded),
            Some(_) => {}
        }
        let row = self.sessions[session].row;
        let stored = self.generation(session);
        if presented > stored {
            return no(RefreshRefusal::GenerationAhead { presented, stored });
        }
        let is_from_a_wrong_clock = self.is_from_a_wrong_clock(row.rotated_at);
        let grace_ends_at = row.rotated_at + self.terms.grace;
        let may_be_in_grace =
            self.terms.grace > 0 && (is_from_a_wrong_clock || came_at <= grace_ends_at);
        let is_current = presented == stored;
        let is_one_behind = presented + 1 == stored && may_be_in_grace && !is_from_a_wrong_clock;
        if is_current && row.newest_token != token {
            return no(RefreshRefusal::SecretDiffers);
        }
        if is_one_behind && self.tokens[row.newest_token].predecessor != Some(token) {
            return no(RefreshRefusal::SuccessorDiffers);
        }
        if (is_current || is_one_behind) && !self.is_bound(session) {
            return no(RefreshRefusal::PasswordChanged);
        }
        if is_current {
            return Ok(Write::Rotate { token, seen: row.write });
        }
        if is_one_behind {
            return Err(Outcome::Retried(self.grant(row.newest_token, self.now)));
        }
        if look == Look::Second || (may_be_in_grace && presented + 3 >= stored) {
            return no(RefreshRefusal::Stale { presented, stored });
        }
        self.end_where(|number, _| number == session);
        no(RefreshRefusal::Reused)
    }

    /// Returns whether a stored time is further ahead than the clocks of two servers differ.
    fn is_from_a_wrong_clock(&self, stored: u64) -> bool {
        stored > self.now + 60
    }

    fn look_at_own_password(
        &self,
        access_token: usize,
        current: usize,
        ending: OwnSessions,
    ) -> Result<(usize, usize, Proven), Outcome> {
        let session = self.access_tokens[access_token].session;
        let Session { user, state, row, .. } = self.sessions[session];
        if state != State::Alive || !self.is_bound(session) {
            return Err(Outcome::SessionEnded);
        }
        let seen_hash = self.prove(user, current)?;
        Ok((user, seen_hash, Proven { session, seen: row.write, ending }))
    }

    /// Returns the hash that the password was proven against.
    fn prove(&self, user: usize, password: usize) -> Result<usize, Outcome> {
        if password != self.password(user) {
            return Err(Outcome::PasswordRefused(LoginRefusal::WrongPassword));
        }
        if self.accounts[user].is_disabled {
            return Err(Outcome::PasswordRefused(LoginRefusal::UserDisabled));
        }
        Ok(self.accounts[user].hash)
    }

    /// Returns whether nothing has overtaken what is about to be written.
    fn still_holds(&self, write: &Write) -> bool {
        let is_as_seen = |session: usize, seen: usize| {
            let Session { state, row, .. } = &self.sessions[session];
            *state == State::Alive && row.write == seen
        };
        match write {
            Write::Rotate { token, seen, .. } => {
                let session = self.tokens[*token].session;
                let account = &self.accounts[self.sessions[session].user];
                !account.is_disabled && is_as_seen(session, *seen)
            }
            Write::Begin { user, seen_hash, .. } => {
                let account = &self.accounts[*user];
                !account.is_disabled && account.hash == *seen_hash
            }
            Write::Password { user, seen_hash, proven, .. } => {
                let is_proven = proven.as_ref().is_none_or(|it| is_as_seen(it.session, it.seen));
                is_proven && self.accounts[*user].hash == *seen_hash
            }
        }
    }

    fn write(&mut self, write: Write) -> Outcome {
        match write {
            Write::Rotate { token, .. } => {
                let successor = self.rotate(token);
                Outcome::Rotated(self.grant(successor, self.now))
            }
            Write::Begin { user, .. } => {
                let now = self.now;
                self.upgrade_hash(user);
                let session = self.begin_session(user, now);
                Outcome::LoggedIn(self.grant(self.sessions[session].row.newest_token, now))
            }
            Write::Password { user, new, proven, .. } => {
                let kept = proven.filter(|it| it.ending == OwnSessions::Others);
                let kept = kept.map(|kept| kept.session);
                self.end_where(|number, it| it.user == user && Some(number) != kept);
                self.set_hash(user, Hash { password: new, cost: self.cost });
                if let Some(kept) = kept {
                    self.bind(kept);
                }
                Outcome::PasswordChanged
            }
        }
    }

    fn rotate(&mut self, token: usize) -> usize {
        let last = self.sessions[self.tokens[token].session].row.rotated_at;
        let rotated_at =
            if self.is_from_a_wrong_clock(last) { self.now } else { self.now.max(last) };
        let newest_token = self.successor(token, rotated_at);
        let (write, terms) = (self.next_write(), self.terms);
        let session = &mut self.sessions[self.tokens[token].session];
        session.row.newest_token = newest_token;
        session.row.rotated_at = rotated_at;
        session.row.write = write;
        session.used_at = rotated_at;
        session.ends_at =
            (rotated_at + terms.idle_limit).min(session.began_at + terms.absolute_limit);
        newest_token
    }

    /// Returns the token that follows: another one each time, also if a restored backup is rotated
    /// in the very second in which it was rotated already.
    fn successor(&mut self, token: usize, issued_at: u64) -> usize {
        let Token { session, generation, .. } = self.tokens[token];
        let (generation, predecessor) = (generation + 1, Some(token));
        self.tokens.push(Token { session, generation, issued_at, predecessor });
        self.tokens.len() - 1
    }

    /// A login replaces a cheap hash of the same password, and no session ends by it.
    fn upgrade_hash(&mut self, user: usize) {
        let account = &self.accounts[user];
        let (hash, Hash { password, cost }) = (account.hash, account.hashes[account.hash]);
        if cost >= self.cost {
            return;
        }
        self.set_hash(user, Hash { password, cost: self.cost });
        let bound: Vec<_> =
            self.alive(user).filter(|it| self.sessions[*it].row.bound_to == hash).collect();
        bound.into_iter().for_each(|session| self.bind(session));
    }

    fn bind(&mut self, session: usize) {
        let write = self.next_write();
        let Session { user, row, .. } = &mut self.sessions[session];
        row.bound_to = self.accounts[*user].hash;
        row.write = write;
    }
}

pub(in super::super) fn timestamp(seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds).expect("a sequence ends before the year 9999")
}
