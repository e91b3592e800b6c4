//! A limit around a use case in which somebody may guess: what login, step-up, a change of the password and
//! registration have in common.
//!
//! First the address, then the account at that address, then the account: who has used up the attempts of
//! one can't use up those of the next, nor make keys to fill a limiter with. So one network can't take an
//! account's attempts from its owner, who is elsewhere. An attempt at an account that has none left is one
//! of the address all the same.
//!
//! Attempts in a session have no limit of the address. They require an access token of the account, so one
//! address can't try many accounts there, and guesses at the login can't block the users behind a shared
//! address from changing their password.
//!
//! Registrations have a limit of the address alone, apart from that of logins: there is no account yet.

use std::net::IpAddr;
use std::time::Duration;

use crate::event::{AuthEvent, AuthEventKind, Throttle};
use crate::limit::{AttemptKey, AttemptLimiter, LoginLimits, ThrottlePolicy, Verdict};
use crate::service::Service;
use crate::service::service::event;
use crate::session::SessionId;
use crate::store::StoreError;
use crate::token::AccessClaims;
use crate::user::UserId;

/// There were too many attempts: nothing was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{throttle}")]
#[non_exhaustive]
pub struct Throttled {
    /// Which limit was reached. The client is not told.
    pub throttle: Throttle,
    /// How long until there is an attempt again; the same for an account that is nobody's.
    pub wait: Duration,
}

/// Who tries a password on which account, or to register one.
pub(crate) struct Attempt {
    /// On which account; `None` for a registration.
    account: Option<AttemptKey>,
    client_address: Option<IpAddr>,
    /// In which session, where it is a user of one.
    of_session: Option<(UserId, SessionId)>,
}

impl Attempt {
    /// Returns the attempt of a client that logs in.
    pub(crate) fn at_login(account: AttemptKey, client_address: Option<IpAddr>) -> Self {
        Self { account: Some(account), client_address, of_session: None }
    }

    /// Returns the attempt of a client that registers.
    pub(crate) fn to_register(client_address: Option<IpAddr>) -> Self {
        Self { account: None, client_address, of_session: None }
    }

    /// Returns the attempt of the user of an access token, counted apart from those at the login: whoever
    /// guesses there takes none of these away.
    pub(crate) fn in_session(presented: &AccessClaims, client_address: Option<IpAddr>) -> Self {
        let (user_id, session_id) = (presented.user_id().clone(), presented.session_id().clone());
        let account = AttemptKey::of_user(&user_id);
        Self { account: Some(account), client_address, of_session: Some((user_id, session_id)) }
    }

    fn address_limit(&self) -> Option<(Throttle, AttemptKey)> {
        let client = self.client_address?;
        match (&self.account, &self.of_session) {
            (_, Some(_)) => None,
            (Some(_), None) => Some((Throttle::Address, AttemptKey::of_address(client))),
            (None, None) => Some((Throttle::Registration, AttemptKey::of_registration(client))),
        }
    }
}

/// The error of a use case that can be throttled.
pub(crate) trait Throttleable: From<Throttled> + From<StoreError> {
    /// Returns whether somebody may have guessed: a password, or which names are taken and which passwords
    /// the application refuses.
    fn is_guess(&self) -> bool;
}

impl Service {
    /// Takes an attempt from each limit, and goes on with `proceed` if none is exhausted. They are given
    /// back unless it may have been a guess, which an outage is not. A request that is given up while
    /// it waits for a permit to hash, for want of one or since the client hung up, counts.
    pub(crate) async fn throttled<T, E: Throttleable>(
        &self,
        attempt: Attempt,
        proceed: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let Some(limiter) = self.0.ports.attempt_limiter.as_deref() else { return proceed.await };
        if let Some(throttled) = self.take(limiter, &attempt)? {
            return Err(self.refuse(throttled, attempt).into());
        }
        let outcome = proceed.await;
        if !outcome.as_ref().is_err_and(E::is_guess) {
            self.give_back(limiter, &attempt);
        }
        outcome
    }

    fn take(
        &self,
        limiter: &dyn AttemptLimiter,
        attempt: &Attempt,
    ) -> Result<Option<Throttled>, StoreError> {
        let now = self.now();
        let mut taken = Vec::new();
        for (throttle, key, policy) in self.limits(attempt) {
            match limiter.take(&key, policy, now) {
                Ok(Verdict::Allowed) => taken.push((key, policy)),
                Ok(Verdict::Wait(wait)) => return Ok(Some(Throttled { throttle, wait })),
                Ok(Verdict::Invalid { wait, table, column }) => {
                    let kind = AuthEventKind::InvalidAttemptsReplaced { table, column };
                    self.observe(&event(kind, attempt.client_address));
                    return Ok(Some(Throttled { throttle, wait }));
                }
                Err(error) => {
                    // An outage is nobody's guess.
                    for (key, policy) in taken {
                        let _ = limiter.give_back(&key, policy);
                    }
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    /// What can't be given back counts: it comes back with time, and is no reason to refuse a login that
    /// has succeeded.
    fn give_back(&self, limiter: &dyn AttemptLimiter, attempt: &Attempt) {
        for (_, key, policy) in self.limits(attempt) {
            let _ = limiter.give_back(&key, policy);
        }
    }

    fn limits(
        &self,
        attempt: &Attempt,
    ) -> impl Iterator<Item = (Throttle, AttemptKey, ThrottlePolicy)> + use<> {
        let LoginLimits { address, account_at_address, account } = self.0.login_limits;
        let (key, client) = (attempt.account.clone(), attempt.client_address);
        let of_address = attempt.address_limit().map(|(limit, key)| (limit, key, address));
        let at_address = key
            .as_ref()
            .zip(client)
            .map(|(key, client)| (Throttle::Account, key.at_address(client), account_at_address));
        let of_account = key.map(|key| (Throttle::Account, key, account));
        of_address.into_iter().chain(at_address).chain(of_account)
    }

    fn refuse(&self, throttled: Throttled, attempt: Attempt) -> Throttled {
        let (user_id, session_id) = attempt.of_session.unzip();
        let kind = AuthEventKind::Throttled(throttled.throttle);
        self.observe(&AuthEvent { user_id, session_id, ..event(kind, attempt.client_address) });
        throttled
    }
}

#[cfg(test)]
mod tests;
