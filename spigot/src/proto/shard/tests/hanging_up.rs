//! Hanging up: which end may do so when, and what it sends.

use super::*;

/// A call of the peer's that was answered and not acknowledged.
fn unacknowledged() -> Bench {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "invite", "", 1));
    bench.respond(200).expect("sent");
    let ok = as_response(bench.message());
    bench.peer = Peer::calling(&ok);
    let tag = to_tag(&ok);
    bench.dialog = Some(crate::proto::key::dialog_key(
        &SEED,
        "call@a.example",
        &tag,
        Some("from"),
    ));
    bench.forget();
    bench
}

#[test]
fn the_callee_waits_for_the_ack() {
    let mut bench = unacknowledged();
    assert!(bench.hang_up());
    assert_eq!(bench.sent_messages(), [] as [&str; 0]);
    let ack = bench.theirs("ACK", 1);
    bench.receive(&ack);
    assert_eq!(
        (bench.heard(), bench.sent_messages()),
        (vec!["ack".to_owned()], vec!["BYE".to_owned()])
    );
    assert_eq!(bench.dialogs(), (1, 0), "until the BYE has its answer");
}

#[test]
fn the_callee_waits_for_no_ack_longer_than_32_seconds() {
    for hangs_up in [true, false] {
        let mut bench = unacknowledged();
        assert!(!hangs_up || bench.hang_up());
        bench.until(31_999);
        assert!(bench.sent_messages().iter().all(|what| what == "200"));
        bench.until(32_000);
        assert_eq!(bench.sent(), at(&[32_000], "BYE"));
        assert_eq!(bench.shard.counters().unacknowledged, 1);
        bench.until(200_000);
        assert_eq!(bench.dialogs(), (0, 1));
        bench.assert_empty();
    }
}

#[test]
fn either_end_waits_for_the_ack_of_a_re_invite() {
    for mut bench in Bench::ends() {
        let invite = bench.theirs("INVITE", 5);
        bench.receive(&invite);
        bench.respond(200).expect("sent");
        bench.forget();
        assert!(bench.hang_up());
        assert_eq!(bench.sent_messages(), [] as [&str; 0]);
        let ack = bench.theirs("ACK", 5);
        bench.receive(&ack);
        assert_eq!(bench.sent_messages(), ["BYE"]);
    }
}

#[test]
fn a_wish_to_hang_up_twice_is_one() {
    let mut bench = unacknowledged();
    assert!(bench.hang_up() && bench.hang_up());
    let ack = bench.theirs("ACK", 1);
    bench.receive(&ack);
    assert!(!bench.hang_up(), "the BYE is under way");
    assert_eq!(bench.sent_messages(), ["BYE"]);
}

#[test]
fn a_bye_of_the_peers_makes_ours_needless() {
    let mut bench = unacknowledged();
    assert!(bench.hang_up());
    let bye = bench.theirs("BYE", 2);
    bench.receive(&bye);
    bench.respond(200).expect("sent");
    bench.forget();
    bench.until(100_000);
    assert_eq!((bench.sent_messages(), bench.dialogs()), (vec![], (0, 1)));
    bench.assert_empty();
}

#[test]
fn an_early_dialog_is_ended_by_its_caller_only() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 180, "one"));
    let one = bench.dialog;
    bench.receive(&answer(&invite, 180, "two"));
    bench.dialog = one;
    assert!(bench.hang_up());
    let bye = as_request(bench.message());
    assert!(value(&bye, "To").ends_with("tag=one"));
    bench.receive(&answer(&bye, 200, ""));
    assert_eq!(bench.dialogs(), (1, 1), "the other branch rings");

    // The callee refuses its INVITE instead.
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "invite", "", 1));
    bench.respond(180).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.dialog = Some(crate::proto::key::dialog_key(
        &SEED,
        "call@a.example",
        &tag,
        Some("from"),
    ));
    assert!(!bench.hang_up());
    assert_eq!(bench.sent_messages(), [] as [&str; 0]);
}

#[test]
fn where_there_is_no_session_there_is_nothing_to_hang_up_on() {
    for mut bench in Bench::ends() {
        assert!(bench.hang_up());
        let bye = as_request(bench.message());
        assert!(!bench.hang_up(), "that is under way");
        bench.receive(&answer(&bye, 200, ""));
        assert!(!bench.hang_up(), "that is over");
    }
}

#[test]
fn nothing_of_the_session_is_sent_behind_our_bye() {
    for mut bench in Bench::ends() {
        assert!(bench.hang_up());
        for method in ["INVITE", "UPDATE", "INFO", "BYE", "MESSAGE"] {
            assert_eq!(
                bench.request_inside(method, ""),
                Err(RequestRefused::DialogEnded),
                "{method}"
            );
        }
        assert_eq!(bench.sent_messages(), ["BYE"]);
    }
}

#[test]
fn a_bye_of_the_applications_own_ends_the_session_like_one_of_the_core() {
    for mut bench in Bench::ends() {
        let bye = bench.sends_inside("BYE", "");
        assert!(!bench.hang_up());
        bench.receive(&answer(&bye, 200, ""));
        assert_eq!(
            (bench.heard(), bench.dialogs()),
            (vec!["response 200".to_owned()], (0, 1))
        );
    }
}

