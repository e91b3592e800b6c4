//! A session: one login and the refresh tokens that descend from it. `rotation` decides what a refresh token is
//! worth.
//!
//! Knows no store: the use cases load a session and write what is decided here.

pub(crate) mod device;
pub(crate) mod device_session;
pub(crate) mod end_reason;
pub(crate) mod hasher;
pub(crate) mod id;
pub(crate) mod list;
pub(crate) mod policy;
pub(crate) mod refresh_hash;
pub(crate) mod rotation;
pub(crate) mod session;
pub(crate) mod sessions;

pub use device::Device;
pub use device_session::DeviceSession;
pub use end_reason::EndReason;
pub use id::{NotASessionId, SessionId};
pub use policy::SessionPolicy;
pub use refresh_hash::RefreshTokenHash;
pub use rotation::RefreshRefusal;
pub use session::Session;
pub use sessions::Sessions;
