//! The dialogs at our end: one record each, for caller and callee alike.
//!
//! The invariant: there are no more than the bound, and no dialog is thrown out to keep it. The state of a
//! dialog is here and nowhere else.

use std::sync::Arc;

use smallvec::SmallVec;
use spigot_parser::Request;

use crate::flow::Flow;
use crate::proto::dialog::usage::{Session, Usages};
use crate::proto::dialog::{Destination, Dialog};
use crate::proto::digest::Login;
use crate::proto::key::{ClientKey, DialogKey, KeyMap, ServerKey};
use crate::proto::timer::Deadlines;

/// The state of one dialog.
#[derive(Debug)]
pub(crate) struct DialogRecord {
    pub(crate) dialog: Dialog,
    /// The flow that the peer was last heard on.
    pub(crate) flow: Flow,
    /// Whether requests of ours go by the connection of `flow` while it stands, wherever Route and target
    /// lead: the peer has come to us by it, or the caller has named it.
    pub(crate) stays_on_flow: bool,
    pub(crate) usages: Usages,
    /// The label that the application has noted for the dialog.
    pub(crate) label: u32,
    /// Whether our request made the dialog.
    pub(crate) is_caller: bool,
    /// The INVITE of the peer's that waits for its answer.
    pub(crate) their_invite: Option<ServerKey>,
    /// The INVITE of ours that waits for its answer.
    pub(crate) our_invite: Option<ClientKey>,
    /// The INVITE of ours that was sent last, which the caller may have to acknowledge.
    pub(crate) last_invite: Option<ClientKey>,
    /// Whether a BYE of the peer's waits for its answer.
    pub(crate) their_bye: bool,
    /// Our 2xx whose ACK has not come.
    pub(crate) unacknowledged: SmallVec<[ServerKey; 1]>,
    /// Whether the dialog is hung up on as soon as the ACK of our 2xx comes.
    pub(crate) hang_up: bool,
    /// The credentials for challenges to our requests inside the dialog.
    pub(crate) login: Option<Box<Login>>,
    pub(crate) deadlines: Deadlines,
}

impl DialogRecord {
    pub(crate) fn new(dialog: Dialog, flow: Flow) -> DialogRecord {
        DialogRecord {
            dialog,
            flow,
            stays_on_flow: true,
            usages: Usages::default(),
            label: 0,
            is_caller: false,
            their_invite: None,
            our_invite: None,
            last_invite: None,
            their_bye: false,
            unacknowledged: SmallVec::new(),
            hang_up: false,
            login: None,
            deadlines: Deadlines::default(),
        }
    }

    /// Makes the record of a dialog that a request of ours makes.
    pub(crate) fn of_caller(dialog: Dialog, flow: Flow, stays_on_flow: bool) -> DialogRecord {
        let mut record = DialogRecord::new(dialog, flow);
        record.is_caller = true;
        record.stays_on_flow = stays_on_flow;
        record
    }

    /// Says how the next hop of a request inside the dialog is found. Datagrams have no connection to stay
    /// on.
    pub(crate) fn destination(&self) -> Destination {
        let mut destination = self.dialog.destination();
        destination.by_flow |= self.stays_on_flow && self.flow.transport().is_reliable();
        destination
    }

    /// Makes the record of a dialog that an INVITE makes.
    pub(crate) fn of_session(dialog: Dialog, flow: Flow) -> DialogRecord {
        let mut record = DialogRecord::new(dialog, flow);
        record.usages.session = Session::Up;
        record
    }

    /// Returns how many octets of memory the record takes, with its place in the table.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        let entry = size_of::<(DialogKey, Box<DialogRecord>)>();
        let login = self.login.as_ref().map_or(0, |login| login.size());
        entry + size_of::<DialogRecord>() - size_of::<Dialog>()
            + self.dialog.size()
            + self.usages.heap()
            + login
    }
}

/// A request of ours that a NOTIFY may answer before its 2xx does, or beside it.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) request: Arc<Request>,
    /// The flow that the request left by.
    pub(crate) flow: Flow,
    /// Whether the dialogs that the request makes stay on that flow.
    pub(crate) stays_on_flow: bool,
    pub(crate) login: Option<Box<Login>>,
    /// The dialogs that it has made, those that have ended included.
    pub(crate) forks: SmallVec<[DialogKey; 1]>,
    pub(crate) deadlines: Deadlines,
}

