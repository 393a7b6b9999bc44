//! Behind haproxy, which says in both versions of the PROXY protocol for whom it connects, to TCP and to TLS.
//!
//! Without haproxy the test says that it was skipped, and passes; with `SPIGOT_INTEROP=strict` it fails.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use spigot::testing::{authority, certificates};
use spigot::transport::Proxies;
use spigot::{Config, Source, Spigot, StatusCode, Transport, sip_router};
use spigot_tests::{Crowd, Draft, Haproxy, loopback};

/// Notes who sends messages.
struct Phone {
    senders: Arc<Mutex<Vec<SocketAddr>>>,
}

#[sip_router]
impl Phone {
    #[message]
    async fn message(&self, source: Source) -> StatusCode {
        self.senders.lock().expect("nobody panics").push(source.peer);
        StatusCode::OK
    }
}

#[tokio::test]
async fn behind_haproxy_the_peer_is_the_client() {
    if !Haproxy::is_installed() {
        return;
    }
    let (ip, home) = (loopback(), IpAddr::from([127, 0, 0, 1]));
    let senders = Arc::default();
    let config = Config::new(Phone {
        senders: Arc::clone(&senders),
    })
    .tls(certificates(&[&ip.to_string()]))
    .proxy_protocol(Proxies::new(["127.0.0.1"]).expect("an address"))
    .listen(Transport::Tcp, (home, 0))
    .listen(Transport::Tls, (home, 0));
    let spigot = Spigot::start(config).await.expect("free ports");
    let (tcp, tls) = (spigot.listeners()[0].address, spigot.listeners()[1].address);
    let backs = [
        (tcp, "send-proxy"),
        (tcp, "send-proxy-v2"),
        (tls, "send-proxy"),
        (tls, "send-proxy-v2"),
        (tcp, "send-proxy-v2 proxy-v2-options unique-id,crc32c"),
    ];
    let haproxy = Haproxy::start(ip, &backs).await;

    for (front, (back, how)) in haproxy.fronts().iter().zip(backs) {
        let transport = if back == tls {
            Transport::Tls
        } else {
            Transport::Tcp
        };
        let crowd = Crowd::new(transport, *front, &authority());
        let mut phone = crowd.join(loopback()).await.expect("haproxy listens");
        let message = Draft::new(
            "MESSAGE",
            "sip:bob@example.com",
            transport.as_str(),
            phone.local(),
        );
        let answer = phone.ask(&message.octets()).await.expect("an answer");
        assert!(answer.starts_with("SIP/2.0 200 "), "{transport}, {how}: {answer}");
        let sender = senders.lock().expect("nobody panics").pop();
        assert_eq!(sender, Some(phone.local()), "{transport}, {how}");
    }
    for counters in spigot.transport_counters() {
        assert_eq!(counters.refused_headers, 0, "{counters:?}");
    }
    spigot.shutdown().await;
}
