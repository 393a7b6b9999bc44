//! The races of [RFC 5407 §3](https://www.rfc-editor.org/rfc/rfc5407#section-3) between the two ends of a
//! call.
//!
//! The names of the messages (F1, F2 ...) are those of its figures.

use super::*;

/// The peer's INVITE, F1; our 180, F2, and our 200, F3, on which the peer waits.
fn answered_callee() -> (Bench, Response) {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "F1", "", 1));
    bench.respond(180).expect("F2");
    bench.respond(200).expect("F3");
    let (_, ok) = bench.messages().pop().expect("F3");
    let ok = as_response(ok);
    bench.peer = Peer::calling(&ok);
    bench.forget();
    (bench, ok)
}

/// Our INVITE, F1, which rings at the peer's, F2.
fn ringing_caller() -> (Bench, ClientKey, Request) {
    let mut bench = Bench::new(UDP);
    let key = bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 180, "far"));
    bench.peer = Peer::called();
    bench.forget();
    (bench, key, invite)
}

#[test]
fn rfc_5407_3_1_1_an_invite_that_comes_again_behind_the_200_is_absorbed() {
    let (mut bench, _) = answered_callee();
    bench.until(400);
    bench.receive(&incoming("INVITE", "F1", "", 1));
    assert_eq!(
        (bench.sent_messages(), bench.heard()),
        (vec![], vec![]),
        "F4 is no new request"
    );
    // > (the transaction user (TU) keeps retransmitting 200 based on T1 and T2 until it receives an ACK)
    bench.until(500);
    assert_eq!(bench.sent_messages(), ["200"]);
    let ack = bench.theirs("ACK", 1);
    bench.receive(&ack);
    bench.until(40_000);
    assert_eq!((bench.sent_messages(), bench.dialogs()), (vec![], (1, 0)));
    assert_eq!(bench.shard.counters().retransmissions, 1);
}

#[test]
fn rfc_5407_3_1_2_a_cancel_that_crosses_the_200_changes_nothing_at_the_callee() {
    let (mut bench, _) = answered_callee();
    bench.receive(&incoming("CANCEL", "F1", "", 1));
    let ok = as_response(bench.message());
    assert_eq!(ok.headers().get(&HeaderName::CSEQ), Some("1 CANCEL"), "F5");
    assert_eq!(bench.heard(), [] as [&str; 0]);
    let ack = bench.theirs("ACK", 1);
    bench.receive(&ack);
    let bye = bench.theirs("BYE", 2);
    bench.receive(&bye);
    bench.respond(200).expect("F8");
    assert_eq!(bench.heard(), ["ack", "request BYE in dialog"]);
    assert_eq!(bench.dialogs(), (0, 1));
}

#[test]
fn rfc_5407_3_1_2_a_200_that_crosses_the_cancel_is_acknowledged_and_hung_up_on() {
    // The one who cancels waits for the answer, and hangs up if that is a 200.
    let (mut bench, key, invite) = ringing_caller();
    bench.shard.cancel(bench.now, key);
    bench.drain();
    let cancel = as_request(bench.message());
    bench.receive(&answer(&invite, 200, "far"));
    assert_eq!(
        (bench.sent_messages(), bench.heard()),
        (vec!["ACK".to_owned()], vec!["response 200".to_owned()])
    );
    // > successful CANCEL (200) does not mean the INVITE was actually canceled
    bench.receive(&answer(&cancel, 200, "far"));
    assert_eq!(bench.dialogs(), (1, 0));
    assert!(bench.hang_up());
    let bye = as_request(bench.message());
    bench.receive(&answer(&bye, 200, ""));
    assert_eq!(bench.dialogs(), (0, 1));

    // The one who goes leaves that to the core, whatever becomes of the CANCEL.
    let (mut bench, key, invite) = ringing_caller();
    bench.shard.abandon_call(bench.now, key);
    bench.drain();
    let cancel = as_request(bench.message());
    bench.receive(&answer(&invite, 200, "far"));
    bench.receive(&answer(&cancel, 481, "far"));
    assert_eq!(
        (bench.sent_messages(), bench.heard()),
        (vec!["ACK".to_owned(), "BYE".to_owned()], vec![])
    );
}

