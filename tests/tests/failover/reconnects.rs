//! Responses whose connection is gone (RFC 3261 §18.2.2, RFC 3263 §5).

use std::net::SocketAddr;
use std::time::Duration;

use spigot::testing::{TestServer, Zone};
use spigot::{Config, Spigot, StatusCode, Transport, sip_router};

use crate::house::{B, Conduct, Server, limits};

/// Takes its time, in which a connection may go.
struct Slow;

#[sip_router]
impl Slow {
    #[options]
    async fn options(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(1)).await;
        StatusCode::OK
    }
}

fn options(sent_by: &str, n: u32) -> String {
    format!(
        "OPTIONS sip:server.example.com SIP/2.0\r\nVia: SIP/2.0/TCP {sent_by};branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\n\
         From: <sip:a@example.com>;tag=1\r\nTo: <sip:server.example.com>\r\nCall-ID: {n}@a\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// How many responses reach 192.0.2.12:5060 and how many 192.0.2.12:5080, of a client that sent so many
/// requests over a connection and is gone.
async fn delivered(zone: Zone, sent_by: &str, requests: u32, late: usize) -> (u64, u64, u64) {
    let limits = limits(|limits| limits.reconnects = late);
    let server = TestServer::start_with(Slow, |config| config.resolver(zone).limits(limits)).await;
    let mut others = Vec::new();
    for port in [5060, 5080] {
        let listener = server
            .network()
            .streams(SocketAddr::from((B, port)), "the client's other self");
        let config = Config::new(Server::new(Conduct::Answers)).bind(listener);
        others.push(Spigot::start(config).await.expect("a free address"));
    }
    let client = server.client_over(Transport::Tcp, "sip:alice@example.com").await;
    for n in 0..requests {
        client.send_raw(options(sent_by, n)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(client);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let of = |n: usize| others[n].counters().stray_responses;
    (of(0), of(1), server.counters().reconnects_full)
}

#[spigot::test]
async fn a_response_goes_to_the_sender_by_the_name_in_its_via() {
    let zone = Zone::new().address("pc.example.com", B);
    assert_eq!(delivered(zone.clone(), "pc.example.com", 1, 256).await, (1, 0, 0));
    assert_eq!(
        delivered(zone.clone(), "pc.example.com:5080", 1, 256).await,
        (0, 1, 0)
    );
    let zone = zone.srv("_sip._tcp.pc.example.com", 0, 0, 5080, "pc.example.com");
    assert_eq!(delivered(zone, "pc.example.com", 1, 256).await, (0, 1, 0));
}

#[spigot::test]
async fn a_sender_that_nobody_knows_gets_none() {
    assert_eq!(delivered(Zone::new(), "pc.example.com", 1, 256).await, (0, 0, 0));
    let slow = Zone::new().slow("pc.example.com", Duration::from_secs(86_400));
    assert_eq!(delivered(slow, "pc.example.com:5080", 1, 256).await, (0, 0, 0));
}

#[spigot::test]
async fn so_many_are_carried_at_once_and_one_more_is_not_sent() {
    let slow = || {
        Zone::new()
            .address("pc.example.com", B)
            .slow("pc.example.com", Duration::from_secs(1))
    };
    assert_eq!(delivered(slow(), "pc.example.com:5080", 3, 3).await, (0, 3, 0));
    assert_eq!(delivered(slow(), "pc.example.com:5080", 3, 2).await, (0, 2, 1));
}
