//! Requests, their retransmissions and their answers.

use super::*;

#[test]
fn a_failure_is_repeated_until_32_seconds_when_its_ack_is_lost() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(486).expect("sent");
    bench.until(100_000);
    assert_eq!(bench.sent(), at(&BACKING_OFF, "486"));
    assert_eq!(
        bench.told(),
        [(0, "request INVITE".to_owned()), (32_000, "finished".to_owned())]
    );
    bench.assert_empty();
}

#[test]
fn its_ack_ends_the_repetition_and_is_absorbed() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(486).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.until(100);
    bench.receive(&incoming("ACK", "1", &tag, 1));
    bench.receive(&incoming("ACK", "1", &tag, 1));
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.until(100_000);
    assert_eq!(bench.sent(), []);
    assert_eq!(
        bench.told(),
        [(0, "request INVITE".to_owned()), (5_100, "finished".to_owned())]
    );
    bench.assert_empty();
}

#[test]
fn over_a_connection_a_failure_is_sent_once_and_ends_with_its_ack() {
    let mut bench = Bench::new(TCP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(486).expect("sent");
    bench.until(10_000);
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&incoming("ACK", "1", &tag, 1));
    assert_eq!(bench.told()[1], (10_000, "finished".to_owned()));
    bench.until(100_000);
    bench.assert_empty();
}

#[test]
fn trying_goes_out_after_200_ms_of_silence_only() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.until(100);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.until(300);
    bench.receive(&incoming("INVITE", "1", "", 1));
    assert_eq!(bench.sent(), at(&[200, 300], "100"));

    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(180).expect("sent");
    bench.until(10_000);
    bench.receive(&incoming("INVITE", "1", "", 1));
    assert_eq!(bench.sent(), at(&[0, 10_000], "180"));
    assert_eq!(bench.shard.counters().retransmissions, 1);
}

#[test]
fn a_request_reaches_the_application_once_and_its_answer_is_repeated() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("OPTIONS", "1", "", 1));
    bench.receive(&incoming("OPTIONS", "1", "", 1));
    assert_eq!(bench.sent(), []);
    bench.respond(200).expect("sent");
    bench.until(31_999);
    bench.receive(&incoming("OPTIONS", "1", "", 1));
    let sent = bench.messages();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].1.to_bytes(), sent[1].1.to_bytes());
    assert!(matches!(bench.respond(200), Err(RespondError::Answered)));
    bench.until(32_000);
    assert_eq!(
        bench.told(),
        [(0, "request OPTIONS".to_owned()), (32_000, "finished".to_owned())]
    );
    assert!(matches!(bench.respond(200), Err(RespondError::Gone)));
    bench.assert_empty();
}

#[test]
fn over_a_connection_an_answer_ends_the_transaction() {
    let mut bench = Bench::new(TCP);
    bench.receive(&incoming("OPTIONS", "1", "", 1));
    bench.respond(200).expect("sent");
    assert_eq!(
        bench.told(),
        [(0, "request OPTIONS".to_owned()), (0, "finished".to_owned())]
    );
    bench.assert_empty();
}

#[test]
fn what_is_answered_keeps_no_request() {
    for (method, status) in [("OPTIONS", 200), ("INVITE", 486)] {
        let mut bench = Bench::new(UDP);
        let request = read(
            Request::parse(incoming(method, "1", "", 1)).expect("a request"),
            bench.flow,
        );
        bench
            .shard
            .receive_request(bench.now, Arc::clone(&request), Role::Us);
        bench.drain();
        bench.respond(status).expect("sent");
        bench.outputs.clear();
        assert_eq!(Arc::strong_count(&request), 1, "{method}");
    }
}

#[test]
fn a_peer_without_branches_is_matched_by_the_rest() {
    let old = |method: &str, tag: &str| incoming(method, "", tag, 1);
    let mut bench = Bench::new(UDP);
    bench.receive(&old("INVITE", ""));
    bench.respond(486).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&old("INVITE", ""));
    assert_eq!(bench.sent(), at(&[0], "486"));
    bench.receive(&old("ACK", "another"));
    assert_eq!(bench.shard.counters().stray_acks, 1);
    bench.receive(&old("ACK", &tag));
    bench.until(100_000);
    assert_eq!(bench.sent(), []);
    assert_eq!(
        bench.told(),
        [(0, "request INVITE".to_owned()), (5_000, "finished".to_owned())]
    );
}

