//! The model: what sessions, tokens and passwords there are, in the smallest form that can say what an
//! action comes to. Written from the design, without a line of the code that it is compared with.
//!
//! Time is in seconds. Everything has a number, in the order in which it came to be.

pub(super) mod requests;

use crate::service::OwnSessions;
use crate::session::Sessions;
use crate::testing::model::action::Simple;
use crate::testing::model::outcome::{Grant, Outcome};
use crate::testing::model::terms::Terms;

const ACCESS_LIFETIME: u64 = 900;

pub(super) const LOWEST_COST: u32 = 4;

/// There are hashes below it, to be upgraded.
pub(super) const FIRST_COST: u32 = 5;

pub(super) struct Ledger {
    pub(super) now: u64,
    pub(super) terms: Terms,
    /// What a password costs that is set now.
    pub(super) cost: u32,
    pub(super) accounts: Vec<Account>,
    pub(super) sessions: Vec<Session>,
    pub(super) tokens: Vec<Token>,
    pub(super) access_tokens: Vec<AccessToken>,
    /// How often a row's hash was written: each time, it is another text.
    writes: usize,
}

#[derive(Default)]
pub(super) struct Account {
    pub(super) is_disabled: bool,
    /// Which of `hashes` it has now.
    pub(super) hash: usize,
    pub(super) hashes: Vec<Hash>,
    backup: Option<(usize, Row)>,
}

/// A hash of a password.
#[derive(Clone, Copy)]
pub(super) struct Hash {
    pub(super) password: usize,
    cost: u32,
}

pub(super) struct Session {
    pub(super) user: usize,
    began_at: u64,
    used_at: u64,
    /// When it ends unless it is refreshed, or when it ended if that was sooner.
    ends_at: u64,
    pub(super) state: State,
    pub(super) row: Row,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Alive,
    Superseded,
    Ended,
    Removed,
}

/// What a backup has of a session.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) newest_token: usize,
    pub(super) rotated_at: u64,
    /// The password hash that it was begun with.
    pub(super) bound_to: usize,
    write: usize,
}

/// A refresh token. Whoever stole it holds the very same one.
pub(super) struct Token {
    pub(super) session: usize,
    pub(super) generation: u64,
    pub(super) issued_at: u64,
    pub(super) predecessor: Option<usize>,
}

pub(super) struct AccessToken {
    session: usize,
    expires_at: u64,
}

impl Ledger {
    /// Returns a ledger of users with password 0, who have not logged in.
    pub(super) fn new(now: u64, terms: Terms, users: usize) -> Self {
        let mut ledger = Self {
            now,
            terms,
            cost: FIRST_COST,
            accounts: (0..users).map(|_| Account::default()).collect(),
            sessions: Vec::new(),
            tokens: Vec::new(),
            access_tokens: Vec::new(),
            writes: 0,
        };
        let hash = Hash { password: 0, cost: FIRST_COST };
        (0..users).for_each(|user| ledger.set_hash(user, hash));
        ledger
    }

    /// Does what happens in one go. A request is the business of `requests.rs`.
    pub(super) fn act(&mut self, action: &Simple) -> Outcome {
        match *action {
            Simple::Send(request) => self.send(request),
            Simple::LogOut { refresh_token } => {
                let session = self.tokens[refresh_token].session;
                self.end_where(|number, _| number == session);
                Outcome::Done
            }
            Simple::LogOutByAccessToken { access_token } => {
                let session = self.access_tokens[access_token].session;
                self.end_where(|number, _| number == session);
                Outcome::Done
            }
            Simple::EndSession { access_token, session } => self.end_session(access_token, session),
            Simple::EndSessions { access_token, ending } => self.end_sessions(access_token, ending),
            Simple::Disable { user } => {
                self.accounts[user].is_disabled = true;
                self.end_where(|_, session| session.user == user);
                Outcome::Done
            }
            Simple::Enable { user } => self.edit(user, |account| account.is_disabled = false),
            Simple::DisableBySql { user } => self.edit(user, |account| account.is_disabled = true),
            Simple::PasswordBySql { user, new, is_cheap } => {
                let cost = if is_cheap { LOWEST_COST } else { self.cost };
                self.set_hash(user, Hash { password: new, cost });
                Outcome::Done
            }
            Simple::FormerPasswordBySql { user, hash } => {
                self.edit(user, |account| account.hash = hash)
            }
            Simple::BackUp { user } => {
                let backup = self.latest(user).map(|number| (number, self.sessions[number].row));
                self.edit(user, |account| account.backup = backup)
            }
            Simple::Restore { user } => {
                if let Some((session, row)) = self.restorable(user) {
                    self.sessions[session].row = row;
                }
                Outcome::Done
            }
            Simple::RemoveDeadSessions { kept_seconds } => self.remove_dead_sessions(kept_seconds),
            Simple::Wait { seconds } => self.set_clock(self.now + seconds),
            Simple::TurnBack { seconds } => self.set_clock(self.now - seconds),
        }
    }

