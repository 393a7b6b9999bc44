//! Connections on which a registration lives.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use tokio::time::Instant;

use crate::transport::probe::{bind, silent};
use crate::transport::{Tcp, TransportLimits};

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const REGISTER: &str = "REGISTER sip:example.com SIP/2.0\r\nContent-Length: 0\r\n\r\n";

/// After how long an idle connection is closed on which a registration lives for so many seconds each time.
async fn closed_after(registrations: &[u64]) -> u64 {
    let limits = TransportLimits {
        idle: Duration::from_secs(50),
        idle_registered: Duration::from_secs(250),
        ..TransportLimits::default()
    };
    let mut bound = bind(Tcp::new(LOCAL), &limits, silent).await;
    let mut client = TcpStream::connect(bound.carrier.local_addr()).unwrap();
    client.write_all(REGISTER.as_bytes()).unwrap();
    let (flow, _) = bound.message().await;
    let start = Instant::now();
    for lasting in registrations {
        bound.carrier.registered(&flow, Duration::from_secs(*lasting));
    }
    bound.closed().await;
    let counters = bound.carrier.counters();
    assert_eq!(counters.closed_idle, 1);
    start.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_a_registration_may_be_idle_for_longer() {
    assert_eq!(closed_after(&[]).await, 50);
    assert_eq!(closed_after(&[3600]).await, 250, "at the bound of its own");
    assert_eq!(closed_after(&[u64::MAX]).await, 250, "it never expires");
    assert_eq!(closed_after(&[100]).await, 100, "it has expired");
    assert_eq!(closed_after(&[3600, 0]).await, 50, "it was removed");
}
