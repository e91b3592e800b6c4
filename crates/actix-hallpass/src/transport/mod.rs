//! How credentials travel in a request.

pub(crate) mod authenticate;
pub(crate) mod bearer;
