//! The tables that hallpass brings, as every connection that it knows reaches them.

use crate::attempts::statements::AttemptStatements;
use crate::users::statements::UserStatements;

/// A connection over which hallpass's own tables are reached. Implemented beside their declaration,
/// for each kind of database, so that any pool can hold users in them.
pub trait OwnTables: AttemptStatements + Sized + 'static {
    /// The table of users, and that of sessions beside it.
    type Users: UserStatements<Self> + 'static;
}
