//! What every layer of a connection makes of octets.

use spigot_parser::Bytes;

/// What the octets that were received came to.
#[derive(Debug, Default)]
pub(in crate::transport::stream) struct Decoded {
    /// Octets of a stream, to be framed.
    pub(in crate::transport::stream) octets: Vec<u8>,
    /// Whole messages.
    pub(in crate::transport::stream) messages: Vec<Bytes>,
    /// Keepalives, which were answered.
    pub(in crate::transport::stream) pings: u64,
    /// Something has begun and is not whole.
    pub(in crate::transport::stream) partial: bool,
    /// The peer says that nothing more comes.
    pub(in crate::transport::stream) ended: bool,
}

/// The peer does not speak TLS or WebSocket as it should.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(in crate::transport::stream) struct CodecError(pub(in crate::transport::stream) String);
