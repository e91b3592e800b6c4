//! May this refresh token be refreshed? The rows of the refresh state machine, as pure functions.
//!
//! Row 0 (not authentic) is decided in `token/refresh.rs`, before anything is loaded. Here, in
//! order: row 1 in [`check_lifetime`], rows 2 to 5, 9 and 10 in [`decide`], and rows 6 to 8b in
//! [`Claim::judge`], once bcrypt has said whether the secret matches, and [`check_password`].

use crate::password::UnusableHash;
use crate::password::hash_match::HashMatch;
use crate::session::policy::Grace;
use crate::session::{Session, SessionPolicy};
use crate::time::Timestamp;
use crate::token::RefreshTokenError;
use crate::token::refresh::RefreshClaims;
use crate::user::User;

/// How many generations behind a straggler may be within grace: a client with several tabs or
/// queued requests, not a thief with an old copy.
const STRAGGLER_GENERATIONS: u64 = 3;

/// One look at the row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) attempt: Attempt,
    /// When the token arrived. What happens while the request waits for the store must not turn its
    /// honest sender into a thief.
    pub(crate) received_at: Timestamp,
    /// The time of the look, which shows whether the row's time can be right.
    pub(crate) now: Timestamp,
}

/// Whether this is the first look at the row or a look after losing the swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The row has not been looked at before.
    First,
    /// The token was the current one when the row was read, or the one before it within grace, and another
    /// request changed the row before this one was answered.
    AfterLostSwap,
}

/// What is to be done with a refresh token, as far as the row alone can tell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision<'a> {
    /// Refuse; nothing is written.
    Refuse(RefreshRefusal),
    /// It was stolen: end the session it belongs to.
    EndSession,
    /// It depends on whether a secret matches the stored hash.
    Prove(Claim, &'a User, &'a Session),
}

/// What a token whose generation fits claims to be. bcrypt tells whether it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is the newest token of its session: its secret matches the stored hash.
    Current,
    /// It was replaced a moment ago: its successor's secret matches the stored hash.
    Predecessor,
}

/// Why a refresh token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshRefusal {
    /// Row 0: it is not a refresh token of ours.
    #[error("the refresh token is not authentic")]
    NotAuthentic(#[source] RefreshTokenError),
    /// Row 1: its time is over: as it was issued, or as the limits are configured now.
    #[error("the refresh token expired at {expired_at}, now is {now}")]
    Expired {
        /// The first second in which it was no longer valid.
        expired_at: Timestamp,
        /// When it was looked at.
        now: Timestamp,
    },
    /// Row 2: its user does not exist.
    #[error("no such user")]
    UnknownUser,
    /// Row 2: its user is disabled.
    #[error("the user is disabled")]
    UserDisabled,
    /// Row 3: its user is logged out, or its session has ended.
    #[error("the session has ended")]
    NoSession,
    /// Row 4: it belongs to an earlier login.
    #[error("the session was superseded by a later login")]
    Superseded,
    /// Row 5: it is newer than the row, which only a restored backup or a lagging replica can be.
    #[error("the token's generation {presented} is ahead of the row's {stored}")]
    GenerationAhead {
        /// The token's generation.
        presented: u64,
        /// The row's generation.
        stored: u64,
    },
    /// Row 7: its generation is the row's, its secret is not.
    #[error("the secret does not match the stored hash")]
    SecretDiffers,
    /// Row 8b: its generation is one behind, but the row's token does not descend from it.
    #[error("the successor does not match the stored hash")]
    SuccessorDiffers,
    /// Rows 7 and 8b: the stored hash can't be compared with anything.
    #[error("the stored refresh token hash is unusable")]
    HashUnusable(#[source] UnusableHash),
    /// Rows 6 and 8: the secret is right, but the user's password was changed after the session began, by
    /// other means than hallpass's: with hallpass's, there would be no session.
    #[error("the password was changed after the session began")]
    PasswordChanged,
    /// Row 9: it is a straggler, it lost a race that it may not retry, or a wrong clock stored the
    /// last rotation, so that it can't be told whether it is a retry.
    #[error("the token's generation {presented} is behind the row's {stored}")]
    Stale {
        /// The token's generation.
        presented: u64,
        /// The row's generation.
        stored: u64,
    },
    /// Row 10: it was replaced and came again too late to be a retry. Its session has ended.
    #[error("the refresh token was used again: it was stolen")]
    Reused,
}

/// Row 1: refuses a token whose time is over, be it by its own `exp` or by the limits as they
/// are configured now, which may be tighter than when it was issued.
pub(crate) fn check_lifetime(
    presented: &RefreshClaims,
    policy: &SessionPolicy,
    now: Timestamp,
) -> Result<(), RefreshRefusal> {
    let expired_at =
        presented.expires_at.min(policy.refresh_expiry(presented.issued_at, presented.auth_time));
    if now >= expired_at {
        return Err(RefreshRefusal::Expired { expired_at, now });
    }
    Ok(())
}

/// Rows 1 to 10: decides about an authentic token, given the row of its user.
pub(crate) fn decide<'a>(
    presented: &RefreshClaims,
    user: Option<&'a User>,
    look: Look,
    policy: &SessionPolicy,
) -> Decision<'a> {
    if let Err(refusal) = check_lifetime(presented, policy, look.received_at) {
        return Decision::Refuse(refusal);
    }
    match session_of(presented, user) {
        Ok((user, session)) => decide_by_generation(presented, user, session, look, policy),
        Err(refusal) => Decision::Refuse(refusal),
    }
}

