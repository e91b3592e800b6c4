//! Counts attempts in this process, in bounded memory.
//!
//! The arithmetic is [`ThrottlePolicy`], over the map of quick_cache. The crate
//! `governor` would be the usual choice; it has no way to give an attempt back and keeps its arithmetic to
//! itself, so that a database would have to decide by other rules.

use quick_cache::sync::{Cache, EntryAction, EntryResult};

use crate::limit::{AttemptKey, AttemptKind, AttemptLimiter, ThrottlePolicy, Verdict};
use crate::store::StoreError;
use crate::time::Timestamp;

/// How many keys of each kind are remembered. They take about 8 MB when all are in use: 24 MB with the three
/// kinds that anybody can make keys of, 32 MB where registration is open.
const MAXIMUM_KEYS: usize = 50_000;

/// Counts attempts in memory: for each key whose allowance is not full, when it is full again.
///
/// Full of keys, it forgets one for each new one, and who is forgotten has a full allowance. So an attacker
/// might fill it with other keys to go on guessing:
///
/// - Each kind has a map of its own. Addresses, of which an owner of IPv6 has as many as they like, push no
///   login name out, and neither pushes out a user.
/// - What was asked for once goes first (Clock-PRO), after some 1,500 others in a full map, and
///   gives back one attempt. An account that is guessed at is asked for again and again. It takes
///   some 100,000 to 300,000 other names, each tried more than once, and an attempt of an address
///   for each. Whoever has the thousands of networks for that guesses faster by using them on their
///   own: where that is to be feared, count in the database.
#[derive(Debug)]
pub struct BoundedLimiter {
    logins: Cache<AttemptKey, Timestamp>,
    accounts_at_addresses: Cache<AttemptKey, Timestamp>,
    users: Cache<AttemptKey, Timestamp>,
    addresses: Cache<AttemptKey, Timestamp>,
    registrations: Cache<AttemptKey, Timestamp>,
}

impl Default for BoundedLimiter {
    fn default() -> Self {
        Self::new()
    }
}

impl BoundedLimiter {
    /// Returns a limiter that has counted nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let [logins, accounts_at_addresses, users, addresses, registrations] =
            [(); 5].map(|()| Cache::new(MAXIMUM_KEYS));
        Self { logins, accounts_at_addresses, users, addresses, registrations }
    }

    fn keys(&self, key: &AttemptKey) -> &Cache<AttemptKey, Timestamp> {
        match key.kind() {
            AttemptKind::Login => &self.logins,
            AttemptKind::AccountAtAddress => &self.accounts_at_addresses,
            AttemptKind::User => &self.users,
            AttemptKind::Address => &self.addresses,
            AttemptKind::Registration => &self.registrations,
        }
    }
}

impl AttemptLimiter for BoundedLimiter {
    fn take(
        &self,
        key: &AttemptKey,
        policy: ThrottlePolicy,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        // Under the lock of the key's part of the map; of two who come with a new key, one waits.
        let taken = self.keys(key).entry(key, None, |_, full_at| {
            let taken = policy.take(Some(*full_at), now);
            let kept = taken.map_or_else(|no| no.full_at, Some);
            *full_at = kept.unwrap_or(*full_at);
            EntryAction::Retain(taken.map(drop))
        });
        let taken = match taken {
            EntryResult::Retained(taken) => taken,
            EntryResult::Vacant(place) => policy.take(None, now).map(|taken| {
                // Whoever removed the place meanwhile would have made room for others.
                let _ = place.insert(taken);
            }),
            EntryResult::Removed(..) | EntryResult::Replaced(..) | EntryResult::Timeout => {
                unreachable!("the entry is kept, and the wait for it has no limit")
            }
        };
        Ok(taken.map_or_else(|no| Verdict::Wait(no.wait), |()| Verdict::Allowed))
    }

    fn give_back(&self, key: &AttemptKey, policy: ThrottlePolicy) -> Result<(), StoreError> {
        // What is not there has been forgotten: dropping its place leaves it so.
        drop(self.keys(key).entry(key, None, |_, full_at| {
            *full_at = policy.give_back(*full_at);
            EntryAction::Retain(())
        }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::testing::limiter_conformance;

    use super::*;

    const POLICY: ThrottlePolicy = ThrottlePolicy { burst: 10, interval: Duration::from_secs(30) };

    fn now() -> Timestamp {
        Timestamp::from_unix_seconds(1000).unwrap()
    }

    fn login(name: &str) -> AttemptKey {
        AttemptKey::of_login(name)
    }

    fn take(limiter: &BoundedLimiter, key: &AttemptKey) -> Verdict {
        limiter.take(key, POLICY, now()).unwrap()
    }

    fn exhaust(limiter: &BoundedLimiter, key: &AttemptKey) {
        while take(limiter, key) == Verdict::Allowed {}
    }

    #[test]
    fn it_conforms_races_included() {
        limiter_conformance::run(&BoundedLimiter::new());
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = BoundedLimiter::new();
        for number in 0..2 * MAXIMUM_KEYS as u32 {
            take(&limiter, &login(&number.to_string()));
            take(&limiter, &AttemptKey::of_address(std::net::Ipv4Addr::from(number).into()));
        }
        for kind in [&limiter.logins, &limiter.addresses] {
            assert!(kind.len() <= MAXIMUM_KEYS, "{}", kind.len());
        }
    }

    #[test]
    fn a_flood_of_names_that_are_tried_once_pushes_no_account_out_that_is_guessed_at() {
        let limiter = BoundedLimiter::new();
        for number in 0..2 * MAXIMUM_KEYS {
            take(&limiter, &login(&format!("before {number}")));
        }
        let ada = login("ada");
        exhaust(&limiter, &ada);
        for number in 0..4 * MAXIMUM_KEYS {
            take(&limiter, &login(&number.to_string()));
        }
        assert_eq!(take(&limiter, &ada), Verdict::Wait(POLICY.interval));
    }

    #[test]
    fn a_flood_of_addresses_pushes_no_account_out_however_often_they_come() {
        let limiter = BoundedLimiter::new();
        let ada = login("ada");
        exhaust(&limiter, &ada);
        for number in 0..2 * MAXIMUM_KEYS as u32 {
            let address = AttemptKey::of_address(std::net::Ipv4Addr::from(number).into());
            take(&limiter, &address);
            take(&limiter, &address);
        }
        assert_eq!(take(&limiter, &ada), Verdict::Wait(POLICY.interval));
    }
    #[test]
    fn a_flood_of_registrations_pushes_no_address_out_that_guesses() {
        let limiter = BoundedLimiter::new();
        let guesser = AttemptKey::of_address(std::net::Ipv4Addr::LOCALHOST.into());
        exhaust(&limiter, &guesser);
        for number in 0..2 * MAXIMUM_KEYS as u32 {
            let address = AttemptKey::of_registration(std::net::Ipv4Addr::from(number).into());
            take(&limiter, &address);
            take(&limiter, &address);
        }
        assert_eq!(take(&limiter, &guesser), Verdict::Wait(POLICY.interval));
    }
}