#[derive(Debug)]
pub(crate) struct Dialogs {
    records: KeyMap<DialogKey, Box<DialogRecord>>,
    /// The requests that a NOTIFY may answer, by the key of the dialog without the peer's tag.
    pub(crate) expected: KeyMap<DialogKey, Box<Expected>>,
    /// The dialogs that our BYE has ended a moment ago.
    pub(crate) departed: KeyMap<DialogKey, Deadlines>,
    /// How many requests of peers may each make a dialog.
    reserved: usize,
    max: usize,
}

impl Dialogs {
    pub(crate) fn new(max: usize) -> Self {
        Dialogs {
            records: KeyMap::default(),
            expected: KeyMap::default(),
            departed: KeyMap::default(),
            reserved: 0,
            max,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// How many have a session.
    #[cfg(test)]
    pub(crate) fn with_session(&self) -> usize {
        self.records.keys().filter(|key| self.has_session(key)).count()
    }

    /// How many are early or may become so.
    #[cfg(test)]
    pub(crate) fn early(&self) -> usize {
        let records = self.records.values();
        records.filter(|record| record.dialog.is_early()).count() + self.reserved
    }

    pub(crate) fn is_full(&self) -> bool {
        self.records.len() + self.reserved >= self.max
    }

    pub(crate) fn contains(&self, key: &DialogKey) -> bool {
        self.records.contains_key(key)
    }

    pub(crate) fn get(&self, key: &DialogKey) -> Option<&DialogRecord> {
        self.records.get(key).map(|record| &**record)
    }

    pub(crate) fn get_mut(&mut self, key: &DialogKey) -> Option<&mut DialogRecord> {
        self.records.get_mut(key).map(|record| &mut **record)
    }

    /// Reports whether a dialog has a session, and no BYE of ours is under way in it.
    pub(crate) fn has_session(&self, key: &DialogKey) -> bool {
        self.get(key)
            .is_some_and(|record| record.usages.session == Session::Up)
    }

    /// Keeps room for the dialog that a request may make. Returns `false` if there is none.
    pub(crate) fn reserve(&mut self) -> bool {
        let has_room = !self.is_full();
        self.reserved += usize::from(has_room);
        has_room
    }

    /// Gives the room back that was kept for a dialog.
    pub(crate) fn release(&mut self) {
        self.reserved = self.reserved.saturating_sub(1);
    }

    pub(crate) fn insert(&mut self, key: DialogKey, record: DialogRecord) {
        self.records.insert(key, Box::new(record));
    }

    pub(crate) fn remove(&mut self, key: &DialogKey) -> Option<Box<DialogRecord>> {
        let record = self.records.remove(key);
        if self.records.is_empty() {
            self.records.shrink_to(64);
        }
        record
    }

    /// Returns the label that the application has noted for a dialog; 0 for none.
    pub(crate) fn label(&self, key: &DialogKey) -> u32 {
        self.get(key).map_or(0, |record| record.label)
    }

    /// Takes note of a BYE of the peer's. Returns whether it is the only one that waits for an answer.
    pub(crate) fn bye_arrived(&mut self, key: &DialogKey) -> bool {
        self.get_mut(key)
            .is_some_and(|record| !std::mem::replace(&mut record.their_bye, true))
    }

    /// Takes note of an INVITE of the peer's. Returns `false` if another one waits for its answer.
    pub(crate) fn invite_arrived(&mut self, key: &DialogKey, invite: ServerKey) -> bool {
        self.get_mut(key)
            .is_none_or(|record| *record.their_invite.get_or_insert(invite) == invite)
    }

    /// Takes note that an INVITE of the peer's has its answer.
    pub(crate) fn invite_answered(&mut self, key: &DialogKey, invite: &ServerKey) {
        let record = self.get_mut(key);
        if let Some(record) = record.filter(|record| record.their_invite == Some(*invite)) {
            record.their_invite = None;
        }
    }

    /// Takes note that an INVITE of ours has its answer, or will get none.
    pub(crate) fn invite_settled(&mut self, key: &DialogKey, invite: &ClientKey) {
        let record = self.get_mut(key);
        if let Some(record) = record.filter(|record| record.our_invite == Some(*invite)) {
            record.our_invite = None;
        }
    }

    /// Returns how many octets of memory the records take.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.records.values().map(|record| record.size()).sum()
    }
}
