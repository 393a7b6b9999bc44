//! The table of client transactions.
//!
//! The invariant: an INVITE keeps itself until its transaction ends, for the ACKs, the CANCEL and the dialogs
//! that are made from it; any other request until it is answered.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use smallvec::SmallVec;
use spigot_parser::{Essentials, HeaderName, Request, StatusCode};

use crate::flow::{ConnectionId, Flow};
use crate::proto::dialog::{Destination, Dialog};
use crate::proto::invitation;
use crate::proto::key::{ClientKey, DialogKey, KeyMap};
use crate::proto::output::Attempt;
use crate::proto::role::Role;
use crate::proto::timer::{Deadlines, Timer};
use crate::proto::transaction::{Actions, Setting, client_invite, client_non_invite};

#[derive(Debug, Default)]
pub(in crate::proto::shard) struct ClientTable {
    pub(super) entries: KeyMap<ClientKey, Box<ClientEntry>>,
    /// The transactions on each connection.
    connections: BTreeSet<(ConnectionId, ClientKey)>,
}

/// One transaction.
#[derive(Debug)]
pub(super) struct ClientEntry {
    pub(super) flow: Flow,
    /// How the next hop of the request was found.
    pub(super) destination: Destination,
    /// How many Vias the request has: that of this element, and those of all whom it came through.
    pub(super) vias: usize,
    pub(super) machine: ClientMachine,
    pub(super) deadlines: Deadlines,
    /// When the request left for the first time.
    pub(super) left_at: Instant,
    /// When an INVITE is cancelled because its Expires is over.
    pub(super) expires: Option<Instant>,
    /// The message that goes out again: the request, or the ACK for the failure.
    pub(super) sent: Bytes,
    pub(super) request: Option<Arc<Request>>,
    /// Whether anything was answered.
    pub(super) heard: bool,
    /// Whether the application knows of the request. It does not know of a CANCEL, nor of what the core sends
    /// by itself.
    pub(super) told: bool,
    pub(super) role: Role,
    /// The dialog that the request is in.
    pub(super) dialog: Option<DialogKey>,
    /// Whether the request may have begun a subscription in its dialog.
    pub(super) begins_usage: bool,
    pub(super) attempt: Attempt,
    /// Whether the core acknowledges the 2xx that the caller gets. Otherwise the caller does.
    pub(super) acknowledge: bool,
    /// How far an INVITE is, as its caller sees it.
    pub(super) invitation: invitation::State,
    /// The dialogs that responses to an INVITE belong to.
    pub(super) forks: SmallVec<[Fork; 1]>,
    /// The dialog that the caller has.
    pub(super) answer: Option<DialogKey>,
}

/// One branch of an INVITE that has answered.
#[derive(Debug)]
pub(super) struct Fork {
    pub(super) dialog: DialogKey,
    /// Whether there was room for the dialog of the branch.
    pub(super) has_dialog: bool,
    /// Whether nobody can have the dialog of the branch, because the Contact of its 2xx cannot be read.
    pub(super) is_unusable: bool,
    /// Whether the 2xx of the branch has come.
    pub(super) answered: bool,
    /// The early dialog of the branch as a failure has ended it, without a BYE.
    pub(super) ended: Option<Box<Dialog>>,
    /// The ACK for the 2xx of the branch.
    pub(super) ack: Ack,
}

/// How far the ACK of a branch is.
#[derive(Clone, Debug)]
pub(super) enum Ack {
    /// Nobody has asked for it.
    None,
    /// The ACK leaves as soon as its flow is found.
    Leaving,
    /// There was no flow for it: it is tried again when the 2xx comes again.
    Stuck(Box<Request>, Destination),
    /// The ACK was sent, and goes out again each time the 2xx comes.
    Sent(Flow, Bytes),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum ClientMachine {
    Invite(client_invite::State),
    NonInvite(client_non_invite::State),
}

/// An input of either machine.
#[derive(Clone, Copy)]
pub(super) enum ClientEvent {
    Response(StatusCode),
    Cancel,
    TransportError,
    Timer(Timer),
}

impl ClientMachine {
    pub(super) fn step(self, event: ClientEvent, setting: Setting<'_>) -> (ClientMachine, Actions) {
        match self {
            ClientMachine::Invite(state) => {
                use client_invite::Input;
                let input = match event {
                    ClientEvent::Response(StatusCode::TRYING) => Input::Trying,
                    ClientEvent::Response(status) if status.is_provisional() => Input::Provisional,
                    ClientEvent::Response(status) if status.is_success() => Input::Success,
                    ClientEvent::Response(_) => Input::Failure,
                    ClientEvent::Cancel => Input::Cancel,
                    ClientEvent::TransportError => Input::TransportError,
                    ClientEvent::Timer(timer) => Input::Timer(timer),
                };
                let (state, actions) = client_invite::step(state, input, setting);
                (ClientMachine::Invite(state), actions)
            }
            ClientMachine::NonInvite(state) => {
                use client_non_invite::Input;
                let input = match event {
                    ClientEvent::Response(status) if status.is_provisional() => Input::Provisional,
                    ClientEvent::Response(_) => Input::Final,
                    // RFC 3261 §9.1: "CANCEL request SHOULD NOT be sent to cancel a request other than
                    // INVITE".
                    ClientEvent::Cancel => return (self, Actions::new()),
                    ClientEvent::TransportError => Input::TransportError,
                    ClientEvent::Timer(timer) => Input::Timer(timer),
                };
                let (state, actions) = client_non_invite::step(state, input, setting);
                (ClientMachine::NonInvite(state), actions)
            }
        }
    }

