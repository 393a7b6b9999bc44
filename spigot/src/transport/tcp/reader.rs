//! The task of a connection: reads, frames, writes what was queued, keeps the deadlines, ends it.
//!
//! A turn is one read of the socket and every message that it completes.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use spigot_parser as sip;
use tokio::io::Interest;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::Reason;
use super::connection::Connection;
use super::deadlines::Deadlines;
use super::hub::{Hub, Registration};
use crate::transport::turn::Turn;

/// Less room than this for a read, and more is made.
const LITTLE: usize = 1_500;
/// The room that is made.
const ROOM: usize = 4_096;

/// The answer to a ping: RFC 5626 §4.4.1, the "pong" is a single CRLF.
const PONG: sip::Bytes = sip::Bytes::from_static(b"\r\n");

/// Runs a connection to its end. Whether it was accepted, and not opened by us, says who speaks first.
pub(super) async fn run(registration: Registration, accepted: bool) {
    let (hub, connection) = (&registration.hub, &registration.connection);
    let reason = read(hub, connection, accepted).await;
    hub.retire(connection);
    if reason == Reason::Peer {
        settle(hub, connection).await;
    }
    if reason.delivers() {
        let _in_time = timeout(hub.limits.linger, deliver(hub, connection, reason)).await;
    }
    connection.close(reason);
}

/// Reads until there is a reason not to.
async fn read(hub: &Arc<Hub>, connection: &Connection, accepted: bool) -> Reason {
    let mut framer = sip::Framer::new(hub.limits.parser.clone());
    let mut deadlines = Deadlines::new(&hub.limits, accepted, Instant::now());
    let mut alarm = pin!(sleep_until(deadlines.next().0));
    loop {
        let status = connection.status();
        if let Some(reason) = status.end {
            return reason;
        }
        deadlines.sent(status.sent);
        let (deadline, reason) = deadlines.next();
        let now = Instant::now();
        if deadline <= now {
            if reason != Reason::Idle || !is_in_use(hub, connection) {
                return reason;
            }
            // RFC 3261 §18 wants a connection to last as long as a transaction may: it may ring for minutes.
            deadlines.sent(now);
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
                let Ok(ready) = ready else { return Reason::Peer };
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

/// Whether something is due on it that may take its time.
fn is_in_use(hub: &Hub, connection: &Connection) -> bool {
    hub.inbound.owes(connection.flow) || hub.inbound.awaits(connection.flow)
}

/// The peer has said that it sends no more: what it is owed is still sent to it, unless it is gone altogether.
async fn settle(hub: &Hub, connection: &Connection) {
    if connection.status().end.is_some() || !hub.inbound.owes(connection.flow) {
        return;
    }
    connection.half_close();
    // One that only sends no more looks like one that is gone, until something is sent to it: a line end, which
    // is to be ignored before a message (RFC 3261 §7.5). An answer could be lost in finding out.
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
                    connection.close(Reason::Peer);
                }
            },
            () = connection.wake.notified() => {}
            // Answered in another way, it may never hear of that.
            () = sleep(hub.limits.idle) => {}
        }
        tokio::task::consume_budget().await;
    }
}

/// One read, and what it completes. A reason to end, if it gave one.
fn turn(
    hub: &Hub,
    connection: &Connection,
    framer: &mut sip::Framer,
    deadlines: &mut Deadlines<'_>,
) -> Option<Reason> {
    let buffer = framer.buffer();
    if buffer.capacity() - buffer.len() < LITTLE {
        buffer.reserve(ROOM);
    }
    match connection.stream.try_read_buf(buffer) {
        Ok(0) => return Some(Reason::Peer),
        Ok(octets) => hub.tally.received_bytes.add(octets as u64),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
        Err(error) => {
            tracing::debug!(flow = %connection.flow, %error, "reading failed");
            return Some(Reason::Peer);
        }
    }
    let (mut messages, mut pings, mut end) = (0, 0, None);
    let turn = Turn::begin(connection.flow.connection);
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
                end = Some(Reason::Unframed);
                break;
            }
        }
    }
    drop(turn);
    connection.flush(&hub.tally);
    hub.tally.received.add(messages);
    hub.tally.keepalives.add(pings);
    deadlines.received(messages > 0, !framer.is_idle(), Instant::now());
    end
}

/// Delivers what is queued, says that nothing more comes, and waits for the peer to say the same.
async fn deliver(hub: &Hub, connection: &Connection, reason: Reason) {
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
    let mut discarded = [0; 4_096];
    loop {
        match connection.stream.try_read(&mut discarded) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if reason == Reason::Shutdown || connection.stream.readable().await.is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
        tokio::task::consume_budget().await;
    }
}
