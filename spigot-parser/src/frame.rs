//! Cuts a stream into messages (RFC 3261 §18.3, RFC 5626 §4.4.1).

use bytes::{Bytes, BytesMut};

use crate::{Limits, ParseError};

/// One result of the stream framer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// One whole message: head and body as framed by Content-Length.
    Message(Bytes),
    /// A double CRLF between messages: the peer wants one CRLF back (RFC 5626 §4.4.1).
    Ping,
}

/// Why a stream cannot be cut further. The connection is to be closed, after an answer if one can be addressed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct FrameError {
    #[source]
    error: ParseError,
    head: Option<Bytes>,
}

impl FrameError {
    /// What is wrong.
    pub fn error(&self) -> &ParseError {
        &self.error
    }
    /// The head of the message at fault, where it was complete, for [`Request::salvage`](crate::Request::salvage).
    pub fn head(&self) -> Option<&Bytes> {
        self.head.as_ref()
    }
}

/// Cuts a stream into messages.
#[derive(Debug)]
pub struct Framer {
    buffer: BytesMut,
    #[allow(dead_code)]
    limits: Limits,
}

impl Framer {
    /// A framer that has read nothing yet.
    pub fn new(limits: Limits) -> Self {
        Framer { buffer: BytesMut::new(), limits }
    }
    /// Where to read into: append only.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }
    /// The next message or ping, or `None` until there is more to read.
    ///
    /// # Errors
    ///
    /// A [`FrameError`] when the stream cannot be cut further.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        todo!()
    }
    /// Whether no partial message is buffered.
    pub fn is_idle(&self) -> bool {
        self.buffer.is_empty()
    }
}
