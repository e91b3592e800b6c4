//! A ratio, what it should be, and whether it is.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::measurement::{Measurement, Ratio};

/// A ratio and what became of its target, if it has one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Judgement {
    /// Of what by what.
    pub(crate) what: String,
    pub(crate) ratio: Ratio,
    pub(crate) target: Option<Target>,
    /// Outside of this the benchmark itself is broken; only asked about where it was measured.
    #[serde(skip)]
    plausible: Option<RangeInclusive<f64>>,
}

/// What a ratio should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// What became of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Reached(Certainty),
    Missed(Certainty),
}

/// Whether another run would come to the same verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// All of the interval in which the median lies is on the same side of the target.
    BeyondDoubt,
    /// The target lies within, or there were too few rounds to have one.
    InDoubt,
}

/// Of fewer rounds, nothing is beyond doubt.
const ROUNDS_NEEDED: usize = 5;

impl Judgement {
    /// Returns `measurement` by `base`, without a target.
    pub(crate) fn of(
        what: impl Into<String>,
        measurement: &Measurement,
        base: &Measurement,
    ) -> Self {
        let ratio = measurement.ratio_to(base);
        Self { what: what.into(), ratio, target: None, plausible: None }
    }

    /// Says in other words what it is the ratio of.
    pub(crate) fn named(self, what: String) -> Self {
        Self { what, ..self }
    }

    pub(crate) fn against(mut self, target: impl Into<Option<Target>>) -> Self {
        self.target = target.into();
        self
    }

    /// Returns what became of the target, if there is one.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        let (rounds, target) = (&self.ratio.per_round, self.target?);
        let is_reached = target.is_reached_by(self.ratio.median());
        let (from, to) = rounds.median_lies_within();
        let is_one_sided = [from, to].map(|end| target.is_reached_by(end)) == [is_reached; 2];
        let certainty = match is_one_sided && rounds.count() >= ROUNDS_NEEDED {
            true => Certainty::BeyondDoubt,
            false => Certainty::InDoubt,
        };
        Some(if is_reached { Verdict::Reached(certainty) } else { Verdict::Missed(certainty) })
    }

    /// Says between which values the ratio has to be on any machine, however short the run.
    pub(crate) fn plausible_within(mut self, range: RangeInclusive<f64>) -> Self {
        self.plausible = Some(range);
        self
    }

    /// Returns whether there is a ratio at all: not where one of the two is nothing.
    pub(crate) fn is_finite(&self) -> bool {
        self.ratio.median().is_finite()
    }

    /// Returns what is absurd about the ratio, if anything is.
    pub(crate) fn absurdity(&self) -> Option<String> {
        let (ratio, range) = (self.ratio.median(), self.plausible.as_ref()?);
        let (start, end) = (range.start(), range.end());
        let is_absurd = !range.contains(&ratio);
        is_absurd.then(|| format!("{} is {ratio:.3}, not within {start} and {end}", self.what))
    }
}

impl Target {
    /// Whether `ratio` is as it should be; what is not a number is not.
    fn is_reached_by(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(least) => ratio >= least,
            Self::AtMost(most) => ratio <= most,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(formatter, "≥{least}"),
            Self::AtMost(most) => write!(formatter, "≤{most}"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Reached(Certainty::BeyondDoubt) => "reached",
            Self::Reached(Certainty::InDoubt) => "reached (uncertain)",
            Self::Missed(Certainty::BeyondDoubt) => "**missed**",
            Self::Missed(Certainty::InDoubt) => "**missed** (uncertain)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge_rounds(values: &[f64]) -> Judgement {
        let mut measurement = Measurement::default();
        values.iter().for_each(|value| measurement.push(*value));
        Judgement::of("a ÷ b", &measurement, &measurement.all_of(1.0))
    }

    fn judge(value: f64, base: f64) -> Judgement {
        Judgement::of("a ÷ b", &Measurement::once(value), &Measurement::once(base))
    }

    #[test]
    fn a_target_is_reached_at_its_very_value_and_never_by_what_is_no_number() {
        let table = [
            (Target::AtLeast(0.5), 1.0, 2.0, true),
            (Target::AtLeast(0.5), 0.9, 2.0, false),
            (Target::AtMost(0.5), 1.0, 2.0, true),
            (Target::AtMost(0.5), 1.1, 2.0, false),
            (Target::AtLeast(0.5), 0.0, 0.0, false),
            (Target::AtMost(0.5), 0.0, 0.0, false),
        ];
        for (target, value, base, expected) in table {
            let verdict = judge(value, base).against(target).verdict();
            assert_eq!(matches!(verdict, Some(Verdict::Reached(_))), expected, "{target}");
        }
        assert_eq!(judge(1.0, 2.0).verdict(), None);
    }

    #[test]
    fn a_verdict_is_beyond_doubt_where_no_round_that_counts_says_otherwise() {
        let table: [(&[f64], &str); 6] = [
            (&[0.1, 0.2, 0.3, 0.4, 0.5], "reached"),
            (&[0.1, 0.2, 0.3, 0.4, 0.6], "reached (uncertain)"),
            (&[0.6, 0.6, 0.6, 0.6, 0.6], "**missed**"),
            (&[0.4, 0.6, 0.6, 0.6, 0.6], "**missed** (uncertain)"),
            (&[0.1, 0.1, 0.1, 0.1], "reached (uncertain)"),
            (&[0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], "reached"),
        ];
        for (rounds, expected) in table {
            let verdict = judge_rounds(rounds).against(Target::AtMost(0.5)).verdict().unwrap();
            assert_eq!(verdict.to_string(), expected, "{rounds:?}");
        }
    }

    #[test]
    fn an_absurd_ratio_is_named() {
        assert_eq!(judge(1.0, 2.0).plausible_within(0.3..=1.5).absurdity(), None);
        let absurd = judge(4.0, 2.0).plausible_within(0.3..=1.5).absurdity().unwrap();
        assert_eq!(absurd, "a ÷ b is 2.000, not within 0.3 and 1.5");
        assert!(judge(0.0, 0.0).plausible_within(0.3..=1.5).absurdity().is_some());
    }
}
