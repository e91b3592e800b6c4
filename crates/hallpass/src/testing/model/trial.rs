//! One sequence, done to the service and to the ledger at once, until they differ.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::config::{Setting, Settings};
use crate::event::AuthEventKind;
use crate::password::{PasswordHash, bcrypt};
use crate::service::{
    LoginAnswer, LoginError, OwnSessionsError, PasswordChangeError, RefreshError, TokenPair,
};
use crate::session::{RefreshRefusal, SessionId, Sessions};
use crate::store::UserStore as _;
use crate::testing::model::action::{Action, Pause, Request, Simple};
use crate::testing::model::flight::Flight;
use crate::testing::model::ledger::requests::timestamp;
use crate::testing::model::ledger::{FIRST_COST, LOWEST_COST, Ledger};
use crate::testing::model::outcome::{Grant, Outcome};
use crate::testing::model::terms::Terms;
use crate::testing::world::{PASSWORD, World};
use crate::time::Clock as _;
use crate::token::AccessClaims;
use crate::user::UserId;

const LOGINS: [&str; 2] = ["ada", "bob"];

pub(super) struct Trial {
    pub(super) ledger: Ledger,
    world: World,
    users: Vec<UserId>,
    /// The texts and ids of what the ledger has numbers for.
    tokens: Vec<String>,
    access_tokens: Vec<String>,
    sessions: Vec<SessionId>,
    hashes: Vec<Vec<PasswordHash>>,
    backups: Vec<Option<crate::Session>>,
    /// What was done, for whoever has to understand a difference.
    log: Vec<String>,
    /// The names of the outcomes there were.
    pub(super) outcomes: BTreeSet<String>,
}

/// What differs, and what led to it.
pub(super) struct Difference(pub(super) String);

impl Trial {
    pub(super) fn new(terms: Terms) -> Self {
        let world = World::with(
            |settings| configure(settings, terms, FIRST_COST),
            |store| store.with_sessions(terms.sessions),
        );
        let users: Vec<_> = LOGINS.iter().map(|login| world.register(login)).collect();
        let hash = |id| vec![world.store.load(id).unwrap().unwrap().password_hash];
        Self {
            ledger: Ledger::new(world.clock.now().as_unix_seconds(), terms, LOGINS.len()),
            hashes: users.iter().map(hash).collect(),
            backups: vec![None; users.len()],
            world,
            users,
            tokens: Vec::new(),
            access_tokens: Vec::new(),
            sessions: Vec::new(),
            log: Vec::new(),
            outcomes: BTreeSet::new(),
        }
    }

    pub(super) fn act(&mut self, action: &Action) -> Result<(), Difference> {
        match action {
            Action::Simple(simple) => self.act_simply(simple),
            Action::RaiseCost => {
                self.raise_cost();
                Ok(())
            }
            Action::Race { held, pause, meanwhile } => self.race(*held, *pause, meanwhile),
        }
    }

    fn act_simply(&mut self, action: &Simple) -> Result<(), Difference> {
        // Before the ledger moves: what a backup may be put back into is a question to the past.
        let can_restore = matches!(action, Simple::Restore { user }
            if self.ledger.restorable(*user).is_some());
        let expected = self.ledger.act(action);
        let actual = self.perform(action, can_restore);
        self.compare(action, expected, actual)
    }

    fn raise_cost(&mut self) {
        self.ledger.cost += 1;
        let (terms, cost) = (self.ledger.terms, self.ledger.cost);
        self.world.restart(|settings| configure(settings, terms, cost));
        self.log.push(format!("passwords cost {cost}"));
    }

