//! Raw sockets, which use only the parser of the library.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use spigot::sip::{Bytes, Frame, Framer, Limits, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::timeout;

/// The time that a test waits for an expected message.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A response as it came.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The octets of the response.
    pub octets: Bytes,
    /// The parsed response.
    pub response: Response,
    /// The sender.
    pub from: SocketAddr,
}

impl Answer {
    /// Parses the octets of a response.
    ///
    /// # Panics
    ///
    /// When they are no response.
    pub fn read(octets: Bytes, from: SocketAddr) -> Answer {
        let response = Response::parse(octets.clone()).unwrap_or_else(|error| {
            panic!(
                "the server sent what is no response: {error}\n{}",
                String::from_utf8_lossy(&octets)
            )
        });
        Answer {
            octets,
            response,
            from,
        }
    }

    /// Returns the status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Returns the values of the header `name` in their order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let headers = self.response.headers().iter();
        headers
            .filter(|field| field.name().as_str().eq_ignore_ascii_case(name))
            .map(|field| field.value())
            .collect()
    }

    /// Returns the first value of the header `name`, or an empty text if it is missing.
    pub fn value(&self, name: &str) -> &str {
        self.all(name).first().copied().unwrap_or_default()
    }

    /// Returns the To tag.
    pub fn to_tag(&self) -> Option<&str> {
        self.value("To").split_once(";tag=").map(|(_, tag)| tag)
    }
}

/// A UDP socket and the address of its server, which receives from any address.
#[derive(Debug)]
pub struct Datagrams {
    socket: UdpSocket,
    server: SocketAddr,
}

impl Datagrams {
    /// Binds a free port in the address family of the server.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn new(server: SocketAddr) -> Datagrams {
        let ip = if server.is_ipv6() { "::1" } else { "127.0.0.1" };
        Datagrams::at(SocketAddr::new(ip.parse().expect("an address"), 0), server).await
    }

    /// Binds the given address.
    ///
    /// # Panics
    ///
    /// When it cannot be bound.
    pub async fn at(local: SocketAddr, server: SocketAddr) -> Datagrams {
        let socket = UdpSocket::bind(local).await;
        let socket = socket.unwrap_or_else(|error| panic!("cannot bind {local}: {error}"));
        Datagrams { socket, server }
    }

    /// Returns the local address.
    pub fn local(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket has an address")
    }

    /// Sends one datagram to the server.
    ///
    /// # Panics
    ///
    /// When the system does not take it.
    pub async fn send(&self, octets: impl AsRef<[u8]>) {
        self.send_to(octets, self.server).await;
    }

    /// Sends one datagram to `peer`.
    pub(crate) async fn send_to(&self, octets: impl AsRef<[u8]>, peer: SocketAddr) {
        self.socket
            .send_to(octets.as_ref(), peer)
            .await
            .expect("the loopback takes a datagram");
    }

    /// Waits for the next response.
    ///
    /// # Panics
    ///
    /// When none comes within 10 s, or what comes is none.
    pub async fn receive(&self) -> Answer {
        self.receive_within(PATIENCE)
            .await
            .expect("an answer within 10 s")
    }

    /// Waits for the next response; returns `None` if none comes in the given time.
    ///
    /// # Panics
    ///
    /// When what comes is no response.
    pub async fn receive_within(&self, patience: Duration) -> Option<Answer> {
        let (octets, from) = timeout(patience, self.message()).await.ok()??;
        Some(Answer::read(octets, from))
    }

    /// Waits for the next message without a deadline, and returns it with its sender.
    pub(crate) async fn message(&self) -> Option<(Bytes, SocketAddr)> {
        let mut buffer = vec![0; 65_536];
        let (octets, from) = self.socket.recv_from(&mut buffer).await.ok()?;
        buffer.truncate(octets);
        Some((buffer.into(), from))
    }

    /// Waits for the next response that is not provisional.
    ///
    /// # Panics
    ///
    /// When none comes within 10 s.
    pub async fn receive_final(&self) -> Answer {
        loop {
            let answer = self.receive().await;
            if answer.response.status().is_final() {
                return answer;
            }
        }
    }
}

/// A stream of octets: a TCP connection, or TLS over one.
pub trait Octets: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Octets for S {}

/// A connection to the server over TCP or TLS.
pub struct Stream {
    stream: Box<dyn Octets>,
    local: SocketAddr,
    server: SocketAddr,
    framer: Framer,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.local, self.server)
    }
}

