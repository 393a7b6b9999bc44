//! Requests of ours and their responses.

use super::*;

#[test]
fn an_invite_that_nobody_answers_is_repeated_and_fails_by_timer_b() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    bench.until(100_000);
    assert_eq!(
        bench.sent(),
        at(&[0, 500, 1500, 3500, 7500, 15_500, 31_500], "INVITE")
    );
    assert_eq!(
        bench.told(),
        [
            (32_000, "failed InviteTimeout".to_owned()),
            (32_000, "ended".to_owned())
        ]
    );
    assert_eq!(bench.shard.counters().timeouts, 1);
    bench.assert_empty();
}

#[test]
fn another_request_that_nobody_answers_is_repeated_and_fails_by_timer_f() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("OPTIONS", ""));
    bench.until(100_000);
    assert_eq!(bench.sent(), at(&BACKING_OFF, "OPTIONS"));
    assert_eq!(
        bench.told(),
        [
            (32_000, "failed RequestTimeout".to_owned()),
            (32_000, "ended".to_owned())
        ]
    );
    bench.assert_empty();
}

#[test]
fn over_a_connection_nothing_is_repeated() {
    let mut bench = Bench::new(TCP);
    bench.request(&outgoing("INVITE", ""));
    bench.request(&outgoing("OPTIONS", ""));
    bench.until(100_000);
    assert_eq!(
        bench.sent(),
        [(0, "INVITE".to_owned()), (0, "OPTIONS".to_owned())]
    );
    assert_eq!(bench.told().len(), 4);
    bench.assert_empty();
}

#[test]
fn a_provisional_response_slows_the_repetition_to_t2() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("OPTIONS", ""));
    let request = as_request(bench.message());
    bench.until(100);
    bench.receive(&answer(&request, 100, ""));
    bench.until(9_000);
    assert_eq!(bench.sent(), at(&[500, 4_500, 8_500], "OPTIONS"));
    bench.receive(&answer(&request, 200, "far"));
    bench.receive(&answer(&request, 200, "far"));
    bench.until(100_000);
    assert_eq!(
        bench.told(),
        [
            (100, "response 100".to_owned()),
            (9_000, "response 200".to_owned()),
            (14_000, "ended".to_owned())
        ]
    );
    bench.assert_empty();
}

#[test]
fn a_failure_is_acknowledged_whenever_it_comes_and_told_once() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing(
        "INVITE",
        "Route: <sip:p.example;lr>\r\nRoute: <sip:q.example;lr>\r\n",
    ));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 180, "far"));
    assert_eq!(bench.shard.dialogs(), 1);
    bench.receive(&answer(&invite, 486, "far"));
    let ack = as_request(bench.message());
    assert_eq!((ack.method().as_str(), ack.uri()), ("ACK", invite.uri()));
    for name in [HeaderName::VIA, HeaderName::FROM, HeaderName::CALL_ID] {
        assert_eq!(ack.headers().get(&name), invite.headers().get(&name), "{name}");
    }
    assert_eq!(ack.headers().get_all(&HeaderName::ROUTE).count(), 2);
    assert_eq!(ack.headers().get(&HeaderName::CSEQ), Some("7 ACK"));
    assert_eq!(
        ack.headers().get(&HeaderName::TO),
        Some("<sip:b@b.example>;tag=far")
    );
    bench.until(1_000);
    bench.receive(&answer(&invite, 486, "far"));
    assert_eq!(as_request(bench.message()).to_bytes(), ack.to_bytes());
    bench.until(100_000);
    let told: Vec<_> = bench
        .told()
        .into_iter()
        .map(|(at, what)| format!("{at} {what}"))
        .collect();
    assert_eq!(told, ["0 response 180", "0 response 486", "32000 ended"]);
    assert_eq!(bench.shard.dialogs(), 0);
    bench.until(200_000);
    bench.assert_empty();
}

