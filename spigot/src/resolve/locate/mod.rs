//! Which servers a request goes to, by RFC 3263, without asking anybody: a [`Search`] says what is to be
//! looked up, is told what was found, and gives targets, best first.
//!
//! Invariant: nothing here waits, reads a clock or throws dice; random numbers are handed in.

mod local_transports;
mod next_hop;
mod order;
mod search;

pub(crate) use local_transports::LocalTransports;
pub(crate) use next_hop::NextHop;
pub(crate) use search::{Answer, Question, Search, Step, Target};
