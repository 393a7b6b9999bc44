//! What the scripted peers have in common: where they are, what they answer, and how they are called.

use std::net::SocketAddr;

use spigot::sip::Request;
use spigot::testing::TestServer;
use spigot::{Method, StatusCode, Transport};
use spigot_tests::{Draft, MemoryPeer};

use crate::agents::Phone;

/// The peer that is called.
pub(crate) const PEER: &str = "192.0.2.10:5060";
/// Another peer.
pub(crate) const ELSEWHERE: &str = "192.0.2.20:5060";

pub(crate) const SESSION: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
                                  m=audio 40000 RTP/AVP 0\r\n";

/// Starts the agent whose client calls.
pub(crate) async fn start() -> TestServer {
    TestServer::start(Phone).await
}

/// Starts a peer that answers INVITE with what `invite` returns, and BYE with 200.
pub(crate) async fn callee(
    server: &TestServer,
    transport: Transport,
    address: &str,
    mut invite: impl FnMut(&Request) -> Vec<Vec<u8>> + Send + 'static,
) -> MemoryPeer {
    let address: SocketAddr = address.parse().expect("an address");
    let script = move |request: &Request| match *request.method() {
        Method::INVITE => invite(request),
        Method::BYE => vec![Draft::answering(request, "200 OK").octets()],
        _ => Vec::new(),
    };
    MemoryPeer::scripted(server.network(), transport, address, script).await
}

/// Returns a 200 with a session and without a Contact.
pub(crate) fn picked_up(invite: &Request) -> Draft {
    Draft::answering(invite, "200 OK").body("application/sdp", SESSION)
}

/// Returns a 200 with a session and this Contact.
pub(crate) fn picked_up_at(invite: &Request, contact: &str) -> Draft {
    picked_up(invite).add("Contact", contact)
}

/// What the caller saw of a call.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub provisional: Vec<StatusCode>,
    /// The final answer, if one came.
    pub answer: Option<StatusCode>,
    /// The answer to BYE, if there was a dialog and an answer.
    pub bye: Option<StatusCode>,
}

/// Calls `uri` with credentials, refreshes the session `refreshes` times, and hangs up.
pub(crate) async fn call(server: &TestServer, uri: &str, refreshes: u32) -> Call {
    let invite = server.spigot().client().invite(uri);
    let invite = invite
        .body("application/sdp", SESSION)
        .credentials("alice", "secret");
    let mut transaction = invite.start().await.expect("it leaves");
    let mut call = Call::default();
    while let Some(provisional) = transaction.provisional().await {
        call.provisional.push(provisional.status());
    }
    let Ok(answer) = transaction.response().await else {
        return call;
    };
    call.answer = Some(answer.status());
    if let Ok(dialog) = transaction.dialog(&answer) {
        for _ in 0..refreshes {
            let refresh = dialog
                .request(Method::INVITE)
                .body("application/sdp", SESSION)
                .send();
            assert_eq!(
                refresh.await.map(|answer| answer.status()).ok(),
                Some(StatusCode::OK)
            );
        }
        let bye = dialog.request(Method::BYE).send().await;
        call.bye = bye.ok().map(|answer| answer.status());
    }
    call
}

/// Asserts that `peer` got the ACK of its 200, and a BYE.
pub(crate) async fn assert_acknowledged_and_ended(peer: &MemoryPeer) {
    assert!(peer.request(Method::ACK).await.is_some(), "no ACK came");
    assert!(peer.request(Method::BYE).await.is_some(), "no BYE came");
}
