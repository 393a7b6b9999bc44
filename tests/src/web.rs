//! A WebSocket client that does not use the library.

use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;

use async_tungstenite::tokio::TokioAdapter;
use async_tungstenite::tungstenite::client::IntoClientRequest;
use async_tungstenite::tungstenite::handshake::server::{Request, Response};
use async_tungstenite::tungstenite::protocol::frame::Frame;
use async_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use async_tungstenite::tungstenite::{Message, http::HeaderValue};
use async_tungstenite::{WebSocketStream, accept_hdr_async, client_async};
use futures_core::Stream;
use spigot::sip::Bytes;
use tokio::time::timeout;

use crate::secure::DOMAIN;
use crate::wire::{Answer, Octets, PATIENCE, connect};

/// A WebSocket to the server with the subprotocol of SIP (RFC 7118).
pub struct Web {
    socket: WebSocketStream<TokioAdapter<Box<dyn Octets>>>,
    local: SocketAddr,
    server: SocketAddr,
}

/// How the fragments of a message are sent over a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragments {
    /// As text.
    Text,
    /// As text, with a ping after each fragment but the last (RFC 6455 §5.4 allows it).
    TextWithPings,
    /// As octets.
    Binary,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.local, self.server)
    }
}

impl Web {
    /// Connects, with TLS if `secure` is true.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub async fn connect(server: SocketAddr, secure: bool) -> Web {
        let stream = connect(server).await;
        stream.set_nodelay(true).expect("TCP_NODELAY");
        let local = stream.local_addr().expect("a connected socket has an address");
        let (scheme, stream): (_, Box<dyn Octets>) = match secure {
            false => ("ws", Box::new(stream)),
            true => ("wss", Box::new(crate::secure::connect(stream).await)),
        };
        let mut request = format!("{scheme}://{DOMAIN}/")
            .into_client_request()
            .expect("a URL of a WebSocket");
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
        let handshake = timeout(PATIENCE, client_async(request, TokioAdapter::new(stream))).await;
        let (socket, _) = handshake
            .expect("a handshake within 10 s")
            .expect("a server that speaks SIP");
        Web {
            socket,
            local,
            server,
        }
    }

    /// Accepts a WebSocket handshake; returns `None` if it fails.
    pub(crate) async fn accept(
        stream: impl Octets + 'static,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> Option<Web> {
        let stream: Box<dyn Octets> = Box::new(stream);
        let speaks_sip = |_: &Request, mut response: Response| {
            let sip = HeaderValue::from_static("sip");
            response.headers_mut().insert("Sec-WebSocket-Protocol", sip);
            Ok(response)
        };
        let handshake = accept_hdr_async(TokioAdapter::new(stream), speaks_sip);
        let socket = timeout(PATIENCE, handshake).await.ok()?.ok()?;
        Some(Web {
            socket,
            local,
            server: peer,
        })
    }

    /// Returns the local address.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Sends one message, as text if it is UTF-8; returns `false` if the server has closed.
    pub async fn send(&mut self, octets: impl Into<Vec<u8>>) -> bool {
        let message = match String::from_utf8(octets.into()) {
            Ok(text) => Message::text(text),
            Err(octets) => Message::binary(octets.into_bytes()),
        };
        matches!(timeout(PATIENCE, self.socket.send(message)).await, Ok(Ok(())))
    }

    /// Sends one message in fragments (RFC 6455 §5.4); returns `false` if the server has closed.
    pub async fn send_fragments(&mut self, fragments: &[&[u8]], kind: Fragments) -> bool {
        let last = fragments.len().saturating_sub(1);
        for (number, fragment) in fragments.iter().enumerate() {
            let data = match (number, kind) {
                (1.., _) => Data::Continue,
                (0, Fragments::Binary) => Data::Binary,
                (0, Fragments::Text | Fragments::TextWithPings) => Data::Text,
            };
            let frame = Frame::message(fragment.to_vec(), OpCode::Data(data), number == last);
            let mut messages = vec![Message::Frame(frame)];
            if kind == Fragments::TextWithPings && number != last {
                messages.push(Message::Ping(fragment[..fragment.len().min(8)].to_vec().into()));
            }
            for message in messages {
                if !matches!(timeout(PATIENCE, self.socket.send(message)).await, Ok(Ok(()))) {
                    return false;
                }
            }
        }
        true
    }

    /// Waits for the next message as it came, also one of line ends alone; returns `None` if the server has
    /// closed.
    ///
    /// # Panics
    ///
    /// When neither comes within 10 s.
    pub async fn receive_raw(&mut self) -> Option<Vec<u8>> {
        loop {
            let next = poll_fn(|cx| Pin::new(&mut self.socket).poll_next(cx));
            let next = timeout(PATIENCE, next).await;
            match next.expect("a message or a close within 10 s")? {
                Ok(Message::Text(text)) => return Some(text.as_bytes().to_vec()),
                Ok(Message::Binary(octets)) => return Some(octets.to_vec()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Waits for the next response; returns `None` if the server has closed.
    ///
    /// # Panics
    ///
    /// When neither comes within 10 s.
    pub async fn receive(&mut self) -> Option<Answer> {
        let message = timeout(PATIENCE, self.message()).await;
        let octets = message.expect("an answer or a close within 10 s")?;
        Some(Answer::read(octets, self.server))
    }

    /// Waits for the next message without a deadline; returns `None` if the other side has closed.
    pub(crate) async fn message(&mut self) -> Option<Bytes> {
        loop {
            match poll_fn(|cx| Pin::new(&mut self.socket).poll_next(cx)).await? {
                // This is the answer to a keepalive (RFC 7118 §6).
                Ok(Message::Text(text)) if text.trim().is_empty() => {}
                Ok(Message::Text(text)) => return Some(text.as_bytes().to_vec().into()),
                Ok(Message::Binary(octets)) => return Some(octets.to_vec().into()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
