//! A peer of the server under test over any transport, which sends text and uses only the parser of the
//! library.

use std::net::SocketAddr;

use spigot::Transport;
use spigot::sip::Request;
use spigot::testing::TestClient;
use tokio::time::timeout;

use crate::wire::PATIENCE;
use crate::{Answer, Datagrams, Draft, Stream, Web};

/// A raw peer.
#[derive(Debug)]
pub struct Peer {
    transport: Transport,
    server: SocketAddr,
    wire: Wire,
}

#[derive(Debug)]
enum Wire {
    Datagrams(Datagrams),
    Stream(Stream),
    Web(Box<Web>),
    Memory(Box<TestClient>),
}

impl Peer {
    /// Connects a peer over sockets.
    ///
    /// # Panics
    ///
    /// When the server cannot be reached.
    pub async fn connect(transport: Transport, server: SocketAddr) -> Peer {
        let wire = match transport {
            Transport::Udp => Wire::Datagrams(Datagrams::new(server).await),
            Transport::Tls => Wire::Stream(Stream::connect_tls(server).await),
            Transport::Ws => Wire::Web(Box::new(Web::connect(server, false).await)),
            Transport::Wss => Wire::Web(Box::new(Web::connect(server, true).await)),
            _ => Wire::Stream(Stream::connect(server).await),
        };
        Peer {
            transport,
            server,
            wire,
        }
    }

    /// Creates a peer on the in-memory network.
    pub fn in_memory(client: TestClient, transport: Transport, server: SocketAddr) -> Peer {
        Peer {
            transport,
            server,
            wire: Wire::Memory(Box::new(client)),
        }
    }

    /// Returns the transport.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Returns the local address.
    pub fn local(&self) -> SocketAddr {
        match &self.wire {
            Wire::Datagrams(socket) => socket.local(),
            Wire::Stream(stream) => stream.local(),
            Wire::Web(socket) => socket.local(),
            Wire::Memory(client) => client.address(),
        }
    }

    /// Creates a correct request of this peer.
    pub fn draft(&self, method: &str, uri: &str) -> Draft {
        Draft::new(method, uri, self.transport.as_str(), self.local())
    }

    /// Sends a request.
    ///
    /// # Panics
    ///
    /// When the server has closed.
    pub async fn send(&mut self, draft: &Draft) {
        let octets = draft.octets();
        let open = match &mut self.wire {
            Wire::Datagrams(socket) => {
                socket.send(octets).await;
                true
            }
            Wire::Stream(stream) => stream.send(octets).await,
            Wire::Web(socket) => socket.send(octets).await,
            Wire::Memory(client) => {
                client.send_raw(octets).await;
                true
            }
        };
        assert!(open, "{}: the connection is closed", self.transport);
    }

    /// Waits for the next response.
    ///
    /// # Panics
    ///
    /// When none comes, or the server has closed.
    pub async fn receive(&mut self) -> Answer {
        let answer = match &mut self.wire {
            Wire::Datagrams(socket) => Some(socket.receive().await),
            Wire::Stream(stream) => stream.receive().await,
            Wire::Web(socket) => socket.receive().await,
            Wire::Memory(client) => {
                let response = client.expect_response().await;
                Some(Answer::read(response.to_bytes(), self.server))
            }
        };
        answer.unwrap_or_else(|| panic!("{}: the connection is closed", self.transport))
    }

    /// Waits for the next message, which has to be a request.
    ///
    /// # Panics
    ///
    /// When none comes, or something else, or the server has closed.
    pub async fn receive_request(&mut self) -> Request {
        let next = async {
            match &mut self.wire {
                Wire::Datagrams(socket) => socket.message().await.map(|(octets, _)| octets),
                Wire::Stream(stream) => stream.message().await,
                Wire::Web(socket) => socket.message().await,
                Wire::Memory(client) => panic!("{client:?} takes requests by `expect`"),
            }
        };
        let octets = timeout(PATIENCE, next).await.expect("a request within 10 s");
        let octets = octets.unwrap_or_else(|| panic!("{}: the connection is closed", self.transport));
        Request::parse(octets.clone())
            .unwrap_or_else(|error| panic!("no request: {error}\n{}", String::from_utf8_lossy(&octets)))
    }

    /// Waits for the final response to `draft`, and skips other messages.
    ///
    /// # Panics
    ///
    /// When none comes.
    pub async fn answer(&mut self, draft: &Draft) -> Answer {
        loop {
            let answer = self.receive().await;
            let ours = answer.value("Call-ID") == draft.value("Call-ID")
                && answer.value("CSeq") == draft.value("CSeq");
            if ours && answer.response.status().is_final() {
                return answer;
            }
        }
    }

    /// Sends a request, and waits for its final response.
    ///
    /// # Panics
    ///
    /// When none comes.
    pub async fn ask(&mut self, draft: &Draft) -> Answer {
        self.send(draft).await;
        self.answer(draft).await
    }
}
