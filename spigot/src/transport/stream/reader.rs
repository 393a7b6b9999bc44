//! The task of a connection: reads, frames, writes what was queued, keeps the deadlines, ends it.
//!
//! A turn is one read of the socket and every message that it completes.

use std::cell::RefCell;
use std::io;
#[cfg(target_os = "linux")]
use std::io::Read;
use std::pin::pin;
use std::sync::Arc;

use spigot_parser as sip;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::close_reason::CloseReason;
use super::codec::Decoded;
use super::connection::Connection;
use super::deadlines::Deadlines;
use super::hub::{ConnectionGuard, Hub};
use crate::transport::turn::{Turn, guarded};

/// How much is read at once.
const ROOM: usize = 4_096;

thread_local! {
    /// What is read to: an idle connection has no buffer, and no read has to clear one.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; ROOM]);
}

/// The answer to a ping: RFC 5626 §4.4.1, the "pong" is a single CRLF.
const PONG: sip::Bytes = sip::Bytes::from_static(b"\r\n");

/// Runs a connection to its end. On one that was not `accepted` we speak first.
pub(super) async fn run(guard: ConnectionGuard, accepted: bool) {
    let (hub, connection) = (&guard.hub, &guard.connection);
    let begun = if accepted {
        Ok(())
    } else {
        connection.begin(&hub.tally)
    };
    let reason = match begun {
        Ok(()) => {
            connection.flush(&hub.tally);
            read(hub, connection, accepted).await
        }
        Err(reason) => reason,
    };
    hub.connections.retire(connection.id);
    if reason == CloseReason::Peer {
        settle(hub, connection).await;
    }
    if reason.delivers() {
        let _in_time = timeout(hub.limits.linger, deliver(hub, connection, reason)).await;
    }
    connection.close(reason);
}

/// Reads until there is a reason not to.
async fn read(hub: &Arc<Hub>, connection: &Connection, accepted: bool) -> CloseReason {
    let mut framer = sip::Framer::new(hub.limits.parser.clone());
    let begun = Instant::now();
    let mut deadlines = Deadlines::new(&hub.limits, accepted, begun);
    if connection.is_coded {
        deadlines = deadlines.with_handshake(begun);
    }
    let mut alarm = pin!(sleep_until(deadlines.next().0));
    loop {
        let status = connection.status();
        if let Some(reason) = status.end {
            return reason;
        }
        deadlines.sent(status.sent);
        deadlines.registered(status.registered_until);
        if status.ready {
            deadlines.opened();
        }
        let (deadline, reason) = deadlines.next();
        let now = Instant::now();
        if deadline <= now {
            if reason != CloseReason::Idle {
                return reason;
            }
            if is_in_use(hub, connection) {
                // RFC 3261 §18 wants a connection to last as long as a transaction may: it may ring for
                // minutes.
                deadlines.sent(now);
            } else if connection.close_if_idle(status.sent) {
                return reason;
            }
            continue;
        }
        // Deadlines mostly move away, which is seen when the timer fires; only a nearer one sets it anew.
        if deadline < alarm.deadline() || alarm.is_elapsed() {
            alarm.as_mut().reset(deadline);
        }
        let interest = if status.queued {
            Interest::READABLE | Interest::WRITABLE
        } else {
            Interest::READABLE
        };
        tokio::select! {
            // What has come counts, even if its deadline has passed before it was looked at.
            biased;
            ready = connection.stream.ready(interest) => {
                let Ok(ready) = ready else { return CloseReason::Peer };
                if status.queued && ready.is_writable() {
                    connection.flush(&hub.tally);
                }
                if (ready.is_readable() || ready.is_read_closed() || ready.is_error())
                    && let Some(reason) = turn(hub, connection, &mut framer, &mut deadlines)
                {
                    return reason;
                }
            }
            () = connection.wake.notified() => {}
            () = &mut alarm => {}
        }
        tokio::task::consume_budget().await;
    }
}

