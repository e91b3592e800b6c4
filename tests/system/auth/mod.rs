//! The routes below `/auth`, a file for each.

mod login;
mod logout;
mod reauthenticate;
mod refresh;
mod register;
mod wire;
