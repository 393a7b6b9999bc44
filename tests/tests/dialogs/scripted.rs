//! A peer on the in-memory network that has no SIP of its own: it hears octets, and says what the test says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use spigot::header::To;
use spigot::sip::{Bytes, FrameError, HeaderName, Message, Request};
use spigot::testing::Network;
use spigot::transport::{Bind, Carrier, Inbound, TransportLimits};
use spigot::{Flow, Method, Transport};
use tokio::sync::mpsc;

/// A peer that answers nothing by itself, over UDP and TCP.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    carriers: Vec<Arc<dyn Carrier>>,
    heard: mpsc::UnboundedReceiver<(Flow, Bytes)>,
}

/// A request that has reached the peer.
pub(crate) struct Heard {
    pub(crate) request: Request,
    pub(crate) flow: Flow,
}

struct Ears(mpsc::UnboundedSender<(Flow, Bytes)>);

impl Inbound for Ears {
    fn message(&self, flow: Flow, bytes: Bytes) {
        let _ = self.0.send((flow, bytes));
    }

    fn unframed(&self, _: Flow, _: FrameError) {}

    fn closed(&self, _: Flow) {}
}

impl Scripted {
    /// Starts a peer at 203.0.113.`number`.
    pub(crate) async fn start(network: &Network, number: u8, name: &str) -> Scripted {
        let address = SocketAddr::from(([203, 0, 113, number], 5060));
        let (said, heard) = mpsc::unbounded_channel();
        let ears: Arc<dyn Inbound> = Arc::new(Ears(said));
        let limits = TransportLimits::default();
        let datagrams = Box::new(network.datagrams(address, name));
        let streams = Box::new(network.streams(address, name));
        let carriers = vec![
            datagrams
                .bind(ears.clone(), &limits)
                .await
                .expect("a free address"),
            streams.bind(ears, &limits).await.expect("a free address"),
        ];
        for carrier in &carriers {
            carrier.start();
        }
        Scripted {
            address,
            carriers,
            heard,
        }
    }

    /// Waits for a request with that method, and passes over all that comes before it.
    pub(crate) async fn expect(&mut self, method: Method) -> Heard {
        let patience = tokio::time::sleep(Duration::from_secs(300));
        tokio::pin!(patience);
        loop {
            let (flow, bytes) = tokio::select! {
                heard = self.heard.recv() => heard.expect("the network is there"),
                () = &mut patience => panic!("no {method} has reached {}", self.address),
            };
            match Message::parse(bytes) {
                Ok(Message::Request(request)) if *request.method() == method => {
                    return Heard { request, flow };
                }
                _ => {}
            }
        }
    }

    /// Waits for a request with that method, and answers it 200.
    pub(crate) async fn accept(&mut self, method: Method) -> Heard {
        let heard = self.expect(method).await;
        self.answer(&heard, "200 OK", Some("far"), "");
        heard
    }

    /// Answers a request with header lines of its own, each with its line end. The To tag is for a request that
    /// has none.
    pub(crate) fn answer(&self, heard: &Heard, status: &str, tag: Option<&str>, lines: &str) {
        let headers = heard.request.headers();
        let value = |name: HeaderName| headers.get(&name).expect("it is there").to_owned();
        let mut to = value(HeaderName::TO);
        if let Some(tag) = tag.filter(|_| !to.contains(";tag=")) {
            to = format!("{to};tag={tag}");
        }
        self.say(
            &heard.flow,
            format!(
                "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\n{lines}\
                 Content-Length: 0\r\n\r\n",
                value(HeaderName::VIA),
                value(HeaderName::FROM),
                value(HeaderName::CALL_ID),
                value(HeaderName::CSEQ),
            ),
        );
    }

    /// Sends octets on a flow.
    pub(crate) fn say(&self, flow: &Flow, text: String) {
        let carrier = self.carrier(flow);
        carrier.send(flow, text.into()).expect("it leaves");
    }

    /// Returns a flow of the peer's own to an address.
    pub(crate) async fn flow_to(&self, transport: Transport, address: SocketAddr) -> Flow {
        let of = |carrier: &&Arc<dyn Carrier>| carrier.transport() == transport;
        let carrier = self.carriers.iter().find(of).expect("one of both");
        carrier.connect(address).await.expect("a flow")
    }

    /// Waits for a final response, and gives its To tag.
    pub(crate) async fn tag_of_answer(&mut self) -> String {
        loop {
            let (_, bytes) = self.heard.recv().await.expect("the network is there");
            if let Ok(Message::Response(response)) = Message::parse(bytes)
                && response.status().is_final()
            {
                let tag = To::tag_of(response.headers()).expect("a To");
                return tag.expect("a tag").to_owned();
            }
        }
    }

    fn carrier(&self, flow: &Flow) -> &Arc<dyn Carrier> {
        let of = |carrier: &&Arc<dyn Carrier>| carrier.transport() == flow.transport();
        self.carriers.iter().find(of).expect("one of both")
    }
}