#[test]
fn rfc_5407_3_1_3_a_bye_on_the_early_dialog_ends_the_call_that_the_200_has_made() {
    let (mut bench, _) = answered_callee();
    let bye = bench.theirs("BYE", 2);
    bench.receive(&bye);
    bench.respond(200).expect("F6");
    bench.forget();
    // The ACK of the 200 comes behind it, and the 200 is not said again.
    let ack = bench.theirs("ACK", 1);
    bench.receive(&ack);
    bench.until(100_000);
    assert_eq!(
        (bench.sent_messages(), bench.heard(), bench.dialogs()),
        (vec![], vec!["finished".to_owned(); 2], (0, 1))
    );
    bench.assert_empty();
}

#[test]
fn rfc_5407_3_1_3_a_200_that_crosses_our_early_bye_is_acknowledged_and_makes_no_call() {
    for bye_is_answered_first in [true, false] {
        let (mut bench, _, invite) = ringing_caller();
        assert!(bench.hang_up());
        let bye = as_request(bench.message());
        if bye_is_answered_first {
            bench.receive(&answer(&bye, 200, ""));
        }
        bench.receive(&answer(&invite, 200, "far"));
        assert_eq!(bench.sent_messages(), ["ACK"], "F5");
        bench.receive(&answer(&invite, 200, "far"));
        assert_eq!(bench.sent_messages(), ["ACK"], "each time");
        if !bye_is_answered_first {
            bench.receive(&answer(&bye, 200, ""));
        }
        assert_eq!((bench.heard(), bench.dialogs()), (vec![], (0, 1)));
        bench.until(200_000);
        assert_eq!(bench.heard(), ["failed DialogEnded", "ended"]);
        bench.assert_empty();
    }
}

#[test]
fn rfc_5407_3_1_3_the_branch_that_was_hung_up_on_does_not_take_the_place_of_the_one_that_rings() {
    let (mut bench, _, invite) = ringing_caller();
    assert!(bench.hang_up());
    bench.receive(&answer(&invite, 180, "other"));
    bench.receive(&answer(&invite, 200, "far"));
    bench.receive(&answer(&invite, 200, "other"));
    assert_eq!(bench.sent_messages(), ["BYE", "ACK", "ACK"]);
    assert_eq!(bench.heard(), ["response 180", "response 200"]);
    assert!(bench.hang_up(), "the other is the caller's");
}

#[test]
fn rfc_5407_3_1_4_a_re_invite_before_the_ack_is_served_and_the_late_ack_accepted() {
    let (mut bench, _) = answered_callee();
    bench.until(500);
    assert_eq!(bench.sent_messages(), ["200"], "F5");
    let reinvite = bench.theirs("INVITE", 2);
    bench.receive(&reinvite);
    bench.respond(200).expect("F8");
    assert_eq!(bench.sent_messages(), ["200"]);
    // > The UA should not reject or drop the ACK on grounds of the CSeq number.
    for cseq in [1, 2] {
        let ack = bench.theirs("ACK", cseq);
        bench.receive(&ack);
    }
    bench.until(40_000);
    assert_eq!(bench.heard()[..3], ["request INVITE in dialog", "ack", "ack"]);
    assert_eq!((bench.sent_messages(), bench.dialogs()), (vec![], (1, 0)));
}

#[test]
fn rfc_5407_3_1_4_a_200_that_comes_again_behind_our_re_invite_gets_its_own_ack() {
    let mut bench = Bench::new(UDP);
    let invite = bench.call("");
    let reinvite = bench.sends_inside("INVITE", "");
    bench.receive(&answer(&invite, 200, "far"));
    let ack = as_request(bench.message());
    assert_eq!(value(&ack, "CSeq"), "7 ACK", "F7");
    bench.receive(&answer(&reinvite, 200, ""));
    let ack = as_request(bench.message());
    assert_eq!(value(&ack, "CSeq"), "8 ACK", "F9");
}

