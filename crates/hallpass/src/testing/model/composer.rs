//! What happens next in a sequence: more often what is likely to matter.

use crate::service::OwnSessions;
use crate::session::Sessions;
use crate::testing::dice::Dice;
use crate::testing::model::action::{Action, Pause, Request, Simple};
use crate::testing::model::ledger::{Ledger, State, Token};

const GRACE: u64 = 30;
const DAY: u64 = 86_400;

/// The service makes a dummy hash for each cost up to its own.
const HIGHEST_COST: u32 = 8;

/// Few, so that one is often set again, or wrong because it was the former one.
const PASSWORDS: usize = 3;

pub(super) struct Composer {
    /// Those of the current action.
    dice: Dice,
    /// Whether days go by and not seconds: else nobody would live to see the absolute limit.
    is_slow: bool,
    /// What is to come, in reverse: some things nobody does by chance.
    script: Vec<Simple>,
}

impl Composer {
    pub(super) fn new(is_slow: bool) -> Self {
        Self { dice: Dice::new(0), is_slow, script: Vec::new() }
    }

    /// Returns the action that follows from its seed and from what there is: it names nothing else.
    pub(super) fn next(&mut self, seed: u64, ledger: &Ledger) -> Action {
        self.dice = Dice::new(seed);
        if let Some(action) = self.script.pop() {
            return Action::Simple(action);
        }
        if self.dice.happens(2) && ledger.cost < HIGHEST_COST {
            return Action::RaiseCost;
        }
        if ledger.tokens.is_empty() || !self.dice.happens(14) {
            return Action::Simple(self.simple(ledger));
        }
        let held = self.request(ledger);
        let pause =
            self.dice.pick(&[Pause::BeforeTheLook, Pause::BeforeTheHash, Pause::BeforeTheHash]);
        let meanwhile = (0..=self.dice.below(2)).map(|_| self.meanwhile(held, ledger)).collect();
        Action::Race { held, pause, meanwhile }
    }

    /// Often the very same request once more.
    fn meanwhile(&mut self, held: Request, ledger: &Ledger) -> Simple {
        if self.dice.happens(35) { Simple::Send(held) } else { self.simple(ledger) }
    }

    fn simple(&mut self, ledger: &Ledger) -> Simple {
        let user = self.user();
        if ledger.tokens.is_empty() {
            return Simple::Send(self.login(ledger));
        }
        if ledger.accounts[user].is_disabled && self.dice.happens(40) {
            return Simple::Enable { user };
        }
        match self.dice.below(100) {
            0..54 => Simple::Send(self.request(ledger)),
            54..75 => Simple::Wait { seconds: self.seconds(ledger) },
            75..78 => Simple::TurnBack { seconds: self.seconds_back() },
            _ => self.intervention(user, ledger),
        }
    }

    /// What ends sessions, or should not.
    fn intervention(&mut self, user: usize, ledger: &Ledger) -> Simple {
        let access_token = self.recent(ledger.access_tokens.len());
        match self.dice.below(12) {
            0 => Simple::LogOut { refresh_token: self.token(ledger) },
            1 => Simple::LogOutByAccessToken { access_token },
            2 => Simple::EndSession { access_token, session: self.recent(ledger.sessions.len()) },
            3 => Simple::EndSessions { access_token, ending: self.ending() },
            4 => Simple::Disable { user },
            5 => Simple::DisableBySql { user },
            6 => {
                let (new, is_cheap) = (self.dice.below(PASSWORDS), self.dice.happens(50));
                Simple::PasswordBySql { user, new, is_cheap }
            }
            7 => {
                let hash = self.recent(ledger.accounts[user].hashes.len());
                Simple::FormerPasswordBySql { user, hash }
            }
            // One session for each user leaves no dead ones behind.
            8 if ledger.terms.sessions != Sessions::OnePerUser => {
                let kept_seconds = self.dice.pick(&[0, 60, DAY, 14 * DAY]);
                Simple::RemoveDeadSessions { kept_seconds }
            }
            9 => Simple::Restore { user },
            _ => {
                self.script = self.accident(user, ledger);
                Simple::BackUp { user }
            }
        }
    }

