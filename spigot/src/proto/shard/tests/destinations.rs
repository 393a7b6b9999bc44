//! How the next hop of what is sent inside a dialog is found, and what is left of one whose 2xx lacks a header.

use super::*;
use crate::proto::Destination;

const STRICT: &str = "Record-Route: <sip:192.0.2.78;lr>, <sip:gw.example;x=y>";
const LOOSE: &str = "Record-Route: <sip:gw.example;lr>";

const BY_REQUEST_URI: Destination = Destination {
    by_request_uri: true,
    by_flow: false,
};
const BY_FLOW: Destination = Destination {
    by_request_uri: false,
    by_flow: true,
};

impl Bench {
    /// The destinations of what is held back, with the methods.
    fn held_destinations(&self) -> Vec<(String, Destination)> {
        let held = self.held.iter();
        held.map(|unsent| (unsent.request.method().to_string(), unsent.destination()))
            .collect()
    }

    /// How the next hop of a request inside the dialog is found.
    fn destination(&self) -> Destination {
        let dialog = self.dialog.expect("a dialog");
        let draft = self.shard.draft(&dialog, Method::INFO).expect("a dialog");
        draft.destination
    }
}

fn both(destination: Destination) -> Vec<(String, Destination)> {
    ["ACK", "BYE"]
        .map(|method| (method.to_owned(), destination))
        .into()
}

#[test]
fn ack_and_bye_of_the_core_know_of_a_strict_router() {
    for (lines, expected) in [(STRICT, BY_REQUEST_URI), (LOOSE, Destination::default())] {
        let mut bench = Bench::new(UDP);
        bench.holds = true;
        bench.call(lines);
        assert_eq!(bench.destination(), expected);
        assert!(bench.hang_up());
        assert_eq!(bench.held_destinations(), both(expected));
    }
}

#[test]
fn an_ack_that_could_not_leave_is_tried_again_by_the_same_way() {
    let mut bench = Bench::new(UDP);
    bench.holds = true;
    let invite = bench.call(STRICT);
    bench.give_up();
    bench.receive(&with(answer(&invite, 200, "far"), STRICT));
    assert_eq!(bench.held_destinations(), both(BY_REQUEST_URI)[..1]);
}

#[test]
fn a_challenged_request_goes_through_its_strict_router_again() {
    let mut bench = Bench::new(UDP);
    bench.call(STRICT);
    bench.login = Some(Login::new("alice", "secret"));
    let info = bench.sends_inside("INFO", "");
    bench.holds = true;
    let challenge = "WWW-Authenticate: Digest realm=\"a\", nonce=\"n\"";
    bench.receive(&with(answer(&info, 401, ""), challenge));
    assert_eq!(bench.held_destinations(), [("INFO".to_owned(), BY_REQUEST_URI)]);
}

#[test]
fn a_late_2xx_to_a_re_invite_is_acknowledged_through_the_strict_router_of_its_dialog() {
    let mut bench = Bench::new(UDP);
    bench.call(STRICT);
    let again = bench.sends_inside("INVITE", "");
    let bye = bench.theirs("BYE", 1);
    bench.receive(&bye);
    bench.respond(200).expect("sent");
    bench.forget();
    bench.holds = true;
    bench.receive(&with_contact(answer(&again, 200, ""), "sip:moved@192.0.2.9"));
    assert_eq!(bench.held_destinations(), both(BY_REQUEST_URI)[..1]);
    let ack = &bench.held[0].request;
    assert_eq!(ack.uri().as_str(), "sip:gw.example;x=y");
    assert_eq!(routes(ack), ["<sip:192.0.2.78;lr>", "<sip:moved@192.0.2.9>"]);
}

#[test]
fn a_branch_that_loses_is_ended_through_its_own_strict_router() {
    let mut bench = Bench::new(UDP);
    let invite = bench.call("");
    bench.holds = true;
    bench.receive(&with(answer(&invite, 200, "other"), STRICT));
    assert_eq!(bench.held_destinations(), both(BY_REQUEST_URI));
    // Also where there is no room for its dialog.
    let mut bench = Bench::with(
        Settings {
            max_dialogs: 1,
            ..Settings::default()
        },
        UDP,
    );
    let invite = bench.call("");
    bench.holds = true;
    bench.receive(&with(answer(&invite, 200, "other"), STRICT));
    assert_eq!(bench.held_destinations(), both(BY_REQUEST_URI));
}

