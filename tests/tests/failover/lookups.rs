//! What is looked up, and what when that fails.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use spigot::testing::{Network, Zone};
use spigot::{Config, RequestError, StatusCode, Transport, Unreachable};
use tokio::time::Instant;

use crate::house::{A, B, Conduct, House, Server, two_servers};

const SIX: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x11);
const FOREVER: Duration = Duration::from_secs(86_400);

fn unresolved(error: &RequestError) -> bool {
    matches!(error, RequestError::Unreachable(Unreachable::Resolve { .. }))
}

#[spigot::test]
async fn naptr_records_choose_the_transport() {
    let zone = two_servers()
        .naptr("example.com", 20, 0, "SIP+D2U", "_sip._udp.example.com")
        .naptr("example.com", 10, 0, "SIP+D2T", "_sip._tcp.example.com")
        .naptr("example.com", 5, 0, "SIPS+D2T", "_sips._tcp.example.com");
    let mut house = House::new(zone).await;
    let first = house.server(A, Conduct::Answers).await;

    house.options("sip:bob@example.com").await;

    assert_eq!(first.last_transport(), Transport::Tcp);
    assert_eq!(
        house.zone.asked(),
        [
            "NAPTR example.com",
            "SRV _sip._tcp.example.com",
            "A a.example.com"
        ]
    );
}

#[spigot::test]
async fn a_domain_without_records_is_its_own_server() {
    let mut house = House::new(Zone::new().address("example.com", A)).await;
    let server = house.server(A, Conduct::Answers).await;

    house.options("sip:bob@example.com").await;

    assert_eq!(server.last_transport(), Transport::Udp);
    let asked = [
        "NAPTR example.com",
        "SRV _sip._udp.example.com",
        "SRV _sip._tcp.example.com",
        "A example.com",
    ];
    assert_eq!(house.zone.asked(), asked);
}

#[spigot::test]
async fn a_name_server_that_knows_no_naptr_costs_half_of_the_time() {
    let zone = Zone::new().address("example.com", A).slow("example.com", FOREVER);
    let slow = zone.clone();
    let zone = two_servers().slow("example.com", FOREVER);
    let mut house = House::new(zone).await;
    let server = house.server(A, Conduct::Answers).await;
    let start = Instant::now();
    house.options("sip:bob@example.com").await;
    assert_eq!((start.elapsed().as_millis(), server.reached()), (2_500, 1));
    assert_eq!(house.counters().lookups_late, 1);

    // Nothing is ever answered: all of the time, and no more.
    let house = House::new(
        slow.slow("_sip._udp.example.com", FOREVER)
            .slow("_sip._tcp.example.com", FOREVER),
    )
    .await;
    let start = Instant::now();
    let error = house
        .client()
        .options("sip:bob@example.com")
        .send()
        .await
        .unwrap_err();
    assert!(unresolved(&error), "{error}");
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!((house.counters().lookups_late, house.zone.asked().len()), (4, 4));
}

#[spigot::test]
async fn what_fails_to_be_looked_up_is_not_there() {
    let zone = two_servers().fail("example.com").fail("a.example.com");
    let mut house = House::new(zone).await;
    let second = house.server(B, Conduct::Answers).await;

    assert_eq!(
        house.options("sip:bob@example.com").await.status(),
        StatusCode::OK
    );

    assert_eq!(second.reached(), 1);
    let error = house
        .client()
        .options("sip:bob@nowhere.example")
        .send()
        .await
        .unwrap_err();
    assert!(unresolved(&error), "{error}");
    assert!(error.to_string().contains("nowhere.example"), "{error}");
}

#[spigot::test]
async fn servers_behind_the_first_are_looked_up_when_it_fails() {
    let mut house = House::new(two_servers()).await;
    let _first = house.server(A, Conduct::Answers).await;
    house.options("sip:bob@example.com;transport=tcp").await;
    assert_eq!(
        house.zone.asked(),
        ["SRV _sip._tcp.example.com", "A a.example.com"]
    );
}

#[spigot::test]
async fn addresses_of_a_family_without_a_listener_are_left_out() {
    let zone = Zone::new()
        .address("both.example", SIX)
        .address("both.example", A)
        .address("six.example", SIX);
    let mut house = House::new(zone).await;
    let server = house.server(A, Conduct::Answers).await;
    let start = Instant::now();

    house.options("sip:both.example:5060").await;

    assert_eq!((server.reached(), start.elapsed()), (1, Duration::ZERO));
    let error = house
        .client()
        .options("sip:six.example:5060")
        .send()
        .await
        .unwrap_err();
    assert!(
        matches!(error, RequestError::Unreachable(Unreachable::NoListener { peer, .. }) if peer.is_ipv6()),
        "{error}"
    );
}

#[spigot::test]
async fn with_both_families_both_are_tried() {
    let zone = Zone::new()
        .address("both.example", SIX)
        .address("both.example", A);
    let network = Network::new();
    let four = SocketAddr::from(([198, 51, 100, 200], 5060));
    let six = SocketAddr::from((Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2), 5060));
    let config = Config::new(Server::new(Conduct::Answers))
        .resolver(zone.clone())
        .bind(network.streams(four, "caller"))
        .bind(network.streams(six, "caller"));
    let mut house = House::started(network, zone, config).await;
    let uri = "sip:both.example:5060;transport=tcp";
    let over_four = house.server(A, Conduct::Answers).await;
    house.options(uri).await;
    assert_eq!((over_four.reached(), house.counters().failovers), (1, 1));

    // Once there is a server over IPv6 again, it is the first.
    let over_six = house.server(IpAddr::from(SIX), Conduct::Answers).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    house.options(uri).await;
    assert_eq!((over_four.reached(), over_six.reached()), (1, 1));
}

#[spigot::test]
async fn an_srv_record_may_name_an_address() {
    let zone = Zone::new().srv("_sip._udp.example.com", 0, 0, 5060, "192.0.2.11");
    let mut house = House::new(zone).await;
    let server = house.server(A, Conduct::Answers).await;
    house.options("sip:bob@example.com;transport=udp").await;
    assert_eq!(server.reached(), 1);
    assert_eq!(house.zone.asked(), ["SRV _sip._udp.example.com"]);
}
