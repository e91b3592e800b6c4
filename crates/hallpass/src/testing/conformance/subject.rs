//! A store under test.

#[cfg(doc)]
use crate::session::EndReason;
use crate::session::SessionId;
use crate::store::UserStore;
use crate::testing::MemoryStore;
use crate::time::Timestamp;
use crate::user::UserId;

/// A store, and what the suite needs to do to its rows from outside, as an administrator would.
pub trait Subject: Sync {
    /// Returns the store.
    fn store(&self) -> &dyn UserStore;

    /// Disables the user, by other means than the store's own; returns whether it could: a table
    /// need not have a column for it.
    fn disable(&self, id: &UserId) -> bool;

    /// Returns whether the store keeps a user's scope; without, everybody's is empty.
    fn keeps_scopes(&self) -> bool {
        true
    }

    /// Deletes the user, by other means than the store's own.
    fn delete(&self, id: &UserId);

    /// Returns the store of the same users with one session each, if the store has several and takes
    /// over those of another one.
    fn one_per_user(&self) -> Option<&dyn UserStore> {
        None
    }

    /// Adds sessions of the user, by other means than the store's own, that ended at these times because a
    /// later login took their place ([`EndReason::Superseded`]); returns whether it could. If not, the
    /// checks with ten thousand ended sessions are left out. PostgreSQL has to `ANALYZE` the table then.
    fn add_ended_sessions(&self, _id: &UserId, _ended: &[(SessionId, Timestamp)]) -> bool {
        false
    }

    /// Runs `work` with a store of the same users, and returns how many rows of sessions the database read
    /// for it; `None`, without running it, if that is not counted. hallpass's own tests show how to count
    /// (`tests/system/store/rows_read.rs`).
    fn rows_read(&self, _work: &dyn Fn(&dyn UserStore)) -> Option<u64> {
        None
    }
}

impl Subject for MemoryStore {
    fn store(&self) -> &dyn UserStore {
        self
    }

    fn disable(&self, id: &UserId) -> bool {
        self.edit(id, |user| user.is_disabled = true)
    }

    fn delete(&self, id: &UserId) {
        MemoryStore::delete(self, id);
    }

    fn add_ended_sessions(&self, id: &UserId, ended: &[(SessionId, Timestamp)]) -> bool {
        MemoryStore::add_ended_sessions(self, id, ended)
    }
}
