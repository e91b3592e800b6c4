//! A suite that any [`UserStore`] must pass before it is put in front of accounts.
//!
//! Each check adds users of its own, so the suite may run on a store that holds others, and
//! twice on one store. The races use threads of their own: give the store real connections.

mod account;
mod devices;
mod ended_sessions;
mod moves;
mod races;
mod subject;
mod verbs;

pub use subject::Subject;

use crate::session::Sessions;
#[cfg(doc)]
use crate::store::UserStore;

/// Runs every check.
///
/// # Panics
/// At the first verb that does not do what [`UserStore`] says.
pub fn run(subject: &dyn Subject) {
    verbs::run(subject);
    races::run(subject);
    if let Sessions::PerDevice { max } = subject.store().sessions() {
        devices::run(subject, max);
        moves::run(subject, max);
        ended_sessions::run(subject, max);
    }
}
