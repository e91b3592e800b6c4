//! Extractors: what a handler takes as an argument.

pub(crate) mod auth_user;
pub(crate) mod identify;
pub(crate) mod require_recent;
pub(crate) mod require_scope;
pub(crate) mod require_user;

pub use auth_user::{AuthUser, MaybeAuthUser, NoClaims};
pub use require_recent::RequireRecent;
pub use require_scope::{RequireScope, RequiredScope};
