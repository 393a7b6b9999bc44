//! What waits to be written on a connection.
//!
//! Invariant: the queue holds at most its bound in octets, all queues of a listener together at most theirs,
//! and octets leave in the order they were queued.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use spigot_parser::Bytes;

/// The most messages of one system call.
const SLICES: usize = 64;

/// The octets that the queues of a listener may hold together.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicUsize,
}

impl Budget {
    pub(super) fn new(octets: usize) -> Arc<Self> {
        Arc::new(Budget {
            left: AtomicUsize::new(octets),
        })
    }

    fn take(&self, octets: usize) -> bool {
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(octets)
            })
            .is_ok()
    }

    fn give(&self, octets: usize) {
        self.left.fetch_add(octets, Ordering::Relaxed);
    }
}

/// The queue of one connection.
#[derive(Debug)]
pub(super) struct WriteQueue {
    /// What waits, each with whether it is a message. The first may have been written in part, and is then
    /// cut.
    queue: VecDeque<(Bytes, bool)>,
    octets: usize,
    bound: usize,
    budget: Arc<Budget>,
}

/// The queue, or all of them together, are at their bound.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// What [`WriteQueue::write`] wrote.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) messages: u64,
    pub(super) octets: u64,
}

impl WriteQueue {
    pub(super) fn new(bound: usize, budget: Arc<Budget>) -> Self {
        WriteQueue {
            queue: VecDeque::new(),
            octets: 0,
            bound,
            budget,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Queues a message, or what is left of one. An empty one is not queued: a writer that takes nothing of
    /// it would look broken.
    pub(super) fn push(&mut self, message: Bytes) -> Result<(), Full> {
        self.queue_up(message, true)
    }

    /// Queues octets that are no message.
    pub(super) fn push_control(&mut self, octets: Bytes) -> Result<(), Full> {
        self.queue_up(octets, false)
    }

    fn queue_up(&mut self, octets: Bytes, is_message: bool) -> Result<(), Full> {
        let length = octets.len();
        if length == 0 {
            return Ok(());
        }
        if self.octets + length > self.bound || !self.budget.take(length) {
            return Err(Full);
        }
        self.octets += length;
        self.queue.push_back((octets, is_message));
        Ok(())
    }

    /// Writes until nothing is left or the writer takes no more (`WouldBlock`).
    ///
    /// # Errors
    ///
    /// The writer's, other than `WouldBlock`. What was written before it stays counted in `written`.
    pub(super) fn write(
        &mut self,
        written: &mut Written,
        mut writer: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<()> {
        while !self.queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = self.queue.len().min(SLICES);
            for (slice, (message, _)) in slices.iter_mut().zip(&self.queue) {
                *slice = IoSlice::new(message);
            }
            match writer(&slices[..count]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(octets) => self.advance(octets, written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Drops what is queued.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.budget.give(self.octets);
        self.octets = 0;
    }

    fn advance(&mut self, octets: usize, written: &mut Written) {
        self.octets -= octets;
        self.budget.give(octets);
        written.octets += octets as u64;
        let mut left = octets;
        while left > 0 {
            let Some((first, is_message)) = self.queue.front_mut() else {
                return;
            };
            if first.len() > left {
                // A slice, not a copy: the message's memory is kept until its end has left.
                *first = first.slice(left..);
                return;
            }
            left -= first.len();
            written.messages += u64::from(*is_message);
            self.queue.pop_front();
        }
    }
}

impl Drop for WriteQueue {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(length: usize) -> Bytes {
        Bytes::from(vec![b'x'; length])
    }

    #[test]
    fn a_queue_takes_its_bound_and_not_one_octet_more() {
        let mut outbox = WriteQueue::new(10, Budget::new(100));
        assert_eq!(outbox.push(octets(10)), Ok(()));
        assert_eq!(outbox.push(octets(1)), Err(Full));
        outbox.clear();
        assert_eq!(outbox.push(octets(11)), Err(Full));
        assert_eq!(outbox.push(octets(10)), Ok(()));
    }

    #[test]
    fn queues_together_take_their_budget_and_give_it_back() {
        let budget = Budget::new(15);
        let mut one = WriteQueue::new(10, Arc::clone(&budget));
        let mut other = WriteQueue::new(10, Arc::clone(&budget));
        assert_eq!(one.push(octets(10)), Ok(()));
        assert_eq!(other.push(octets(6)), Err(Full));
        assert_eq!(other.push(octets(5)), Ok(()));
        drop((one, other));
        assert_eq!(budget.left.load(Ordering::Relaxed), 15);
    }

    #[test]
    fn a_writer_that_takes_three_octets_at_a_time_gets_them_all_in_order() {
        let mut outbox = WriteQueue::new(100, Budget::new(100));
        for message in ["abcd", "e", "fghij"] {
            outbox.push(Bytes::from_static(message.as_bytes())).unwrap();
        }
        let (mut got, mut written, mut calls) = (Vec::new(), Written::default(), 0);
        let mut take = |slices: &[IoSlice<'_>]| {
            calls += 1;
            if calls % 2 == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let all: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
            let count = all.len().min(3);
            got.extend_from_slice(&all[..count]);
            Ok(count)
        };
        while !outbox.is_empty() {
            outbox.write(&mut written, &mut take).unwrap();
        }
        assert_eq!(got, b"abcdefghij");
        assert_eq!(
            written,
            Written {
                messages: 3,
                octets: 10
            }
        );
        assert_eq!(outbox.octets, 0);
    }
}
