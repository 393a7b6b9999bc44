//! Where the requests inside a dialog go: target, route set and flow, as the messages in it move them.

use super::*;

const MOVED: &str = "sip:moved@192.0.2.77";
const ROUTED: &str = "Record-Route: <sip:near.example;lr>, <sip:far.example;lr>";

/// The target of our next request inside the call.
fn target(bench: &mut Bench) -> String {
    bench.sends_inside("INFO", "").uri().to_string()
}

#[test]
fn a_refresh_of_the_peers_moves_the_target_at_both_ends() {
    for method in ["INVITE", "UPDATE"] {
        for mut bench in Bench::ends() {
            let refresh = with_contact(bench.theirs(method, 5), MOVED);
            bench.receive(&refresh);
            assert_ne!(target(&mut bench), MOVED, "it is not answered yet");
            bench.respond(200).expect("sent");
            bench.forget();
            assert_eq!(target(&mut bench), MOVED, "{method}");
        }
    }
}

#[test]
fn a_refresh_of_ours_moves_the_target_at_both_ends() {
    for method in ["INVITE", "UPDATE"] {
        for mut bench in Bench::ends() {
            let refresh = bench.sends_inside(method, "");
            bench.receive(&with_contact(answer(&refresh, 200, ""), MOVED));
            if method == "INVITE" {
                assert_eq!(as_request(bench.message()).uri().as_str(), MOVED, "the ACK");
            }
            assert_eq!(target(&mut bench), MOVED, "{method}");
            assert!(bench.hang_up());
            assert_eq!(as_request(bench.message()).uri().as_str(), MOVED, "the BYE");
        }
    }
}

#[test]
fn a_refused_refresh_moves_nothing() {
    for method in ["INVITE", "UPDATE"] {
        for mut bench in Bench::ends() {
            let before = target(&mut bench);
            let theirs = with_contact(bench.theirs(method, 5), MOVED);
            bench.receive(&theirs);
            bench.respond(488).expect("sent");
            bench.forget();
            let ours = bench.sends_inside(method, "");
            bench.receive(&with_contact(answer(&ours, 488, ""), MOVED));
            bench.forget();
            assert_eq!(target(&mut bench), before, "{method}");
            assert_eq!(bench.dialogs(), (1, 0));
        }
    }
}

#[test]
fn a_request_that_is_no_refresh_moves_nothing() {
    for mut bench in Bench::ends() {
        let before = target(&mut bench);
        let info = with_contact(bench.theirs("INFO", 5), MOVED);
        bench.receive(&info);
        bench.respond(200).expect("sent");
        bench.forget();
        let ours = bench.sends_inside("INFO", "");
        bench.receive(&with_contact(answer(&ours, 200, ""), MOVED));
        assert_eq!(target(&mut bench), before);
    }
}

#[test]
fn the_route_set_is_that_of_the_messages_that_made_the_dialog() {
    let mut caller = Bench::new(UDP);
    caller.call(ROUTED);
    let mut callee = Bench::new(UDP);
    callee.be_called(ROUTED);
    let reversed = ["<sip:far.example;lr>", "<sip:near.example;lr>"];
    let as_written = ["<sip:near.example;lr>", "<sip:far.example;lr>"];
    for (mut bench, expected) in [(caller, reversed), (callee, as_written)] {
        // A re-INVITE of either side without Record-Route, then one with another.
        for lines in ["", "Record-Route: <sip:other.example;lr>"] {
            let cseq = if lines.is_empty() { 5 } else { 6 };
            let theirs = with(bench.theirs("INVITE", cseq), lines);
            bench.receive(&theirs);
            bench.respond(200).expect("sent");
            let ack = bench.theirs("ACK", cseq);
            bench.receive(&ack);
            bench.forget();
            let ours = bench.sends_inside("INVITE", "");
            assert_eq!(routes(&ours), expected);
            bench.receive(&with(answer(&ours, 200, ""), lines));
            assert_eq!(routes(&as_request(bench.message())), expected, "the ACK");
        }
        assert!(bench.hang_up());
        let bye = as_request(bench.message());
        assert_eq!((bye.method().as_str(), routes(&bye)), ("BYE", expected.to_vec()));
    }
}

#[test]
fn the_200_decides_on_the_route_set_that_the_180_began() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&with(
        answer(&invite, 180, "far"),
        "Record-Route: <sip:early.example;lr>",
    ));
    bench.receive(&with(answer(&invite, 200, "far"), ROUTED));
    let ack = as_request(bench.message());
    assert_eq!(routes(&ack), ["<sip:far.example;lr>", "<sip:near.example;lr>"]);
}