#[test]
fn a_call_stays_on_a_connection_of_the_peers_and_leaves_one_of_ours() {
    assert_eq!(Bench::callee(TCP).destination(), BY_FLOW);
    assert_eq!(Bench::caller(TCP).destination(), Destination::default());
    let mut named = Bench::new(TCP);
    named.stays_on_flow = true;
    named.call("");
    assert_eq!(named.destination(), BY_FLOW);
    // Datagrams have no connection to stay on.
    assert_eq!(Bench::callee(UDP).destination(), Destination::default());
}

#[test]
fn a_re_invite_by_a_connection_of_the_peers_takes_the_call_there() {
    let mut bench = Bench::caller(TCP);
    let first = bench.theirs("INVITE", 1);
    bench.receive(&first);
    bench.respond(200).expect("sent");
    assert_eq!(bench.destination(), Destination::default(), "it came by ours");
    let ack = bench.theirs("ACK", 1);
    bench.receive(&ack);
    bench.flow = other_connection();
    let second = bench.theirs("INVITE", 2);
    bench.receive(&second);
    bench.respond(200).expect("sent");
    assert_eq!(bench.destination(), BY_FLOW);
}

#[test]
fn a_subscription_of_ours_leaves_a_connection_of_ours_whichever_comes_first() {
    for notifies_first in [true, false] {
        for stays_on_flow in [true, false] {
            let mut bench = Bench::new(TCP);
            bench.stays_on_flow = stays_on_flow;
            bench.request(&outgoing("SUBSCRIBE", "Event: presence\r\n"));
            let subscribe = as_request(bench.message());
            bench.peer = Peer::called();
            let lines = "Event: presence\nSubscription-State: active;expires=60";
            let notify = with(bench.theirs("NOTIFY", 1), lines);
            if notifies_first {
                bench.receive(&notify);
                bench.respond(200).expect("sent");
            }
            bench.receive(&answer(&subscribe, 200, "far"));
            assert_eq!(bench.destination().by_flow, stays_on_flow);
        }
    }
}

#[test]
fn an_early_dialog_keeps_what_its_2xx_lacks() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&with(answer(&invite, 180, "far"), LOOSE));
    let lacking = answer(&invite, 200, "far").replace("Contact: <sip:b@192.0.2.9>\r\n", "");
    bench.receive(&with(lacking, "Record-Route: <sip:gw.example:port;lr>"));
    let ack = as_request(bench.message());
    assert_eq!(ack.uri().as_str(), "sip:b@192.0.2.9");
    assert_eq!(routes(&ack), ["<sip:gw.example;lr>"]);
    assert_eq!(bench.destination(), Destination::default());
}

#[test]
fn a_2xx_with_an_unreadable_contact_ends_its_call_and_is_acknowledged_each_time() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    let unreadable = answer(&invite, 200, "far").replace("<sip:b@192.0.2.9>", "<sip:b@192.0.2.9");
    bench.receive(&unreadable);
    let (_, bye) = bench.messages().pop().expect("a BYE");
    assert_eq!(bench.heard(), ["failed UnreadableContact"]);
    bench.receive(&unreadable);
    assert_eq!(bench.sent_messages(), ["ACK"]);
    // A branch that comes after it is wanted by nobody either.
    bench.receive(&answer(&invite, 200, "other"));
    assert_eq!(bench.sent_messages(), ["ACK", "BYE"]);
    bench.receive(&answer(&as_request(bye), 200, ""));
    bench.until(300_000);
    assert_eq!(
        (bench.shard.dialogs(), bench.heard()),
        (0, vec!["ended".to_owned()])
    );
    bench.assert_empty();
}

#[test]
fn a_2xx_to_an_invite_that_was_challenged_is_wanted_by_nobody() {
    let mut bench = Bench::new(UDP);
    bench.login = Some(Login::new("alice", "secret"));
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    let challenge = "WWW-Authenticate: Digest realm=\"a\", nonce=\"n\"";
    bench.receive(&with(answer(&invite, 401, "one"), challenge));
    let again = as_request(bench.messages().pop().expect("it is sent again").1);
    bench.receive(&answer(&invite, 200, "two"));
    assert_eq!(
        (bench.sent_messages(), bench.heard()),
        (vec!["ACK".into(), "BYE".into()], vec![])
    );
    bench.receive(&answer(&again, 200, "three"));
    assert_eq!(bench.heard(), ["response 200"]);
}
