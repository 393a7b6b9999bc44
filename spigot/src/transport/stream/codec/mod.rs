//! What stands between the octets of a connection and its messages: TLS, WebSocketLayer, both or neither.
//!
//! Sans-I/O: octets go in and come out, and nobody waits. Invariant: what is encoded leaves in the order in
//! which it was, and what is decoded comes in the order of the octets.

mod layer;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "ws")]
mod upgrade;
#[cfg(feature = "ws")]
mod websocket;

use spigot_parser::Bytes;

use crate::Identity;

use super::close_reason::CloseReason;
pub(super) use layer::{CodecError, Decoded};
#[cfg(feature = "tls")]
pub(super) use tls::TlsLayer;
#[cfg(feature = "ws")]
pub(super) use websocket::WebSocketLayer;

/// The layers of a connection, the lower first. Without any, octets are what the framer sees.
#[derive(Debug, Default)]
pub(super) struct Codec {
    #[cfg(feature = "tls")]
    pub(super) tls: Option<TlsLayer>,
    #[cfg(feature = "ws")]
    pub(super) websocket: Option<WebSocketLayer>,
}

impl Codec {
    /// Whether octets go in and out as they are.
    pub(super) fn is_plain(&self) -> bool {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return false;
        }
        #[cfg(feature = "ws")]
        if self.websocket.is_some() {
            return false;
        }
        true
    }

    /// Whether messages can be sent: every handshake is done.
    pub(super) fn is_ready(&self) -> bool {
        #[cfg(feature = "tls")]
        if self.tls.as_ref().is_some_and(|tls| !tls.is_ready()) {
            return false;
        }
        #[cfg(feature = "ws")]
        if self
            .websocket
            .as_ref()
            .is_some_and(|websocket| !websocket.is_ready())
        {
            return false;
        }
        true
    }

    /// Who the peer has proved to be, once every handshake is done.
    pub(super) fn identity(&self) -> Option<Identity> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return tls.identity();
        }
        None
    }

    /// Takes octets from the wire; `wire` gets those that go back at once.
    ///
    /// On a connection that we opened it is called without octets first, for what we say first.
    ///
    /// # Errors
    ///
    /// [`CodecError`]; what `wire` has by then is still to be sent, and tells the peer.
    pub(super) fn received(
        &mut self,
        octets: &[u8],
        decoded: &mut Decoded,
        wire: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            let mut plain = Vec::new();
            let outcome = tls.received(octets, &mut plain, wire);
            decoded.ended |= tls.has_ended();
            decoded.partial |= !tls.is_whole();
            if tls.is_ready() {
                let mut back = Vec::new();
                let above = Codec::above(
                    #[cfg(feature = "ws")]
                    &mut self.websocket,
                    &plain,
                    decoded,
                    &mut back,
                );
                tls.encode(&back, wire)?;
                above?;
            }
            return outcome;
        }
        Codec::above(
            #[cfg(feature = "ws")]
            &mut self.websocket,
            octets,
            decoded,
            wire,
        )
    }

    /// Takes octets through the layer above TLS.
    fn above(
        #[cfg(feature = "ws")] websocket: &mut Option<WebSocketLayer>,
        octets: &[u8],
        decoded: &mut Decoded,
        wire: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        #[cfg(feature = "ws")]
        if let Some(websocket) = websocket {
            let outcome = websocket.received(octets, decoded, wire);
            decoded.partial |= !websocket.is_whole();
            return outcome;
        }
        let _ = wire;
        decoded.octets.extend_from_slice(octets);
        Ok(())
    }

    /// Encodes a message.
    ///
    /// # Errors
    ///
    /// [`CodecError`], also before it is [ready](Codec::is_ready).
    pub(super) fn encode(&mut self, message: &Bytes, wire: &mut Vec<u8>) -> Result<(), CodecError> {
        if !self.is_ready() {
            return Err(CodecError("the handshake is not done".to_owned()));
        }
        #[cfg(feature = "ws")]
        if let Some(websocket) = &mut self.websocket {
            let mut frame = Vec::with_capacity(message.len() + 16);
            websocket.encode(message, &mut frame)?;
            return self.below(&frame, wire);
        }
        self.below(message, wire)
    }

    /// Says that nothing more is sent and, where it can be said, why.
    pub(super) fn end(&mut self, reason: CloseReason, wire: &mut Vec<u8>) {
        let _ = reason;
        #[cfg(feature = "ws")]
        if let Some(websocket) = &mut self.websocket {
            let mut frame = Vec::new();
            websocket.end(reason, &mut frame);
            let _ = self.below(&frame, wire);
        }
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            tls.end(wire);
        }
        let _ = wire;
    }

    /// Puts octets through TLS, if there is.
    fn below(&mut self, octets: &[u8], wire: &mut Vec<u8>) -> Result<(), CodecError> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            return tls.encode(octets, wire);
        }
        wire.extend_from_slice(octets);
        Ok(())
    }
}
