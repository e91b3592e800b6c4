//! What a user is shown of their sessions. The list does not reveal when a session was refreshed while an
//! access token from that refresh may still be accepted.

use std::time::Duration;

use crate::session::{DeviceSession, SessionId, SessionPolicy};
use crate::time::Timestamp;

/// The view of one request on a user's sessions.
///
/// A session that was used recently is shown as used now. Recently means that an access token issued at its
/// last refresh is still accepted, or that the request itself was made in the session.
///
/// # Security
/// A thief of both tokens who polls the list would otherwise see the second of the owner's refresh. A
/// refresh right after it, within the grace, counts as a retry and not as reuse.
#[derive(Debug)]
pub(crate) struct SessionList<'a> {
    /// The session that the request was made in.
    pub(crate) own: &'a SessionId,
    /// How long an access token is accepted after its issue, in whole seconds, leeway included.
    pub(crate) access_acceptance: Duration,
    /// The limits as they are configured now.
    pub(crate) policy: SessionPolicy,
    /// When the request arrived.
    pub(crate) now: Timestamp,
}

impl SessionList<'_> {
    /// Returns the sessions that have not expired: first those that were used recently, the latest login
    /// first, then the others in the order given.
    pub(crate) fn show(&self, mut sessions: Vec<DeviceSession>) -> Vec<DeviceSession> {
        for session in &mut sessions {
            session.expires_at = session.expires_at.min(self.expiry(session));
        }
        sessions.retain(|session| self.now < session.expires_at);
        let (mut shown, others): (Vec<_>, Vec<_>) =
            sessions.into_iter().partition(|session| self.is_recent(session));
        for session in &mut shown {
            session.last_used_at = self.now;
            session.expires_at = self.expiry(session);
        }
        shown.sort_by(|one, other| {
            let by_login = other.created_at.cmp(&one.created_at);
            by_login.then_with(|| one.id.as_str().cmp(other.id.as_str()))
        });
        shown.extend(others);
        shown
    }

    fn is_recent(&self, session: &DeviceSession) -> bool {
        session.id == *self.own || self.now < session.last_used_at.plus(self.access_acceptance)
    }

    /// The limits that are configured now may be tighter than at the session's last refresh.
    fn expiry(&self, session: &DeviceSession) -> Timestamp {
        self.policy.refresh_expiry(session.last_used_at, session.created_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: SessionPolicy = SessionPolicy {
        idle_limit: Duration::from_secs(1_000),
        absolute_limit: Duration::from_secs(5_000),
        grace: Duration::from_secs(30),
    };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds).unwrap()
    }

    fn session(id: &str, created_at: u64, last_used_at: u64) -> DeviceSession {
        DeviceSession {
            id: SessionId::new(id),
            created_at: at(created_at),
            last_used_at: at(last_used_at),
            expires_at: at(last_used_at + 1_000),
            user_agent: None,
            client_address: None,
            label: None,
            password_stamp: None,
        }
    }

    /// Shows sessions in second 10,000, where access tokens are accepted for 200 s.
    fn show(sessions: impl IntoIterator<Item = DeviceSession>) -> Vec<DeviceSession> {
        let own = SessionId::new("own");
        let list = SessionList {
            own: &own,
            access_acceptance: Duration::from_secs(200),
            policy: POLICY,
            now: at(10_000),
        };
        list.show(sessions.into_iter().collect())
    }

    #[test]
    fn a_session_used_within_the_life_of_an_access_token_is_shown_as_used_now() {
        for (name, id, created_at, last_used_at, expected) in [
            ("used this very second", "s", 9_000, 10_000, Some((10_000, 11_000))),
            ("used a moment ago", "s", 9_000, 9_999, Some((10_000, 11_000))),
            ("its access token ends in a second", "s", 9_000, 9_801, Some((10_000, 11_000))),
            ("its access token has ended", "s", 9_000, 9_800, Some((9_800, 10_800))),
            ("used long ago", "s", 9_000, 9_001, Some((9_001, 10_001))),
            ("expired", "s", 9_000, 9_000, None),
            ("ones own, used long ago", "own", 9_000, 9_001, Some((10_000, 11_000))),
            ("ones own, expired", "own", 9_000, 9_000, None),
            ("near the absolute limit", "s", 5_500, 9_900, Some((10_000, 10_500))),
            ("by a server whose clock is ahead", "s", 9_000, 10_050, Some((10_000, 11_000))),
        ] {
            let shown = show([session(id, created_at, last_used_at)]);
            let shown = shown.first().map(|it| (it.last_used_at, it.expires_at));
            assert_eq!(shown, expected.map(|(used, ends)| (at(used), at(ends))), "{name}");
        }
    }

    #[test]
    fn an_expiry_from_tighter_limits_does_not_reveal_the_last_use() {
        let issued_with_half_the_limit =
            DeviceSession { expires_at: at(10_400), ..session("s", 9_000, 9_900) };
        let shown = show([issued_with_half_the_limit]);
        assert_eq!(shown[0].expires_at, at(11_000));
        let over = DeviceSession { expires_at: at(10_000), ..session("s", 9_000, 9_900) };
        assert_eq!(show([over]), [], "what has expired is not shown all the same");
    }

    #[test]
    fn recently_used_sessions_come_first_by_time_of_login_and_the_others_by_last_use() {
        let listed = [
            session("c", 9_300, 10_000),
            session("a", 9_400, 9_990),
            session("b", 9_400, 9_995),
            session("d", 9_500, 9_810),
            session("z", 9_000, 9_700),
            session("y", 9_600, 9_650),
            session("own", 9_100, 9_600),
        ];
        let ids: Vec<_> = show(listed).into_iter().map(|it| it.id.as_str().to_owned()).collect();
        assert_eq!(ids, ["d", "a", "b", "c", "own", "z", "y"]);
    }

    #[test]
    fn a_refresh_changes_nothing_that_is_shown_of_a_recently_used_session() {
        let before = show([session("s", 9_000, 9_850), session("t", 9_500, 9_900)]);
        for refreshed_at in 9_850..=10_000 {
            let after = show([session("s", 9_000, refreshed_at), session("t", 9_500, 9_900)]);
            assert_eq!(after, before, "refreshed at {refreshed_at}");
            let after = show([session("t", 9_500, 9_900), session("s", 9_000, refreshed_at)]);
            assert_eq!(after, before, "in another order");
        }
    }
}
