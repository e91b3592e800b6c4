//! A second implementation of the rules of sessions, against which random sequences of requests to the service
//! are compared.
//!
//! Making and shrinking the sequences is written by hand, in the 127 lines of `sequences.rs`. With
//! `proptest` 1.12, the file has 126 lines and shrinks as well, the run takes 17 % longer, and the
//! tests depend on eight more crates. `proptest-state-machine` 0.9 takes 20 % longer and needs more
//! lines: it makes a whole sequence before it runs one. The ledger then has to be cloned for each
//! action and to do races without the service, and each action has to say what it needs.

mod action;
mod composer;
mod flight;
mod ledger;
mod outcome;
mod sequences;
mod terms;
mod trial;
