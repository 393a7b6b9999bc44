//! A raw client of an agent, on the in-memory network or on the loopback.

use std::any::Any;
use std::net::SocketAddr;

use spigot::testing::TestServer;
use spigot::{Config, Router, Spigot, Transport};
use spigot_tests::{Draft, Fragments, MemoryPeer, Stream, Web};

/// The client, with the agent that it talks to.
pub(crate) struct Socket {
    to: SocketAddr,
    line: Line,
    /// The agent, which runs until it is dropped.
    _agent: Box<dyn Any>,
}

enum Line {
    Memory(Transport, MemoryPeer),
    Tcp(Box<Stream>),
    Ws(Box<Web>, Fragments),
}

impl Socket {
    /// Starts the agent on the in-memory network, and a client at 127.0.0.1.
    pub(crate) async fn in_memory(router: Router, transport: Transport) -> Socket {
        let server = TestServer::start(router).await;
        let to = server.spigot().listeners()[0].address;
        let local = SocketAddr::from(([127, 0, 0, 1], 40_000));
        let peer = MemoryPeer::bind(server.network(), transport, local).await;
        Socket {
            to,
            line: Line::Memory(transport, peer),
            _agent: Box::new(server),
        }
    }

    /// Starts the agent on a free port of the loopback, and connects over TCP.
    pub(crate) async fn tcp(router: Router) -> Socket {
        let spigot = on_loopback(router, Transport::Tcp).await;
        let to = spigot.listeners()[0].address;
        Socket {
            to,
            line: Line::Tcp(Box::new(Stream::connect(to).await)),
            _agent: Box::new(spigot),
        }
    }

    /// Starts the agent on a free port of the loopback, and connects over WebSocket.
    pub(crate) async fn ws(router: Router, fragments: Fragments) -> Socket {
        let spigot = on_loopback(router, Transport::Ws).await;
        let to = spigot.listeners()[0].address;
        let web = Web::connect(to, false).await;
        Socket {
            to,
            line: Line::Ws(Box::new(web), fragments),
            _agent: Box::new(spigot),
        }
    }

    /// Returns an OPTIONS of this client.
    pub(crate) fn options(&self) -> Draft {
        let (via, local) = match &self.line {
            Line::Memory(transport, peer) => (transport.as_str(), peer.address().to_string()),
            Line::Tcp(stream) => ("TCP", stream.local().to_string()),
            Line::Ws(..) => ("WS", "x.invalid".to_owned()),
        };
        Draft::new("OPTIONS", "sip:example.com", via, local)
    }

    /// Sends octets in parts, of which each is a datagram, a write, or a fragment of one message.
    pub(crate) async fn send(&mut self, parts: &[&[u8]]) {
        match &mut self.line {
            Line::Memory(_, peer) => {
                for part in parts {
                    peer.send(self.to, part).await;
                }
            }
            Line::Tcp(stream) => {
                for part in parts {
                    stream.send(part).await;
                }
            }
            Line::Ws(web, fragments) => {
                web.send_fragments(parts, *fragments).await;
            }
        }
    }

    /// Waits for the next message; returns `None` if the agent has closed or, in memory, none comes.
    ///
    /// # Panics
    ///
    /// When neither happens within 10 s on the loopback.
    pub(crate) async fn receive(&mut self) -> Option<Vec<u8>> {
        match &mut self.line {
            Line::Memory(_, peer) => peer.receive().await.map(|octets| octets.to_vec()),
            Line::Tcp(stream) => stream.receive_message().await.map(|octets| octets.to_vec()),
            Line::Ws(web, ..) => web.receive_raw().await,
        }
    }
}

async fn on_loopback(router: Router, transport: Transport) -> Spigot {
    let config = Config::new(router).listen(transport, ([127, 0, 0, 1], 0));
    Spigot::start(config).await.expect("the loopback has a free port")
}
