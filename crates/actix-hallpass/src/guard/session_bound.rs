//! What a guard that knows about logout asks: is the session of this token alive?

use std::time::Duration;

use hallpass::{AccessClaims, StoreError, Timestamp};

use crate::answer::AuthErrorReason;
use crate::guard::live_sessions::{LiveSession, Look};
use crate::shared::Shared;

/// How old an answer of the store may be, and how much older while the store does not answer, in whole
/// seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionBound {
    pub(crate) max_staleness: Duration,
    pub(crate) outage_tolerance: Duration,
}

impl SessionBound {
    /// Returns what is known of the session without asking the store, `None` if that is too old.
    pub(crate) fn known(
        self,
        shared: &Shared,
        claims: &AccessClaims,
    ) -> Option<Result<(), AuthErrorReason>> {
        self.answer(shared, shared.live_sessions().last_look(claims))
    }

    /// Asks the store, unless another request has just done so.
    pub(crate) async fn check(
        self,
        shared: Shared,
        claims: AccessClaims,
    ) -> Result<(), AuthErrorReason> {
        let session = shared.live_sessions().of(&claims);
        if self.max_staleness.is_zero() {
            // Each request asks for itself: no answer to another one is young enough.
            return self.ask(&shared, claims, &session).await;
        }
        let _turn = session.turn.lock().await;
        match self.answer(&shared, session.last_look()) {
            Some(answer) => answer,
            None => self.ask(&shared, claims, &session).await,
        }
    }

    async fn ask(
        self,
        shared: &Shared,
        claims: AccessClaims,
        session: &LiveSession,
    ) -> Result<(), AuthErrorReason> {
        let asked_at = shared.service().now();
        match shared.run(shared.service().is_alive(claims)).await {
            Ok(Ok(is_alive)) => {
                session.remember(Look { is_alive, at: asked_at });
                shared.live_sessions().remember_outage(None);
                alive(is_alive)
            }
            Ok(Err(StoreError::Unavailable(error))) => {
                // From when it failed: to wait for it may have taken longer than the pause.
                let now = shared.service().now();
                shared.live_sessions().remember_outage(Some(now));
                self.tolerated(session.last_look(), now)
                    .unwrap_or(Err(AuthErrorReason::Store(StoreError::Unavailable(error))))
            }
            Ok(Err(error)) => Err(AuthErrorReason::Store(error)),
            Err(error) => Err(AuthErrorReason::Run(error)),
        }
    }

    /// What the last look says, if it still counts, or while the store does not answer.
    fn answer(self, shared: &Shared, look: Option<Look>) -> Option<Result<(), AuthErrorReason>> {
        let now = shared.service().now();
        if let Some(look) = look
            && look.is_younger_than(self.max_staleness, now)
        {
            return Some(alive(look.is_alive));
        }
        if !shared.live_sessions().has_just_failed(now) {
            return None;
        }
        let unavailable = StoreError::Unavailable("it has just failed to answer".into());
        Some(self.tolerated(look, now).unwrap_or(Err(AuthErrorReason::Store(unavailable))))
    }

    /// What the last look says, if it still counts while there is no other.
    fn tolerated(self, look: Option<Look>, now: Timestamp) -> Option<Result<(), AuthErrorReason>> {
        let max_age = self.max_staleness.saturating_add(self.outage_tolerance);
        let look = look.filter(|_| !self.outage_tolerance.is_zero())?;
        look.is_younger_than(max_age, now).then(|| alive(look.is_alive))
    }
}

fn alive(is_alive: bool) -> Result<(), AuthErrorReason> {
    if is_alive { Ok(()) } else { Err(AuthErrorReason::SessionEnded) }
}
