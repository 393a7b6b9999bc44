//! Thousands of clients: connections over any stream transport and from any loopback address, with little
//! memory each.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use spigot::Transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::wire::{Octets, PATIENCE};

/// The request to a WebSocket server (RFC 7118 §4).
const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: sip\r\n\r\n";

/// A server, and the certificates that its clients trust.
#[derive(Clone)]
pub struct Crowd {
    transport: Transport,
    server: SocketAddr,
    tls: TlsConnector,
}

impl Crowd {
    /// Creates clients that trust these certificates in PEM, and resume no TLS session.
    ///
    /// # Panics
    ///
    /// When they are none.
    pub fn new(transport: Transport, server: SocketAddr, trusted: &str) -> Crowd {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(trusted.as_bytes()) {
            roots.add(certificate.expect("PEM")).expect("a certificate");
        }
        let mut config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Crowd {
            transport,
            server,
            tls: Arc::new(config).into(),
        }
    }

    /// Connects a client from the address `from`, until it can send messages.
    ///
    /// # Errors
    ///
    /// The system's, and when a handshake fails.
    ///
    /// # Panics
    ///
    /// When it is not done within 10 s.
    pub async fn join(&self, from: IpAddr) -> io::Result<Member> {
        timeout(PATIENCE, self.connect(from))
            .await
            .expect("a connection within 10 s")
    }

    async fn connect(&self, from: IpAddr) -> io::Result<Member> {
        let stream = connect_from(from, self.server).await?;
        let local = stream.local_addr()?;
        let stream: Box<dyn Octets> = match self.transport.is_secure() {
            false => Box::new(stream),
            true => {
                let name = ServerName::IpAddress(self.server.ip().into());
                Box::new(self.tls.connect(name, stream).await?)
            }
        };
        let mut member = Member {
            stream,
            local,
            is_websocket: matches!(self.transport, Transport::Ws | Transport::Wss),
        };
        if member.is_websocket {
            member.write(UPGRADE.as_bytes()).await?;
            let answer = member.read_head().await?;
            if !answer.starts_with("HTTP/1.1 101 ") {
                return Err(io::Error::new(io::ErrorKind::InvalidData, answer));
            }
        }
        Ok(member)
    }
}

/// Connects from the address `from`, and sends nothing.
///
/// # Errors
///
/// The system's.
pub async fn connect_from(from: IpAddr, server: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One connection.
pub struct Member {
    stream: Box<dyn Octets>,
    local: SocketAddr,
    is_websocket: bool,
}

impl Member {
    /// Returns the local address.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Sends a message, and reads an answer without a body.
    ///
    /// # Errors
    ///
    /// The system's, and when the server has closed.
    ///
    /// # Panics
    ///
    /// When none has come within 10 s.
    pub async fn ask(&mut self, message: &[u8]) -> io::Result<String> {
        let exchange = async {
            match self.is_websocket {
                false => self.write(message).await?,
                true => self.write(&frame(message)).await?,
            }
            let mut answer = self.read_head().await?;
            let start = answer.find("SIP/2.0").unwrap_or_default(); // past the head of a frame
            answer.replace_range(..start, "");
            Ok(answer)
        };
        timeout(PATIENCE, exchange).await.expect("an answer within 10 s")
    }

    async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets).await?;
        self.stream.flush().await
    }

    /// Reads until the received octets end as the head of a message does.
    async fn read_head(&mut self) -> io::Result<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut octets = [0; 2048];
            let count = self.stream.read(&mut octets).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            head.extend_from_slice(&octets[..count]);
        }
        Ok(String::from_utf8_lossy(&head).into_owned())
    }
}

/// Encodes a text frame of a client, masked with zeros (RFC 6455 §5.2).
fn frame(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).expect("a message of less than 64 KiB");
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(message);
    frame
}

impl fmt::Debug for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.transport, self.server)
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.local)
    }
}
