//! Use cases about sessions: from login to logout, and what is shown of them.

pub(crate) mod cleanup;
pub(crate) mod live_session;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod own_sessions;
pub(crate) mod reauthenticate;
pub(crate) mod refresh;

pub use login::{LoginAnswer, LoginError};
pub use own_sessions::{OwnSessions, OwnSessionsError};
pub use reauthenticate::{FreshAccess, ReauthenticateError};
pub use refresh::RefreshError;