    /// A refresh that the restored backup knows nothing of, and a second one from there: the session's
    /// tokens branch. In reverse.
    fn accident(&mut self, user: usize, ledger: &Ledger) -> Vec<Simple> {
        let Some(session) = ledger.latest(user) else { return Vec::new() };
        let refresh = Request::Refresh { token: ledger.sessions[session].row.newest_token };
        let seconds = self.dice.pick(&[0, 1, GRACE, GRACE + 1]);
        let wait = Simple::Wait { seconds };
        let mut script = vec![Simple::Send(refresh), wait, Simple::Restore { user }];
        script.push(Simple::Send(refresh));
        script.split_off(self.dice.pick(&[0, 0, 0, 1, 2]))
    }

    fn request(&mut self, ledger: &Ledger) -> Request {
        let logins = if self.is_slow { 35 } else { 18 };
        match self.dice.below(100) {
            percent if percent < logins => self.login(ledger),
            0..90 => Request::Refresh { token: self.token(ledger) },
            90..96 => {
                let access_token = self.recent(ledger.access_tokens.len());
                let user = ledger.user_of_access_token(access_token);
                let (current, new) = (self.password(user, ledger), self.dice.below(PASSWORDS));
                Request::ChangePassword { access_token, current, new, ending: self.ending() }
            }
            _ => Request::SetPassword { user: self.user(), new: self.dice.below(PASSWORDS) },
        }
    }

    fn login(&mut self, ledger: &Ledger) -> Request {
        let user = self.user();
        Request::LogIn { user, password: self.password(user, ledger) }
    }

    /// Returns the right password most of the time.
    fn password(&mut self, user: usize, ledger: &Ledger) -> usize {
        if self.dice.happens(85) { ledger.password(user) } else { self.dice.below(PASSWORDS) }
    }

    /// Returns any refresh token; most often the newest one of a session that is alive, or one that it
    /// has replaced: a lost reply, a straggler, a theft.
    fn token(&mut self, ledger: &Ledger) -> usize {
        let sessions = ledger.sessions.iter();
        let alive: Vec<_> = sessions.filter(|it| it.state == State::Alive).collect();
        if alive.is_empty() || self.dice.happens(25) {
            return self.recent(ledger.tokens.len());
        }
        let mut token = self.dice.pick(&alive).row.newest_token;
        for _ in 0..self.dice.pick(&[0, 0, 0, 0, 1, 1, 1, 2, 3, 4]) {
            token = ledger.tokens[token].predecessor.unwrap_or(token);
        }
        if self.dice.happens(50) { first_of_its_kind(token, ledger) } else { token }
    }

    /// Returns how long nothing happens; often to a limit, to the second before it or the one after.
    fn seconds(&mut self, ledger: &Ledger) -> u64 {
        if self.dice.happens(30) {
            let limit = self.limit(ledger);
            let nearly = (limit + self.dice.below(3) as u64).saturating_sub(1);
            return nearly.saturating_sub(ledger.now);
        }
        if self.is_slow {
            return self.dice.pick(&[1, 600, DAY, 3 * DAY, 10 * DAY, 13 * DAY, 14 * DAY - 1]);
        }
        self.dice.pick(&[0, 1, 1, 10, GRACE - 1, GRACE, GRACE + 1, 600, 960, DAY, 15 * DAY])
    }

    /// Returns how far the clock is set back: by the skew of two servers, to its limit or beyond,
    /// or because it was wrong.
    fn seconds_back(&mut self) -> u64 {
        let skew = 1 + self.dice.below(12) as u64;
        self.dice.pick(&[skew, skew, skew, 59, 60, 61, 3600, DAY])
    }

    fn limit(&mut self, ledger: &Ledger) -> u64 {
        let token = self.token(ledger);
        if !self.is_slow && self.dice.happens(70) {
            return ledger.sessions[ledger.tokens[token].session].row.rotated_at
                + ledger.terms.grace;
        }
        ledger.token_ends_at(token)
    }

    /// Returns the number of something that is one of the last ones more often than not.
    fn recent(&mut self, count: usize) -> usize {
        let last = if self.dice.happens(60) { count.min(3) } else { count };
        count - 1 - self.dice.below(last)
    }

    /// Most of what happens happens to one of them.
    fn user(&mut self) -> usize {
        usize::from(self.dice.happens(20))
    }

    fn ending(&mut self) -> OwnSessions {
        self.dice.pick(&[OwnSessions::All, OwnSessions::Others])
    }
}

/// Returns the first token of the session with the same generation: another one if a restored backup
/// was refreshed at another time.
fn first_of_its_kind(token: usize, ledger: &Ledger) -> usize {
    let form = |token: &Token| (token.session, token.generation);
    let is_same = |other: &Token| form(other) == form(&ledger.tokens[token]);
    ledger.tokens.iter().position(is_same).unwrap_or(token)
}
