//! What tshark says of all that we send: a suite over every transport is captured on the loopback and read by it.
//!
//! Without tshark, or the right to capture, it says that it was skipped, and passes; with `SPIGOT_INTEROP=strict` it fails.
#![cfg(unix)]

mod judge;
mod play;
mod switchboard;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use spigot::testing::{TestClient, certificates};
use spigot::{Config, Spigot, Transport};
use spigot_tests::{Capture, Far, Peer, TRANSPORTS};

use judge::Sides;
use switchboard::Switchboard;

async fn suite(ip: IpAddr) {
    let switchboard = Switchboard::default();
    let config = Config::new(switchboard.clone())
        .name("switchboard")
        .tls(certificates(&["sip.example.com", &ip.to_string()]));
    let config = TRANSPORTS
        .into_iter()
        .fold(config, |config, transport| config.listen(transport, (ip, 0)));
    let spigot = Spigot::start(config).await.unwrap();
    let far = Far::start(ip).await;
    let mut clients = Vec::new();
    for (transport, address) in far.addresses() {
        let target = format!("{transport}:{address}");
        clients.push(TestClient::connect_as(&target, "sip:alice@example.com").await);
    }
    let listeners = spigot.listeners().iter().map(|it| (it.transport, it.address));
    let clients_at = TRANSPORTS.into_iter().zip(&clients);
    let sides = Sides {
        ours: listeners.collect(),
        clients: clients_at
            .map(|(transport, it)| (transport, it.address()))
            .collect(),
        far: far.addresses().to_vec(),
    };

    let captured = [&sides.ours[..], &sides.far].concat();
    let ports = captured.iter().map(|(_, address)| address.port());
    let Some(capture) = Capture::begin(ip, ports).await else {
        return;
    };
    for (transport, address) in &sides.ours {
        play::others_ask_us(&switchboard, &spigot, *transport, *address).await;
    }
    for (transport, address) in &sides.far {
        play::we_ask_others(&spigot.client(), *transport, *address).await;
    }
    for client in &clients {
        play::a_test_client_asks_others(client).await;
    }
    // Something is wrong with one message, and it is not ours: tshark sees such things.
    let mut peer = Peer::connect(Transport::Udp, sides.ours[0].1).await;
    let wrong = peer
        .draft("OPTIONS", "sip:example.com")
        .add_first("Subject", "x\r\nno header at all");
    assert_eq!(peer.ask(&wrong).await.status(), 400);
    let messages = capture.messages(&captured).await;
    let wrong = messages.iter().find(|it| it.source == peer.local());
    assert!(!wrong.expect("what was sent").complaints.is_empty());

    for message in messages.iter().filter(|it| sides.sent(it)) {
        sides.judge(message);
    }
    // None is missing.
    for ((transport, address), counters) in sides.ours.iter().zip(spigot.transport_counters()) {
        let (sent, received) = sides.count(&messages, *transport, *address);
        assert_eq!(sent, counters.sent, "sent over {transport}");
        assert_eq!(received, counters.received, "received over {transport}");
    }
    let to_far = messages.iter().filter(|it| sides.is_to_far(it));
    assert_eq!(to_far.count() as u64, far.received());
}

#[tokio::test]
async fn tshark_finds_nothing_wrong_with_what_we_send_over_ipv4() {
    suite(Ipv4Addr::LOCALHOST.into()).await;
}

#[tokio::test]
async fn tshark_finds_nothing_wrong_with_what_we_send_over_ipv6() {
    suite(Ipv6Addr::LOCALHOST.into()).await;
}