    /// Returns the session by which a token of `session` is judged, if any.
    pub(super) fn judge_of(&self, session: usize) -> Option<usize> {
        let Session { user, state, .. } = self.sessions[session];
        match (self.terms.sessions, state) {
            (Sessions::PerDevice { .. }, State::Alive) => Some(session),
            (Sessions::PerDevice { .. }, State::Ended | State::Removed) => None,
            (Sessions::PerDevice { .. }, State::Superseded) | (Sessions::OnePerUser, _) => {
                self.latest(user)
            }
        }
    }

    /// Returns the user's session that was used last.
    pub(super) fn latest(&self, user: usize) -> Option<usize> {
        self.alive(user).max_by_key(|number| (self.sessions[*number].used_at, *number))
    }

    /// Returns what the user is shown of their sessions, the one that was used last first.
    pub(super) fn list(&self, user: usize) -> Vec<usize> {
        let is_over = |number: &usize| self.now >= self.sessions[*number].ends_at;
        let mut list: Vec<_> = self.alive(user).filter(|number| !is_over(number)).collect();
        list.sort_by_key(|number| (self.sessions[*number].used_at, *number));
        list.reverse();
        list
    }

    pub(super) fn is_bound(&self, session: usize) -> bool {
        let Session { user, row, .. } = &self.sessions[session];
        row.bound_to == self.accounts[*user].hash
    }

    pub(super) fn generation(&self, session: usize) -> u64 {
        self.tokens[self.sessions[session].row.newest_token].generation
    }

    pub(super) fn password(&self, user: usize) -> usize {
        let account = &self.accounts[user];
        account.hashes[account.hash].password
    }

    pub(super) fn user_of_access_token(&self, access_token: usize) -> usize {
        self.sessions[self.access_tokens[access_token].session].user
    }

    pub(super) fn token_ends_at(&self, token: usize) -> u64 {
        let Token { session, issued_at, .. } = self.tokens[token];
        (issued_at + self.terms.idle_limit)
            .min(self.sessions[session].began_at + self.terms.absolute_limit)
    }

    /// Returns the session that the user's backup may be put back into, and its content.
    pub(super) fn restorable(&self, user: usize) -> Option<(usize, Row)> {
        self.accounts[user].backup.filter(|(session, _)| self.latest(user) == Some(*session))
    }

    fn alive(&self, user: usize) -> impl Iterator<Item = usize> {
        let numbered = self.sessions.iter().enumerate();
        let is_alive =
            move |session: &Session| session.user == user && session.state == State::Alive;
        numbered.filter(move |(_, session)| is_alive(session)).map(|(number, _)| number)
    }

    fn edit(&mut self, user: usize, change: impl FnOnce(&mut Account)) -> Outcome {
        change(&mut self.accounts[user]);
        Outcome::Done
    }

    fn set_clock(&mut self, now: u64) -> Outcome {
        self.now = now;
        Outcome::Done
    }

    fn set_hash(&mut self, user: usize, hash: Hash) {
        let account = &mut self.accounts[user];
        account.hash = account.hashes.len();
        account.hashes.push(hash);
    }