    fn race(
        &mut self,
        held: Request,
        pause: Pause,
        meanwhile: &[Simple],
    ) -> Result<(), Difference> {
        let came_at = self.ledger.now;
        let _ = self.world.events();
        let mut flight = self.take_off(held);
        let mut expected = self.ledger.arrive(held);
        let mut prepared = None;
        if expected.is_none() && pause == Pause::BeforeTheHash {
            match self.ledger.look(held, came_at) {
                Ok(write) => prepared = Some(write),
                Err(answer) => expected = Some(answer),
            }
        }
        if let Some(expected) = expected {
            let actual = self.land(flight);
            self.compare(&held, expected, actual)?;
            return meanwhile.iter().try_for_each(|action| self.act_simply(action));
        }
        if pause == Pause::BeforeTheHash {
            flight = flight.run_to_hash();
        }
        self.log.push(format!("{held:?} stands still {pause:?}"));
        meanwhile.iter().try_for_each(|action| self.act_simply(action))?;
        let expected = self.ledger.finish(held, came_at, prepared);
        let _ = self.world.events();
        let actual = self.land(flight);
        self.compare(&held, expected, actual)
    }

    fn compare(
        &mut self,
        action: &dyn std::fmt::Debug,
        expected: Outcome,
        actual: Outcome,
    ) -> Result<(), Difference> {
        self.log.push(format!("{action:?}\n      {actual:?}"));
        self.outcomes.insert(actual.name());
        if expected != actual {
            return Err(self.difference(&format!("expected {expected:?}")));
        }
        (0..self.users.len()).try_for_each(|user| {
            self.compare_user(user).map_err(|problem| self.difference(&problem))
        })
    }

    fn difference(&self, problem: &str) -> Difference {
        Difference(format!("{}\n{problem}", self.log.join("\n")))
    }

    /// Compares what the store has of a user with what the ledger has.
    fn compare_user(&mut self, user: usize) -> Result<(), String> {
        let (id, account) = (&self.users[user], &self.ledger.accounts[user]);
        let row = self.world.store.load(id).unwrap().unwrap();
        if self.hashes[user].len() == account.hash {
            self.hashes[user].push(row.password_hash.clone());
        }
        if row.password_hash != self.hashes[user][account.hash] {
            return Err(format!("user {user} should have password hash {}", account.hash));
        }
        if row.is_disabled != account.is_disabled {
            return Err(format!("user {user}: is disabled: {}", row.is_disabled));
        }
        self.compare_session(&row, self.ledger.latest(user))?;
        for (number, id_of_session) in self.sessions.iter().enumerate() {
            if self.ledger.sessions[number].user == user {
                let row = self.world.store.load_in_session(id, id_of_session).unwrap().unwrap();
                self.compare_session(&row, self.ledger.judge_of(number))?;
            }
        }
        self.compare_list(user)
    }

    fn compare_session(&self, row: &crate::User, expected: Option<usize>) -> Result<(), String> {
        let describe = |session: &crate::Session| {
            let number = self.sessions.iter().position(|id| *id == session.id);
            let is_bound = row.is_in_session(&session.id);
            (number, session.generation, session.rotated_at.as_unix_seconds(), is_bound)
        };
        let actual = row.session.as_ref().map(describe);
        let expected = expected.map(|number| {
            let (ledger, rotated_at) = (&self.ledger, self.ledger.sessions[number].row.rotated_at);
            (Some(number), ledger.generation(number), rotated_at, ledger.is_bound(number))
        });
        if actual == expected {
            return Ok(());
        }
        let form = "(session, generation, rotated at, is bound)";
        Err(format!("{form} should be {expected:?}, is {actual:?}"))
    }

    fn compare_list(&self, user: usize) -> Result<(), String> {
        if self.ledger.terms.sessions == Sessions::OnePerUser {
            return Ok(());
        }
        let list = self.world.store.list_sessions(&self.users[user], self.world.clock.now());
        let number = |id: &SessionId| self.sessions.iter().position(|it| it == id);
        let actual: Vec<_> = list.unwrap().iter().filter_map(|it| number(&it.id)).collect();
        let expected = self.ledger.list(user);
        if actual == expected {
            return Ok(());
        }
        Err(format!("user {user} should see sessions {expected:?}, sees {actual:?}"))
    }

