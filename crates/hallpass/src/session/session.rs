//! A session: one login and all the refresh tokens that descend from it.

use crate::session::{RefreshTokenHash, SessionId};
use crate::time::Timestamp;

/// What a store holds of a session that is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which login it descends from.
    pub id: SessionId,
    /// The bcrypt hash of the newest refresh token's secret.
    pub refresh_token_hash: RefreshTokenHash,
    /// How often it has been refreshed; 0 from login to the first refresh.
    pub generation: u64,
    /// When it was last refreshed; the time of login at generation 0. Goes back only if it is more
    /// than 60 s ahead of the clock at the next refresh: a wrong clock stored it.
    pub rotated_at: Timestamp,
}

impl Session {
    /// Returns the time that a rotation at `now` is stored with: not before the last one, because
    /// the clocks of two servers may differ by up to 60 s. A last one further ahead was stored by a
    /// wrong clock, and `now` replaces it.
    pub(crate) fn next_rotation(&self, now: Timestamp) -> Timestamp {
        if self.rotated_at.is_from_a_wrong_clock(now) { now } else { now.max(self.rotated_at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn at(unix_seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(unix_seconds).unwrap()
    }

    #[test]
    fn a_rotation_is_not_before_the_last_one_unless_that_is_from_a_wrong_clock() {
        let now = 2_000_000_000;
        for (last, expected) in [
            (0, now),
            (now - 1, now),
            (now, now),
            (now + 1, now + 1),
            (now + 59, now + 59),
            (now + 60, now + 60),
            (now + 61, now),
            (now + DAY, now),
        ] {
            let session = Session {
                id: SessionId::new("s1"),
                refresh_token_hash: RefreshTokenHash::new("", None),
                generation: 1,
                rotated_at: at(last),
            };
            assert_eq!(session.next_rotation(at(now)), at(expected), "{last}");
        }
    }
}
