//! The 2xx to an INVITE, its ACK, and the dialog they make.

use super::*;

#[test]
fn a_success_is_repeated_on_any_transport_until_32_seconds_and_then_the_call_is_ended() {
    for transport in [UDP, TCP] {
        let mut bench = Bench::new(transport);
        bench.receive(&incoming("INVITE", "1", "", 1));
        bench.respond(200).expect("sent");
        bench.until(32_000);
        let mut sent = bench.messages();
        let (_, bye) = sent.pop().expect("a BYE");
        let times: Vec<u64> = sent.iter().map(|(at, _)| *at).collect();
        assert_eq!(times, BACKING_OFF, "{transport}");
        let bye = as_request(bye);
        assert_eq!(
            (bye.method().as_str(), bye.uri().as_str()),
            ("BYE", "sip:a@192.0.2.9:5099")
        );
        assert_eq!(
            bench.told(),
            [(0, "request INVITE".to_owned()), (32_000, "finished".to_owned())]
        );
        assert_eq!(
            (bench.shard.counters().unacknowledged, bench.shard.dialogs()),
            (1, 1)
        );
        bench.receive(&answer(&bye, 200, ""));
        assert_eq!(bench.shard.dialogs(), 0);
        bench.until(100_000);
        bench.assert_empty();
    }
}

/// An INVITE answered 200; the To tag of that.
fn accepted(bench: &mut Bench) -> String {
    bench.receive(&incoming("INVITE", "1", "", 5));
    bench.respond(200).expect("sent");
    to_tag(&as_response(bench.message()))
}

#[test]
fn its_ack_stops_it_and_is_told_once() {
    let mut bench = Bench::new(UDP);
    let tag = accepted(&mut bench);
    bench.until(600);
    bench.receive(&incoming("ACK", "ack", &tag, 4));
    assert_eq!(bench.told().len(), 1, "the ACK of another INVITE");
    bench.receive(&incoming("ACK", "ack", &tag, 5));
    bench.receive(&incoming("ACK", "ack", &tag, 5));
    bench.until(100_000);
    assert_eq!(bench.sent(), at(&[500], "200"));
    assert_eq!(
        bench.told(),
        [(600, "ack".to_owned()), (32_000, "finished".to_owned())]
    );
    assert_eq!(bench.shard.dialogs(), 1);
    bench.assert_empty();
}

#[test]
fn a_repeated_invite_is_absorbed_once_accepted() {
    let mut bench = Bench::new(UDP);
    accepted(&mut bench);
    bench.until(100);
    bench.receive(&incoming("INVITE", "1", "", 5));
    assert_eq!((bench.sent(), bench.told().len()), (vec![], 1));
}

#[test]
fn an_old_copy_of_the_invite_does_not_touch_the_dialog_that_the_first_has_made() {
    for transport in [UDP, TCP] {
        let mut bench = Bench::new(transport);
        let tag = accepted(&mut bench);
        bench.receive(&incoming("ACK", "ack", &tag, 5));
        bench.until(32_000);
        assert_eq!(bench.shard.server_transactions(), 0);
        bench.forget();
        bench.receive(&incoming("INVITE", "1", "", 5));
        assert_eq!(
            (bench.sent_messages(), bench.heard()),
            (vec!["482".to_owned()], vec![])
        );
        bench.receive(&incoming("ACK", "1", &tag, 5));
        assert_eq!((bench.heard(), bench.dialogs()), (vec![], (1, 0)));
        bench.receive(&incoming("INFO", "2", &tag, 6));
        assert_eq!(bench.heard(), ["request INFO in dialog"], "the call goes on");
    }
}

#[test]
fn an_old_copy_of_the_subscribe_is_turned_away_likewise() {
    let mut bench = Bench::new(UDP);
    let subscribe = with(incoming("SUBSCRIBE", "1", "", 1), "Event: presence\nExpires: 600");
    bench.receive(&subscribe);
    bench.respond(200).expect("sent");
    bench.until(32_000);
    bench.forget();
    bench.receive(&subscribe);
    assert_eq!(
        (bench.sent_messages(), bench.heard(), bench.dialogs()),
        (vec!["482".to_owned()], vec![], (1, 0))
    );
}