/// Whether an answer is due on the connection, in either direction.
fn is_in_use(hub: &Hub, connection: &Connection) -> bool {
    hub.inbound.owes(connection.flow) || hub.inbound.awaits(connection.flow)
}

/// Sends what is still owed to a peer that has said that it sends no more, unless it is gone altogether.
async fn settle(hub: &Hub, connection: &Connection) {
    if connection.status().end.is_some() || !hub.inbound.owes(connection.flow) {
        return;
    }
    connection.half_close();
    // One that only sends no more looks like one that is gone, until something is sent to it: a line end,
    // which is to be ignored before a message (RFC 3261 §7.5). An answer could be lost in finding out.
    let _closed_if_full = connection.send(PONG, &hub.tally);
    loop {
        let status = connection.status();
        if status.end.is_some() || !hub.inbound.owes(connection.flow) {
            return; // what is still queued is delivered in the time that an end may take
        }
        let interest = if status.queued {
            Interest::ERROR | Interest::WRITABLE
        } else {
            Interest::ERROR
        };
        tokio::select! {
            ready = connection.stream.ready(interest) => match ready {
                Ok(ready) if !ready.is_error() => {
                    connection.flush(&hub.tally);
                }
                _ => {
                    connection.close(CloseReason::Peer);
                }
            },
            () = connection.wake.notified() => {}
            // Answered in another way, it may never hear of that.
            () = sleep(hub.limits.idle) => {}
        }
        tokio::task::consume_budget().await;
    }
}

/// Reads once and hands over what that completes. A reason to end, if it gave one.
fn turn(
    hub: &Hub,
    connection: &Connection,
    framer: &mut sip::Framer,
    deadlines: &mut Deadlines<'_>,
) -> Option<CloseReason> {
    let mut decoded = Decoded::default();
    let mut end = fill(hub, connection, framer, &mut decoded)?;
    let (mut messages, mut pings) = (0, decoded.pings);
    let turn = Turn::begin(connection.turn);
    for message in decoded.messages {
        match is_keepalive(&message) {
            None if message.len() > hub.limits.parser.message => {
                // What the framer says of it is what it says of one on a stream.
                framer.buffer().extend_from_slice(&message);
                break;
            }
            None => {
                messages += 1;
                tracing::trace!(flow = %connection.flow, length = message.len(), "message received");
                turn.message(&*hub.inbound, connection.flow, message);
            }
            Some(answer) => {
                pings += 1;
                if answer {
                    let _closed_if_full = connection.send(PONG, &hub.tally);
                }
            }
        }
    }
    loop {
        match framer.next() {
            Ok(Some(sip::Frame::Message(bytes))) => {
                messages += 1;
                tracing::trace!(flow = %connection.flow, length = bytes.len(), "message received");
                turn.message(&*hub.inbound, connection.flow, bytes);
            }
            Ok(Some(sip::Frame::Ping)) => {
                pings += 1;
                let _closed_if_full = connection.send(PONG, &hub.tally);
            }
            Ok(None) => break,
            Err(error) => {
                tracing::debug!(flow = %connection.flow, %error, "not framed");
                turn.unframed(&*hub.inbound, connection.flow, error);
                end = Filled::End(CloseReason::Unframed);
                break;
            }
        }
    }
    drop(turn);
    framer.release();
    connection.flush(&hub.tally);
    if matches!(end, Filled::More) && connection.answers_ask() {
        if messages == 0 && pings == 0 && framer.is_idle() {
            // The answer is half of what would be a question: with the next answer it must not become one.
            *framer = sip::Framer::new(hub.limits.parser.clone());
        }
        guarded(connection.flow, || hub.inbound.alive(connection.flow, None));
    }
    hub.tally.received.add(messages);
    hub.tally.keepalives.add(pings);
    let partial = decoded.partial || !framer.is_idle();
    deadlines.received(messages > 0, partial, Instant::now());
    match end {
        Filled::More => None,
        Filled::End(reason) => Some(reason),
    }
}

