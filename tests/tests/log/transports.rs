//! Listeners and connections over real sockets.

use spigot::testing::TestClient;
use spigot::{Config, Spigot, StatusCode, Transport};
use spigot_tests::Events;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing::Level;

use crate::agent::Agent;

const ANY_PORT: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

#[spigot::test(real_time)]
async fn a_listener_that_is_bound_has_one_line() {
    let events = Events::keep();
    let config = Config::new(Agent)
        .listen(Transport::Udp, ANY_PORT)
        .listen(Transport::Tcp, ANY_PORT);
    let spigot = Spigot::start(config).await.unwrap();
    let bound = events.with("bound");
    let addresses: Vec<_> = bound
        .iter()
        .map(|line| line.field("address").unwrap().to_owned())
        .collect();
    let expected: Vec<_> = spigot
        .listeners()
        .iter()
        .map(|it| it.address.to_string())
        .collect();
    assert_eq!(addresses, expected);
    assert!(bound.iter().all(|line| line.level == Level::INFO));
    assert_eq!(events.all().len(), 2, "{:?}", events.all());
}

#[spigot::test(real_time)]
async fn a_connection_that_is_closed_has_one_line_with_the_reason() {
    let spigot = Spigot::start(Config::new(Agent).listen(Transport::Tcp, ANY_PORT))
        .await
        .unwrap();
    let address = spigot.listeners()[0].address;
    for (octets, reason) in [("", "Peer"), ("not SIP\r\n\r\n", "Unframed")] {
        let events = Events::keep();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(octets.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
        while events.with("connection closed").is_empty() {
            tokio::task::yield_now().await;
        }
        let line = events.one("connection closed");
        assert_eq!((line.level, line.field("reason")), (Level::DEBUG, Some(reason)));
    }
    let events = Events::keep();
    let alice = TestClient::connect(&format!("tcp:{address}")).await;
    let answer = alice.message("sip:bob@example.com", "hello").send().await;
    assert_eq!(answer.status(), StatusCode::OK);
    spigot.shutdown().await;
    alice.expect_closed(1).await;
    let reasons = events.with("connection closed");
    assert!(
        reasons
            .iter()
            .any(|line| line.field("reason") == Some("Shutdown")),
        "{reasons:?}"
    );
}
