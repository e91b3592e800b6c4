//! What is looked for, changed and removed in a table of sessions.

use std::ops::RangeInclusive;

use hallpass::{
    EndReason, PasswordStamp, ProvenSession, Rotation, SessionId, SessionsToEnd, Timestamp,
};

use crate::sessions::row::DeadSession;

/// Which session of a user is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// The one with this id.
    Id(&'a SessionId),
    /// The one that is alive and was used last.
    Latest,
}

/// How sessions of a user have come to be over.
#[derive(Clone, Copy, Debug)]
pub enum Over {
    /// They were ended; those first that ended first.
    Ended,
    /// They have expired by then and were not ended; those first that were used least recently.
    Expired(Timestamp),
}

/// What is done to sessions of a user.
#[derive(Clone, Copy, Debug)]
pub enum SessionChange<'a> {
    /// Swaps the hashes, if the user is there and not disabled.
    Rotate(&'a Rotation),
    /// Binds those that are bound to one password to another one.
    Bind {
        /// The stamp of the one.
        from: &'a PasswordStamp,
        /// The stamp of the other.
        to: &'a PasswordStamp,
    },
    /// Binds one session to another password, if its hash is still the one that was verified.
    BindProven(&'a ProvenSession),
    /// Ends one session.
    End(&'a SessionId, EndReason, Timestamp),
    /// Ends these.
    EndSeveral(&'a SessionsToEnd, EndReason, Timestamp),
}

/// Which sessions are removed.
#[derive(Clone, Copy, Debug)]
pub enum Removal<'a, Id> {
    /// These of the user.
    Ids(&'a Id, &'a [String]),
    /// All of the user.
    AllOf(&'a Id),
    /// Those from the first to the last of these, both included.
    Between(&'a DeadSession<Id>, &'a DeadSession<Id>),
    /// All that were over at some time in the span.
    Dead(&'a RangeInclusive<i64>),
}