#[test]
fn each_success_is_acknowledged_and_each_branch_but_the_first_hung_up_on() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 180, "third"));
    for tag in ["one", "one", "two"] {
        bench.receive(&answer(&invite, 200, tag));
    }
    let told: Vec<_> = bench.told().into_iter().map(|(_, what)| what).collect();
    assert_eq!(told, ["response 180", "response 200"]);
    let sent = bench.messages();
    let numbers: Vec<_> = sent
        .iter()
        .map(|(_, message)| message.headers().get(&HeaderName::CSEQ).expect("a CSeq"))
        .collect();
    assert_eq!(numbers, ["7 ACK", "7 ACK", "7 ACK", "8 BYE"]);
    let acks: Vec<_> = sent[..2].iter().map(|(_, ack)| as_request(ack.clone())).collect();
    assert_eq!(acks[0].to_bytes(), acks[1].to_bytes());
    assert_eq!(bench.shard.dialogs(), 3);
    bench.until(100_000);
    bench.receive(&answer(&invite, 200, "one"));
    // The BYE that nobody answers ends its dialog too, and so does the INVITE that of the branch which only
    // rang.
    assert_eq!(
        (bench.shard.dialogs(), bench.shard.counters().stray_responses),
        (1, 1)
    );
    bench.until(200_000);
    bench.assert_empty();
}

#[test]
fn the_peers_requests_in_a_dialog_of_ours_get_through() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 200, "far"));
    let bye = incoming("BYE", "1", "ours", 1)
        .replace("call@a.example", "mine@a.example")
        .replace("tag=from", "tag=far");
    bench.receive(&bye);
    assert_eq!(
        bench.told().last(),
        Some(&(0, "request BYE in dialog".to_owned()))
    );
    bench.respond(200).expect("sent");
    assert_eq!(bench.shard.dialogs(), 0);
}

#[test]
fn an_ack_of_ours_has_a_branch_of_its_own() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 200, "far"));
    let ack = as_request(bench.message());
    let via = |request: &Request| request.headers().get(&HeaderName::VIA).map(str::to_owned);
    assert!(via(&ack).is_some_and(|via| via.starts_with("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK")));
    assert_ne!(via(&ack), via(&invite));
    assert_eq!(ack.uri().as_str(), "sip:b@192.0.2.9");
}

#[test]
fn a_flow_that_fails_takes_its_requests_and_no_others() {
    let mut bench = Bench::new(TCP);
    bench.request(&outgoing("OPTIONS", ""));
    bench.request(&outgoing("INVITE", ""));
    bench.receive(&incoming("OPTIONS", "1", "", 1));
    let lost = bench.flow;
    bench.flow = other_connection();
    bench.request(&outgoing("OPTIONS", ""));
    bench.told();
    bench.shard.flow_failed(bench.now, &lost);
    bench.drain();
    let told: Vec<_> = bench.told().into_iter().map(|(_, what)| what).collect();
    assert_eq!(told, ["failed transport", "ended", "failed transport", "ended"]);
    assert_eq!(
        (
            bench.shard.client_transactions(),
            bench.shard.server_transactions()
        ),
        (1, 1)
    );
}

#[test]
fn a_connection_owes_an_answer_and_awaits_one_until_there_is_one() {
    let mut bench = Bench::new(TCP);
    let flow = bench.flow;
    assert!(!bench.shard.owes(&flow) && !bench.shard.awaits(&flow));
    bench.receive(&incoming("OPTIONS", "1", "", 1));
    assert!(bench.shard.owes(&flow) && !bench.shard.awaits(&flow));
    let elsewhere = other_connection();
    assert!(!bench.shard.owes(&elsewhere));
    bench.respond(200).unwrap();
    assert!(!bench.shard.owes(&flow));

    bench.request(&outgoing("OPTIONS", ""));
    assert!(bench.shard.awaits(&flow) && !bench.shard.awaits(&elsewhere));
    bench.shard.flow_failed(bench.now, &flow);
    assert!(!bench.shard.awaits(&flow));
}

#[test]
fn a_response_that_matches_nothing_is_dropped() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("OPTIONS", ""));
    let request = as_request(bench.message());
    bench.receive(&answer(&request, 200, "far").replace("7 OPTIONS", "7 INFO"));
    bench.receive(&answer(&request, 200, "far").replace("branch=z9hG4bK", "branch=z9hG4bKx"));
    assert_eq!(
        (bench.told(), bench.shard.counters().stray_responses),
        (vec![], 2)
    );
}

