//! The routes below `{base}`: the table of all (`catalogue`), how they are mounted, and one file for each.

pub(crate) mod catalogue;
pub(crate) mod credentials;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod logout_everywhere;
pub(crate) mod mount;
pub(crate) mod password;
pub(crate) mod reauthenticate;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod reply;
pub(crate) mod sessions;
pub(crate) mod token_body;