#[test]
fn a_merged_request_is_answered_482_and_not_told() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.receive(&incoming("INVITE", "2", "", 1));
    bench.receive(&incoming("INVITE", "2", "", 1));
    assert_eq!(bench.sent(), at(&[0, 0], "482"));
    // The next attempt, as after a challenge, is another request.
    bench.receive(&incoming("INVITE", "3", "", 2));
    assert_eq!(bench.told(), at(&[0, 0], "request INVITE"));
    assert_eq!(bench.shard.counters().merged, 1);
    // Once nothing is under way, nothing is merged.
    bench.respond(200).expect("sent");
    bench.until(60_000);
    bench.receive(&incoming("INVITE", "4", "", 2));
    assert_eq!(bench.told().last(), Some(&(60_000, "request INVITE".to_owned())));
}

#[test]
fn what_was_refused_may_come_again_by_another_way() {
    // A proxy that tries a 302 or its next branch, a client that tries the next address after a 503: a new
    // branch, and all else as it was.
    for status in [302, 401, 486, 503] {
        for method in ["INVITE", "OPTIONS"] {
            let mut bench = Bench::new(UDP);
            bench.receive(&incoming(method, "1", "", 1));
            bench.receive(&incoming(method, "2", "", 1));
            assert_eq!(bench.sent(), at(&[0], "482"), "it is under way");
            bench.respond(status).expect("sent");
            bench.receive(&incoming(method, "3", "", 1));
            bench.respond(200).expect("sent");
            bench.receive(&incoming(method, "4", "", 1));
            let sent: Vec<_> = bench.sent().into_iter().map(|(_, what)| what).collect();
            assert_eq!(sent, [&status.to_string(), "200", "482"], "{method}");
        }
    }
}

#[test]
fn a_dialog_that_nobody_knows_is_refused_without_trace() {
    let mut bench = Bench::new(UDP);
    for method in ["INVITE", "BYE", "INFO", "OPTIONS"] {
        bench.receive(&incoming(method, method, "nobody", 1));
    }
    assert_eq!(bench.sent(), at(&[0; 4], "481"));
    bench.receive(&incoming("ACK", "INVITE", "nobody", 1));
    assert_eq!((bench.sent(), bench.told()), (vec![], vec![]));
    assert_eq!(
        (bench.shard.counters().unknown, bench.shard.counters().stray_acks),
        (4, 1)
    );
    bench.assert_empty();
}

#[test]
fn the_address_of_a_reply_is_that_of_the_via() {
    let mut bench = Bench::new(UDP);
    bench.receive(
        &incoming("OPTIONS", "1", "", 1).replace(":5099;branch=z9hG4bK1;rport=5099", ":5070;branch=z9hG4bK1"),
    );
    bench.respond(200).expect("sent");
    let sent_to = |bench: &Bench| match bench
        .outputs
        .iter()
        .rfind(|o| matches!(o, Output::Transmit { .. }))
    {
        Some(Output::Transmit { flow, fallback, .. }) => {
            (flow.peer().to_string(), fallback.map(|f| f.to_string()))
        }
        _ => panic!("nothing was sent"),
    };
    assert_eq!(sent_to(&bench), ("192.0.2.9:5070".to_owned(), None));

    let mut bench = Bench::new(TCP);
    bench.receive(&incoming("OPTIONS", "1", "", 1).replace("192.0.2.9:5099;", "192.0.2.9;"));
    bench.respond(200).expect("sent");
    assert_eq!(
        sent_to(&bench),
        ("192.0.2.9:5099".to_owned(), Some("192.0.2.9:5060".to_owned()))
    );
}

#[test]
fn one_seed_and_one_story_give_the_same_octets() {
    let story = || {
        let mut bench = Bench::new(UDP);
        bench.receive(&incoming("INVITE", "1", "", 1));
        bench.respond(200).expect("sent");
        bench.request(&outgoing("OPTIONS", ""));
        bench.until(40_000);
        let octets: Vec<_> = bench
            .messages()
            .into_iter()
            .map(|(at, message)| (at, message.to_bytes()))
            .collect();
        (octets, bench.told())
    };
    assert_eq!(story(), story());
}

#[test]
fn a_timer_of_an_earlier_transaction_with_the_same_key_is_stale() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(486).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&incoming("ACK", "1", &tag, 1));
    // The first is gone after 5 s; its Timer H would fire at 32 s.
    bench.until(20_000);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(486).expect("sent");
    bench.until(100_000);
    let again: Vec<_> = BACKING_OFF.iter().map(|at| at + 20_000).collect();
    assert_eq!(bench.sent(), at(&again, "486"));
    assert_eq!(bench.told().last(), Some(&(52_000, "finished".to_owned())));
    bench.assert_empty();
}
