//! One INVITE that many answer.

use std::time::Duration;

use spigot::testing::TestServer;
use spigot::{Method, StatusCode, sip_router};

use crate::wire::{self, call};

struct Caller;

#[sip_router]
impl Caller {
    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[spigot::test]
async fn a_storm_of_2xx_is_answered_for_twelve_branches_and_no_more() {
    let server = TestServer::start(Caller).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    let ring = alice.expect(Method::INVITE).await;
    let contact = wire::contact(&alice);
    for tag in 0..1_000 {
        let answer = wire::response(ring.request(), "200 OK", &format!("t{tag}"), &contact);
        alice.send_raw(answer).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    invite.response().await.expect("an answer");
    tokio::time::sleep(Duration::from_secs(60)).await;

    let ladder = server.ladder();
    assert_eq!(ladder.times("ACK 1").len(), 12, "{ladder}");
    assert_eq!(ladder.times("BYE 2").len(), 11, "{ladder}");
    assert_eq!(server.counters().forks_dropped, 988);
}
