//! How long a connection lasts on which nothing travels: longer if somebody has registered by it.

use std::net::IpAddr;
use std::time::Duration;

use spigot::Limits;
use spigot_tests::{Draft, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// After how long a connection is closed by which somebody registers for so many seconds each time, and then says nothing.
async fn closed_after(registrations: &[&str]) -> u64 {
    let mut limits = Limits::default();
    limits.transport.idle = Duration::from_secs(50);
    limits.transport.idle_registered = Duration::from_secs(250);
    let server = Running::with(IpAddr::from([127, 0, 0, 1]), limits).await;
    let mut phone = TcpStream::connect(server.tcp).await.expect("the server listens");
    let local = phone.local_addr().expect("a connected socket has an address");
    let start = Instant::now();
    for expires in registrations {
        let register = Draft::new("REGISTER", "sip:example.com", "TCP", local)
            .add("Contact", format!("<sip:alice@{local};transport=tcp>"))
            .add("Expires", *expires);
        phone
            .write_all(&register.octets())
            .await
            .expect("the server reads");
        let mut answer = [0; 1024];
        let count = phone.read(&mut answer).await.expect("an answer");
        assert!(
            answer[..count].starts_with(b"SIP/2.0 200 "),
            "{}",
            answer[..count].escape_ascii()
        );
    }
    assert_eq!(phone.read(&mut [0]).await.expect("an orderly end"), 0);
    start.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_connection_lasts_longer_as_long_as_a_registration_lives_on_it() {
    assert_eq!(closed_after(&["0"]).await, 50, "nothing was registered");
    assert_eq!(closed_after(&["3600"]).await, 250);
    assert_eq!(closed_after(&["100"]).await, 100, "it expires");
    assert_eq!(closed_after(&["3600", "0"]).await, 50, "it is taken back");
}
