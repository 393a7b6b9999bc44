//! Requests of ours: who waits for them, how they go on, and the requests that the core itself wants sent.
//!
//! Nothing here depends on anybody's waiting: a request goes from server to server, and a challenge is
//! answered, whether or not its caller polls.

mod own_parts;
mod pending;
mod responses;
mod retarget;
mod unsent;

pub(crate) use self::own_parts::{ContactKind, Forwarded, OwnParts, RequestDraft};
pub(crate) use self::pending::{ClientEvent, NewRequest, Outcome, Pending};
pub(crate) use self::retarget::NotSent;