/// What a read means for the connection.
enum Filled {
    More,
    End(CloseReason),
}

/// Reads octets, and takes them apart where they are coded.
fn fill(
    hub: &Hub,
    connection: &Connection,
    framer: &mut sip::Framer,
    decoded: &mut Decoded,
) -> Option<Filled> {
    BUFFER.with_borrow_mut(|buffer| {
        let read = try_read(&connection.stream, buffer);
        let octets = match judge(hub, connection, read)? {
            Ok(read) => &buffer[..read],
            Err(reason) => return Some(Filled::End(reason)),
        };
        if !connection.is_coded {
            framer.buffer().extend_from_slice(octets);
            return Some(Filled::More);
        }
        let outcome = connection.decode(octets, decoded, &hub.tally);
        framer.buffer().extend_from_slice(&decoded.octets);
        Some(match outcome {
            Err(reason) => Filled::End(reason),
            Ok(()) if decoded.ended => Filled::End(CloseReason::Peer),
            Ok(()) => Filled::More,
        })
    })
}

/// Reads what there is. Fewer octets than there is room for are all, and the stream is then known to have no
/// more until the system tells of some: asking in vain costs a system call for each message.
#[cfg(target_os = "linux")]
fn try_read(stream: &TcpStream, room: &mut [u8]) -> io::Result<usize> {
    let mut last = None;
    let read = stream.try_io(Interest::READABLE, || {
        let socket = socket2::SockRef::from(stream);
        let read = (&mut &*socket).read(room)?;
        if read == 0 || read == room.len() {
            return Ok(read);
        }
        last = Some(read);
        Err(io::ErrorKind::WouldBlock.into()) // for the runtime, which then waits for the system
    });
    last.map_or(read, Ok)
}

/// Reads what there is.
#[cfg(not(target_os = "linux"))]
fn try_read(stream: &TcpStream, room: &mut [u8]) -> io::Result<usize> {
    stream.try_read(room)
}

/// Judges a read; `None` if there was nothing to read.
fn judge(hub: &Hub, connection: &Connection, read: io::Result<usize>) -> Option<Result<usize, CloseReason>> {
    match read {
        Ok(0) => Some(Err(CloseReason::Peer)),
        Ok(octets) => {
            hub.tally.received_bytes.add(octets as u64);
            Some(Ok(octets))
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(error) => {
            tracing::debug!(flow = %connection.flow, %error, "reading failed");
            Some(Err(CloseReason::Peer))
        }
    }
}

/// Whether a keepalive wants an answer (RFC 5626 §3.5.1); `None` if the message is none.
fn is_keepalive(message: &[u8]) -> Option<bool> {
    message
        .iter()
        .all(|octet| matches!(octet, b'\r' | b'\n'))
        .then_some(message.len() >= 4)
}

/// Delivers what is queued, says that nothing more comes, and waits for the peer to say so too.
async fn deliver(hub: &Hub, connection: &Connection, reason: CloseReason) {
    connection.say_goodbye(reason);
    while !connection.flush_last(reason, &hub.tally) {
        if connection.stream.writable().await.is_err() {
            return;
        }
    }
    if socket2::SockRef::from(&connection.stream)
        .shutdown(std::net::Shutdown::Write)
        .is_err()
    {
        return;
    }
    // Closing with octets unread would reset the connection, and the peer might lose what was just delivered.
    loop {
        match discard(&connection.stream) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if reason == CloseReason::Shutdown || connection.stream.readable().await.is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
        tokio::task::consume_budget().await;
    }
}

/// Reads octets and drops them.
fn discard(stream: &TcpStream) -> io::Result<usize> {
    BUFFER.with_borrow_mut(|buffer| stream.try_read(buffer))
}