    fn end_session(&mut self, access_token: usize, session: usize) -> Outcome {
        match self.owner(access_token) {
            Ok(user) => {
                Outcome::Ended(self.end_where(|number, it| number == session && it.user == user))
            }
            Err(refusal) => refusal,
        }
    }

    fn end_sessions(&mut self, access_token: usize, ending: OwnSessions) -> Outcome {
        let own = self.access_tokens[access_token].session;
        match self.owner(access_token) {
            Ok(user) => Outcome::Ended(self.end_where(|number, it| {
                it.user == user && (ending == OwnSessions::All || number != own)
            })),
            Err(refusal) => refusal,
        }
    }

    /// Returns the user of an access token that is valid and whose session is.
    fn owner(&self, access_token: usize) -> Result<usize, Outcome> {
        let AccessToken { session, expires_at } = self.access_tokens[access_token];
        let Session { user, state, .. } = self.sessions[session];
        if self.now >= expires_at {
            return Err(Outcome::AccessRefused);
        }
        if state != State::Alive || !self.is_bound(session) || self.accounts[user].is_disabled {
            return Err(Outcome::SessionEnded);
        }
        Ok(user)
    }

    fn end_where(&mut self, is_to_end: impl Fn(usize, &Session) -> bool) -> usize {
        let now = self.now;
        let numbered = self.sessions.iter_mut().enumerate();
        let alive = numbered.filter(|(_, session)| session.state == State::Alive);
        let to_end = alive.filter(|(number, session)| is_to_end(*number, session));
        to_end.map(|(_, session)| session.end(State::Ended, now)).count()
    }

    fn remove_dead_sessions(&mut self, kept_seconds: u64) -> Outcome {
        let before = self.now - kept_seconds;
        let mut removed = 0;
        for session in &mut self.sessions {
            if session.state != State::Removed && session.ends_at <= before {
                session.state = State::Removed;
                removed += 1;
            }
        }
        Outcome::Removed(removed)
    }

    /// Makes room for one session and puts it there.
    fn begin_session(&mut self, user: usize, began_at: u64) -> usize {
        let maximum = match self.terms.sessions {
            Sessions::OnePerUser => 1,
            Sessions::PerDevice { max } => max as usize,
        };
        while self.alive(user).count() >= maximum {
            let goes_first = |number: &usize| {
                let Session { used_at, ends_at, .. } = self.sessions[*number];
                (ends_at > began_at, used_at, *number)
            };
            let first = self.alive(user).min_by_key(goes_first).expect("there is one");
            self.sessions[first].end(State::Superseded, began_at);
        }
        let session = self.sessions.len();
        let newest_token = self.tokens.len();
        let (bound_to, write) = (self.accounts[user].hash, self.next_write());
        let row = Row { newest_token, rotated_at: began_at, bound_to, write };
        let ends_at = began_at + self.terms.idle_limit;
        let state = State::Alive;
        self.sessions.push(Session { user, began_at, used_at: began_at, ends_at, state, row });
        let (generation, issued_at) = (0, began_at);
        self.tokens.push(Token { session, generation, issued_at, predecessor: None });
        session
    }

    fn next_write(&mut self) -> usize {
        self.writes += 1;
        self.writes
    }

    /// Hands out a refresh token and a new access token.
    fn grant(&mut self, token: usize, now: u64) -> Grant {
        let session = self.tokens[token].session;
        let session_ends_at = self.sessions[session].began_at + self.terms.absolute_limit;
        let expires_at = (now + ACCESS_LIFETIME).min(session_ends_at);
        self.access_tokens.push(AccessToken { session, expires_at });
        Grant {
            token,
            session,
            access_expires_in: expires_at.saturating_sub(now),
            refresh_expires_in: self.token_ends_at(token).saturating_sub(now),
        }
    }
}

impl Session {
    fn end(&mut self, state: State, now: u64) {
        self.state = state;
        self.ends_at = self.ends_at.min(now);
    }
}
