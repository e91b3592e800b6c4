//! A session as its user sees it in a list of theirs.

use std::net::IpAddr;

use crate::password::PasswordStamp;
use crate::session::SessionId;
use crate::time::Timestamp;

/// One of a user's sessions, without its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSession {
    /// Which it is: the `sid` of its tokens.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed; the time of login before the first refresh. Where a user is shown their
    /// sessions, the time of the request if that was recently: see
    /// [`Service::own_sessions`](crate::service::Service::own_sessions).
    pub last_used_at: Timestamp,
    /// When it ends unless it is refreshed.
    pub expires_at: Timestamp,
    /// The user agent at login.
    pub user_agent: Option<String>,
    /// The client's address at login. Behind a proxy that is not trusted it is the proxy's.
    pub client_address: Option<IpAddr>,
    /// What its user calls the device.
    pub label: Option<String>,
    /// The stamp of the password it was begun with.
    pub password_stamp: Option<PasswordStamp>,
}