#[test]
fn requests_in_the_dialog_come_in_order_until_the_bye() {
    let mut bench = Bench::new(UDP);
    let tag = accepted(&mut bench);
    bench.receive(&incoming("ACK", "ack", &tag, 5));
    bench.receive(&incoming("INFO", "2", &tag, 7));
    bench.respond(200).expect("sent");
    bench.receive(&incoming("INFO", "3", &tag, 6));
    bench.receive(&incoming("BYE", "4", &tag, 8));
    bench.respond(200).expect("sent");
    bench.receive(&incoming("BYE", "5", &tag, 9));
    let sent: Vec<_> = bench.sent().into_iter().map(|(_, what)| what).collect();
    assert_eq!(sent, ["200", "500", "200", "481"]);
    let told: Vec<_> = bench.told().into_iter().map(|(_, what)| what).collect();
    assert_eq!(
        told,
        [
            "request INVITE",
            "ack",
            "request INFO in dialog",
            "request BYE in dialog"
        ]
    );
    assert_eq!(
        (bench.shard.dialogs(), bench.shard.counters().out_of_order),
        (0, 1)
    );
}

#[test]
fn a_bye_before_the_ack_stops_the_success() {
    let mut bench = Bench::new(UDP);
    let tag = accepted(&mut bench);
    bench.receive(&incoming("BYE", "2", &tag, 6));
    bench.respond(200).expect("sent");
    bench.sent();
    bench.until(100_000);
    assert_eq!((bench.sent(), bench.shard.dialogs()), (vec![], 0));
    bench.assert_empty();
}

#[test]
fn a_reinvite_that_fails_leaves_the_dialog() {
    let mut bench = Bench::new(UDP);
    let tag = accepted(&mut bench);
    bench.receive(&incoming("ACK", "ack", &tag, 5));
    bench.receive(&incoming("INVITE", "2", &tag, 6));
    bench.respond(488).expect("sent");
    bench.receive(&incoming("ACK", "2", &tag, 6));
    bench.receive(&incoming("INVITE", "3", &tag, 7));
    bench.respond(200).expect("sent");
    bench.receive(&incoming("ACK", "ack3", &tag, 7));
    bench.until(100_000);
    assert_eq!(bench.told().iter().filter(|(_, what)| what == "ack").count(), 2);
    assert_eq!(bench.shard.dialogs(), 1);
    bench.assert_empty();
}

#[test]
fn an_early_dialog_takes_requests_and_ends_with_a_failure() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 5));
    let invite = bench.key;
    bench.respond(183).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&incoming("PRACK", "2", &tag, 6));
    assert_eq!(
        bench.told().last(),
        Some(&(0, "request PRACK in dialog".to_owned()))
    );
    bench.respond(200).expect("sent");
    bench.key = invite;
    bench.respond(480).expect("sent");
    assert_eq!(bench.shard.dialogs(), 0);
}

#[test]
fn two_successes_in_one_dialog_wait_each_for_its_own_ack() {
    let mut bench = Bench::new(UDP);
    let tag = accepted(&mut bench);
    bench.receive(&incoming("INVITE", "2", &tag, 6));
    bench.respond(200).expect("sent");
    bench.sent();
    bench.until(100);
    bench.receive(&incoming("ACK", "ack6", &tag, 6));
    bench.until(600);
    bench.receive(&incoming("ACK", "ack5", &tag, 5));
    bench.until(100_000);
    let again: Vec<_> = bench
        .messages()
        .into_iter()
        .map(|(at, message)| (at, message.headers().get(&HeaderName::CSEQ).map(str::to_owned)))
        .collect();
    assert_eq!(again, [(500, Some("5 INVITE".to_owned()))]);
    assert_eq!(bench.shard.counters().unacknowledged, 0);
    bench.assert_empty();
}

