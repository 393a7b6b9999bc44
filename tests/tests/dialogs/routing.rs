//! The next hop of what is sent inside a dialog, judged by where it arrives.

use std::time::Duration;

use spigot::testing::TestServer;
use spigot::{
    Client, ClientTransaction, Dialog, HeaderName, Method, Request, StatusCode, TransactionError, Transport,
    sip, sip_router,
};

use crate::scripted::{Heard, Scripted};

/// Hangs up on whoever calls, as soon as the ACK has come.
struct Busy;

#[sip_router]
impl Busy {
    #[invite]
    async fn invite(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let dialog = Dialog::accept(&request, StatusCode::OK)?;
        dialog.hang_up();
        Ok(StatusCode::OK)
    }

    #[invite(in_dialog)]
    async fn again(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// An endpoint, and two peers at addresses of their own.
pub(crate) struct Street {
    pub(crate) server: TestServer,
    pub(crate) near: Scripted,
    pub(crate) far: Scripted,
}

impl Street {
    pub(crate) async fn new() -> Street {
        let server = TestServer::start(Busy).await;
        let near = Scripted::start(server.network(), 1, "near").await;
        let far = Scripted::start(server.network(), 2, "far").await;
        Street { server, near, far }
    }

    pub(crate) fn client(&self) -> Client {
        self.server.spigot().client()
    }

    /// Sends an INVITE to `near`.
    pub(crate) async fn invite(&mut self, transport: Transport) -> (ClientTransaction, Heard) {
        let invite = self.client().invite("sip:near@example.com");
        let invite = invite.to_address(transport, self.near.address);
        let invite = invite.start().await.expect("it leaves");
        (invite, self.near.expect(Method::INVITE).await)
    }

    /// Sends an INVITE to `near`, which answers it with these lines and the tag `far`. Gives the dialog.
    pub(crate) async fn call(&mut self, transport: Transport, lines: &str) -> Dialog {
        let (mut invite, ring) = self.invite(transport).await;
        self.near.answer(&ring, "200 OK", Some("far"), lines);
        let answer = invite.response().await.expect("an answer");
        invite.dialog(&answer).expect("a dialog")
    }

    /// Lets `near` call, with these lines in its INVITE and by a connection of its own. Its ACK follows.
    pub(crate) async fn be_called(&mut self, transport: Transport, lines: &str) {
        let to_server = self.near.flow_to(transport, ([192, 0, 2, 1], 5060).into()).await;
        let at_near = self.near.address;
        let request = |method: &str, to_tag: &str| {
            format!(
                "{method} sip:busy@example.com SIP/2.0\r\n\
                 Via: SIP/2.0/{} {at_near};branch=z9hG4bK{method}\r\nMax-Forwards: 70\r\n\
                 From: <sip:near@example.com>;tag=near\r\nTo: <sip:busy@example.com>{to_tag}\r\n\
                 Call-ID: call-of-near\r\nCSeq: 1 {method}\r\n{lines}Content-Length: 0\r\n\r\n",
                transport.as_str(),
            )
        };
        self.near.say(&to_server, request("INVITE", ""));
        let tag = self.near.tag_of_answer().await;
        self.near.say(&to_server, request("ACK", &format!(";tag={tag}")));
    }
}

const NOBODY: &str = "sip:bob@192.0.2.77";

fn routes(request: &sip::Request) -> Vec<&str> {
    request.headers().get_all(&HeaderName::ROUTE).collect()
}

#[spigot::test]
async fn what_goes_through_a_strict_router_goes_to_the_request_uri() {
    for behind in [
        "",
        "<sip:192.0.2.78;lr>, ",
        "<sip:192.0.2.79>, <sip:192.0.2.78;lr>, ",
    ] {
        for params in ["", ";x=y", ";transport=udp;ftag=lr"] {
            let mut street = Street::new().await;
            let gateway = format!("sip:gw@{}{params}", street.far.address);
            let lines = format!("Record-Route: {behind}<{gateway}>\r\nContact: <{NOBODY}>\r\n");
            let dialog = street.call(Transport::Udp, &lines).await;
            assert!(dialog.hang_up());

            let ack = street.far.expect(Method::ACK).await;
            let bye = street.far.accept(Method::BYE).await;

            for request in [&ack.request, &bye.request] {
                assert_eq!(request.uri().to_string(), gateway);
                assert_eq!(routes(request).last(), Some(&&*format!("<{NOBODY}>")));
                assert_eq!(routes(request).len(), 1 + behind.matches('<').count());
            }
        }
    }
}

#[spigot::test]
async fn requests_of_the_application_go_to_a_strict_router_over_tcp_too() {
    let mut street = Street::new().await;
    let gateway = format!("sip:{};transport=tcp", street.far.address);
    let lines = format!("Record-Route: <sip:192.0.2.78;lr>, <{gateway}>\r\nContact: <{NOBODY}>\r\n");
    let dialog = street.call(Transport::Tcp, &lines).await;
    street.far.expect(Method::ACK).await;
    let mut info = dialog.request(Method::INFO).start().await.expect("it leaves");
    let heard = street.far.accept(Method::INFO).await;
    assert_eq!(heard.request.uri().to_string(), gateway);
    assert_eq!(info.response().await.expect("an answer").status(), StatusCode::OK);
}

#[spigot::test]
async fn a_callee_behind_a_strict_router_sends_to_the_request_uri() {
    for behind in ["", ", <sip:192.0.2.78;lr>"] {
        let mut street = Street::new().await;
        let gateway = format!("sip:{}", street.far.address);
        let lines = format!("Record-Route: <{gateway}>{behind}\r\nContact: <{NOBODY}>\r\n");
        street.be_called(Transport::Udp, &lines).await;
        let bye = street.far.accept(Method::BYE).await;
        assert_eq!(bye.request.uri().to_string(), gateway);
        assert_eq!(routes(&bye.request).last(), Some(&&*format!("<{NOBODY}>")));
    }
}

#[spigot::test]
async fn what_is_inside_a_call_by_a_connection_of_ours_goes_where_the_target_is() {
    // Over the connection's own transport, and by another.
    for transport in ["tcp", "udp"] {
        let mut street = Street::new().await;
        let target = format!("sip:bob@{};transport={transport}", street.far.address);
        let dialog = street
            .call(Transport::Tcp, &format!("Contact: <{target}>\r\n"))
            .await;
        street.far.expect(Method::ACK).await;
        assert!(dialog.hang_up());
        let bye = street.far.accept(Method::BYE).await;
        assert_eq!(bye.flow.transport().to_string(), transport);
    }
}

#[spigot::test]
async fn what_is_inside_a_call_by_a_connection_of_ours_goes_where_the_route_leads() {
    let mut street = Street::new().await;
    let lines = format!(
        "Record-Route: <sip:{};transport=tcp;lr>\r\nContact: <{NOBODY};transport=tcp>\r\n",
        street.far.address
    );
    let dialog = street.call(Transport::Tcp, &lines).await;
    street.far.expect(Method::ACK).await;
    let mut info = dialog.request(Method::INFO).start().await.expect("it leaves");
    street.far.accept(Method::INFO).await;
    assert_eq!(info.response().await.expect("an answer").status(), StatusCode::OK);
}

#[spigot::test]
async fn a_target_that_moves_takes_what_is_inside_the_call_off_a_connection_of_ours() {
    let mut street = Street::new().await;
    let contact = |at| format!("Contact: <sip:bob@{at};transport=tcp>\r\n");
    let (at_near, at_far) = (contact(street.near.address), contact(street.far.address));
    let dialog = street.call(Transport::Tcp, &at_near).await;
    street.near.expect(Method::ACK).await;
    let mut again = dialog.request(Method::INVITE).start().await.expect("it leaves");
    let ring = street.near.expect(Method::INVITE).await;
    street.near.answer(&ring, "200 OK", None, &at_far);
    again.response().await.expect("an answer");
    street.far.expect(Method::ACK).await;
    assert!(dialog.hang_up());
    street.far.accept(Method::BYE).await;
}

#[spigot::test]
async fn a_connection_of_ours_that_leads_to_the_target_is_used_again() {
    let mut street = Street::new().await;
    let contact = format!("Contact: <sip:bob@{};transport=tcp>\r\n", street.near.address);
    let (mut invite, ring) = street.invite(Transport::Tcp).await;
    street.near.answer(&ring, "200 OK", Some("far"), &contact);
    let answer = invite.response().await.expect("an answer");
    let dialog = invite.dialog(&answer).expect("a dialog");
    let info = dialog.request(Method::INFO).start().await.expect("it leaves");
    assert_eq!(info.flow(), invite.flow());
    assert_eq!(street.near.expect(Method::ACK).await.flow, ring.flow);
    assert_eq!(street.near.expect(Method::INFO).await.flow, ring.flow);
}

#[spigot::test]
async fn a_call_whose_peer_has_come_by_a_connection_stays_on_it() {
    let mut street = Street::new().await;
    let contact = format!("Contact: <sip:bob@{};transport=tcp>\r\n", street.far.address);
    // The peer calls.
    street.be_called(Transport::Tcp, &contact).await;
    street.near.accept(Method::BYE).await;
    // The peer is called, by the connection that it has opened.
    let dialog = street.call(Transport::Tcp, &contact).await;
    street.near.expect(Method::ACK).await;
    assert!(dialog.hang_up());
    street.near.accept(Method::BYE).await;
}

#[spigot::test]
async fn a_call_on_a_flow_that_its_caller_has_named_stays_on_it() {
    let mut street = Street::new().await;
    let contact = format!("Contact: <sip:bob@{};transport=tcp>\r\n", street.far.address);
    let options = street.client().options("sip:near@example.com");
    let options = options.to_address(Transport::Tcp, street.near.address);
    let opened = options.start().await.expect("it leaves").flow();
    let invite = street.client().invite("sip:near@example.com").on(opened);
    let mut invite = invite.start().await.expect("it leaves");
    let ring = street.near.expect(Method::INVITE).await;
    street.near.answer(&ring, "200 OK", Some("far"), &contact);
    let answer = invite.response().await.expect("an answer");
    street.near.expect(Method::ACK).await;
    assert!(invite.dialog(&answer).expect("a dialog").hang_up());
    street.near.accept(Method::BYE).await;
}

#[spigot::test]
async fn a_target_with_ob_is_reached_by_the_flow_of_the_dialog() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut street = Street::new().await;
        let contact = format!("Contact: <{NOBODY};transport={transport};ob>\r\n");
        let dialog = street.call(transport, &contact).await;
        street.near.expect(Method::ACK).await;
        assert!(dialog.hang_up());
        street.near.accept(Method::BYE).await;
    }
}

/// A flow without TLS would be an alternate destination, of which RFC 3261 §8.1.2 says:
/// > If the Request-URI contains a SIPS URI, any alternate destinations MUST be contacted with TLS.
#[spigot::test]
async fn what_is_for_a_sips_target_that_cannot_be_reached_does_not_leave_without_tls() {
    let secured = "sips:near@192.0.2.77";
    for (contact, route) in [
        (secured, ""),
        (secured, "Record-Route: <sips:192.0.2.78;lr>\r\n"),
        (NOBODY, "Record-Route: <sips:192.0.2.78;lr>\r\n"),
    ] {
        let lines = format!("Contact: <{contact}>\r\n{route}");
        let mut street = Street::new().await;
        let dialog = street.call(Transport::Udp, &lines).await;
        dialog.request(Method::INFO).start().await.expect_err(contact);
        dialog.hang_up();
        street.be_called(Transport::Udp, &lines).await;
        tokio::time::sleep(Duration::from_secs(100)).await;
        let ladder = street.server.ladder();
        for method in ["INFO", "BYE"] {
            assert_eq!(ladder.times(method), [0.0; 0], "{contact} {route}{ladder}");
        }
    }
}