    fn perform(&mut self, action: &Simple, can_restore: bool) -> Outcome {
        let service = &self.world.service;
        match *action {
            Simple::Send(request) => {
                let _ = self.world.events();
                let flight = self.take_off(request);
                return self.land(flight);
            }
            Simple::LogOut { refresh_token } => {
                let token = Some(&*self.tokens[refresh_token]);
                service.logout(token, None, None).run_blocking().unwrap();
            }
            Simple::LogOutByAccessToken { access_token } => {
                let token = Some(&*self.access_tokens[access_token]);
                service.logout(None, token, None).run_blocking().unwrap();
            }
            Simple::EndSession { access_token, session } => {
                let Some(claims) = self.claims(access_token) else { return Outcome::AccessRefused };
                let session = self.sessions[session].clone();
                let is_ended = service.end_own_session(claims, session, None).run_blocking();
                return ended(is_ended.map(usize::from));
            }
            Simple::EndSessions { access_token, ending } => {
                let Some(claims) = self.claims(access_token) else { return Outcome::AccessRefused };
                return ended(service.end_own_sessions(claims, ending, None).run_blocking());
            }
            Simple::Disable { user } => {
                assert!(service.disable(self.users[user].clone()).run_blocking().unwrap());
            }
            Simple::Enable { user } => {
                assert!(service.enable(self.users[user].clone()).run_blocking().unwrap());
            }
            Simple::DisableBySql { user } => self.edit(user, |it| it.is_disabled = true),
            Simple::PasswordBySql { user, new, is_cheap } => {
                let hash = self.foreign_hash(new, is_cheap);
                self.edit(user, |it| it.password_hash = hash);
            }
            Simple::FormerPasswordBySql { user, hash } => {
                self.edit(user, |it| it.password_hash = self.hashes[user][hash].clone());
            }
            Simple::BackUp { user } => self.backups[user] = self.world.row(&self.users[user]),
            Simple::Restore { user } => {
                if can_restore {
                    self.edit(user, |it| it.session = self.backups[user].clone());
                }
            }
            Simple::RemoveDeadSessions { kept_seconds } => {
                let kept = Duration::from_secs(kept_seconds);
                let removed = service.remove_dead_sessions(kept, 1000).run_blocking();
                return Outcome::Removed(removed.unwrap());
            }
            Simple::Wait { .. } | Simple::TurnBack { .. } => {
                self.world.clock.set(timestamp(self.ledger.now));
            }
        }
        Outcome::Done
    }

    fn claims(&self, access_token: usize) -> Option<AccessClaims> {
        self.world.service.verify_access(&self.access_tokens[access_token]).ok()
    }

    fn edit(&self, user: usize, change: impl FnOnce(&mut crate::User)) {
        assert!(self.world.store.edit(&self.users[user], change));
    }

    fn foreign_hash(&self, password: usize, is_cheap: bool) -> PasswordHash {
        let password = password_text(password);
        let cost = if is_cheap { LOWEST_COST } else { self.ledger.cost };
        let hash = bcrypt::hash(password.as_bytes(), cost, self.world.service.random());
        PasswordHash::new(hash.unwrap())
    }

    fn take_off(&self, request: Request) -> Flight {
        let service = &self.world.service;
        match request {
            Request::LogIn { user, password } => {
                Flight::Login(self.world.login_case(LOGINS[user], &password_text(password)))
            }
            Request::Refresh { token } => {
                Flight::Refresh(service.refresh(&self.tokens[token], None))
            }
            Request::ChangePassword { access_token, current, new, ending } => {
                let Some(claims) = self.claims(access_token) else { return Flight::Refused };
                let (current, new) = (password_text(current).into(), password_text(new).into());
                Flight::Password(service.change_password(&claims, current, new, ending, None))
            }
            Request::SetPassword { user, new } => {
                let (user, new) = (self.users[user].clone(), password_text(new).into());
                Flight::SetPassword(service.set_password(user, new))
            }
        }
    }