impl Stream {
    /// Connects over TCP.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub async fn connect(server: SocketAddr) -> Stream {
        Stream::of(connect(server).await)
    }

    /// Connects over TLS to the server of `sip.example.com`, whose certificate the tests' authority has
    /// signed.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub async fn connect_tls(server: SocketAddr) -> Stream {
        let stream = connect(server).await;
        let local = stream.local_addr().expect("a connected socket has an address");
        Stream::secured(stream, local, server).await
    }

    /// Makes a TLS handshake with the same server over a stream that exists already.
    ///
    /// # Panics
    ///
    /// When the handshake fails.
    pub async fn secured(stream: impl Octets + 'static, local: SocketAddr, server: SocketAddr) -> Stream {
        Stream::over(crate::secure::connect(stream).await, local, server)
    }

    /// Connects with small socket buffers, for peers that do not read.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub async fn connect_narrow(server: SocketAddr) -> Stream {
        let socket = if server.is_ipv6() {
            TcpSocket::new_v6()
        } else {
            TcpSocket::new_v4()
        };
        let socket = socket.expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        Stream::of(socket.connect(server).await.expect("the server listens"))
    }

    fn of(stream: TcpStream) -> Stream {
        stream.set_nodelay(true).expect("TCP_NODELAY");
        let local = stream.local_addr().expect("a connected socket has an address");
        let server = stream.peer_addr().expect("a connected socket has a peer");
        Stream::over(stream, local, server)
    }

    pub(crate) fn over(stream: impl Octets + 'static, local: SocketAddr, server: SocketAddr) -> Stream {
        Stream {
            stream: Box::new(stream),
            local,
            server,
            framer: Framer::new(Limits::default()),
        }
    }

    /// Returns the local address.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Writes octets; returns `false` if the server has closed.
    pub async fn send(&mut self, octets: impl AsRef<[u8]>) -> bool {
        let write = async {
            self.stream.write_all(octets.as_ref()).await?;
            self.stream.flush().await
        };
        matches!(timeout(PATIENCE, write).await, Ok(Ok(())))
    }

    /// Closes the sending direction.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Waits for the next response; returns `None` if the server has closed.
    ///
    /// # Panics
    ///
    /// When neither comes within 10 s.
    pub async fn receive(&mut self) -> Option<Answer> {
        match timeout(PATIENCE, self.next()).await {
            Ok(answer) => answer,
            Err(_) => panic!("expected an answer or a close within {PATIENCE:?}"),
        }
    }

    /// Waits for the next response that is not provisional; returns `None` if the server has closed.
    ///
    /// # Panics
    ///
    /// When neither comes within 10 s.
    pub async fn receive_final(&mut self) -> Option<Answer> {
        loop {
            let answer = self.receive().await?;
            if answer.response.status().is_final() {
                return Some(answer);
            }
        }
    }

    /// Writes octets while reading, until `answers` responses have come or the server has closed.
    ///
    /// # Panics
    ///
    /// When neither has happened within 10 s.
    pub async fn exchange(&mut self, octets: impl AsRef<[u8]>, answers: usize) -> Vec<Answer> {
        let from = self.server;
        let Stream { stream, framer, .. } = self;
        let (mut reader, mut writer) = tokio::io::split(stream);
        let read = async {
            let mut received = Vec::with_capacity(answers);
            while received.len() < answers {
                match framer.next().expect("the server frames what it sends") {
                    Some(Frame::Message(octets)) => received.push(Answer::read(octets, from)),
                    Some(_) => {}
                    None => match reader.read_buf(framer.buffer()).await {
                        Ok(0) | Err(_) => break,
                        Ok(_) => {}
                    },
                }
            }
            received
        };
        let both = async { tokio::join!(writer.write_all(octets.as_ref()), read).1 };
        timeout(PATIENCE, both)
            .await
            .expect("all answers, or a close, within 10 s")
    }

    /// Returns the next octets, at most `max`, or none if the server has closed.
    ///
    /// # Panics
    ///
    /// When nothing comes within 10 s.
    pub async fn receive_raw(&mut self, max: usize) -> Vec<u8> {
        let mut buffer = vec![0; max];
        let octets = timeout(PATIENCE, self.stream.read(&mut buffer))
            .await
            .expect("octets within 10 s");
        buffer.truncate(octets.unwrap_or(0));
        buffer
    }

    /// Waits for the next response; returns `None` if the server has closed.
    async fn next(&mut self) -> Option<Answer> {
        let from = self.server;
        self.message().await.map(|octets| Answer::read(octets, from))
    }

    /// Waits for the next message as it came; returns `None` if the server has closed.
    ///
    /// # Panics
    ///
    /// When neither comes within 10 s.
    pub async fn receive_message(&mut self) -> Option<Bytes> {
        let message = timeout(PATIENCE, self.message()).await;
        message.expect("a message or a close within 10 s")
    }

    /// Waits for the next message without a deadline; returns `None` if the other side has closed.
    pub(crate) async fn message(&mut self) -> Option<Bytes> {
        loop {
            match self.framer.next().expect("the other side frames what it sends") {
                Some(Frame::Message(octets)) => return Some(octets),
                Some(_) => {}
                None => match self.stream.read_buf(self.framer.buffer()).await {
                    Ok(0) | Err(_) => return None,
                    Ok(_) => {}
                },
            }
        }
    }
}

pub(crate) async fn connect(server: SocketAddr) -> TcpStream {
    let stream = timeout(PATIENCE, TcpStream::connect(server)).await;
    stream
        .expect("a connection within 10 s")
        .expect("the server listens")
}