#[test]
fn a_response_with_another_call_id_than_its_request_is_dropped_whatever_its_shard() {
    for (method, role) in [
        ("OPTIONS", Role::Us),
        ("INVITE", Role::Us),
        ("INVITE", Role::Through),
        ("MESSAGE", Role::Through),
    ] {
        let mut bench = Bench::new(UDP);
        bench.role = role;
        bench.request(&outgoing(method, ""));
        let request = as_request(bench.message());
        let others = [
            "yours@a.example",
            "MINE@a.example",
            "mine@a.exampl",
            "mine@a.example.org",
        ];
        for status in [100, 180, 200, 486] {
            for other in others {
                let stray = answer(&request, status, "far").replace("mine@a.example", other);
                bench.receive(&stray);
            }
        }
        assert_eq!(
            (bench.heard(), bench.sent_messages()),
            (vec![], vec![]),
            "{method}"
        );
        assert_eq!(bench.shard.counters().stray_responses, 16, "{method}");
        bench.receive(&answer(&request, 200, "far"));
        assert_eq!(bench.heard()[0], "response 200", "{method}");
    }
}

#[test]
fn a_response_with_more_vias_than_its_request_is_for_somebody_else() {
    const OTHER: &str = "SIP/2.0/UDP proxy.example;branch=z9hG4bK-of-another";
    let below = |answer: &str, via: &str| answer.replace("\r\nFrom", &format!("{via}\r\nFrom"));
    for method in ["OPTIONS", "INVITE"] {
        let mut bench = Bench::new(UDP);
        bench.request(&outgoing(method, ""));
        let answer = answer(&as_request(bench.message()), 200, "far");
        bench.receive(&below(&answer, &format!("\r\nVia: {OTHER}")));
        bench.receive(&below(&answer, &format!(", {OTHER}")));
        assert_eq!(
            (bench.told(), bench.shard.counters().stray_responses),
            (vec![], 2)
        );
        bench.receive(&answer);
        assert_eq!(bench.told()[0].1, "response 200");
    }
    // A request that came through others has their Vias too, and so has the response.
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("OPTIONS", &format!("Via: {OTHER}\r\n")));
    let answer = answer(&as_request(bench.message()), 200, "far");
    bench.receive(&below(&answer, &format!("\r\nVia: {OTHER}")));
    assert_eq!(bench.told()[0].1, "response 200");
}

#[test]
fn a_sent_by_that_is_none_fails_the_request() {
    let mut bench = Bench::new(UDP);
    for sent_by in ["", "a\r\nX: y", "a b"] {
        let request = Request::parse(outgoing("OPTIONS", "")).expect("a request");
        let outgoing = Outgoing {
            request,
            flow: bench.flow,
            stays_on_flow: false,
            via: &OwnVia { sent_by, mark: None },
            role: Role::Us,
            dialog: None,
            acknowledge: true,
            login: None,
            again: false,
        };
        let refused = bench.shard.request(bench.now, outgoing);
        assert_eq!(refused.err(), Some(RequestRefused::Unwritable), "{sent_by:?}");
    }
    bench.assert_empty();
}

#[test]
fn a_success_that_comes_after_the_end_makes_no_dialog() {
    // A branch that answers once another has refused for all: nobody is told, so nobody would end it.
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 486, "one"));
    bench.receive(&answer(&invite, 200, "two"));
    assert_eq!(bench.shard.dialogs(), 0);

    // The 200 comes again, its ACK being lost, when the BYE has ended its dialog already.
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 200, "far"));
    let theirs = |method: &str, branch: &str| {
        incoming(method, branch, "ours", 1)
            .replace("call@a.example", "mine@a.example")
            .replace("tag=from", "tag=far")
    };
    bench.receive(&theirs("BYE", "1"));
    bench.respond(200).expect("sent");
    bench.sent();
    bench.receive(&answer(&invite, 200, "far"));
    assert_eq!(bench.sent(), at(&[0], "ACK"));
    assert_eq!(bench.shard.dialogs(), 0);

    // A re-INVITE of ours and the peer's BYE have crossed.
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 200, "far"));
    bench.sent();
    bench.request(&outgoing("INVITE", "").replace("<sip:b@b.example>", "<sip:b@b.example>;tag=far"));
    let again = as_request(bench.message());
    bench.receive(&theirs("BYE", "1"));
    bench.respond(200).expect("sent");
    bench.receive(&answer(&again, 180, "far"));
    bench.receive(&answer(&again, 200, "far"));
    assert_eq!(bench.shard.dialogs(), 0);
}
