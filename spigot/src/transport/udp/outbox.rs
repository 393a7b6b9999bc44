//! What waits to leave a UDP socket.
//!
//! Two queues: what the read turn has gathered, which leaves at its end, and the backlog, which the socket
//! did not take. Invariant: the backlog holds at most its bound in octets, and is flushed in order.

use std::collections::VecDeque;

use super::batch::Datagram;

/// The queues of one socket.
#[derive(Debug)]
pub(super) struct Outbox {
    gathered: Vec<Datagram>,
    backlog: VecDeque<Datagram>,
    backlog_bytes: usize,
    bound: usize,
}

impl Outbox {
    /// Empty queues, of which the backlog takes at most `bound` octets.
    pub(super) fn new(bound: usize) -> Self {
        Outbox {
            gathered: Vec::new(),
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            bound,
        }
    }

    /// Gathers a datagram; how many are gathered now.
    pub(super) fn gather(&mut self, datagram: Datagram) -> usize {
        self.gathered.push(datagram);
        self.gathered.len()
    }

    /// Takes the datagrams that were gathered.
    pub(super) fn take_gathered(&mut self) -> Vec<Datagram> {
        std::mem::take(&mut self.gathered)
    }

    /// Gives a vector back, to gather into it again.
    pub(super) fn give_back(&mut self, mut empty: Vec<Datagram>) {
        if self.gathered.capacity() == 0 {
            empty.clear();
            self.gathered = empty;
        }
    }

    /// Puts a datagram behind the backlog, or refuses it past the bound.
    pub(super) fn queue(&mut self, datagram: Datagram) -> Result<(), Full> {
        let bytes = self.backlog_bytes + datagram.bytes.len();
        if bytes > self.bound {
            return Err(Full);
        }
        self.backlog_bytes = bytes;
        self.backlog.push_back(datagram);
        Ok(())
    }

    /// Whether something waits for the socket.
    pub(super) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// The backlog, in order, to be sent from; see [`sent`](Self::sent).
    pub(super) fn backlog(&mut self) -> &[Datagram] {
        self.backlog.make_contiguous()
    }

    /// Drops the first `count` datagrams of the backlog, which were dealt with.
    pub(super) fn sent(&mut self, count: usize) {
        for datagram in self.backlog.drain(..count.min(self.backlog.len())) {
            self.backlog_bytes -= datagram.bytes.len();
        }
    }
}

/// The backlog is at its bound.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

#[cfg(test)]
mod tests {
    use spigot_parser::Bytes;

    use super::*;

    fn datagram(length: usize) -> Datagram {
        Datagram {
            peer: ([127, 0, 0, 1], 5060).into(),
            source: None,
            bytes: Bytes::from(vec![b'x'; length]),
        }
    }

    #[test]
    fn the_backlog_takes_its_bound_and_not_one_octet_more() {
        let mut outbox = Outbox::new(100);
        assert_eq!(outbox.queue(datagram(60)), Ok(()));
        assert_eq!(outbox.queue(datagram(41)), Err(Full));
        assert_eq!(outbox.queue(datagram(40)), Ok(()));
        assert_eq!(outbox.queue(datagram(1)), Err(Full));

        assert_eq!(outbox.backlog().len(), 2);
        outbox.sent(1);
        assert_eq!(outbox.queue(datagram(60)), Ok(()));
        outbox.sent(2);
        assert!(!outbox.has_backlog());
        assert_eq!(outbox.backlog_bytes, 0);
    }
}
