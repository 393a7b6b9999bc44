//! The task that reads a UDP socket.
//!
//! A turn is one `recvmmsg`: up to a batch of buffers, each with one datagram or, where the kernel coalesced
//! them, several of one length. Each datagram is copied once, into memory of its own size, so that a message
//! that is kept keeps nothing else.

use std::sync::Arc;
use std::time::Duration;

use quinn_udp::{BATCH_SIZE, RecvMeta};
use spigot_parser::Bytes;

use super::shared_socket::SharedSocket;
use super::socket::{Socket, is_stale};
use crate::flow::Flow;
use crate::transport::inbound::Inbound;
use crate::transport::stun::{self, Stun};
use crate::transport::turn::{Turn, guarded};

/// The largest datagram, or the largest run of coalesced ones.
const BUFFER: usize = 65_535;

/// After how many datagrams in a row other tasks of the runtime get their turn. A turn may have more: it is
/// not cut short.
const IN_A_ROW: u64 = 256;

/// The pause after an error that is no peer's doing, such as no memory.
const PAUSE: Duration = Duration::from_millis(50);

/// Reads until it is aborted or the runtime goes.
pub(super) async fn run(socket: Arc<Socket>, shared: Arc<SharedSocket>, inbound: Arc<dyn Inbound>) {
    // Zeroed pages of the allocator: memory is touched when a datagram needs it.
    let mut buffers = vec![0; BUFFER * BATCH_SIZE].into_boxed_slice();
    let mut metas = [RecvMeta::default(); BATCH_SIZE];
    let mut in_a_row = 0;
    while socket.io.readable().await.is_ok() {
        match socket.try_receive(&mut buffers, BUFFER, &mut metas) {
            Ok(count) => {
                let received = buffers.chunks(BUFFER).zip(&metas[..count]);
                in_a_row += turn(&socket, &shared, &*inbound, received);
                if in_a_row >= IN_A_ROW {
                    in_a_row = 0;
                    tokio::task::yield_now().await;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => in_a_row = 0,
            Err(error) => {
                shared.tally.receive_errors.add(1);
                tracing::debug!(local = %socket.local, %error, "receiving failed");
                if !is_stale(&error) {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

/// Hands over a batch, then sends what was gathered meanwhile; how many datagrams the batch had.
fn turn<'a>(
    socket: &Socket,
    shared: &SharedSocket,
    inbound: &dyn Inbound,
    received: impl Iterator<Item = (&'a [u8], &'a RecvMeta)>,
) -> u64 {
    let (mut messages, mut bytes, mut keepalives) = (0, 0, 0);
    let turn = Turn::begin(shared.id);
    for (buffer, meta) in received {
        let mut local = socket.local;
        if let (true, Some(ip)) = (socket.is_wildcard(), meta.dst_ip) {
            local.set_ip(ip);
        }
        let flow = Flow::datagram(local, meta.addr);
        keepalives += u64::from(meta.len == 0);
        for datagram in split(buffer, meta) {
            bytes += datagram.len() as u64;
            if is_keepalive(datagram) {
                keepalives += 1;
                continue;
            }
            match stun::read(datagram, flow.peer()) {
                None => {}
                Some(stun) => {
                    keepalives += 1;
                    match stun {
                        Stun::Request(answer) => drop(shared.send(&flow, answer.into())),
                        Stun::Response(id, mapped) if shared.stun_ids.has(&id, flow.peer()) => {
                            guarded(flow, || inbound.alive(flow, Some(mapped)));
                        }
                        Stun::Refusal(id) if shared.stun_ids.has(&id, flow.peer()) => {
                            guarded(flow, || inbound.refused(flow));
                        }
                        Stun::Response(..) | Stun::Refusal(_) | Stun::Other => {
                            let reason = "STUN that answers nothing that was asked";
                            tracing::debug!(%flow, reason, "message dropped");
                        }
                    }
                    continue;
                }
            }
            messages += 1;
            tracing::trace!(%flow, length = datagram.len(), "datagram received");
            turn.message(inbound, flow, Bytes::copy_from_slice(datagram));
        }
    }
    drop(turn);
    shared.send_gathered(socket);
    shared.tally.received.add(messages);
    shared.tally.received_bytes.add(bytes);
    shared.tally.keepalives.add(keepalives);
    messages + keepalives
}

/// Cuts a buffer into its datagrams; an empty one is none.
fn split<'a>(buffer: &'a [u8], meta: &RecvMeta) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    buffer[..meta.len.min(buffer.len())].chunks(meta.stride.max(1))
}

/// Whether a datagram only keeps a NAT's binding alive: nothing but line ends, which RFC 3261 §7.5 skips
/// before a message.
fn is_keepalive(datagram: &[u8]) -> bool {
    datagram.iter().all(|octet| matches!(octet, b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coalesced_buffer_is_cut_at_its_stride() {
        let mut meta = RecvMeta::default();
        (meta.len, meta.stride) = (7, 3);
        let cut: Vec<_> = split(b"aaabbbc-----", &meta).collect();
        assert_eq!(cut, [&b"aaa"[..], b"bbb", b"c"]);
        (meta.len, meta.stride) = (0, 0);
        assert_eq!(split(b"-----", &meta).count(), 0);
    }

    #[test]
    fn line_ends_alone_are_a_keepalive() {
        assert!(is_keepalive(b"\r\n\r\n"));
        assert!(!is_keepalive(b"\r\nX"));
    }
}
