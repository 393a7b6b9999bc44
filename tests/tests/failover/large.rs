//! Requests too large for a datagram (RFC 3261 §18.1.1).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use spigot::plug::DigestAuth;
use spigot::sip::header::Algorithm;
use spigot::testing::{Network, Zone};
use spigot::{
    Client, Config, HeaderName, Method, RequestBuilder, Source, Spigot, StatusCode, Transport, sip_router,
};

use crate::house::{A, Conduct, House, Server, limits};

const SERVER: &str = "sip:bob@192.0.2.11";

fn message(client: &Client, uri: &str, octets: usize) -> RequestBuilder {
    client.message(uri).body("text/plain", "x".repeat(octets))
}

/// How large a MESSAGE to that server is on the wire beside its body, if that has three digits of octets.
async fn head(house: &House) -> usize {
    let request = message(&house.client(), SERVER, 500)
        .start()
        .await
        .expect("it leaves");
    request.request().to_bytes().len() - 500
}

#[spigot::test]
async fn past_1300_octets_a_request_goes_over_tcp() {
    let mut house = House::new(Zone::new()).await;
    let server = house.server(A, Conduct::Answers).await;
    let head = head(&house).await;

    for (octets, transport, switched) in [(1_300, Transport::Udp, 0), (1_301, Transport::Tcp, 1)] {
        let request = message(&house.client(), SERVER, octets - head);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
        assert_eq!(server.last_transport(), transport, "{octets}");
        assert_eq!(house.counters().switched_to_tcp, switched);
        let via = format!("SIP/2.0/{} ", transport.as_str());
        assert!(server.last(&HeaderName::VIA).starts_with(&via));
    }
}

#[spigot::test]
async fn a_uri_that_says_udp_does_not_make_a_datagram_larger() {
    let mut house = House::new(Zone::new()).await;
    let server = house.server(A, Conduct::Answers).await;
    let uri = format!("{SERVER};transport=udp");
    message(&house.client(), &uri, 2_000).send().await.unwrap();
    assert_eq!(server.last_transport(), Transport::Tcp);
}

#[spigot::test]
async fn where_nobody_takes_tcp_it_goes_over_udp_after_all() {
    let mut house = House::new(Zone::new()).await;
    let server = house.server_over(&[Transport::Udp], A, Conduct::Answers).await;
    for _ in 0..2 {
        message(&house.client(), SERVER, 2_000).send().await.unwrap();
        assert_eq!(server.last_transport(), Transport::Udp);
    }
    let counters = house.counters();
    assert_eq!((counters.switched_to_tcp, counters.failovers), (0, 0));
}

#[spigot::test]
async fn who_has_no_listener_for_tcp_or_says_how_large_stays_with_udp() {
    let network = Network::new();
    let own = network.datagrams(([198, 51, 100, 200], 5060).into(), "caller");
    let config = Config::new(Server::new(Conduct::Answers)).bind(own);
    let mut house = House::started(network, Zone::new(), config).await;
    let server = house.server(A, Conduct::Answers).await;
    message(&house.client(), SERVER, 2_000).send().await.unwrap();
    assert_eq!(server.last_transport(), Transport::Udp);

    let larger = limits(|limits| limits.datagram = 8_800);
    let mut house = House::with(Zone::new(), |config| config.limits(larger)).await;
    let server = house.server(A, Conduct::Answers).await;
    message(&house.client(), SERVER, 8_000).send().await.unwrap();
    assert_eq!(server.last_transport(), Transport::Udp);
}

#[spigot::test]
async fn who_chooses_the_address_chooses_the_transport() {
    let mut house = House::new(Zone::new()).await;
    let server = house.server(A, Conduct::Answers).await;
    let request = message(&house.client(), SERVER, 2_000).to_address(Transport::Udp, (A, 5060).into());
    request.send().await.unwrap();
    assert_eq!(server.last_transport(), Transport::Udp);
}

#[spigot::test]
async fn an_invite_over_tcp_says_so_in_its_contact_and_its_dialog_stays_there() {
    let mut house = House::new(Zone::new()).await;
    let server = house.server(A, Conduct::Answers).await;
    let invite = house
        .client()
        .invite(SERVER)
        .body("text/plain", "x".repeat(2_000));
    let mut call = invite.start().await.unwrap();
    let answer = call.response().await.unwrap();
    assert!(server.last(&HeaderName::CONTACT).ends_with(";transport=tcp>"));
    let dialog = call.dialog(&answer).unwrap();
    dialog.request(Method::BYE).send().await.unwrap();
    assert_eq!(server.last_transport(), Transport::Tcp);
}

#[spigot::test]
async fn in_a_dialog_over_udp_a_large_request_goes_over_tcp() {
    let mut house = House::new(Zone::new()).await;
    let server = house.server(A, Conduct::Answers).await;
    let mut call = house.client().invite(SERVER).start().await.unwrap();
    let answer = call.response().await.unwrap();
    let dialog = call.dialog(&answer).unwrap();
    let large = dialog.request(Method::INFO).body("text/plain", "x".repeat(2_000));
    large.send().await.unwrap();
    assert_eq!(server.last_transport(), Transport::Tcp);
    dialog.request(Method::BYE).send().await.unwrap();
    assert_eq!(server.last_transport(), Transport::Udp);
}

fn users() -> HashMap<String, String> {
    HashMap::from([("alice".to_owned(), "secret".to_owned())])
}

/// Asks for credentials, and notes by what they came.
#[derive(Clone, Default)]
struct Guarded(Arc<Mutex<Vec<Transport>>>);

#[sip_router(plugs(DigestAuth::new("example.com", [Algorithm::SHA_256], users())))]
impl Guarded {
    #[message]
    async fn message(&self, source: Source) -> StatusCode {
        self.0.lock().unwrap().push(source.transport);
        StatusCode::OK
    }
}

#[spigot::test]
async fn credentials_can_be_what_makes_it_too_large() {
    let house = House::new(Zone::new()).await;
    let (guarded, at) = (Guarded::default(), SocketAddr::from((A, 5060)));
    let config = Config::new(guarded.clone())
        .bind(house.network.datagrams(at, "server"))
        .bind(house.network.streams(at, "server"));
    let _server = Spigot::start(config).await.unwrap();

    let request = message(&house.client(), SERVER, 900).credentials("alice", "secret");

    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    let counters = house.counters();
    assert_eq!((counters.switched_to_tcp, counters.failovers), (1, 0));
    assert_eq!(*guarded.0.lock().unwrap(), [Transport::Tcp]);
}
