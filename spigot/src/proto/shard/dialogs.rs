//! Which dialogs exist at our end, and what has to be known of each to judge a request inside it.
//!
//! The invariant: no more than the bound, except that nothing which exists is thrown out to keep it.

use smallvec::SmallVec;
use spigot_parser::Request;
use spigot_parser::header::To;

use crate::proto::key::{ClientKey, DialogKey, KeyMap, ServerKey};

/// A dialog, as the core knows it.
#[derive(Debug, Default)]
pub(crate) struct Leg {
    /// The highest CSeq number of the peer's requests.
    remote_seq: Option<u32>,
    /// Whether a 2xx made it, and not just a provisional response.
    confirmed: bool,
    /// Whether a BYE of the peer's waits for its answer.
    bye: bool,
    /// The INVITE of the peer's that waits for its answer.
    pub(crate) invite: Option<ServerKey>,
    /// The INVITE of ours that waits for its answer.
    ours: Option<ClientKey>,
    /// Our 2xx whose ACK has not come.
    pub(crate) unacknowledged: SmallVec<[ServerKey; 1]>,
    /// What the application has noted for it.
    pub(crate) label: u32,
}

/// A request's place in its dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// It comes after what was seen, or beside it.
    Next,
    /// Something later was seen already.
    Late,
    /// There is no such dialog.
    Unknown,
}

#[derive(Debug)]
pub(crate) struct Dialogs {
    legs: KeyMap<DialogKey, Leg>,
    max: usize,
}

impl Dialogs {
    pub(crate) fn new(max: usize) -> Self {
        Dialogs {
            legs: KeyMap::default(),
            max,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.legs.len()
    }

    #[cfg(test)]
    pub(crate) fn early(&self) -> usize {
        self.legs.values().filter(|leg| !leg.confirmed).count()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.legs.len() >= self.max
    }

    pub(crate) fn contains(&self, key: &DialogKey) -> bool {
        self.legs.contains_key(key)
    }

    pub(crate) fn get_mut(&mut self, key: &DialogKey) -> Option<&mut Leg> {
        self.legs.get_mut(key)
    }

    /// Adds an early dialog unless it is known. `false` if there are too many.
    pub(crate) fn open(&mut self, key: DialogKey, remote_seq: Option<u32>) -> bool {
        if self.contains(&key) {
            return true;
        }
        if self.is_full() {
            return false;
        }
        self.legs.insert(
            key,
            Leg {
                remote_seq,
                ..Leg::default()
            },
        );
        true
    }

    /// A 2xx makes the dialog a lasting one.
    pub(crate) fn confirm(&mut self, key: &DialogKey) {
        if let Some(leg) = self.legs.get_mut(key) {
            leg.confirmed = true;
        }
    }

    /// The dialog is over.
    pub(crate) fn close(&mut self, key: &DialogKey) -> Option<Leg> {
        let leg = self.legs.remove(key);
        if self.legs.is_empty() {
            self.legs.shrink_to(64);
        }
        leg
    }

    /// The dialog is over unless a 2xx made it.
    pub(crate) fn close_early(&mut self, key: &DialogKey) {
        if self.legs.get(key).is_some_and(|leg| !leg.confirmed) {
            self.close(key);
        }
    }

    /// The INVITE came to nothing: the dialog that it would have made is over. One inside a dialog, early or not, leaves it as
    /// it was.
    pub(crate) fn close_unless_inside(&mut self, key: &DialogKey, invite: &Request) {
        if !matches!(To::tag_of(invite.headers()), Ok(Some(_))) {
            self.close_early(key);
        }
    }

    /// What the application has noted for the dialog; 0 for nothing.
    pub(crate) fn label(&self, key: &DialogKey) -> u32 {
        self.legs.get(key).map_or(0, |leg| leg.label)
    }

    /// A BYE arrived. Gives whether it is the only one that waits for an answer.
    pub(crate) fn bye_arrived(&mut self, key: &DialogKey) -> bool {
        self.legs
            .get_mut(key)
            .is_some_and(|leg| !std::mem::replace(&mut leg.bye, true))
    }

    /// A BYE was answered, and did not end the dialog.
    pub(crate) fn bye_failed(&mut self, key: &DialogKey) {
        if let Some(leg) = self.legs.get_mut(key) {
            leg.bye = false;
        }
    }

    /// An INVITE arrived. `false` if another one waits for its answer.
    pub(crate) fn invite_arrived(&mut self, key: &DialogKey, invite: ServerKey) -> bool {
        self.legs
            .get_mut(key)
            .is_none_or(|leg| *leg.invite.get_or_insert(invite) == invite)
    }

    /// An INVITE of ours is under way in the dialog.
    pub(crate) fn invite_sent(&mut self, key: &DialogKey, invite: ClientKey) {
        if let Some(leg) = self.legs.get_mut(key) {
            leg.ours = Some(invite);
        }
    }

    /// The INVITE of ours has its answer, or will get none.
    pub(crate) fn invite_settled(&mut self, key: &DialogKey, invite: &ClientKey) {
        if let Some(leg) = self.legs.get_mut(key).filter(|leg| leg.ours == Some(*invite)) {
            leg.ours = None;
        }
    }

    /// Whether an INVITE of ours is under way in the dialog.
    pub(crate) fn is_inviting(&self, key: &DialogKey) -> bool {
        self.legs.get(key).is_some_and(|leg| leg.ours.is_some())
    }

    /// The INVITE that waited has its answer.
    pub(crate) fn invite_answered(&mut self, key: &DialogKey, invite: &ServerKey) {
        if let Some(leg) = self.legs.get_mut(key).filter(|leg| leg.invite == Some(*invite)) {
            leg.invite = None;
        }
    }

    /// Judges a request by its CSeq number and takes note of it.
    ///
    /// [RFC 3261 §12.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-12.2.2):
    /// > If the remote sequence number was not empty, but the sequence number of the request is lower than
    /// > the remote sequence number, the request is out of order and MUST be rejected with a 500 (Server
    /// > Internal Error) response.
    pub(crate) fn order(&mut self, key: &DialogKey, number: u32) -> Order {
        let Some(leg) = self.legs.get_mut(key) else {
            return Order::Unknown;
        };
        if leg.remote_seq.is_some_and(|last| number < last) {
            return Order::Late;
        }
        leg.remote_seq = Some(number);
        Order::Next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: DialogKey = DialogKey([1; 16]);

    #[test]
    fn a_lower_number_is_late_and_the_same_one_is_not() {
        let mut dialogs = Dialogs::new(1);
        assert_eq!(dialogs.order(&KEY, 1), Order::Unknown);
        dialogs.open(KEY, None);
        let orders = [5, 5, 4, 9, 8].map(|number| dialogs.order(&KEY, number));
        assert_eq!(
            orders,
            [Order::Next, Order::Next, Order::Late, Order::Next, Order::Late]
        );
    }

    #[test]
    fn one_past_the_bound_is_refused_and_what_is_known_is_not() {
        let mut dialogs = Dialogs::new(1);
        assert!(dialogs.open(KEY, None) && dialogs.open(KEY, None));
        assert!(!dialogs.open(DialogKey([2; 16]), None));
        dialogs.close(&KEY);
        assert!(dialogs.open(DialogKey([2; 16]), None));
    }

    #[test]
    fn only_an_early_dialog_goes_with_its_invite() {
        let mut dialogs = Dialogs::new(1);
        dialogs.open(KEY, None);
        dialogs.confirm(&KEY);
        dialogs.close_early(&KEY);
        assert!(dialogs.contains(&KEY));
    }
}
