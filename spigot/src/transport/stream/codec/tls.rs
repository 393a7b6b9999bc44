//! TLS, driven by the octets of a connection.

use std::io::{BufRead, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use super::layer::CodecError;
use crate::Identity;
use crate::transport::tls::identity;

/// The TLS of a connection, on whichever side.
#[derive(Debug)]
pub(in crate::transport::stream) struct TlsLayer {
    connection: Connection,
    records: RecordPosition,
    ended: bool,
}

/// How far the octets have come in the sequence of records.
///
/// RFC 8446 §5.1: a record is a type, a version, a length of 16 bits, and so many octets.
#[derive(Debug, Default)]
struct RecordPosition {
    header: [u8; 5],
    /// How many octets of the header have come.
    come: usize,
    /// How many octets of the record have not come.
    left: usize,
}

impl RecordPosition {
    fn take(&mut self, mut octets: &[u8]) {
        while let Some((first, rest)) = octets.split_first() {
            if self.left > 0 {
                let skipped = self.left.min(octets.len());
                self.left -= skipped;
                octets = &octets[skipped..];
                continue;
            }
            self.header[self.come] = *first;
            self.come += 1;
            octets = rest;
            if self.come == self.header.len() {
                self.come = 0;
                self.left = usize::from(u16::from_be_bytes([self.header[3], self.header[4]]));
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.come == 0 && self.left == 0
    }
}

impl TlsLayer {
    /// The TLS of a connection that was accepted.
    pub(in crate::transport::stream) fn server(config: Arc<ServerConfig>) -> Result<TlsLayer, CodecError> {
        let connection = ServerConnection::new(config).map_err(broken)?;
        Ok(TlsLayer::new(connection.into()))
    }

    /// The TLS of a connection that was opened, towards a server of that name.
    pub(in crate::transport::stream) fn client(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<TlsLayer, CodecError> {
        let connection = ClientConnection::new(config, name).map_err(broken)?;
        Ok(TlsLayer::new(connection.into()))
    }

    fn new(mut connection: Connection) -> TlsLayer {
        // What is written is taken out at once, so there is nothing to bound; the queue of the connection is.
        connection.set_buffer_limit(None);
        TlsLayer {
            connection,
            records: RecordPosition::default(),
            ended: false,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        !self.connection.is_handshaking()
    }

    /// Whose certificate the peer has shown and was trusted with, once the handshake is done.
    pub(super) fn identity(&self) -> Option<Identity> {
        let certificate = self.connection.peer_certificates()?.first()?;
        identity(certificate).ok()
    }

    /// Whether the peer has said that nothing more comes.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether no record is under way.
    pub(super) fn is_whole(&self) -> bool {
        self.records.is_whole()
    }

    /// Decrypts; `wire` gets what the handshake has to say, also when it fails.
    pub(super) fn received(
        &mut self,
        mut octets: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        self.records.take(octets);
        let outcome = self.decrypt(&mut octets, plain);
        self.write_out(wire)?;
        outcome
    }

    fn decrypt(&mut self, octets: &mut &[u8], plain: &mut Vec<u8>) -> Result<(), CodecError> {
        while !octets.is_empty() && !self.ended {
            self.connection.read_tls(octets).map_err(broken)?;
            let state = self.connection.process_new_packets().map_err(broken)?;
            self.ended |= state.peer_has_closed();
            let mut left = state.plaintext_bytes_to_read();
            let mut reader = self.connection.reader();
            while left > 0 {
                let chunk = reader.fill_buf().map_err(broken)?;
                let length = chunk.len();
                plain.extend_from_slice(chunk);
                reader.consume(length);
                left = left.saturating_sub(length.max(1));
            }
        }
        Ok(())
    }

    /// Encrypts.
    pub(super) fn encode(&mut self, octets: &[u8], wire: &mut Vec<u8>) -> Result<(), CodecError> {
        if !octets.is_empty() {
            self.connection.writer().write_all(octets).map_err(broken)?;
        }
        self.write_out(wire)
    }

    /// Says that nothing more is sent (`close_notify`).
    pub(super) fn end(&mut self, wire: &mut Vec<u8>) {
        self.connection.send_close_notify();
        let _ = self.write_out(wire);
    }

    fn write_out(&mut self, wire: &mut Vec<u8>) -> Result<(), CodecError> {
        while self.connection.wants_write() {
            self.connection.write_tls(wire).map_err(broken)?;
        }
        Ok(())
    }
}

fn broken(error: impl std::fmt::Display) -> CodecError {
    CodecError(format!("TLS: {error}"))
}
