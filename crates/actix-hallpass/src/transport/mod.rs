//! How credentials travel: what a request presents, one file for each way of travelling, and the challenge
//! that answers the same way.

pub(crate) mod authenticate;
pub(crate) mod bearer;
pub(crate) mod challenge;
pub(crate) mod presented;
