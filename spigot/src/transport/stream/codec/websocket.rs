//! WebSocket with the subprotocol `sip` ([RFC 7118](https://www.rfc-editor.org/rfc/rfc7118)), driven by the
//! octets of a connection.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_tungstenite::tungstenite::handshake::client::{ClientHandshake, Request as ClientRequest};
use async_tungstenite::tungstenite::handshake::server::ServerHandshake;
use async_tungstenite::tungstenite::handshake::{HandshakeError, MidHandshake};
use async_tungstenite::tungstenite::http::{HeaderValue, header};
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use async_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use async_tungstenite::tungstenite::{self, Error, Message, Utf8Bytes};
use spigot_parser::Bytes;

use super::layer::{CodecError, Decoded};
use super::upgrade::{Admit, SIP, no_upgrade};
use crate::transport::stream::close_reason::CloseReason;
use crate::transport::stream::origins::Origins;

/// How many pings may come before a message does.
const PINGS: u32 = 64;

/// The WebSocket of a connection, on whichever side.
pub(in crate::transport::stream) struct WebSocketLayer {
    state: WebSocketState,
    output: PipeOutput,
    pings: u32,
    /// Octets that came since the last whole message, and how many may.
    pending: usize,
    most: usize,
    /// What stands before the payload of a control frame that comes: two octets, and a mask if the peer is a
    /// client (RFC 6455 §5.2).
    head: usize,
    /// The peer sends frames of octets, so we do.
    binary: bool,
    /// The code that names the peer's fault when the connection is closed for one.
    fault: CloseCode,
}

enum WebSocketState {
    Accepting(MidHandshake<ServerHandshake<Pipe, Admit>>),
    Opening(MidHandshake<ClientHandshake<Pipe>>),
    Open(Box<tungstenite::WebSocket<Pipe>>),
    Failed,
}

/// A stream in memory. What is written outlives it: a handshake that fails has an answer all the same.
#[derive(Debug)]
struct Pipe {
    input: Vec<u8>,
    output: PipeOutput,
}

/// What was written into a pipe.
#[derive(Clone, Debug, Default)]
struct PipeOutput(Arc<Mutex<Vec<u8>>>);

impl PipeOutput {
    fn octets(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let length = buffer.len().min(self.input.len());
        buffer[..length].copy_from_slice(&self.input[..length]);
        self.input.drain(..length);
        Ok(length)
    }
}

impl Write for Pipe {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.output.octets().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WebSocketLayer {
    /// The WebSocket of a connection that was accepted. Messages should have at most `most` octets, and never
    /// have more than twice that.
    pub(in crate::transport::stream) fn server(origins: Arc<Origins>, most: usize) -> WebSocketLayer {
        let (pipe, output) = pipe();
        let handshake = ServerHandshake::start(pipe, Admit(origins), Some(config(most)));
        WebSocketLayer::new(WebSocketState::Accepting(handshake), output, most, 6)
    }

    /// The WebSocket of a connection that was opened: asks for `uri`, such as `ws://example.com/`, as a page
    /// of `origin`.
    pub(in crate::transport::stream) fn client(
        uri: &str,
        origin: Option<&str>,
        most: usize,
    ) -> Result<WebSocketLayer, CodecError> {
        let mut request = ClientRequest::builder()
            .uri(uri)
            .header(header::SEC_WEBSOCKET_PROTOCOL, SIP)
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(
                header::SEC_WEBSOCKET_KEY,
                tungstenite::handshake::client::generate_key(),
            )
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .body(())
            .map_err(broken)?;
        let host = request
            .uri()
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default();
        let host = HeaderValue::from_str(&host).map_err(broken)?;
        request.headers_mut().insert(header::HOST, host);
        if let Some(origin) = origin {
            let origin = HeaderValue::from_str(origin).map_err(broken)?;
            request.headers_mut().insert(header::ORIGIN, origin);
        }
        let (pipe, output) = pipe();
        let handshake = ClientHandshake::start(pipe, request, Some(config(most))).map_err(broken)?;
        Ok(WebSocketLayer::new(
            WebSocketState::Opening(handshake),
            output,
            most,
            2,
        ))
    }

    fn new(state: WebSocketState, output: PipeOutput, most: usize, head: usize) -> WebSocketLayer {
        WebSocketLayer {
            state,
            output,
            pings: 0,
            pending: 0,
            most,
            head,
            binary: false,
            fault: CloseCode::Protocol,
        }
    }

    /// Whether no message is under way.
    pub(super) fn is_whole(&self) -> bool {
        self.pending == 0
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(self.state, WebSocketState::Open(_))
    }

    /// Takes octets; `wire` gets what goes back, also when it fails.
    pub(super) fn received(
        &mut self,
        octets: &[u8],
        decoded: &mut Decoded,
        wire: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        self.pending += octets.len();
        let outcome = self.step(octets).and_then(|()| self.read(decoded));
        wire.append(&mut self.output.octets());
        // A message in many frames, or frames in many parts: whoever sends more around a message than the
        // message may have, sends none.
        if outcome.is_ok() && self.pending > 2 * self.most + HEAD {
            self.fault = CloseCode::Size;
            return Err(broken("too much for one message"));
        }
        outcome
    }

