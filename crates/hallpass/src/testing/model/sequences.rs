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
use crate::testing::model::action::Action;
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
        compare(seed, Terms::of(seed, mode(seed)));
        return;
    }
    let seeds = 1..=variable("HALLPASS_MODEL_SEQUENCES").unwrap_or(SEQUENCES).max(SEQUENCES);
    let outcomes: BTreeSet<_> =
        seeds.flat_map(|seed| compare(seed, Terms::of(seed, mode(seed)))).collect();
    // What no sequence comes to is not compared.
    let is_possible = |name: &&str| *name != "Removed" || mode(1) != Sessions::OnePerUser;
    let possible: Vec<_> = OUTCOMES.into_iter().filter(is_possible).collect();
    assert_eq!(outcomes.iter().collect::<Vec<_>>(), possible.iter().collect::<Vec<_>>());
}

/// Compares the sequence of a seed, and returns the names of the outcomes that it came to.
fn compare(seed: u64, terms: Terms) -> BTreeSet<String> {
    compose(seed, terms).unwrap_or_else(|actions| {
        let (count, shortest) = (actions.len(), shorten(actions, terms));
        let Difference(story) = repeat(&shortest, terms).expect("it differs");
        panic!(
            "HALLPASS_MODEL_SEED={seed}, {terms:?}: a difference after {count} actions, of which these \
             are enough:\n{story}"
        );
    })
}

/// Makes up the sequence of a seed; the error is what happened up to the first difference.
fn compose(seed: u64, terms: Terms) -> Result<BTreeSet<String>, Vec<Action>> {
    let mut composer = Composer::new(Dice::new(seed));
    let mut trial = Trial::new(terms);
    let mut actions = Vec::new();
    for _ in 0..composer.length() {
        actions.push(composer.next(&trial.ledger));
        if trial.act(&actions[actions.len() - 1]).is_err() {
            return Err(actions);
        }
    }
    Ok(trial.outcomes)
}

/// Leaves out what is not needed for a difference, from the last action to the first.
fn shorten(mut actions: Vec<Action>, terms: Terms) -> Vec<Action> {
    for index in (0..actions.len()).rev() {
        let left_out = actions.remove(index);
        if repeat(&actions, terms).is_none() {
            actions.insert(index, left_out);
        }
    }
    actions
}

/// Returns the first difference in the sequence, which is over when something names what is not there.
fn repeat(actions: &[Action], terms: Terms) -> Option<Difference> {
    let mut trial = Trial::new(terms);
    for action in actions {
        if !trial.can(action) {
            return None;
        }
        if let Err(difference) = trial.act(action) {
            return Some(difference);
        }
    }
    None
}

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}