#[test]
fn rfc_5407_3_1_5_the_late_ack_of_an_offer_in_the_200_is_told_with_its_answer() {
    let (mut bench, _) = answered_callee();
    bench.until(500);
    let ack = bench.theirs("ACK", 1).replace(
        "Content-Length: 0\r\n\r\n",
        "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n",
    );
    bench.receive(&ack);
    bench.receive(&ack);
    let bodies: Vec<_> = bench
        .outputs
        .iter()
        .filter_map(|output| match output {
            Output::Ack { incoming, .. } => Some(incoming.request.body().clone()),
            _ => None,
        })
        .collect();
    assert_eq!(bodies, ["v=0\r\n"], "F7, once");
    // A 491 to our re-INVITE ends nothing, and another may follow.
    let reinvite = bench.sends_inside_again();
    bench.receive(&answer(&reinvite, 491, ""));
    assert_eq!(bench.sent_messages(), ["ACK"], "F9");
    assert_eq!(bench.dialogs(), (1, 0));
    bench.sends_inside("INVITE", "");
}

impl Bench {
    /// A re-INVITE of ours, what was sent before it put aside.
    fn sends_inside_again(&mut self) -> Request {
        self.forget();
        self.sends_inside("INVITE", "")
    }
}

#[test]
fn rfc_5407_3_1_6_a_bye_before_the_ack_ends_the_call_at_the_callee() {
    let (mut bench, _) = answered_callee();
    bench.until(500);
    bench.forget();
    let bye = bench.theirs("BYE", 2);
    bench.receive(&bye);
    bench.respond(200).expect("F8");
    assert_eq!(bench.sent_messages(), ["200"]);
    // > the UAS should not start a session again, for the same reason, if the UAS receives a retransmitted
    // > ACK
    let ack = bench.theirs("ACK", 1);
    bench.receive(&ack);
    bench.until(10_000);
    assert_eq!(
        (bench.sent_messages(), bench.heard()),
        (vec![], vec!["request BYE in dialog".to_owned()])
    );
    assert_eq!(bench.dialogs(), (0, 1));
}

#[test]
fn rfc_5407_3_1_6_a_200_that_comes_again_behind_our_bye_is_acknowledged_and_makes_no_call() {
    for bye_is_answered_first in [true, false] {
        let mut bench = Bench::new(UDP);
        let invite = bench.call("");
        assert!(bench.hang_up());
        let bye = as_request(bench.message());
        if bye_is_answered_first {
            bench.receive(&answer(&bye, 200, ""));
        }
        bench.receive(&answer(&invite, 200, "far"));
        assert_eq!(
            (bench.sent_messages(), bench.heard()),
            (vec!["ACK".to_owned()], vec![]),
            "F7"
        );
        if !bye_is_answered_first {
            bench.receive(&answer(&bye, 200, ""));
        }
        assert_eq!(bench.dialogs(), (0, 1));
    }
}

#[test]
fn rfc_5407_3_2_1_byes_that_cross_are_both_answered_200() {
    for mut bench in Bench::ends() {
        assert!(bench.hang_up());
        let ours = as_request(bench.message());
        let theirs = bench.theirs("BYE", 5);
        bench.receive(&theirs);
        bench.respond(200).expect("F8");
        assert_eq!(bench.sent_messages(), ["200"]);
        assert_eq!(bench.dialogs(), (0, 1));
        bench.receive(&answer(&ours, 200, ""));
        bench.until(100_000);
        assert_eq!(bench.dialogs(), (0, 1));
        bench.assert_empty();
    }
}

#[test]
fn rfc_5407_3_2_1_a_bye_that_comes_behind_the_answer_to_ours_is_answered_200() {
    for mut bench in Bench::ends() {
        assert!(bench.hang_up());
        let ours = as_request(bench.message());
        bench.receive(&answer(&ours, 200, ""));
        let theirs = bench.theirs("BYE", 5);
        bench.receive(&theirs);
        bench.receive(&theirs);
        assert_eq!(
            (bench.sent_messages(), bench.heard()),
            (vec!["200".to_owned(); 2], vec![])
        );
        // > The UA stops managing its dialog state and changes it to the Morgue state when the BYE
        // > transaction is terminated.
        bench.until(5_000);
        let late = bench.theirs("BYE", 6);
        bench.receive(&late);
        assert_eq!(bench.sent_messages(), ["481"]);
        bench.until(100_000);
        bench.assert_empty();
    }
}

