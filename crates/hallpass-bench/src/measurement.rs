//! Numbers that were measured in rounds, and the ratio of two of them.

use serde::{Deserialize, Serialize};

/// One number for each round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measurement {
    rounds: Vec<f64>,
}

/// How many times one measurement is the other, in each round that both took part in.
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

    #[test]
    fn a_ratio_is_that_of_neighbours_whatever_became_of_the_machine_in_between() {
        let ratio = of(&[10.0, 3.0, 40.0]).ratio_to(&of(&[10.0, 1.0, 20.0, 7.0]));
        assert_eq!(ratio.per_round, of(&[1.0, 3.0, 2.0]));
        assert_eq!(ratio.median(), 2.0);
        assert!(of(&[1.0]).ratio_to(&of(&[])).median().is_nan());
    }
}
