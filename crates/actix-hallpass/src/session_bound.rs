//! What a guard that knows about logout asks: is the session of this token alive?

use std::time::Duration;

use hallpass::{AccessClaims, Timestamp};

use crate::live_sessions::{LiveSession, Look};
use crate::{Auth, AuthErrorReason};

/// While the database is down and is tolerated, a session asks it once in this time.
const PAUSE: Duration = Duration::from_secs(1);

/// How old an answer of the store may be, and for how much longer it counts while there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionBound {
    pub(crate) max_staleness: Duration,
    pub(crate) outage_tolerance: Duration,
}

impl SessionBound {
    /// Returns what is known of the session without asking the store, `None` if that is too old.
    pub(crate) fn known(
        self,
        auth: &Auth,
        claims: &AccessClaims,
    ) -> Option<Result<(), AuthErrorReason>> {
        let look = auth.live_sessions().of(claims).last_look()?;
        self.answer(look, auth.service().now())
    }

    /// Asks the store, unless another request has just done so.
    pub(crate) async fn check(
        self,
        auth: Auth,
        claims: AccessClaims,
    ) -> Result<(), AuthErrorReason> {
        let session = auth.live_sessions().of(&claims);
        if self.max_staleness.is_zero() {
            // Each request asks for itself: no answer to another one is young enough.
            return self.ask(&auth, claims, &session).await;
        }
        let _turn = session.turn.lock().await;
        let known = session.last_look().and_then(|look| self.answer(look, auth.service().now()));
        match known {
            Some(answer) => answer,
            None => self.ask(&auth, claims, &session).await,
        }
    }

    async fn ask(
        self,
        auth: &Auth,
        claims: AccessClaims,
        session: &LiveSession,
    ) -> Result<(), AuthErrorReason> {
        let now = auth.service().now();
        let error = match auth.run(auth.service().is_alive(claims)).await {
            Ok(Ok(is_alive)) => {
                session.remember(Look { is_alive, at: now, failed_at: None });
                return alive(is_alive);
            }
            Ok(Err(error)) => AuthErrorReason::Store(error),
            Err(error) => AuthErrorReason::Run(error),
        };
        let Some(look) = session.last_look() else { return Err(error) };
        session.remember(Look { failed_at: Some(now), ..look });
        if self.is_tolerated(look, now) { alive(look.is_alive) } else { Err(error) }
    }

    /// What the last look says, if it still counts.
    fn answer(self, look: Look, now: Timestamp) -> Option<Result<(), AuthErrorReason>> {
        let has_just_failed = look.failed_at.is_some_and(|at| at <= now && now < at.plus(PAUSE));
        let counts = look.is_younger_than(self.max_staleness, now)
            || has_just_failed && self.is_tolerated(look, now);
        counts.then(|| alive(look.is_alive))
    }

    fn is_tolerated(self, look: Look, now: Timestamp) -> bool {
        let tolerance = self.outage_tolerance;
        !tolerance.is_zero() && look.is_younger_than(self.max_staleness + tolerance, now)
    }
}

fn alive(is_alive: bool) -> Result<(), AuthErrorReason> {
    if is_alive { Ok(()) } else { Err(AuthErrorReason::SessionEnded) }
}
