//! Permits to run bcrypt: all that a use case waits for.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

/// The queue in which a use case waits for a permit to hash. Refreshes have a queue of their own: a storm of
/// logins must not log users out by delaying them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashLane {
    /// Logins, registrations, re-authentications and new passwords.
    Password,
    /// Refreshes.
    RefreshToken,
}

/// The permission to run bcrypt until it is dropped.
pub struct HashPermit(#[expect(dead_code, reason = "held for its drop")] Box<dyn Any + Send>);

impl HashPermit {
    /// Returns a permit that drops `held` when it is given back: a semaphore's permit, for example.
    pub fn holding(held: impl Any + Send) -> Self {
        Self(Box::new(held))
    }
}

impl fmt::Debug for HashPermit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HashPermit")
    }
}

/// Where a use case asks for a permit, and where its runner leaves one.
#[derive(Clone, Default)]
pub(crate) struct Permits(Arc<Mutex<Slot>>);

#[derive(Default)]
enum Slot {
    #[default]
    Empty,
    Wanted(HashLane),
    Granted(HashPermit),
}

impl Permits {
    /// Waits for a permit of the lane.
    ///
    /// Hash, and drop the permit before the store or the application's code is called: others wait for it.
    pub(crate) async fn enter(&self, lane: HashLane) -> HashPermit {
        *self.slot() = Slot::Wanted(lane);
        poll_fn(|_| self.take_granted().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Returns the lane that a use case waits in.
    pub(super) fn wanted(&self) -> Option<HashLane> {
        match *self.slot() {
            Slot::Wanted(lane) => Some(lane),
            Slot::Empty | Slot::Granted(_) => None,
        }
    }

    /// Leaves a permit for the use case that waits for it.
    pub(super) fn grant(&self, permit: HashPermit) {
        *self.slot() = Slot::Granted(permit);
    }

    fn take_granted(&self) -> Option<HashPermit> {
        let mut slot = self.slot();
        match std::mem::take(&mut *slot) {
            Slot::Granted(permit) => Some(permit),
            wanted @ (Slot::Empty | Slot::Wanted(_)) => {
                *slot = wanted;
                None
            }
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
