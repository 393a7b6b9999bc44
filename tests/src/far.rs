//! A callee on all five transports that sends text and uses only the parser of the library.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use spigot::sip::{Bytes, Request};
use spigot::{HeaderName, Method, Transport};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::{Datagrams, Draft, Stream, TRANSPORTS, Web};

const ANSWER: &str =
    "v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4002 RTP/AVP 0\r\n";

/// A callee that answers every request with 200, and an INVITE after ringing.
///
/// The user `busy` is busy, `ring` rings until it is cancelled, and `locked` asks for any credentials. The
/// callee ends when this is dropped.
#[derive(Debug)]
pub struct Far {
    addresses: Vec<(Transport, SocketAddr)>,
    received: Arc<AtomicU64>,
    _tasks: JoinSet<()>,
}

impl Far {
    /// Starts the callee on free ports of the address `ip`, one for each transport.
    ///
    /// # Panics
    ///
    /// When there are none.
    pub async fn start(ip: IpAddr) -> Far {
        let (mut addresses, mut tasks) = (Vec::new(), JoinSet::new());
        let received = Arc::new(AtomicU64::new(0));
        let tls = crate::secure::acceptor(&ip.to_string());
        for transport in TRANSPORTS {
            if transport == Transport::Udp {
                let socket = Datagrams::at((ip, 0).into(), (ip, 0).into()).await;
                let talk = Talk::new(transport, socket.local(), received.clone());
                addresses.push((transport, talk.local));
                tasks.spawn(datagrams(socket, talk));
            } else {
                let listener = TcpListener::bind((ip, 0)).await.expect("a free port");
                let local = listener.local_addr().expect("a bound socket has an address");
                addresses.push((transport, local));
                let talk = move |received| Talk::new(transport, local, received);
                tasks.spawn(connections(listener, tls.clone(), talk, received.clone()));
            }
        }
        Far {
            addresses,
            received,
            _tasks: tasks,
        }
    }

    /// Returns the addresses of the callee.
    pub fn addresses(&self) -> &[(Transport, SocketAddr)] {
        &self.addresses
    }

    /// Returns the number of requests received.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

async fn datagrams(socket: Datagrams, mut talk: Talk) {
    while let Some((octets, peer)) = socket.message().await {
        for answer in talk.answers(octets) {
            socket.send_to(answer.octets(), peer).await;
        }
    }
}

async fn connections(
    listener: TcpListener,
    tls: TlsAcceptor,
    talk: impl Fn(Arc<AtomicU64>) -> Talk,
    received: Arc<AtomicU64>,
) {
    let mut tasks = JoinSet::new();
    while let Ok((stream, peer)) = listener.accept().await {
        tasks.spawn(connection(stream, peer, tls.clone(), talk(received.clone())));
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, tls: TlsAcceptor, talk: Talk) {
    let local = talk.local;
    let web = matches!(talk.transport, Transport::Ws | Transport::Wss);
    match (web, talk.transport.is_secure()) {
        (false, false) => converse(Stream::over(stream, local, peer), talk).await,
        (true, false) => {
            if let Some(socket) = Web::accept(stream, local, peer).await {
                converse(socket, talk).await;
            }
        }
        (_, true) => {
            let Some(stream) = crate::secure::accept(&tls, stream).await else {
                return;
            };
            if !web {
                converse(Stream::over(stream, local, peer), talk).await;
            } else if let Some(socket) = Web::accept(stream, local, peer).await {
                converse(socket, talk).await;
            }
        }
    }
}

/// A transport of whole messages.
trait Line {
    async fn hear(&mut self) -> Option<Bytes>;
    async fn say(&mut self, octets: Vec<u8>) -> bool;
}

impl Line for Stream {
    async fn hear(&mut self) -> Option<Bytes> {
        self.message().await
    }

    async fn say(&mut self, octets: Vec<u8>) -> bool {
        self.send(octets).await
    }
}

impl Line for Web {
    async fn hear(&mut self) -> Option<Bytes> {
        self.message().await
    }

    async fn say(&mut self, octets: Vec<u8>) -> bool {
        self.send(octets).await
    }
}

async fn converse(mut line: impl Line, mut talk: Talk) {
    while let Some(octets) = line.hear().await {
        for answer in talk.answers(octets) {
            if !line.say(answer.octets()).await {
                return;
            }
        }
    }
}

/// The state of the callee for one peer.
#[derive(Debug)]
struct Talk {
    transport: Transport,
    local: SocketAddr,
    received: Arc<AtomicU64>,
    /// The INVITE for which the callee rings.
    ringing: Option<Request>,
}

impl Talk {
    fn new(transport: Transport, local: SocketAddr, received: Arc<AtomicU64>) -> Talk {
        Talk {
            transport,
            local,
            received,
            ringing: None,
        }
    }

    fn answers(&mut self, octets: Bytes) -> Vec<Draft> {
        self.received.fetch_add(1, Ordering::Relaxed);
        let request = Request::parse(octets).expect("our client sends requests");
        let ok = Draft::answering(&request, "200 OK");
        let user = request.uri().user().unwrap_or_default();
        match *request.method() {
            Method::ACK => Vec::new(),
            Method::CANCEL => {
                let cancelled = self.ringing.take();
                let terminated = cancelled.map(|it| Draft::answering(&it, "487 Request Terminated"));
                std::iter::once(ok).chain(terminated).collect()
            }
            Method::INVITE if user == "busy" => vec![Draft::answering(&request, "486 Busy Here")],
            Method::INVITE
                if user == "locked" && request.headers().get(&HeaderName::AUTHORIZATION).is_none() =>
            {
                let challenge = "Digest realm=\"far\", nonce=\"once\", qop=\"auth\", algorithm=MD5";
                vec![Draft::answering(&request, "401 Unauthorized").add("WWW-Authenticate", challenge)]
            }
            Method::INVITE => {
                let ringing = Draft::answering(&request, "180 Ringing");
                if user == "ring" {
                    self.ringing = Some(request);
                    return vec![ringing];
                }
                let contact = format!("<sip:far@{};transport={}>", self.local, self.transport);
                vec![
                    ringing,
                    ok.add("Contact", contact).body("application/sdp", ANSWER),
                ]
            }
            _ => vec![ok],
        }
    }
}
