//! One event: what happened, to whom, in which session, from where.

use std::net::IpAddr;

use crate::event::AuthEventKind;
use crate::session::SessionId;
use crate::user::UserId;

/// One outcome. Holds no token, no secret, no password, no hash and no login name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthEvent {
    /// What happened.
    pub kind: AuthEventKind,
    /// To whom, where known.
    pub user_id: Option<UserId>,
    /// In which session, where known.
    pub session_id: Option<SessionId>,
    /// The generation of the presented or started token, where there is one.
    pub generation: Option<u64>,
    /// The client's address, where known. Behind a proxy that is not trusted it is the proxy's.
    pub client_address: Option<IpAddr>,
}
