//! Peers of RFC 2543, which have no tag.
//!
//! [RFC 3261 §12.2.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-12.2.1.1):
//! > If the value of the remote or local tags is null, the tag parameter MUST be omitted from the To or From
//! > header fields, respectively.

use super::*;

/// A call of ours whose 2xx has no To tag.
fn called() -> (Bench, Request) {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 200, ""));
    (bench, invite)
}

/// A request of the peer's inside that call, without a From tag.
fn theirs(method: &str, branch: &str, cseq: u32) -> String {
    incoming(method, branch, "ours", cseq)
        .replace("call@a.example", "mine@a.example")
        .replace(";tag=from", "")
}

/// The requests that were sent since this was last asked, by method and To.
fn sent_to(bench: &mut Bench) -> Vec<(String, String)> {
    let messages = bench.messages().into_iter();
    let requests = messages.map(|(_, message)| as_request(message));
    requests
        .map(|request| (request.method().to_string(), value(&request, "To").to_owned()))
        .collect()
}

fn to_nobody(methods: &[&str]) -> Vec<(String, String)> {
    let to = "<sip:b@b.example>".to_owned();
    methods
        .iter()
        .map(|method| ((*method).to_owned(), to.clone()))
        .collect()
}

#[test]
fn a_2xx_without_a_to_tag_makes_a_dialog_whose_requests_have_none() {
    let (mut bench, _) = called();
    assert_eq!(bench.heard(), ["response 200"]);
    bench.request_inside("INFO", "").expect("it leaves");
    assert!(bench.hang_up());
    assert_eq!(sent_to(&mut bench), to_nobody(&["ACK", "INFO", "BYE"]));
}

#[test]
fn a_2xx_without_a_to_tag_that_comes_again_is_acknowledged_again() {
    let (mut bench, invite) = called();
    bench.receive(&answer(&invite, 200, ""));
    assert_eq!(sent_to(&mut bench), to_nobody(&["ACK", "ACK"]));
    assert_eq!(bench.dialogs(), (1, 0));
}

#[test]
fn what_a_peer_without_a_tag_sends_inside_the_dialog_is_found() {
    let (mut bench, _) = called();
    bench.forget();
    for (method, branch, cseq) in [("INFO", "1", 1), ("INVITE", "2", 2), ("BYE", "3", 3)] {
        bench.receive(&theirs(method, branch, cseq));
        assert_eq!(bench.heard(), [format!("request {method} in dialog")]);
        bench.respond(200).expect("sent");
        if method == "INVITE" {
            bench.receive(&theirs("ACK", "ack", cseq));
        }
        bench.forget();
    }
    assert_eq!(bench.dialogs(), (0, 1));
}

#[test]
fn an_invite_without_a_from_tag_makes_a_dialog_whose_requests_have_none() {
    let mut bench = Bench::new(UDP);
    let theirs = |method: &str, branch: &str, tag: &str, cseq| {
        incoming(method, branch, tag, cseq).replace(";tag=from", "")
    };
    bench.receive(&theirs("INVITE", "1", "", 1));
    bench.respond(200).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&theirs("ACK", "2", &tag, 1));
    bench.receive(&theirs("INFO", "3", &tag, 2));
    assert_eq!(bench.heard(), ["request INVITE", "ack", "request INFO in dialog"]);
    bench.respond(200).expect("sent");
    bench.forget();
    bench.request_inside("UPDATE", "").expect("it leaves");
    let update = as_request(bench.message());
    assert_eq!(value(&update, "To"), "<sip:a@a.example>");
    assert!(value(&update, "From").ends_with(&format!(";tag={tag}")));
}

#[test]
fn a_peer_that_finds_its_tag_later_is_the_same_peer() {
    // In the answer to a re-INVITE.
    let (mut bench, _) = called();
    bench.request_inside("INVITE", "").expect("it leaves");
    let again = as_request(bench.messages().pop().expect("an INVITE").1);
    bench.forget();
    bench.receive(&answer(&again, 200, "late"));
    assert_eq!(
        (bench.heard(), bench.sent_messages()),
        (vec!["response 200".to_owned()], vec!["ACK".to_owned()])
    );
    // And a peer that has one may leave it out there.
    let mut bench = Bench::caller(UDP);
    let again = bench.sends_inside("INVITE", "");
    bench.receive(&answer(&again, 200, "").replace(";tag=far", ""));
    assert_eq!(
        (bench.heard(), bench.sent_messages()),
        (vec!["response 200".to_owned()], vec!["ACK".to_owned()])
    );
    assert_eq!(bench.dialogs(), (1, 0));
}

#[test]
fn a_branch_without_a_tag_is_another_than_those_with_one() {
    let (mut bench, invite) = called();
    bench.forget();
    bench.receive(&answer(&invite, 200, "far"));
    let sent = sent_to(&mut bench);
    let to = "<sip:b@b.example>;tag=far".to_owned();
    assert_eq!(sent, [("ACK".to_owned(), to.clone()), ("BYE".to_owned(), to)]);
    // And the other way round.
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 180, "far"));
    bench.receive(&answer(&invite, 200, "far"));
    bench.forget();
    bench.receive(&answer(&invite, 200, ""));
    assert_eq!(sent_to(&mut bench), to_nobody(&["ACK", "BYE"]));
    assert!(
        bench
            .dialog
            .is_some_and(|dialog| bench.shard.knows_dialog(&dialog))
    );
}

#[test]
fn a_subscription_of_a_peer_without_a_tag_is_notified() {
    let notify = |branch: &str, cseq| {
        let lines = "Event: presence\nSubscription-State: active;expires=60";
        with(theirs("NOTIFY", branch, cseq), lines)
    };
    for notifies_first in [true, false] {
        let mut bench = Bench::new(UDP);
        bench.request(&outgoing("SUBSCRIBE", "Event: presence\r\n"));
        let subscribe = as_request(bench.message());
        if notifies_first {
            bench.receive(&notify("1", 1));
            bench.respond(200).expect("sent");
        }
        bench.receive(&answer(&subscribe, 200, ""));
        bench.receive(&notify("2", 2));
        assert_eq!(
            bench.heard().last().map(String::as_str),
            Some("request NOTIFY in dialog")
        );
        assert_eq!(bench.dialogs(), (1, 0));
    }
}
