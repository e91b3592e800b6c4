//! A second implementation of the rules of sessions, against which random sequences of requests to the service
//! are compared.

mod action;
mod composer;
mod flight;
mod ledger;
mod outcome;
mod sequences;
mod terms;
mod trial;