#[test]
fn an_invite_while_another_waits_is_told_to_come_again() {
    // At first in the early dialog, then in the confirmed one.
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 5));
    bench.respond(180).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&incoming("INVITE", "2", &tag, 6));
    let refusal = as_response(bench.message());
    assert_eq!(refusal.status(), StatusCode::SERVER_INTERNAL_ERROR);
    let wait = refusal.headers().get(&HeaderName::RETRY_AFTER);
    assert!(wait.is_some_and(|wait| wait.parse::<u32>().is_ok_and(|wait| wait <= 10)));
    bench.receive(&incoming("ACK", "2", &tag, 6));
    bench.respond(200).expect("sent");
    bench.receive(&incoming("ACK", "ack", &tag, 5));

    bench.receive(&incoming("INVITE", "3", &tag, 7));
    bench.receive(&incoming("INVITE", "4", &tag, 8));
    bench.receive(&incoming("ACK", "4", &tag, 8));
    bench.receive(&incoming("CANCEL", "3", &tag, 7));
    bench.receive(&incoming("ACK", "3", &tag, 7));
    bench.receive(&incoming("INVITE", "5", &tag, 9));
    let sent: Vec<_> = bench.sent().into_iter().map(|(_, what)| what).collect();
    assert_eq!(sent, ["200", "500", "200", "487"]);
    let told: Vec<_> = bench.told().into_iter().map(|(_, what)| what).collect();
    assert_eq!(
        told,
        [
            "request INVITE",
            "ack",
            "request INVITE in dialog",
            "cancelled",
            "request INVITE in dialog"
        ]
    );
    assert_eq!(bench.shard.dialogs(), 1);
}

#[test]
fn an_invite_that_crosses_one_of_ours_is_refused_491() {
    let theirs = |branch: &str| {
        incoming("INVITE", branch, "ours", 1)
            .replace("call@a.example", "mine@a.example")
            .replace("tag=from", "tag=far")
    };
    // In the early dialog, which goes on.
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 180, "far"));
    bench.receive(&theirs("1"));
    assert_eq!((bench.sent(), bench.shard.dialogs()), (at(&[0], "491"), 1));
    bench.receive(&answer(&invite, 200, "far"));
    bench.sent();

    // In the confirmed one.
    bench.request(&outgoing("INVITE", "").replace("<sip:b@b.example>", "<sip:b@b.example>;tag=far"));
    let again = as_request(bench.message());
    bench.receive(&theirs("2"));
    assert_eq!(bench.sent(), at(&[0], "491"));
    bench.receive(&answer(&again, 491, "far"));
    bench.sent();

    // And when ours is answered, theirs may come.
    bench.told();
    bench.receive(&theirs("3"));
    assert_eq!(bench.told(), at(&[0], "request INVITE in dialog"));
    bench.respond(488).expect("sent");
    assert_eq!(bench.shard.dialogs(), 1);
}

#[test]
fn a_bye_ends_the_invite_that_waits_in_its_dialog() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 5));
    let invite = bench.key;
    bench.respond(180).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&incoming("BYE", "2", &tag, 6));
    bench.respond(200).expect("sent");
    let answers = bench.messages();
    let cseqs: Vec<_> = answers
        .iter()
        .map(|(_, message)| message.headers().get(&HeaderName::CSEQ))
        .collect();
    assert_eq!(cseqs, [Some("6 BYE"), Some("5 INVITE")]);
    let terminated = as_response(answers[1].1.clone());
    assert_eq!(terminated.status(), StatusCode::REQUEST_TERMINATED);
    assert_eq!(bench.told().last(), Some(&(0, "cancelled".to_owned())));
    bench.key = invite;
    assert!(matches!(bench.respond(200), Err(RespondError::Answered)));
    bench.receive(&incoming("ACK", "1", &tag, 5));
    bench.until(100_000);
    assert_eq!((bench.sent(), bench.shard.dialogs()), (vec![], 0));
    bench.assert_empty();
}

#[test]
fn a_bye_of_ours_ends_the_dialog_of_a_peer_without_tags() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 1).replace(";tag=from", ""));
    bench.respond(200).expect("sent");
    bench.sent();
    bench.until(32_000);
    let (_, bye) = bench.messages().pop().expect("a BYE");
    let bye = as_request(bye);
    bench.receive(&answer(&bye, 200, ""));
    assert_eq!(bench.shard.dialogs(), 0);
}