#[test]
fn a_200_that_comes_again_does_not_move_the_target_back() {
    let mut bench = Bench::new(UDP);
    let invite = bench.call("");
    let refresh = with_contact(bench.theirs("UPDATE", 1), MOVED);
    bench.receive(&refresh);
    bench.respond(200).expect("sent");
    bench.forget();
    bench.receive(&answer(&invite, 200, "far"));
    assert_eq!(bench.sent_messages(), ["ACK"]);
    assert_eq!(target(&mut bench), MOVED);
}

#[test]
fn a_200_without_contact_is_acknowledged_and_its_call_can_be_ended() {
    let without = |text: String| text.replace("Contact: <sip:b@192.0.2.9>\r\n", "");
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&without(answer(&invite, 200, "far")));
    let ack = as_request(bench.message());
    assert_eq!(
        (ack.method().as_str(), ack.uri().as_str()),
        ("ACK", "sip:b@b.example")
    );
    assert!(bench.hang_up());
    assert_eq!(as_request(bench.message()).uri().as_str(), "sip:b@b.example");

    // Where the 180 had one, that holds.
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 180, "far"));
    bench.receive(&without(answer(&invite, 200, "far")));
    assert_eq!(as_request(bench.message()).uri().as_str(), "sip:b@192.0.2.9");
}

#[test]
fn requests_prefer_the_flow_of_the_last_refresh() {
    for mut bench in [Bench::caller(TCP), Bench::callee(TCP)] {
        let dialog = bench.dialog.expect("a dialog");
        let first = bench.flow;
        bench.flow = other_connection();
        let info = bench.theirs("INFO", 5);
        bench.receive(&info);
        bench.respond(200).expect("sent");
        assert_eq!(bench.shard.flow_of(&dialog), Some(first));
        let update = bench.theirs("UPDATE", 6);
        bench.receive(&update);
        bench.respond(200).expect("sent");
        assert_eq!(bench.shard.flow_of(&dialog), Some(bench.flow));
    }
}

#[test]
fn the_early_dialogs_of_an_invite_end_with_its_refusal() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    for tag in ["one", "two"] {
        bench.receive(&answer(&invite, 180, tag));
    }
    bench.receive(&answer(&invite, 486, "one"));
    assert_eq!(bench.dialogs(), (0, 2));
    bench.peer = Peer::called();
    bench.forget();
    let info = bench.theirs("INFO", 1).replace("tag=far", "tag=one");
    bench.receive(&info);
    assert_eq!(bench.sent_messages(), ["481"]);
}

#[test]
fn whatever_happens_inside_a_dialog_is_told_with_its_name() {
    for mut bench in Bench::ends() {
        let call = bench.dialog;
        for (method, cseq) in [("INVITE", 5), ("INFO", 6), ("UPDATE", 7), ("BYE", 8)] {
            let request = bench.theirs(method, cseq);
            bench.receive(&request);
            if method == "INVITE" {
                bench.respond(200).expect("sent");
                let ack = bench.theirs("ACK", cseq);
                bench.receive(&ack);
            }
        }
        let reinvite = bench.theirs("INVITE", 9);
        bench.receive(&reinvite);
        bench.receive(&reinvite.replace("INVITE", "CANCEL"));
        bench.sent.clear();
        for method in ["INVITE", "INFO", "SUBSCRIBE"] {
            bench.dialog = call;
            let request = bench.sends_inside(method, "Event: dialog");
            for status in [180, 200] {
                bench.receive(&answer(&request, status, ""));
            }
            bench.sent.clear();
        }
        let named: Vec<_> = bench.outputs.iter().filter_map(dialog_of).collect();
        assert_eq!(named, [call; 13]);
    }
}

/// The dialog that an output names, if it is one that does.
fn dialog_of(output: &Output) -> Option<Option<DialogKey>> {
    match output {
        Output::Request { dialog, .. }
        | Output::Ack { dialog, .. }
        | Output::Cancelled { dialog, .. }
        | Output::Response { dialog, .. } => Some(*dialog),
        _ => None,
    }
}

#[test]
fn each_branch_of_an_invite_is_a_dialog_with_a_name_of_its_own() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 100, ""));
    for tag in ["one", "two"] {
        bench.receive(&answer(&invite, 180, tag));
    }
    bench.receive(&answer(&invite, 200, "one"));
    let named: Vec<_> = bench.outputs.iter().filter_map(dialog_of).collect();
    let [None, Some(one), Some(two), Some(first)] = named[..] else {
        panic!("{named:?}")
    };
    assert_eq!((one == two, one == first), (false, true));
    // The other goes on until the INVITE is over, and its end is told.
    bench.until(100_000);
    assert_eq!(bench.ended, [two]);
}
