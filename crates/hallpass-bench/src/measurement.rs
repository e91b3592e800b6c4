//! Numbers that were measured in rounds, and the ratio of two of them.

use serde::{Deserialize, Serialize};

/// How sure an interval has to be of the median, where there are rounds enough.
const CONFIDENCE: f64 = 0.95;

/// One number for each round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measurement {
    rounds: Vec<f64>,
}

/// How many times one measurement is the other, in each round. Who missed one is in none: a section forgets it.
///
/// The two of a round are neighbours, and the machine's mood of that minute is in both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ratio {
    pub(crate) per_round: Measurement,
}

impl Ratio {
    /// Returns the ratio in the middle; what is not a number if there was no round.
    pub(crate) fn median(&self) -> f64 {
        match self.per_round.count() {
            0 => f64::NAN,
            _ => self.per_round.median(),
        }
    }
}

impl Measurement {
    /// Returns a measurement of one round.
    #[cfg(test)]
    pub(crate) fn once(value: f64) -> Self {
        Self { rounds: vec![value] }
    }

    pub(crate) fn push(&mut self, value: f64) {
        self.rounds.push(value);
    }

    /// Returns the middle one, or the mean of the middle two; of no rounds, 0.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => 0.0,
            count if count % 2 == 1 => sorted[middle],
            _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    pub(crate) fn smallest(&self) -> f64 {
        self.rounds.iter().copied().min_by(f64::total_cmp).unwrap_or_default()
    }

    pub(crate) fn largest(&self) -> f64 {
        self.rounds.iter().copied().max_by(f64::total_cmp).unwrap_or_default()
    }

    /// Returns between which of the rounds the median of all that there could be lies, with 95 % confidence;
    /// with fewer than six rounds, the smallest and the largest: five are sure of it by 94 %.
    ///
    /// Each round is above that median as likely as below it, whatever their distribution, so how many are
    /// above it is a matter of throwing coins.
    pub(crate) fn median_lies_within(&self) -> (f64, f64) {
        let mut sorted = self.rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let (Some(last), rounds) = (sorted.len().checked_sub(1), sorted.len()) else {
            return (0.0, 0.0);
        };
        let mut outside = 0;
        while 2.0 * chance_of_fewer_heads(outside + 2, rounds) <= 1.0 - CONFIDENCE {
            outside += 1;
        }
        (sorted[outside], sorted[last - outside])
    }

    pub(crate) fn count(&self) -> usize {
        self.rounds.len()
    }

    /// Returns as many rounds, all of `value`.
    pub(crate) fn all_of(&self, value: f64) -> Self {
        Self { rounds: vec![value; self.rounds.len()] }
    }

    /// Returns how many times `base` this is.
    pub(crate) fn ratio_to(&self, base: &Self) -> Ratio {
        let pairs = self.rounds.iter().zip(&base.rounds);
        let rounds = pairs.map(|(one, other)| one / other).collect();
        Ratio { per_round: Self { rounds } }
    }
}

/// Returns how likely so many throws of a coin show fewer heads than that.
fn chance_of_fewer_heads(heads: usize, throws: usize) -> f64 {
    let mut chance = 0.5_f64.powi(i32::try_from(throws).expect("nobody measures that often"));
    let mut sum = 0.0;
    for heads in 0..heads {
        sum += chance;
        chance *= (throws - heads) as f64 / (heads + 1) as f64;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rounds: &[f64]) -> Measurement {
        Measurement { rounds: rounds.to_vec() }
    }

    #[test]
    fn the_median_does_not_care_for_order_or_outliers() {
        let odd = of(&[900.0, 1.0, 3.0, 2.0, 2.5]);
        assert_eq!((odd.median(), odd.smallest(), odd.largest()), (2.5, 1.0, 900.0));
        assert_eq!(of(&[4.0, 1.0, 3.0, 2.0]).median(), 2.5);
        assert_eq!(Measurement::default().median(), 0.0);
    }

    /// The ranks are those of the tables of the sign test.
    #[test]
    fn the_median_is_the_closer_enclosed_the_more_rounds_there_are() {
        for (rounds, first, last) in [(1, 1, 1), (5, 1, 5), (7, 1, 7), (9, 2, 8), (25, 8, 18)] {
            let numbers: Vec<_> = (1..=rounds).rev().map(f64::from).collect();
            let expected = (f64::from(first), f64::from(last));
            assert_eq!(of(&numbers).median_lies_within(), expected, "{rounds} rounds");
        }
    }

    #[test]
    fn a_ratio_is_that_of_neighbours_whatever_became_of_the_machine_in_between() {
        let ratio = of(&[10.0, 3.0, 40.0]).ratio_to(&of(&[10.0, 1.0, 20.0, 7.0]));
        assert_eq!(ratio.per_round, of(&[1.0, 3.0, 2.0]));
        assert_eq!(ratio.median(), 2.0);
        assert!(of(&[1.0]).ratio_to(&of(&[])).median().is_nan());
    }
}
