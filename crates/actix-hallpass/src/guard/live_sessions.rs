//! Which sessions were alive when they were last looked at: bounded memory for guards that know about
//! logout.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hallpass::{AccessClaims, SessionId, SessionWatcher, Timestamp, UserId};
use quick_cache::sync::Cache;

/// How many users are remembered; those who have not been seen for longest are forgotten. With one session
/// each they take about 10 MB.
const MAXIMUM_USERS: usize = 20_000;

/// How many sessions of a user are remembered, so that whoever logs in again and again does not fill the
/// memory. If every user had as many, they would take some 300 MB.
const MAXIMUM_SESSIONS: usize = 64;

/// While the store does not answer, it is asked once in this time for all sessions together: each question
/// may take two seconds and a thread.
const PAUSE: Duration = Duration::from_secs(1);

/// What is remembered. Forgotten by user: whatever ends one session may end others, too.
pub(crate) struct LiveSessions {
    users: Cache<UserId, Arc<UserSessions>>,
    /// When the store last failed to answer a look, if it has not answered one since.
    outage: Mutex<Option<Timestamp>>,
}

#[derive(Default)]
struct UserSessions(Mutex<HashMap<SessionId, Arc<LiveSession>>>);

/// What is remembered of one session. Whoever holds it when it is forgotten writes into the void.
#[derive(Debug, Default)]
pub(crate) struct LiveSession {
    last_look: Mutex<Option<Look>>,
    /// Held by the one request that looks, while the others wait for what it finds.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

/// What a look at the store found, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) is_alive: bool,
    pub(crate) at: Timestamp,
}

impl LiveSessions {
    pub(crate) fn new() -> Self {
        Self { users: Cache::new(MAXIMUM_USERS), outage: Mutex::default() }
    }

    /// Returns the last look at the session of an access token, if it is remembered. Every request of a guard that
    /// knows about logout comes through here, so nothing is made for a session that is not.
    pub(crate) fn last_look(&self, claims: &AccessClaims) -> Option<Look> {
        let user = self.users.get(claims.user_id())?;
        lock(&user.0).get(claims.session_id())?.last_look()
    }

    /// Returns what is remembered of the session of an access token, be it nothing.
    pub(crate) fn of(&self, claims: &AccessClaims) -> Arc<LiveSession> {
        let user = self.users.get(claims.user_id()).unwrap_or_else(|| self.add(claims.user_id()));
        let mut sessions = lock(&user.0);
        if sessions.len() >= MAXIMUM_SESSIONS && !sessions.contains_key(claims.session_id()) {
            drop_oldest(&mut sessions);
        }
        Arc::clone(sessions.entry(claims.session_id().clone()).or_default())
    }

    /// Remembers that the store did not answer at `now`, or that it did.
    pub(crate) fn remember_outage(&self, since: Option<Timestamp>) {
        *lock(&self.outage) = since;
    }

    /// Returns whether the store failed so little before `now` that nobody need ask it again.
    pub(crate) fn has_just_failed(&self, now: Timestamp) -> bool {
        lock(&self.outage).is_some_and(|at| at <= now && now < at.plus(PAUSE))
    }

    fn add(&self, user_id: &UserId) -> Arc<UserSessions> {
        let added = self.users.get_or_insert_with(user_id, || Ok::<_, ()>(Arc::default()));
        added.expect("to make an empty map does not fail")
    }
}

impl SessionWatcher for LiveSessions {
    /// Forgets the user's sessions, so that the next request looks.
    fn sessions_changed(&self, user_id: &UserId) {
        self.users.remove(user_id);
    }
}

impl LiveSession {
    pub(crate) fn last_look(&self) -> Option<Look> {
        *lock(&self.last_look)
    }

    pub(crate) fn remember(&self, look: Look) {
        *lock(&self.last_look) = Some(look);
    }
}

impl Look {
    /// Returns whether it is younger than `max_age` at `now`. A clock that was set back makes it old.
    pub(crate) fn is_younger_than(&self, max_age: Duration, now: Timestamp) -> bool {
        self.at <= now && now < self.at.plus(max_age)
    }
}

/// Forgets the session that was looked at least recently.
fn drop_oldest(sessions: &mut HashMap<SessionId, Arc<LiveSession>>) {
    let oldest = sessions.iter().min_by_key(|(_, session)| session.last_look().map(|look| look.at));
    if let Some(id) = oldest.map(|(id, _)| id.clone()) {
        sessions.remove(&id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for LiveSessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LiveSessions(…)")
    }
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use super::*;
    use crate::testing::TestAuth;

    fn claims(auth: &TestAuth, user: i64, session: &str) -> AccessClaims {
        let token = auth.token_for(user).session_id(session).mint();
        auth.service().verify_access(&token).expect("it is for now")
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds).expect("it is before the year 10000")
    }

    fn look(seconds: u64) -> Look {
        Look { is_alive: true, at: at(seconds) }
    }

    #[test]
    fn a_look_is_young_up_to_the_second_and_never_from_the_future() {
        for (max_age, now, expected) in [
            (0, 100, false),
            (1, 100, true),
            (1, 101, false),
            (60, 159, true),
            (60, 160, false),
            (60, 99, false),
        ] {
            let is_young = look(100).is_younger_than(Duration::from_secs(max_age), at(now));
            assert_eq!(is_young, expected, "{max_age} {now}");
        }
    }

    #[test]
    fn what_was_forgotten_while_somebody_looked_stays_forgotten() {
        let (auth, sessions) = (TestAuth::new(), LiveSessions::new());
        let ada = claims(&auth, 1, "s1");
        let looking = sessions.of(&ada);
        sessions.sessions_changed(ada.user_id());
        looking.remember(look(100));
        assert_eq!(sessions.of(&ada).last_look(), None);
    }

    #[test]
    fn one_users_sessions_are_forgotten_together_and_no_others() {
        let (auth, sessions) = (TestAuth::new(), LiveSessions::new());
        let all = [(1, "s1"), (1, "s2"), (2, "s1")].map(|(user, id)| claims(&auth, user, id));
        all.iter().for_each(|claims| sessions.of(claims).remember(look(100)));
        sessions.sessions_changed(all[0].user_id());
        let known = all.map(|claims| sessions.of(&claims).last_look().is_some());
        assert_eq!(known, [false, false, true]);
    }

    #[test]
    fn memory_is_bounded_by_users_and_by_sessions_of_a_user() {
        let (auth, sessions) = (TestAuth::new(), LiveSessions::new());
        for number in 0..10 * MAXIMUM_SESSIONS {
            sessions.of(&claims(&auth, 1, &format!("s{number}"))).remember(look(100));
        }
        let of_user = sessions.users.get(&UserId::new(1)).expect("it is remembered");
        assert_eq!(lock(&of_user.0).len(), MAXIMUM_SESSIONS, "one goes for each that comes");
        for number in 0..2 * MAXIMUM_USERS {
            sessions.add(&UserId::new(number));
        }
        assert!(sessions.users.len() <= MAXIMUM_USERS, "{}", sessions.users.len());
    }
}
