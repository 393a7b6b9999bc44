//! Interoperation with SIPp, both ways, over UDP and TCP: it calls the examples, and the client calls it.
//!
//! Without SIPp each test says that it was skipped, and passes; with `SPIGOT_INTEROP=strict` it fails.

use spigot::{Config, Method, Spigot, StatusCode, Transport, sip_router};
use spigot_tests::{Example, Sipp};

/// Calls of one scenario, and how many are begun a second.
const CALLS: u32 = 200;
const RATE: u32 = 100;

const BOTH: [&str; 2] = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"];

async fn play(example: &str, scenario: &str, user: &str) {
    if !Sipp::is_installed() {
        return;
    }
    for transport in ["udp", "tcp"] {
        let server = Example::start(example, &BOTH).await;
        let sipp = Sipp::client(scenario, transport, server.address(transport));
        let outcome = sipp.calls(CALLS, RATE).user(user).run().await;
        outcome.assert_clean(CALLS);
        let (status, stderr) = server.terminate().await;
        assert!(
            status.success(),
            "{example} over {transport} ended with {status}: {stderr}"
        );
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}

#[tokio::test]
async fn hello_takes_registrations() {
    play("hello", "register.xml", "alice").await;
}

#[tokio::test]
async fn uas_takes_registrations() {
    play("uas", "register.xml", "alice").await;
}

#[tokio::test]
async fn uas_says_what_it_can_do() {
    play("uas", "options.xml", "alice").await;
}

#[tokio::test]
async fn uas_answers_calls_and_lets_them_go() {
    play("uas", "call.xml", "alice").await;
}

#[tokio::test]
async fn uas_answers_the_scenario_that_comes_with_sipp() {
    play("uas", "uac", "alice").await;
}

#[tokio::test]
async fn uas_rings_until_the_caller_gives_up() {
    play("uas", "cancel.xml", "ring").await;
}

#[tokio::test]
async fn uas_is_busy() {
    play("uas", "busy.xml", "busy").await;
}

struct Nobody;

#[sip_router]
impl Nobody {}

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                     m=audio 40000 RTP/AVP 0\r\n";

/// The client calls SIPp's own callee: INVITE, 180, 200, ACK, BYE, 200.
async fn call_sipp(transport: Transport, name: &str) {
    if !Sipp::is_installed() {
        return;
    }
    const CALLS: u32 = 20;
    let sipp = Sipp::server("uas", name).calls(CALLS, CALLS);
    let target = sipp.local();
    let sipp = sipp.start().await;
    let config = Config::new(Nobody)
        .name("caller")
        .listen(transport, ([127, 0, 0, 1], 0));
    let spigot = Spigot::start(config).await.expect("a free port");
    let client = spigot.client();
    for _ in 0..CALLS {
        let uri = format!("sip:sipp@{target};transport={name}");
        let invite = client.invite(uri.as_str()).body("application/sdp", OFFER);
        let mut invite = invite.start().await.expect("the INVITE leaves");
        let ringing = invite.provisional().await.expect("a provisional response");
        assert_eq!(ringing.status(), StatusCode::RINGING);
        let answer = invite.response().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let dialog = invite.dialog(&answer).expect("a dialog");
        let end = dialog
            .request(Method::BYE)
            .send()
            .await
            .expect("an answer to BYE");
        assert_eq!(end.status(), StatusCode::OK);
    }
    sipp.outcome().await.assert_clean(CALLS);
    spigot.shutdown().await;
}

#[tokio::test]
async fn the_client_calls_sipp_over_udp() {
    call_sipp(Transport::Udp, "udp").await;
}

#[tokio::test]
async fn the_client_calls_sipp_over_tcp() {
    call_sipp(Transport::Tcp, "tcp").await;
}
