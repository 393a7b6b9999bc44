//! A request of ours that waits for its answer, as its lane keeps it.
//!
//! Invariant: the caller gets one final response, and the final one always finds room.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::proto::Failure;
use crate::sip::{Request, Response};

/// What the waiting side hears.
#[derive(Debug)]
pub(crate) enum Event {
    Response(Response),
    Failed(Failure),
}

/// Provisional responses stop being queued when only this much room is left, so that the final one fits.
pub(super) const RESERVED: usize = 4;
/// Events that a caller may leave unread.
pub(crate) const QUEUE: usize = 32;

/// The To tags that are told apart. A fork with more branches is hung up on all the same, again whenever their
/// 2xx come again.
const BRANCHES: usize = 16;

/// A client transaction that somebody waits for.
#[derive(Clone, Debug)]
pub(crate) struct Outstanding {
    pub(super) events: mpsc::Sender<Event>,
    pub(super) request: Arc<Request>,
    /// Whether the endpoint sends the ACK for the 2xx that the caller gets; otherwise the caller does.
    pub(super) acknowledge: bool,
    /// The To tags of the 2xx that have come; the caller gets the first.
    branches: Vec<String>,
    /// Whether the caller has got it.
    taken: bool,
}

/// What a 2xx is to its INVITE.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Success {
    /// The one that the caller gets.
    First,
    /// One that the caller has got came again.
    Again,
    /// Of a branch that nobody wants.
    Unwanted,
    /// That one again.
    UnwantedAgain,
}

impl Outstanding {
    pub(crate) fn new(events: mpsc::Sender<Event>, request: Arc<Request>, acknowledge: bool) -> Self {
        Outstanding {
            events,
            request,
            acknowledge,
            branches: Vec::new(),
            taken: true,
        }
    }

    /// Takes note of a 2xx with this To tag.
    pub(super) fn note(&mut self, tag: &str) -> Success {
        match self.branches.iter().position(|known| known == tag) {
            Some(0) if self.taken => Success::Again,
            Some(_) => Success::UnwantedAgain,
            None if self.branches.len() >= BRANCHES => Success::Unwanted,
            None => {
                self.branches.push(tag.to_owned());
                if self.branches.len() == 1 {
                    Success::First
                } else {
                    Success::Unwanted
                }
            }
        }
    }

    /// Gives the first 2xx to the caller; whether there still is one.
    pub(super) fn deliver(&mut self, response: Response) -> bool {
        self.taken = self.events.try_send(Event::Response(response)).is_ok();
        self.taken
    }
}
