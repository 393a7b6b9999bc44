//! 2xx and INVITEs that lack what a dialog is made of, or have it in a form that nobody can read.

use std::time::Duration;

use spigot::{ClientTransaction, Method, RequestError, Transport};

use crate::routing::Street;

const BOTH: [Transport; 2] = [Transport::Udp, Transport::Tcp];

/// Hangs up on the call that an INVITE has become.
async fn hang_up(invite: &mut ClientTransaction) {
    let answer = invite.response().await.expect("an answer");
    assert!(invite.dialog(&answer).expect("a dialog").hang_up());
}

#[spigot::test]
async fn without_contact_the_call_goes_on_by_the_flow_that_its_2xx_came_by() {
    // Nobody can look up `example.com` here, which is the host of the Request-URI. A star names nobody.
    for lines in ["", "X-Nothing: here\r\n", "Contact: *\r\n"] {
        for transport in BOTH {
            let mut street = Street::new().await;
            let (mut invite, ring) = street.invite(transport).await;
            street.near.answer(&ring, "200 OK", Some("far"), lines);
            invite.response().await.expect("an answer");
            let ack = street.near.expect(Method::ACK).await;
            assert_eq!(ack.request.uri().to_string(), "sip:near@example.com");
            hang_up(&mut invite).await;
            street.near.accept(Method::BYE).await;
        }
    }
}

#[spigot::test]
async fn without_contact_a_record_route_leads_the_way() {
    let mut street = Street::new().await;
    let lines = format!("Record-Route: <sip:{};lr>\r\n", street.far.address);
    let (mut invite, ring) = street.invite(Transport::Udp).await;
    street.near.answer(&ring, "200 OK", Some("far"), &lines);
    street.far.expect(Method::ACK).await;
    hang_up(&mut invite).await;
    street.far.accept(Method::BYE).await;
}

#[spigot::test]
async fn with_an_unreadable_contact_the_call_is_acknowledged_and_ended_and_its_caller_told() {
    for contact in [
        "<sip:bob@192.0.2.77",
        "not a URI",
        "<sip:bob@192.0.2.77:port>",
        "<sip:bob@[2001:db8::1>",
    ] {
        for transport in BOTH {
            for rings in [true, false] {
                let mut street = Street::new().await;
                let (mut invite, ring) = street.invite(transport).await;
                let lines = format!("Contact: {contact}\r\n");
                if rings {
                    street.near.answer(&ring, "180 Ringing", Some("far"), &lines);
                }
                street.near.answer(&ring, "200 OK", Some("far"), &lines);
                let ended = invite.response().await;
                assert!(
                    matches!(ended, Err(RequestError::UnreadableContact)),
                    "{contact}: {ended:?}"
                );
                street.near.expect(Method::ACK).await;
                street.near.accept(Method::BYE).await;
                tokio::time::sleep(Duration::from_secs(60)).await;
                assert_eq!(street.server.tables().dialogs, 0);
            }
        }
    }
}

#[spigot::test]
async fn a_2xx_without_contact_makes_a_call_though_the_contact_of_the_180_could_not_be_read() {
    for lines in ["", "Contact: *\r\n"] {
        for transport in BOTH {
            let mut street = Street::new().await;
            let (mut invite, ring) = street.invite(transport).await;
            let unreadable = "Contact: <sip:bob@192.0.2.77:port>\r\n";
            street.near.answer(&ring, "180 Ringing", Some("far"), unreadable);
            street.near.answer(&ring, "200 OK", Some("far"), lines);
            invite.response().await.expect("an answer");
            street.near.expect(Method::ACK).await;
            hang_up(&mut invite).await;
            street.near.accept(Method::BYE).await;
        }
    }
}

