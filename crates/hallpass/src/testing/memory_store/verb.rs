//! The verbs of a store, for hooks in front of them.

#[cfg(doc)]
use crate::store::UserStore;

/// A verb of [`UserStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verb {
    /// [`UserStore::load`] and [`UserStore::load_in_session`].
    Load,
    /// [`UserStore::load_by_login`].
    LoadByLogin,
    /// [`UserStore::create`].
    Create,
    /// [`UserStore::start_session`].
    StartSession,
    /// [`UserStore::rotate`].
    Rotate,
    /// [`UserStore::end_session`].
    EndSession,
    /// [`UserStore::end_sessions`].
    EndSessions,
    /// [`UserStore::set_password`].
    SetPassword,
    /// [`UserStore::disable`].
    Disable,
    /// [`UserStore::enable`].
    Enable,
    /// [`UserStore::delete`].
    Delete,
    /// [`UserStore::list_sessions`].
    ListSessions,
    /// [`UserStore::remove_dead_sessions`].
    RemoveDeadSessions,
}