#[test]
fn rfc_5407_3_2_1_a_bye_that_crosses_ours_is_answered_200_while_a_subscription_lasts() {
    for mut bench in Bench::ends() {
        let subscribe = with(bench.theirs("SUBSCRIBE", 5), "Event: dialog\nExpires: 600");
        bench.receive(&subscribe);
        bench.respond(200).expect("sent");
        bench.forget();
        assert!(bench.hang_up());
        let ours = as_request(bench.message());
        bench.receive(&answer(&ours, 200, ""));
        let theirs = bench.theirs("BYE", 6);
        bench.receive(&theirs);
        assert_eq!(
            (bench.sent_messages(), bench.dialogs()),
            (vec!["200".to_owned()], (1, 0))
        );
    }
}

#[test]
fn rfc_5407_3_2_2_a_re_invite_that_crosses_our_bye_is_answered_481() {
    for mut bench in Bench::ends() {
        assert!(bench.hang_up());
        let bye = as_request(bench.message());
        for method in ["INVITE", "UPDATE", "INFO", "REFER"] {
            let theirs = bench.theirs(method, 5);
            bench.receive(&theirs);
            assert_eq!(
                (bench.sent_messages(), bench.heard()),
                (vec!["481".to_owned()], vec![]),
                "{method}"
            );
        }
        bench.receive(&answer(&bye, 200, ""));
        let theirs = bench.theirs("INVITE", 9);
        bench.receive(&theirs);
        assert_eq!(bench.sent_messages(), ["481"], "behind the answer too");
        assert_eq!(bench.dialogs(), (0, 1));
    }
}

#[test]
fn rfc_5407_3_2_2_the_481_to_a_re_invite_that_the_peers_bye_has_crossed_is_acknowledged() {
    for mut bench in Bench::ends() {
        let reinvite = bench.sends_inside("INVITE", "");
        let bye = bench.theirs("BYE", 5);
        bench.receive(&bye);
        bench.respond(200).expect("F7");
        bench.forget();
        bench.receive(&answer(&reinvite, 481, ""));
        assert_eq!(bench.sent_messages(), ["ACK"], "F9");
        assert_eq!(
            (bench.heard(), bench.dialogs()),
            (vec!["response 481".to_owned()], (0, 1))
        );
        bench.until(100_000);
        bench.assert_empty();
    }
}

#[test]
fn rfc_5407_3_2_3_the_200_of_a_re_invite_that_comes_behind_our_bye_is_acknowledged() {
    for bye_is_answered_first in [true, false] {
        for mut bench in Bench::ends() {
            let reinvite = bench.sends_inside("INVITE", "");
            assert!(bench.hang_up());
            let bye = as_request(bench.message());
            if bye_is_answered_first {
                bench.receive(&answer(&bye, 200, ""));
            }
            bench.receive(&answer(&reinvite, 200, ""));
            let ack = as_request(bench.message());
            let numbers = [&reinvite, &ack].map(|request| value(request, "CSeq").replace("INVITE", "ACK"));
            assert_eq!(numbers[0], numbers[1], "F9");
            if !bye_is_answered_first {
                bench.receive(&answer(&bye, 200, ""));
            }
            assert_eq!(bench.dialogs(), (0, 1));
            bench.until(100_000);
            bench.assert_empty();
        }
    }
}

#[test]
fn rfc_5407_3_2_3_a_bye_behind_the_re_invite_ends_the_call_whose_200_waits_for_its_ack() {
    for mut bench in Bench::ends() {
        let reinvite = bench.theirs("INVITE", 5);
        bench.receive(&reinvite);
        bench.respond(200).expect("F7");
        let bye = bench.theirs("BYE", 6);
        bench.receive(&bye);
        bench.respond(200).expect("F8");
        bench.forget();
        let ack = bench.theirs("ACK", 5);
        bench.receive(&ack);
        bench.until(10_000);
        assert_eq!((bench.sent_messages(), bench.dialogs()), (vec![], (0, 1)));
    }
}
