//! What must hold of every message of ours, by what tshark has read in it.

use std::net::SocketAddr;

use spigot::Transport;
use spigot_tests::Captured;

/// Where somebody listens.
pub(crate) type Place = (Transport, SocketAddr);

/// Whose messages are captured.
#[derive(Debug)]
pub(crate) struct Sides {
    /// Where the endpoint under test listens.
    pub(crate) ours: Vec<Place>,
    /// Where the test clients listen, which only send.
    pub(crate) clients: Vec<Place>,
    /// Where those listen whom both ask.
    pub(crate) far: Vec<Place>,
}

impl Sides {
    /// Whether we sent it.
    pub(crate) fn sent(&self, message: &Captured) -> bool {
        self.ours.contains(&(message.transport, message.source)) || self.is_to_far(message)
    }

    /// Whether those were sent it whom both ask.
    pub(crate) fn is_to_far(&self, message: &Captured) -> bool {
        self.far.contains(&(message.transport, message.destination))
    }

    fn is_from_far(&self, message: &Captured) -> bool {
        self.far.contains(&(message.transport, message.source))
    }

    fn is_ours(&self, transport: Transport, place: SocketAddr) -> bool {
        [&self.ours, &self.clients]
            .iter()
            .any(|it| it.contains(&(transport, place)))
    }

    /// How many messages the endpoint under test has sent and received over one of its transports, where it listens there.
    pub(crate) fn count(&self, messages: &[Captured], transport: Transport, place: SocketAddr) -> (u64, u64) {
        let (mut sent, mut received) = (0, 0);
        for message in messages.iter().filter(|it| it.transport == transport) {
            // On a connection that it has opened, it is whom Via names.
            let names_it = message.field("sip.Via.sent-by.port") == place.port().to_string();
            if message.source == place || self.is_to_far(message) && names_it {
                sent += 1;
            } else if message.destination == place || self.is_from_far(message) && names_it {
                // What is larger is refused, and not received.
                received += u64::from(message.octets.len() <= 65_535);
            }
        }
        (sent, received)
    }

    /// Sees that a message of ours is as it should be.
    pub(crate) fn judge(&self, message: &Captured) {
        let text = String::from_utf8_lossy(&message.octets);
        let transport = message.transport;
        assert!(message.complaints.is_empty(), "{:?}\n{text}", message.complaints);
        for (layer, is_there) in [
            ("udp", transport == Transport::Udp),
            ("tls", transport.is_secure()),
            ("websocket", matches!(transport, Transport::Ws | Transport::Wss)),
        ] {
            assert_eq!(
                message.layers.split(':').any(|it| it == layer),
                is_there,
                "{}",
                message.layers
            );
        }
        let (_, body) = text.split_once("\r\n\r\n").expect("a head that ends");
        let lengths = &message.fields["sip.Content-Length"];
        assert_eq!(*lengths, [body.len().to_string()], "{text}");

        // RFC 3261 §18.1.1, §18.2.1: of a request, Via says where its sender is reached; of a response, where it goes.
        let via = |name: &str| message.field(&format!("sip.Via.{name}"));
        assert_eq!(via("transport"), transport.as_str(), "{text}");
        let sent_by = place(via("sent-by.address"), via("sent-by.port"));
        let here = if is_request(message) {
            assert!(self.is_ours(transport, sent_by), "{sent_by} is not ours\n{text}");
            assert_eq!(sent_by.ip(), message.source.ip(), "{text}");
            let by_listener = self.is_ours(transport, message.source);
            assert_eq!(
                by_listener,
                sent_by == message.source,
                "from {}\n{text}",
                message.source
            );
            sent_by
        } else {
            assert_eq!(sent_by, message.destination, "{text}");
            assert_eq!(
                place(via("received"), via("rport")),
                message.destination,
                "{text}"
            );
            message.source
        };
        // Contacts of other people: those that are registered, and those that a call is moved to.
        let status = message.field("sip.Status-Code");
        if message.field("sip.CSeq.method") == "REGISTER" && !is_request(message) || status.starts_with('3') {
            return;
        }
        if message.fields.contains_key("sip.Contact") {
            let contact = |name: &str| message.field(&format!("sip.contact.{name}"));
            assert_eq!(place(contact("host"), contact("port")), here, "{text}");
            let parameter = match transport {
                Transport::Udp => String::new(),
                transport => format!("transport={transport}"),
            };
            assert_eq!(contact("param"), parameter, "{text}");
        }
    }
}

fn is_request(message: &Captured) -> bool {
    !message.field("sip.Method").is_empty()
}

/// A host that is an address, and a port.
fn place(host: &str, port: &str) -> SocketAddr {
    let ip = host.trim_matches(['[', ']']).parse().expect("an address");
    SocketAddr::new(ip, port.parse().expect("a port"))
}