/// Rows 2 to 4: finds the session that the token belongs to.
fn session_of<'a>(
    presented: &RefreshClaims,
    user: Option<&'a User>,
) -> Result<(&'a User, &'a Session), RefreshRefusal> {
    let user = user.ok_or(RefreshRefusal::UnknownUser)?;
    if user.is_disabled {
        return Err(RefreshRefusal::UserDisabled);
    }
    let session = user.session.as_ref().ok_or(RefreshRefusal::NoSession)?;
    if session.id != presented.session_id {
        return Err(RefreshRefusal::Superseded);
    }
    Ok((user, session))
}

/// Rows 5 to 10: compares the token's generation with the session's.
fn decide_by_generation<'a>(
    presented: &RefreshClaims,
    user: &'a User,
    session: &'a Session,
    look: Look,
    policy: &SessionPolicy,
) -> Decision<'a> {
    let (presented, stored) = (presented.generation, session.generation);
    let Some(behind) = stored.checked_sub(presented) else {
        return Decision::Refuse(RefreshRefusal::GenerationAhead { presented, stored });
    };
    match (behind, policy.grace_after(session.rotated_at, look.received_at, look.now)) {
        (0, _) => Decision::Prove(Claim::Current, user, session),
        (1, Grace::Open) => Decision::Prove(Claim::Predecessor, user, session),
        (..=STRAGGLER_GENERATIONS, Grace::Open | Grace::Unknown) => {
            Decision::Refuse(RefreshRefusal::Stale { presented, stored })
        }
        // It was good a moment ago: whoever sent it lost a race and stole nothing.
        _ if look.attempt == Attempt::AfterLostSwap => {
            Decision::Refuse(RefreshRefusal::Stale { presented, stored })
        }
        _ => Decision::EndSession,
    }
}

impl Claim {
    /// Rows 6 to 8b: decides once the secret has been compared with the stored hash.
    pub(crate) fn judge(self, outcome: HashMatch) -> Result<(), RefreshRefusal> {
        match (self, outcome) {
            (_, HashMatch::Matches) => Ok(()),
            (Self::Current, HashMatch::Differs) => Err(RefreshRefusal::SecretDiffers),
            (Self::Predecessor, HashMatch::Differs) => Err(RefreshRefusal::SuccessorDiffers),
            (_, HashMatch::Unusable(reason)) => Err(RefreshRefusal::HashUnusable(reason)),
        }
    }
}

/// Rows 6 and 8: refuses a token whose secret is right if the password is no longer the one that its
/// session was begun with.
pub(crate) fn check_password(user: &User, session: &Session) -> Result<(), RefreshRefusal> {
    if session.refresh_token_hash.is_bound_to(&user.password_hash) {
        return Ok(());
    }
    Err(RefreshRefusal::PasswordChanged)
}

impl RefreshRefusal {
    /// Returns whether an operator should look at it: rows 5, 7 and 8b can't come from a client
    /// that behaves, and row 10 is a theft.
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        match self {
            Self::GenerationAhead { .. }
            | Self::SecretDiffers
            | Self::SuccessorDiffers
            | Self::HashUnusable(_)
            | Self::Reused => true,
            Self::NotAuthentic(_)
            | Self::Expired { .. }
            | Self::UnknownUser
            | Self::UserDisabled
            | Self::NoSession
            | Self::Superseded
            | Self::PasswordChanged
            | Self::Stale { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests;
