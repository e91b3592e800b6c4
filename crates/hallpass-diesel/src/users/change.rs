//! What is looked for and changed in a table of users.

use hallpass::{
    LoginName, PasswordChange, ProvenSession, RefreshTokenHash, Rotation, SessionId, SessionStart,
    SessionsToEnd, Timestamp,
};

/// By what users are found.
#[derive(Clone, Copy, Debug)]
pub enum Find<'a, Id> {
    /// By their id.
    Id(&'a Id),
    /// By their login name.
    Login(&'a LoginName),
}

/// What is done to the row of a user.
#[derive(Clone, Copy, Debug)]
pub enum UserChange<'a> {
    /// Checks the password hash and upgrades it, for a session that is to start elsewhere.
    ConfirmPassword(&'a SessionStart),
    /// Sets the password and ends the session in the row.
    SetPassword(&'a PasswordChange),
    /// Sets the password and binds the session in the row to it, if that is the proven one and its
    /// hash is still the one that was verified.
    SetPasswordInSession(&'a PasswordChange, &'a ProvenSession),
    /// Disables the user and ends the session in the row.
    Disable(Timestamp),
    /// Enables the user.
    Enable(Timestamp),
    /// Ends the session in the row, if any. The row, if there is one, is locked then.
    LogOut,
    /// Deletes the row.
    Delete,
}

/// What is done to the session in the row of a user.
#[derive(Clone, Copy, Debug)]
pub enum InRowChange<'a> {
    /// Starts one, if the password hash is still the one that was verified.
    Start(&'a SessionStart),
    /// Swaps the hashes.
    Rotate(&'a Rotation),
    /// Takes it out of the row, on the conditions of a rotation.
    Take(&'a Rotation),
    /// Replaces its hash by the same one, bound to another password.
    Bind {
        /// The hash that is there.
        from: &'a RefreshTokenHash,
        /// The hash bound to the other password.
        to: &'a RefreshTokenHash,
    },
    /// Ends this one.
    End(&'a SessionId, Timestamp),
    /// Ends it, unless it is the one to be kept.
    EndSeveral(&'a SessionsToEnd, Timestamp),
}