#[spigot::test]
async fn an_unreadable_contact_of_a_re_invite_leaves_the_target_as_it_is() {
    let mut street = Street::new().await;
    let contact = format!("Contact: <sip:bob@{}>\r\n", street.near.address);
    let dialog = street.call(Transport::Udp, &contact).await;
    street.near.expect(Method::ACK).await;
    let mut again = dialog.request(Method::INVITE).start().await.expect("it leaves");
    let ring = street.near.expect(Method::INVITE).await;
    street
        .near
        .answer(&ring, "200 OK", None, "Contact: not a URI\r\n");
    again.response().await.expect("an answer");
    street.near.expect(Method::ACK).await;
    assert!(dialog.hang_up());
    street.near.accept(Method::BYE).await;
}

#[spigot::test]
async fn an_unreadable_record_route_is_passed_over_and_the_rest_leads_the_way() {
    let mut street = Street::new().await;
    let lines = format!(
        "Record-Route: <sip:192.0.2.78:port;lr>\r\nRecord-Route: <sip:{};lr>\r\nContact: <sip:bob@192.0.2.77>\r\n",
        street.far.address
    );
    let dialog = street.call(Transport::Udp, &lines).await;
    street.far.expect(Method::ACK).await;
    assert!(dialog.hang_up());
    street.far.accept(Method::BYE).await;
}

#[spigot::test]
async fn where_the_nearest_record_route_is_unreadable_the_flow_of_the_2xx_leads_to_it() {
    for nearest in ["<sip:192.0.2.79:port;lr>", "garbage", "<tel:+15551234>"] {
        for behind in ["", "Record-Route: <sip:192.0.2.78;lr>\r\n"] {
            for transport in BOTH {
                let mut street = Street::new().await;
                let lines = format!("{behind}Record-Route: {nearest}\r\nContact: <sip:bob@192.0.2.77>\r\n");
                let dialog = street.call(transport, &lines).await;
                let ack = street.near.expect(Method::ACK).await;
                assert_eq!(ack.request.uri().to_string(), "sip:bob@192.0.2.77");
                let routes = ack.request.headers().get_all(&spigot::HeaderName::ROUTE);
                assert_eq!(routes.count(), usize::from(!behind.is_empty()));
                assert!(dialog.hang_up());
                street.near.accept(Method::BYE).await;
            }
        }
    }
}

#[spigot::test]
async fn a_contact_that_leads_nowhere_is_left_for_the_flow_that_the_2xx_came_by() {
    for target in [
        "sip:f3a1@d2k8.invalid;transport=ws",
        "sip:bob@nowhere.example.com",
        "tel:+15551234",
        "sip:bob@[2001:db8::1]",
    ] {
        for transport in BOTH {
            let mut street = Street::new().await;
            let dialog = street.call(transport, &format!("Contact: <{target}>\r\n")).await;
            let ack = street.near.expect(Method::ACK).await;
            assert_eq!(ack.request.uri().to_string(), target);
            let mut info = dialog.request(Method::INFO).start().await.expect("it leaves");
            street.near.accept(Method::INFO).await;
            info.response().await.expect("an answer");
            assert!(dialog.hang_up());
            street.near.accept(Method::BYE).await;
        }
    }
}

#[spigot::test]
async fn a_caller_without_contact_is_hung_up_on_by_the_flow_that_it_came_by() {
    for lines in ["", "Contact: not a URI\r\n"] {
        let mut street = Street::new().await;
        street.be_called(Transport::Udp, lines).await;
        street.near.accept(Method::BYE).await;
    }
}

#[spigot::test]
async fn a_2xx_without_a_to_tag_makes_a_call_like_any_other() {
    let mut street = Street::new().await;
    let contact = format!("Contact: <sip:bob@{}>\r\n", street.far.address);
    let (mut invite, ring) = street.invite(Transport::Udp).await;
    street.near.answer(&ring, "200 OK", None, &contact);
    let ack = street.far.expect(Method::ACK).await;
    hang_up(&mut invite).await;
    let bye = street.far.expect(Method::BYE).await;
    street.far.answer(&bye, "200 OK", None, "");
    for request in [ack.request, bye.request] {
        let to = request.headers().get(&spigot::HeaderName::TO);
        assert_eq!(to, Some("<sip:near@example.com>"));
    }
}