    fn land(&mut self, flight: Flight) -> Outcome {
        match flight {
            Flight::Refused => Outcome::AccessRefused,
            Flight::Login(login) => match login.run_blocking() {
                Ok(LoginAnswer::LoggedIn(pair)) => Outcome::LoggedIn(self.granted(&pair)),
                Err(LoginError::Refused(refusal)) => Outcome::PasswordRefused(refusal),
                Err(error) => Outcome::Unexpected(error.to_string()),
            },
            Flight::Password(change) => changed(change.run_blocking()),
            Flight::SetPassword(change) => changed(change.run_blocking().map(|is_user| {
                assert!(is_user, "no user is deleted");
            })),
            Flight::Refresh(refresh) => self.refreshed(refresh.run_blocking()),
        }
    }

    /// Reads the outcome of a refresh from its answer and its one event.
    fn refreshed(&mut self, answer: Result<TokenPair, RefreshError>) -> Outcome {
        match (answer, &self.world.events()[..]) {
            (Ok(pair), [AuthEventKind::Refreshed]) => Outcome::Rotated(self.granted(&pair)),
            (Ok(pair), [AuthEventKind::Retried]) => Outcome::Retried(self.granted(&pair)),
            (Err(RefreshError::Refused(refusal)), [kind]) if *kind == event_of(&refusal) => {
                Outcome::RefreshRefused(refusal)
            }
            (answer, events) => Outcome::Unexpected(format!("{answer:?}, events {events:?}")),
        }
    }

    /// Gives numbers to what is new, and finds those of what is known.
    fn granted(&mut self, pair: &TokenPair) -> Grant {
        let access_token = pair.access_token.expose_token();
        let claims = self.world.service.0.access_tokens.authenticate(access_token).unwrap();
        self.access_tokens.push(access_token.to_owned());
        Grant {
            token: number(&mut self.tokens, pair.refresh_token.expose_token().to_owned()),
            session: number(&mut self.sessions, claims.session_id().clone()),
            access_expires_in: pair.access_expires_in,
            refresh_expires_in: pair.refresh_expires_in,
        }
    }
}

/// Returns the one event of a refused refresh.
fn event_of(refusal: &RefreshRefusal) -> AuthEventKind {
    match refusal {
        RefreshRefusal::Reused => AuthEventKind::ReuseDetected,
        RefreshRefusal::SecretDiffers | RefreshRefusal::SuccessorDiffers => {
            AuthEventKind::WrongSecretPresented(refusal.clone())
        }
        _ => AuthEventKind::RefreshRefused(refusal.clone()),
    }
}

fn configure(settings: &mut Settings, terms: Terms, password_hash_cost: u32) {
    settings.password_hash_cost = Setting::Value(password_hash_cost);
    settings.refresh_token_grace = seconds(terms.grace);
    settings.refresh_token_expiration = seconds(terms.idle_limit);
    settings.session_expiration = seconds(terms.absolute_limit);
}

fn seconds(seconds: u64) -> Setting<Duration> {
    Setting::Value(Duration::from_secs(seconds))
}

fn password_text(number: usize) -> String {
    if number == 0 { PASSWORD.to_owned() } else { format!("password number {number}") }
}

/// Returns the number of `it`, the next one if it is not known.
fn number<T: PartialEq>(known: &mut Vec<T>, it: T) -> usize {
    let position = known.iter().position(|known| *known == it);
    position.unwrap_or_else(|| {
        known.push(it);
        known.len() - 1
    })
}

fn changed(answer: Result<(), PasswordChangeError>) -> Outcome {
    match answer {
        Ok(()) => Outcome::PasswordChanged,
        Err(PasswordChangeError::Refused(refusal)) => Outcome::PasswordRefused(refusal),
        Err(PasswordChangeError::SessionEnded) => Outcome::SessionEnded,
        Err(error) => Outcome::Unexpected(error.to_string()),
    }
}

fn ended(answer: Result<usize, OwnSessionsError>) -> Outcome {
    match answer {
        Ok(count) => Outcome::Ended(count),
        Err(OwnSessionsError::SessionEnded) => Outcome::SessionEnded,
        Err(error) => Outcome::Unexpected(error.to_string()),
    }
}
