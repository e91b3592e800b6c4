//! Who remembers something of live sessions, and has to forget it.

use crate::user::UserId;

/// Is told whose sessions the service has changed: started, ended, or bound to another password; and
/// whose user was disabled, enabled or deleted. Not of rotations: they end no session.
pub trait SessionWatcher: Send + Sync {
    /// Called after each change, also after one that failed: it may have been done all the same. What was
    /// looked up before this call may be older than the change. Called with no connection held; it must
    /// not block.
    fn sessions_changed(&self, user_id: &UserId);
}
