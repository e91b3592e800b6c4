//! Random sequences of logins, refreshes, thefts, logouts, changed passwords and lost races, done to the
//! service and to a small model of it: each answer and each session has to be the same.
//!
//! `HALLPASS_MODEL_SEQUENCES=100000` makes as many, `HALLPASS_MODEL_SEED=7` repeats the one of that seed.

use std::collections::BTreeSet;
use std::env;
use std::str::FromStr;

use crate::password::bcrypt::stand_in::StandIn;
use crate::session::Sessions;
use crate::testing::dice::Dice;
use crate::testing::model::composer::Composer;
use crate::testing::model::terms::Terms;
use crate::testing::model::trial::{Difference, Trial};

/// A few seconds' worth without optimisation, and enough to come to every outcome: never fewer.
const SEQUENCES: u64 = 3000;

/// The names of all outcomes, in the order of the alphabet: what [`outcome::Outcome::name`] makes of them.
const OUTCOMES: [&str; 21] = [
    "AccessRefused",
    "Done",
    "Ended",
    "LoggedIn",
    "Password: UserDisabled",
    "Password: WrongPassword",
    "PasswordChanged",
    "Refresh: Expired",
    "Refresh: GenerationAhead",
    "Refresh: NoSession",
    "Refresh: PasswordChanged",
    "Refresh: Reused",
    "Refresh: SecretDiffers",
    "Refresh: Stale",
    "Refresh: SuccessorDiffers",
    "Refresh: Superseded",
    "Refresh: UserDisabled",
    "Removed",
    "Retried",
    "Rotated",
    "SessionEnded",
];

#[test]
fn one_session_for_each_user_is_as_the_model_says() {
    compare_sequences(|_| Sessions::OnePerUser);
}

#[test]
fn a_session_for_each_device_is_as_the_model_says() {
    compare_sequences(|seed| Sessions::PerDevice {
        max: if seed.is_multiple_of(2) { 2 } else { 3 },
    });
}

fn compare_sequences(mode: fn(u64) -> Sessions) {
    let _no_bcrypt = StandIn::step_in();
    if let Some(seed) = variable("HALLPASS_MODEL_SEED") {
        compare(seed, mode(seed));
        return;
    }
    let seeds = 1..=variable("HALLPASS_MODEL_SEQUENCES").unwrap_or(SEQUENCES).max(SEQUENCES);
    let outcomes: BTreeSet<_> = seeds.flat_map(|seed| compare(seed, mode(seed))).collect();
    // What no sequence comes to is not compared.
    let is_possible = |name: &&str| *name != "Removed" || mode(1) != Sessions::OnePerUser;
    let possible: Vec<_> = OUTCOMES.into_iter().filter(is_possible).collect();
    assert_eq!(outcomes.iter().collect::<Vec<_>>(), possible.iter().collect::<Vec<_>>());
}

/// Compares the sequence of a seed, and returns the names of the outcomes that it came to.
fn compare(seed: u64, sessions: Sessions) -> BTreeSet<String> {
    let mut sequence = Sequence::of(seed, sessions);
    sequence.run().unwrap_or_else(|mut difference| {
        let count = sequence.actions.len();
        for index in (0..count).rev() {
            difference = sequence.leave_out(index).unwrap_or(difference);
        }
        panic!(
            "HALLPASS_MODEL_SEED={seed}, {:?}: a difference within {count} actions, of which these \
             are enough:\n{}",
            sequence.terms, difference.0
        );
    })
}

struct Sequence {
    terms: Terms,
    is_slow: bool,
    /// A seed for each: the others stay possible when one is left out.
    actions: Vec<u64>,
}

impl Sequence {
    fn of(seed: u64, sessions: Sessions) -> Self {
        let mut dice = Dice::new(seed);
        let is_slow = dice.happens(25);
        let count = 4 + dice.below(if is_slow { 25 } else { 17 });
        let actions = (0..count).map(|_| dice.number()).collect();
        Self { terms: Terms::of(seed, sessions), is_slow, actions }
    }

    fn run(&self) -> Result<BTreeSet<String>, Difference> {
        let mut composer = Composer::new(self.is_slow);
        let mut trial = Trial::new(self.terms);
        for seed in &self.actions {
            let action = composer.next(*seed, &trial.ledger);
            trial.act(&action)?;
        }
        Ok(trial.outcomes)
    }

    /// Removes an action if there is a difference without it, and returns that.
    fn leave_out(&mut self, index: usize) -> Option<Difference> {
        let seed = self.actions.remove(index);
        let difference = self.run().err();
        if difference.is_none() {
            self.actions.insert(index, seed);
        }
        difference
    }
}

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}
