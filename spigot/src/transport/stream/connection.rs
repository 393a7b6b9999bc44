//! One connection, as those see it who send on it.
//!
//! Sending writes straight from the sender's task when nothing is queued; what the socket does not take is
//! queued, and the connection's task (`reader`) writes it when the socket takes more. Invariant: once
//! `closed` is set the queue is empty and stays so, and the first reason stands.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use spigot_parser::Bytes;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::admission::Permit;
use super::close_reason::CloseReason;
use super::codec::{Codec, CodecError, Decoded};
use super::write_queue::{WriteQueue, Written};
use crate::Identity;
use crate::flow::{ConnectionId, Flow};
use crate::transport::SendError;
use crate::transport::counters::TransportTally;
use crate::transport::turn::{Turn, TurnId};

/// A connection of a listener, accepted or opened.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) flow: Flow,
    pub(super) turn: TurnId,
    pub(super) stream: TcpStream,
    /// Wakes the task, for a queue or an end.
    pub(super) wake: Notify,
    /// Wakes who waits for the handshakes: they are done, or will not be.
    opened: Notify,
    identity: OnceLock<Option<Identity>>,
    /// Whether the peer was asked for a sign of life and has given none since.
    asked: AtomicBool,
    /// Whether what travels is coded: TLS, WebSocket, or both.
    pub(super) is_coded: bool,
    /// Whether the peer opened it.
    pub(super) is_accepted: bool,
    outgoing: Mutex<QueuedMessage>,
}

#[derive(Debug)]
struct QueuedMessage {
    queue: WriteQueue,
    codec: Codec,
    /// The place among the handshakes under way.
    handshake: Option<Permit>,
    /// What the peer did wrong in TLS or WebSocket.
    broken: Option<CodecError>,
    sent: Instant,
    /// Until when a registration lives on the connection.
    registered_until: Option<Instant>,
    /// The peer sends no more, and still takes what it is owed.
    half_closed: bool,
    /// Set once the connection is to end. It still takes messages until what is queued has left.
    ending: Option<CloseReason>,
    /// Whether the peer was told, behind what is queued, that nothing more is sent.
    parted: bool,
    /// Set once the connection takes no more messages.
    closed: Option<CloseReason>,
}