#[test]
fn a_bye_of_the_applications_own_that_fails_ends_the_session_all_the_same() {
    for loses_flow in [true, false] {
        for mut bench in Bench::ends() {
            bench.sends_inside("BYE", "");
            if loses_flow {
                bench.lose_flow();
            } else {
                bench.until(32_000);
            }
            assert!(bench.heard()[0].starts_with("failed"));
            assert_eq!(bench.dialogs(), (0, 1));
        }
    }
}

#[test]
fn an_invite_that_waits_is_refused_when_our_bye_has_ended_its_session() {
    for mut bench in Bench::ends() {
        let invite = bench.theirs("INVITE", 5);
        bench.receive(&invite);
        let waiting = bench.key;
        bench.forget();
        assert!(bench.hang_up());
        let bye = as_request(bench.message());
        bench.receive(&answer(&bye, 200, ""));
        assert_eq!(
            (bench.sent_messages(), bench.heard()),
            (vec!["487".to_owned()], vec!["cancelled".to_owned()])
        );
        bench.key = waiting;
        assert!(matches!(bench.respond(200), Err(RespondError::Answered)));
        assert_eq!(bench.dialogs(), (0, 1));
    }
}

#[test]
fn a_request_that_overtakes_our_2xx_and_is_answered_481_leads_to_a_bye_behind_the_ack() {
    for method in ["INVITE", "UPDATE"] {
        let mut bench = unacknowledged();
        let request = bench.sends_inside(method, "");
        bench.forget();
        bench.receive(&answer(&request, 481, ""));
        assert!(bench.sent_messages().iter().all(|what| what == "ACK"), "{method}");
        assert_eq!(bench.dialogs(), (1, 0), "{method}");
        let ack = bench.theirs("ACK", 1);
        bench.receive(&ack);
        assert_eq!(bench.sent_messages(), ["BYE"], "{method}");
        bench.until(200_000);
        assert_eq!(bench.dialogs(), (0, 1));
        bench.assert_empty();
    }
}

#[test]
fn a_request_that_comes_to_nothing_while_our_bye_looks_for_its_flow_does_not_keep_it_back() {
    fn falls_silent(bench: &mut Bench, request: &Request) {
        let dialog = bench.dialog.expect("a dialog");
        bench.shard.unanswered_inside(bench.now, &dialog, request);
        bench.drain();
    }
    fn is_refused(bench: &mut Bench, request: &Request) {
        bench.receive(&answer(request, 481, ""));
    }
    fn is_answered_404(bench: &mut Bench, request: &Request) {
        bench.receive(&answer(request, 404, ""));
    }
    for fails in [falls_silent, is_refused, is_answered_404] {
        for mut bench in Bench::ends() {
            let update = bench.sends_inside("UPDATE", "");
            bench.holds = true;
            assert!(bench.hang_up());
            fails(&mut bench, &update);
            assert_eq!((bench.sent_messages(), bench.dialogs()), (vec![], (1, 0)));
            bench.release();
            let bye = as_request(bench.message());
            assert_eq!(bye.method().as_str(), "BYE");
            bench.receive(&answer(&bye, 200, ""));
            assert_eq!(bench.dialogs(), (0, 1));
            bench.until(200_000);
            bench.assert_empty();
        }
    }
}

#[test]
fn a_2xx_whose_early_dialog_a_failure_has_ended_is_acknowledged_and_hung_up_on() {
    for (method, status, subscribes) in [
        ("INFO", 404, false),
        ("PRACK", 481, false),
        ("UPDATE", 480, false),
        ("UPDATE", 480, true),
    ] {
        let mut bench = Bench::new(UDP);
        bench.request(&outgoing("INVITE", ""));
        let invite = as_request(bench.message());
        bench.receive(&answer(&invite, 180, "far"));
        bench.peer = Peer::called();
        if subscribes {
            let subscribe = with(bench.theirs("SUBSCRIBE", 1), "Event: dialog\nExpires: 600");
            bench.receive(&subscribe);
            bench.respond(200).expect("sent");
            bench.forget();
        }
        for _ in 0..2 {
            let info = bench.sends_inside("INFO", "");
            bench.receive(&answer(&info, 200, ""));
        }
        let request = bench.sends_inside(method, "");
        bench.receive(&answer(&request, status, ""));
        bench.forget();
        for expected in [&["7 ACK", "11 BYE"][..], &["7 ACK"]] {
            bench.receive(&with_contact(answer(&invite, 200, "far"), "sip:b@192.0.2.9:5070"));
            let sent: Vec<Request> = bench
                .messages()
                .into_iter()
                .map(|(_, message)| as_request(message))
                .collect();
            let numbers: Vec<&str> = sent.iter().map(|request| value(request, "CSeq")).collect();
            assert_eq!(numbers, expected, "{method}");
            if let Some(bye) = sent.get(1) {
                assert_eq!(bye.uri().as_str(), "sip:b@192.0.2.9:5070");
                bench.receive(&answer(bye, 200, ""));
            }
        }
        bench.until(200_000);
        let mut heard = bench.heard();
        heard.retain(|what| !["ended", "finished"].contains(&what.as_str()));
        assert_eq!(heard, ["failed DialogEnded"], "{method}");
        assert_eq!(bench.dialogs(), if subscribes { (1, 0) } else { (0, 1) });
    }
}