    /// Goes on with the handshake, or gives the octets to the open connection.
    fn step(&mut self, octets: &[u8]) -> Result<(), CodecError> {
        self.state = match std::mem::replace(&mut self.state, WebSocketState::Failed) {
            WebSocketState::Accepting(mut handshake) => {
                handshake.get_mut().get_mut().input.extend_from_slice(octets);
                match handshake.handshake() {
                    Ok(socket) => self.opened(socket),
                    Err(HandshakeError::Interrupted(handshake)) => WebSocketState::Accepting(handshake),
                    Err(HandshakeError::Failure(error)) => {
                        let mut answer = self.output.octets();
                        if answer.is_empty() {
                            *answer = no_upgrade(&error);
                        }
                        return Err(broken(error));
                    }
                }
            }
            WebSocketState::Opening(mut handshake) => {
                handshake.get_mut().get_mut().input.extend_from_slice(octets);
                match handshake.handshake() {
                    Ok((socket, response)) => {
                        let protocol = response.headers().get(header::SEC_WEBSOCKET_PROTOCOL);
                        if protocol.is_none_or(|name| !name.as_bytes().eq_ignore_ascii_case(SIP.as_bytes())) {
                            return Err(broken("the peer does not take the subprotocol `sip`"));
                        }
                        self.opened(socket)
                    }
                    Err(HandshakeError::Interrupted(handshake)) => WebSocketState::Opening(handshake),
                    Err(HandshakeError::Failure(error)) => return Err(broken(error)),
                }
            }
            WebSocketState::Open(mut socket) => {
                socket.get_mut().input.extend_from_slice(octets);
                WebSocketState::Open(socket)
            }
            WebSocketState::Failed => return Err(broken("it has failed")),
        };
        Ok(())
    }

    fn opened(&mut self, socket: tungstenite::WebSocket<Pipe>) -> WebSocketState {
        self.pending = 0;
        WebSocketState::Open(Box::new(socket))
    }

    fn read(&mut self, decoded: &mut Decoded) -> Result<(), CodecError> {
        let WebSocketState::Open(socket) = &mut self.state else {
            return Ok(());
        };
        loop {
            let message = match socket.read() {
                Ok(message) => message,
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                    decoded.ended = true;
                    return Ok(());
                }
                Err(error) => {
                    self.fault = match error {
                        Error::Capacity(_) => CloseCode::Size,
                        Error::Utf8(_) => CloseCode::Invalid,
                        _ => CloseCode::Protocol,
                    };
                    return Err(broken(error));
                }
            };
            let octets = match message {
                Message::Text(text) => Bytes::from(text),
                Message::Binary(octets) => {
                    self.binary = true;
                    octets
                }
                Message::Ping(payload) => {
                    self.pending = self.pending.saturating_sub(self.head + payload.len());
                    decoded.pings += 1;
                    self.pings += 1;
                    if self.pings > PINGS {
                        return Err(broken("pings and no message"));
                    }
                    continue;
                }
                Message::Close(_) => {
                    decoded.ended = true;
                    continue;
                }
                Message::Pong(payload) => {
                    self.pending = self.pending.saturating_sub(self.head + payload.len());
                    continue;
                }
                Message::Frame(_) => continue,
            };
            self.pings = 0;
            self.pending = socket.get_ref().input.len();
            decoded.messages.push(octets);
        }
    }

    pub(super) fn encode(&mut self, message: &Bytes, wire: &mut Vec<u8>) -> Result<(), CodecError> {
        let WebSocketState::Open(socket) = &mut self.state else {
            return Err(broken("it is not open"));
        };
        // RFC 7118 §5: text or binary frames; text has to be UTF-8.
        let message = match std::str::from_utf8(message) {
            Ok(text) if !self.binary => Message::text(text),
            _ => Message::binary(message.clone()),
        };
        let outcome = socket.send(message).map_err(broken);
        wire.append(&mut self.output.octets());
        outcome
    }

    /// Says that nothing more is sent, and why
    /// ([RFC 6455 §7.4.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1)).
    pub(super) fn end(&mut self, reason: CloseReason, wire: &mut Vec<u8>) {
        let code = match reason {
            CloseReason::Shutdown => CloseCode::Away,
            // A frame is a message, and so not framed only where it is too large.
            CloseReason::Unframed => CloseCode::Size,
            CloseReason::Broken => self.fault,
            _ => CloseCode::Normal,
        };
        if let WebSocketState::Open(socket) = &mut self.state {
            let reason = Utf8Bytes::default();
            let _ = socket.close(Some(CloseFrame { code, reason }));
        }
        wire.append(&mut self.output.octets());
    }
}

fn pipe() -> (Pipe, PipeOutput) {
    let output = PipeOutput::default();
    let pipe = Pipe {
        input: Vec::new(),
        output: output.clone(),
    };
    (pipe, output)
}

/// How many octets the head of an upgrade, or what stands around frames, may have.
const HEAD: usize = 16 * 1024;

/// Lets messages through up to twice their bound, so that the sender of one that is too large has an answer.
fn config(most: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_message_size(Some(2 * most))
        .max_frame_size(Some(2 * most))
}

fn broken(error: impl fmt::Display) -> CodecError {
    CodecError(format!("WebSocket: {error}"))
}

impl fmt::Debug for WebSocketLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("is_ready", &self.is_ready())
            .finish_non_exhaustive()
    }
}