    pub(super) fn is_terminated(self) -> bool {
        matches!(
            self,
            ClientMachine::Invite(client_invite::State::Terminated)
                | ClientMachine::NonInvite(client_non_invite::State::Terminated)
        )
    }

    pub(super) fn is_answered(self) -> bool {
        use client_invite::State::{Accepted, Completed};
        matches!(
            self,
            ClientMachine::Invite(Accepted | Completed)
                | ClientMachine::NonInvite(client_non_invite::State::Completed)
        ) || self.is_terminated()
    }
}

impl ClientTable {
    pub(in crate::proto::shard) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Reports whether no index has anything that the table does not have.
    #[cfg(test)]
    pub(in crate::proto::shard) fn is_clean(&self) -> bool {
        self.connections.len() <= self.entries.len()
    }

    pub(super) fn insert(&mut self, key: ClientKey, entry: ClientEntry) {
        if let Some(connection) = entry.flow.connection() {
            self.connections.insert((connection, key));
        }
        self.entries.insert(key, Box::new(entry));
    }

    pub(super) fn remove(&mut self, key: &ClientKey) -> Option<Box<ClientEntry>> {
        let entry = self.entries.remove(key)?;
        if let Some(connection) = entry.flow.connection() {
            self.connections.remove(&(connection, *key));
        }
        if self.entries.is_empty() {
            self.entries.shrink_to(64);
        }
        Some(entry)
    }

    /// Returns every transaction on a flow, in the order of their keys.
    pub(super) fn on(&self, flow: &Flow) -> Vec<ClientKey> {
        if let Some(connection) = flow.connection() {
            let all = (connection, ClientKey([0; 16]))..=(connection, ClientKey([255; 16]));
            return self.connections.range(all).map(|&(_, key)| key).collect();
        }
        let on_flow = self.entries.iter().filter(|(_, entry)| entry.flow == *flow);
        let mut keys: Vec<_> = on_flow.map(|(&key, _)| key).collect();
        keys.sort_unstable();
        keys
    }
}

impl ClientEntry {
    /// Reports whether a response with the branch and the method of the request can be one to it. After its
    /// answer a request that is no INVITE has no text to compare with, and its responses mean nothing.
    pub(super) fn is_answered_by(&self, essentials: &Essentials) -> bool {
        let request = self.request.as_deref();
        let asked = request.map(|request| request.headers().get(&HeaderName::CALL_ID));
        essentials.vias() <= self.vias && asked.is_none_or(|asked| asked == Some(essentials.call_id()))
    }

    /// Reports whether whoever waits for an INVITE has heard of no end, though a branch has answered 2xx:
    /// behind a BYE.
    pub(super) fn is_unheard(&self) -> bool {
        self.role == Role::Us
            && self.invitation == invitation::State::Calling
            && self.forks.iter().any(|fork| fork.answered)
    }

    /// Reports whether this is an INVITE of ours to which nothing was answered, and whose caller waits.
    pub(super) fn is_unanswered_call(&self) -> bool {
        self.role == Role::Us
            && !self.heard
            && self.invitation == invitation::State::Calling
            && matches!(
                self.machine,
                ClientMachine::Invite(client_invite::State::Calling { .. })
            )
    }

    /// Returns the branch of an INVITE that has this dialog.
    pub(super) fn fork_mut(&mut self, dialog: &DialogKey) -> Option<&mut Fork> {
        self.forks.iter_mut().find(|fork| fork.dialog == *dialog)
    }
}
