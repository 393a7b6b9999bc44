//! What servers and phones in the field answer to an INVITE or a REGISTER of ours.

use spigot::{HeaderName, Method, StatusCode, Transport};

use crate::routing::Street;

#[spigot::test]
async fn routes_in_two_lines_are_taken_from_the_last_to_the_first() {
    for split in [", ", "\r\nRecord-Route: "] {
        for parameters in ["lr", "lr=on", "LR;ftag=x"] {
            let mut street = Street::new().await;
            let first = format!("<sip:{};r2=on;{parameters}>", street.far.address);
            let lines = format!(
                "Record-Route: <sip:192.0.2.1;r2=on;lr;ftag=x>{split}<sip:192.0.2.2;lr>\r\nRecord-Route: {first}\r\n\
                 Contact: <sip:bob@192.0.2.9:5070;transport=udp>\r\n"
            );
            let dialog = street.call(Transport::Udp, &lines).await;
            let ack = street.far.expect(Method::ACK).await;
            assert!(dialog.hang_up());
            let bye = street.far.accept(Method::BYE).await;
            for request in [ack.request, bye.request] {
                let routes: Vec<&str> = request.headers().get_all(&HeaderName::ROUTE).collect();
                let expected = [&*first, "<sip:192.0.2.2;lr>", "<sip:192.0.2.1;r2=on;lr;ftag=x>"];
                assert_eq!(routes, expected);
                assert_eq!(request.uri().to_string(), "sip:bob@192.0.2.9:5070;transport=udp");
            }
        }
    }
}

#[spigot::test]
async fn a_183_that_requires_100rel_without_rseq_does_not_stop_the_call() {
    for odd in [
        "Require: 100rel\r\n",
        "Require: 100rel\r\nRSeq: none\r\n",
        "RSeq: 1\r\n",
    ] {
        let mut street = Street::new().await;
        let (mut invite, ring) = street.invite(Transport::Udp).await;
        let contact = format!("Contact: <sip:bob@{}>\r\n", street.near.address);
        street.near.answer(
            &ring,
            "183 Session Progress",
            Some("far"),
            &format!("{contact}{odd}"),
        );
        street.near.answer(&ring, "200 OK", Some("far"), &contact);
        let progress = invite.provisional().await.expect("a provisional response");
        assert_eq!(progress.status(), StatusCode::SESSION_PROGRESS);
        invite.response().await.expect("an answer");
        street.near.expect(Method::ACK).await;
        assert_eq!(street.server.ladder().times("PRACK"), [0.0; 0], "{odd}");
    }
}

#[spigot::test]
async fn of_several_challenges_the_first_that_is_understood_is_answered() {
    let unknown = "WWW-Authenticate: Digest realm=\"e\", nonce=\"abc\", algorithm=SHA3-999, qop=\"auth\"\r\n";
    let md5 = "WWW-Authenticate: Digest realm=\"e\", nonce=\"abc\", opaque=\"QUI=\", algorithm=MD5, \
               qop=\"auth, auth-int\"\r\n";
    let basic = "WWW-Authenticate: Basic realm=\"e\"\r\n";
    for lines in [
        format!("{unknown}{md5}"),
        format!("{basic}{md5}"),
        format!("{md5}{unknown}"),
    ] {
        let mut street = Street::new().await;
        let register = street.client().request(Method::REGISTER, "sip:example.com");
        let register = register.credentials("alice", "secret");
        let register = register.to_address(Transport::Udp, street.near.address);
        let mut register = register.start().await.expect("it leaves");
        let first = street.near.expect(Method::REGISTER).await;
        street
            .near
            .answer(&first, "401 Unauthorized", Some("far"), &lines);
        let second = street.near.accept(Method::REGISTER).await;
        let credentials = second.request.headers().get(&HeaderName::AUTHORIZATION);
        let credentials = credentials.expect("credentials");
        assert!(
            credentials.contains("algorithm=MD5") && credentials.contains("qop=auth,"),
            "{credentials}"
        );
        assert_eq!(
            register.response().await.expect("an answer").status(),
            StatusCode::OK
        );
    }
}