/// What the connection's task asks before it waits.
pub(super) struct ConnectionStatus {
    /// Why the connection ends, if it does.
    pub(super) end: Option<CloseReason>,
    pub(super) queued: bool,
    /// Whether the handshakes are done.
    pub(super) ready: bool,
    /// When something was last sent.
    pub(super) sent: Instant,
    /// Until when a registration lives on the connection.
    pub(super) registered_until: Option<Instant>,
}

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        flow: Flow,
        stream: TcpStream,
        queue: WriteQueue,
        codec: Codec,
        handshake: Option<Permit>,
    ) -> Self {
        let is_coded = !codec.is_plain();
        let outgoing = QueuedMessage {
            queue,
            codec,
            handshake,
            broken: None,
            sent: Instant::now(),
            registered_until: None,
            half_closed: false,
            ending: None,
            parted: false,
            closed: None,
        };
        Connection {
            id,
            flow,
            turn: TurnId::unique(),
            stream,
            wake: Notify::new(),
            opened: Notify::new(),
            identity: OnceLock::new(),
            asked: AtomicBool::new(false),
            is_coded,
            is_accepted: false,
            outgoing: Mutex::new(outgoing),
        }
    }

    /// Writes a message, gathers it in this connection's turn, or queues what the socket does not take.
    pub(super) fn send(&self, message: Bytes, tally: &TransportTally) -> Result<(), SendError> {
        let mut outgoing = self.outgoing();
        if outgoing.closed.is_some() || outgoing.parted {
            return Err(SendError::Closed);
        }
        outgoing.sent = Instant::now();
        let gathering = Turn::is_of(self.turn);
        let mut rest = if self.is_coded {
            let mut wire = Vec::with_capacity(message.len() + 64);
            if let Err(error) = outgoing.codec.encode(&message, &mut wire) {
                tracing::debug!(flow = %self.flow, %error, "a message cannot be encoded");
                self.end(&mut outgoing, CloseReason::Broken);
                return Err(SendError::Closed);
            }
            Bytes::from(wire)
        } else {
            message
        };
        if !gathering && outgoing.queue.is_empty() {
            match self.stream.try_write(&rest) {
                Ok(octets) => {
                    tally.sent_bytes.add(octets as u64);
                    rest = rest.slice(octets..);
                    if rest.is_empty() {
                        tally.sent.add(1);
                        if outgoing.half_closed {
                            self.wake.notify_one(); // it may have been the last
                        }
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    self.broke(&mut outgoing, &error);
                    return Err(SendError::Closed);
                }
            }
        }
        let mut pushed = outgoing.queue.push(rest.clone());
        if pushed.is_err() && gathering {
            // The turn has gathered much; that the socket has not taken it is not known before it is tried.
            self.write(&mut outgoing, tally);
            if outgoing.closed.is_some() {
                return Err(SendError::Closed);
            }
            pushed = outgoing.queue.push(rest);
        }
        if pushed.is_err() {
            tally.refused_sends.add(1);
            self.end(&mut outgoing, CloseReason::Full);
            return Err(SendError::QueueFull);
        }
        if !gathering {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Queues what the side says first that opened the connection.
    pub(super) fn begin(&self, tally: &TransportTally) -> Result<(), CloseReason> {
        self.decode(&[], &mut Decoded::default(), tally)
    }

    /// Decodes octets from the socket, and queues what goes back, unless the connection is closed.
    pub(super) fn decode(
        &self,
        octets: &[u8],
        decoded: &mut Decoded,
        tally: &TransportTally,
    ) -> Result<(), CloseReason> {
        let mut outgoing = self.outgoing();
        let mut wire = Vec::new();
        let outcome = outgoing.codec.received(octets, decoded, &mut wire);
        if outgoing.codec.is_ready() && outgoing.handshake.take().is_some() | self.is_coded {
            self.opened.notify_waiters();
        }
        // It may have been closed by who sends, since its task looked.
        if outgoing.closed.is_none() && outgoing.queue.push_control(wire.into()).is_err() {
            tally.refused_sends.add(1);
            self.end(&mut outgoing, CloseReason::Full);
            return Err(CloseReason::Full);
        }
        if let Err(error) = outcome {
            tracing::debug!(flow = %self.flow, %error, "connection broken");
            outgoing.broken = Some(error);
            // What is still to be said to the peer, and its end, may take their time; whoever opens it need
            // not wait for that.
            self.opened.notify_waiters();
            return Err(CloseReason::Broken);
        }
        Ok(())
    }

    /// Queues what says that nothing more is sent and why, where the protocol has that.
    pub(super) fn say_goodbye(&self, reason: CloseReason) {
        let mut outgoing = self.outgoing();
        if self.is_coded && outgoing.closed.is_none() {
            let mut wire = Vec::new();
            outgoing.codec.end(reason, &mut wire);
            outgoing.parted = true;
            let _closing_anyway = outgoing.queue.push_control(wire.into());
        }
    }

    /// Waits until the handshakes are done.
    ///
    /// # Errors
    ///
    /// When the connection ends before.
    pub(super) async fn opened(&self) -> io::Result<()> {
        loop {
            let mut opened = std::pin::pin!(self.opened.notified());
            opened.as_mut().enable();
            {
                let outgoing = self.outgoing();
                if let Some(broken) = &outgoing.broken {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, broken.clone()));
                }
                if outgoing.closed.or(outgoing.ending).is_some() {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                if outgoing.codec.is_ready() {
                    return Ok(());
                }
            }
            opened.await;
        }
    }

    /// Writes what is queued, as far as the socket takes it; whether nothing is left.
    pub(super) fn flush(&self, tally: &TransportTally) -> bool {
        let mut outgoing = self.outgoing();
        self.write(&mut outgoing, tally);
        outgoing.queue.is_empty()
    }

    /// Writes what is queued and, once nothing is left, closes the connection; whether it is closed.
    pub(super) fn flush_last(&self, reason: CloseReason, tally: &TransportTally) -> bool {
        let mut outgoing = self.outgoing();
        self.write(&mut outgoing, tally);
        if outgoing.queue.is_empty() {
            outgoing.closed.get_or_insert(reason);
        }
        outgoing.closed.is_some()
    }

    /// Asks the connection's task to deliver what is queued and end.
    pub(super) fn stop(&self, reason: CloseReason) {
        self.outgoing().ending.get_or_insert(reason);
        self.wake.notify_one();
    }

    /// Closes the connection and drops what is queued; the reason that stands.
    pub(super) fn close(&self, reason: CloseReason) -> CloseReason {
        let mut outgoing = self.outgoing();
        self.end(&mut outgoing, reason);
        outgoing.closed.unwrap_or(reason)
    }

    /// Who the peer has proved to be, once the handshakes are done.
    pub(super) fn identity(&self) -> Option<&Identity> {
        let known = self.identity.get_or_init(|| self.outgoing().codec.identity());
        known.as_ref()
    }

    /// Notes that the peer is asked for a sign of life.
    pub(super) fn ask(&self) {
        self.asked.store(true, Ordering::Release);
    }

    /// Takes note that something came; whether it is the sign of life that the peer was asked for.
    pub(super) fn answers_ask(&self) -> bool {
        self.asked.load(Ordering::Acquire) && self.asked.swap(false, Ordering::AcqRel)
    }

    /// Closes the connection, unless its handshakes are done or an end has come.
    pub(super) fn close_unless_opened(&self, reason: CloseReason) {
        let mut outgoing = self.outgoing();
        if !outgoing.codec.is_ready() && outgoing.closed.or(outgoing.ending).is_none() {
            self.end(&mut outgoing, reason);
        }
    }

    /// Closes the connection if nothing was sent since then; whether it is closed.
    pub(super) fn close_if_idle(&self, since: Instant) -> bool {
        let mut outgoing = self.outgoing();
        if outgoing.sent <= since {
            self.end(&mut outgoing, CloseReason::Idle);
        }
        outgoing.closed.is_some()
    }

    /// Notes until when a registration lives on the connection. The task sees that when it next looks at its
    /// deadlines.
    pub(super) fn registered(&self, until: Instant) {
        self.outgoing().registered_until = Some(until);
    }

    /// Notes that the peer sends no more.
    pub(super) fn half_close(&self) {
        self.outgoing().half_closed = true;
    }

    /// Whether the connection takes messages whose answers can come by it.
    pub(super) fn is_open(&self) -> bool {
        let outgoing = self.outgoing();
        let is_ending =
            outgoing.half_closed || outgoing.parted || outgoing.closed.or(outgoing.ending).is_some();
        outgoing.codec.is_ready() && !is_ending
    }

    pub(super) fn status(&self) -> ConnectionStatus {
        let outgoing = self.outgoing();
        ConnectionStatus {
            end: outgoing.closed.or(outgoing.ending),
            queued: !outgoing.queue.is_empty(),
            ready: outgoing.codec.is_ready(),
            sent: outgoing.sent,
            registered_until: outgoing.registered_until,
        }
    }

    fn write(&self, outgoing: &mut QueuedMessage, tally: &TransportTally) {
        let mut written = Written::default();
        let result = outgoing
            .queue
            .write(&mut written, |slices| self.stream.try_write_vectored(slices));
        tally.sent.add(written.messages);
        tally.sent_bytes.add(written.octets);
        if let Err(error) = result {
            self.broke(outgoing, &error);
        }
    }

    fn broke(&self, outgoing: &mut QueuedMessage, error: &io::Error) {
        tracing::debug!(flow = %self.flow, %error, "writing failed");
        self.end(outgoing, CloseReason::Peer);
    }

    fn end(&self, outgoing: &mut QueuedMessage, reason: CloseReason) {
        outgoing.closed.get_or_insert(reason);
        outgoing.queue.clear();
        outgoing.handshake = None;
        self.wake.notify_one();
        self.opened.notify_waiters();
    }

    fn outgoing(&self) -> MutexGuard<'_, QueuedMessage> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, feature = "ws"))]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use super::*;
    use crate::transport::stream::codec::WebSocketLayer;
    use crate::transport::stream::origins::Origins;
    use crate::transport::stream::write_queue::Budget;

    /// A connection that accepted, and waits for the upgrade to WebSocket.
    async fn connection() -> (Connection, TcpStream) {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = tokio::net::TcpListener::bind(any_port).await.unwrap();
        let local = listener.local_addr().unwrap();
        let client = TcpStream::connect(local).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let id = ConnectionId::unique();
        let codec = Codec {
            websocket: Some(WebSocketLayer::server(Origins::any().into(), 1_000)),
            ..Codec::default()
        };
        let queue = WriteQueue::new(10_000, Budget::new(10_000));
        let flow = Flow::stream(crate::Transport::Ws, local, peer, id);
        (Connection::new(id, flow, stream, queue, codec, None), client)
    }

    #[tokio::test]
    async fn nothing_is_queued_once_it_is_closed() {
        for is_closed in [false, true] {
            let (connection, _client) = connection().await;
            if is_closed {
                connection.close(CloseReason::Dead);
            }
            let no_upgrade = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
            let outcome = connection.decode(no_upgrade, &mut Decoded::default(), &TransportTally::default());
            assert_eq!(outcome, Err(CloseReason::Broken));
            assert_eq!(connection.status().queued, !is_closed, "an answer is due");
        }
    }
}
