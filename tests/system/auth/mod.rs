//! The routes below `/auth`, a file for each.

mod catalogue;
mod login;
mod logout;
mod password;
mod reauthenticate;
mod refresh;
mod register;
mod sessions;
mod wire;
