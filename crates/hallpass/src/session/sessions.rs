//! How many sessions a user may have at once, and where they are kept.

use std::fmt;

/// Whether a user has one session or one for each device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sessions {
    /// One, in columns of the user's row: a login replaces it.
    #[default]
    OnePerUser,
    /// One for each login, in a table of their own.
    PerDevice {
        /// How many a user may have at once, 1 to 1000: the one that was used least recently goes when
        /// a login exceeds it.
        max: u32,
    },
}

impl Sessions {
    /// The highest `max`: more than anybody has devices, and few enough to be listed in one answer.
    pub const MAXIMUM: u32 = 1000;

    /// How many sessions that are over the table keeps for each user beyond `max`; a login removes older
    /// ones. While its row is kept, a superseded session is refused with `session_superseded`, afterwards
    /// with `session_revoked`.
    pub const KEPT_BEYOND_MAXIMUM: u32 = 50;

    /// How many sessions that are over one login removes at most, so that no login has to wait for the
    /// removal of thousands: a few milliseconds.
    pub const REMOVED_AT_LOGIN: u32 = 200;

    /// Returns how many sessions a login removes where `over` of the user's are over.
    #[must_use]
    pub const fn removed_of(over: usize, max: usize) -> usize {
        let kept = max.saturating_add(Self::KEPT_BEYOND_MAXIMUM as usize);
        let (excess, most) = (over.saturating_sub(kept), Self::REMOVED_AT_LOGIN as usize);
        if excess < most { excess } else { most }
    }
}

impl fmt::Display for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnePerUser => formatter.write_str("one session per user"),
            Self::PerDevice { max } => {
                write!(formatter, "one session per device, up to {max} per user")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_removes_what_exceeds_the_maximum_and_fifty_but_no_more_than_two_hundred() {
        for (over, max, removed) in [
            (0, 20, 0),
            (70, 20, 0),
            (71, 20, 1),
            (270, 20, 200),
            (271, 20, 200),
            (50_000, 20, 200),
            (51, 1, 0),
            (52, 1, 1),
            (1050, 1000, 0),
            (1051, 1000, 1),
        ] {
            assert_eq!(Sessions::removed_of(over, max), removed, "{over} of {max}");
        }
    }
}
