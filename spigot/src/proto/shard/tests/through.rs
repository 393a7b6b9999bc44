//! Requests that pass through this element: it is a proxy for them, and makes and judges no dialog.

use super::*;

/// A bench whose requests pass through, in both directions.
fn through() -> Bench {
    let mut bench = Bench::new(UDP);
    bench.role = Role::Through;
    bench
}

impl Bench {
    /// Forwards the INVITE that came. Gives it as it leaves.
    fn forward(&mut self, method: &str) -> (ClientKey, Request) {
        let via = "Via: SIP/2.0/UDP 192.0.2.9:5099;branch=z9hG4bK1\r\n";
        let key = self.request(&outgoing(method, via));
        (key, as_request(self.messages().pop().expect("it leaves").1))
    }

    /// The application says of the last request that it passes through.
    fn decide_that_it_passes(&mut self) {
        self.shard.pass_through(self.key.expect("a request came"));
        self.role = Role::Through;
        self.drain();
    }

    /// Receives a request of which it is not known yet whose it is; the refusal that it would get.
    fn receive_undecided(&mut self, text: &str) -> Option<crate::proto::Refusal> {
        self.role = Role::Through;
        self.outputs.clear();
        let request = Request::parse(text.to_owned()).expect("the test's own request");
        self.shard
            .receive_request(self.now, read(request, self.flow), Role::Us);
        self.drain();
        match self.outputs.pop() {
            Some(Output::Request { refusal, .. }) => refusal,
            other => panic!("not a request: {other:?}"),
        }
    }
}

#[test]
fn a_response_that_is_relayed_goes_out_as_it_is() {
    let mut bench = through();
    bench.receive(&incoming("INVITE", "1", "", 1));
    for status in [180, 200] {
        let response = relayed("INVITE", "1", 1, status);
        bench.relay(&response).expect("it passes");
        assert_eq!(bench.message().to_bytes(), response.as_bytes());
    }
    assert_eq!((bench.dialogs(), bench.shard.dialogs.early()), ((0, 0), 0));
    bench.until(100_000);
    assert_eq!(
        bench.sent_messages(),
        [] as [&str; 0],
        "whoever answered says its 200 again"
    );
    bench.assert_empty();
}

#[test]
fn every_2xx_to_an_invite_is_relayed_and_no_other_final_response_is_twice() {
    let mut bench = through();
    bench.receive(&incoming("INVITE", "1", "", 1));
    for tag in ["one", "one", "two"] {
        let ok = relayed("INVITE", "1", 1, 200).replace("tag=far", &format!("tag={tag}"));
        bench.relay(&ok).expect("it passes");
    }
    assert!(matches!(
        bench.relay(&relayed("INVITE", "1", 1, 486)),
        Err(RespondError::Answered)
    ));
    assert_eq!(bench.sent_messages(), ["200"; 3]);

    for (method, status) in [("INVITE", 486), ("OPTIONS", 200)] {
        let mut bench = through();
        bench.receive(&incoming(method, "1", "", 1));
        let response = relayed(method, "1", 1, status);
        bench.relay(&response).expect("it passes");
        assert!(matches!(bench.relay(&response), Err(RespondError::Answered)));
    }
}

#[test]
fn a_failure_that_is_relayed_is_the_business_of_this_hop() {
    let mut bench = through();
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.relay(&relayed("INVITE", "1", 1, 486)).expect("it passes");
    bench.until(500);
    assert_eq!(bench.sent_messages(), ["486", "486"]);
    bench.receive(&incoming("ACK", "1", "far", 1));
    bench.until(100_000);
    assert_eq!(
        (bench.sent_messages(), bench.heard()),
        (vec![], vec!["request INVITE".to_owned(), "finished".to_owned()])
    );
    bench.assert_empty();
}

#[test]
fn the_ack_of_a_2xx_is_told_each_time_it_comes() {
    let mut bench = through();
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.relay(&relayed("INVITE", "1", 1, 200)).expect("it passes");
    bench.forget();
    for _ in 0..2 {
        bench.receive(&incoming("ACK", "of-the-200", "far", 1));
    }
    let acks = bench
        .outputs
        .iter()
        .filter(|output| matches!(output, Output::Ack { dialog: None, .. }));
    assert_eq!((acks.count(), bench.sent_messages()), (2, vec![]));
    assert_eq!(bench.shard.counters().stray_acks, 0);
}

#[test]
fn neither_to_tag_nor_number_nor_what_came_before_is_judged() {
    let mut bench = through();
    for (branch, method, tag, cseq) in [
        ("1", "INVITE", "far", 9),
        ("2", "INFO", "far", 3),
        ("3", "INFO", "nobody", 2),
        ("4", "BYE", "", 1),
        ("5", "INVITE", "far", 1),
        ("6", "SUBSCRIBE", "far", 1),
        ("7", "NOTIFY", "far", 1),
    ] {
        bench.receive(&incoming(method, branch, tag, cseq));
        assert_eq!(
            (bench.heard(), bench.sent_messages()),
            (vec![format!("request {method}")], vec![])
        );
    }
    // It comes by another way, too.
    bench.receive(&incoming("OPTIONS", "8", "", 1));
    bench.receive(&incoming("OPTIONS", "9", "", 1));
    assert_eq!(
        (bench.heard(), bench.sent_messages()),
        (vec!["request OPTIONS".to_owned(); 2], vec![])
    );
    assert_eq!(bench.dialogs(), (0, 0));
}

#[test]
fn it_needs_no_room_for_a_dialog() {
    let mut bench = Bench::with(
        Settings {
            max_dialogs: 1,
            ..Settings::default()
        },
        UDP,
    );
    bench.role = Role::Through;
    for branch in ["1", "2", "3"] {
        bench.receive(&incoming("INVITE", branch, "", 1));
        bench
            .relay(&relayed("INVITE", branch, 1, 200))
            .expect("it passes");
    }
    assert_eq!(
        (bench.heard(), bench.dialogs()),
        (vec!["request INVITE".to_owned(); 3], (0, 0))
    );
}

#[test]
fn a_cancel_is_answered_and_told_and_its_invite_is_not_answered() {
    let mut bench = through();
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.forget();
    bench.receive(&incoming("CANCEL", "1", "", 1));
    assert_eq!(
        (bench.sent_messages(), bench.heard()),
        (vec!["200".to_owned()], vec!["cancelled".to_owned()])
    );
    bench
        .relay(&relayed("INVITE", "1", 1, 487))
        .expect("it is for who forwards it to end");
    assert_eq!(bench.sent_messages(), ["487"]);
}

#[test]
fn every_2xx_to_an_invite_that_is_forwarded_is_told_and_none_acknowledged() {
    let mut bench = through();
    bench.forward("INVITE");
    let (_, invite) = bench.forward("INVITE");
    bench.forget();
    for branch in 0..20 {
        for _ in 0..2 {
            bench.receive(&answer(&invite, 200, &format!("far{branch}")));
        }
    }
    assert_eq!(
        (bench.heard(), bench.sent_messages()),
        (vec!["response 200".to_owned(); 40], vec![])
    );
    assert_eq!(
        (bench.dialogs(), bench.shard.counters().forks_dropped),
        ((0, 0), 0)
    );
    let dialogs = bench.outputs.iter().filter_map(|output| match output {
        Output::Response { dialog, .. } => Some(dialog.is_some()),
        _ => None,
    });
    assert!(
        !dialogs.into_iter().any(|named| named),
        "it belongs to none of ours"
    );
    bench.until(31_999);
    bench.receive(&answer(&invite, 200, "late"));
    assert!(
        bench.heard().contains(&"response 200".to_owned()),
        "64*T1 behind the first"
    );
    bench.until(200_000);
    bench.assert_empty();
}

#[test]
fn responses_that_are_forwarded_make_no_dialog_and_need_no_contact() {
    for method in ["INVITE", "SUBSCRIBE", "REFER"] {
        for status in [183, 200] {
            let mut bench = through();
            let (_, request) = bench.forward(method);
            let response = answer(&request, status, "far").replace("Contact: <sip:b@192.0.2.9>\r\n", "");
            bench.receive(&response);
            assert_eq!(
                (bench.heard(), bench.sent_messages()),
                (vec![format!("response {status}")], vec![])
            );
            assert_eq!(bench.dialogs(), (0, 0));
            assert!(bench.shard.dialogs.expected.is_empty(), "nor does a NOTIFY");
        }
    }
}

#[test]
fn a_challenge_is_the_callers() {
    let mut bench = through();
    bench.login = Some(Login::new("alice", "secret"));
    let (_, request) = bench.forward("OPTIONS");
    let nonce = "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"";
    bench.receive(&with(answer(&request, 401, "far"), nonce));
    assert_eq!(
        (bench.heard(), bench.sent_messages()),
        (vec!["response 401".to_owned()], vec![])
    );
}

#[test]
fn the_failure_of_a_forwarded_invite_is_acknowledged_at_this_hop() {
    let mut bench = through();
    let (key, invite) = bench.forward("INVITE");
    bench.receive(&answer(&invite, 180, "far"));
    bench.shard.cancel(bench.now, key);
    bench.drain();
    bench.receive(&answer(&invite, 487, "far"));
    assert_eq!(bench.sent_messages(), ["CANCEL", "ACK"]);
    assert_eq!(bench.heard(), ["response 180", "response 487"]);
}

#[test]
fn what_turns_out_to_pass_through_gives_back_its_room_and_its_place_among_merged_requests() {
    let mut bench = Bench::with(
        Settings {
            max_dialogs: 1,
            ..Settings::default()
        },
        UDP,
    );
    assert_eq!(bench.receive_undecided(&incoming("INVITE", "1", "", 1)), None);
    assert_eq!(bench.shard.dialogs.early(), 1, "it may be ours");
    bench.decide_that_it_passes();
    assert_eq!(bench.shard.dialogs.early(), 0);
    // It comes again by another way, and this time it is for us.
    assert_eq!(bench.receive_undecided(&incoming("INVITE", "2", "", 1)), None);
    bench.role = Role::Us;
    bench.respond(200).expect("sent");
    assert_eq!(
        (bench.sent_messages(), bench.dialogs()),
        (vec!["200".to_owned()], (1, 0))
    );
}

#[test]
fn what_turns_out_to_pass_through_leaves_the_dialog_that_it_was_taken_for() {
    // A 180 of ours has made an early one.
    let mut bench = Bench::new(UDP);
    bench.receive_undecided(&incoming("INVITE", "1", "", 1));
    bench.respond(180).expect("sent");
    bench.decide_that_it_passes();
    assert_eq!(bench.dialogs(), (0, 1));
    // An INVITE and a BYE wait in one that is up: others may come.
    for mut bench in Bench::ends() {
        for method in ["INVITE", "BYE"] {
            let text = bench.theirs(method, 5);
            bench.receive(&text);
            bench.decide_that_it_passes();
            bench.role = Role::Us;
        }
        bench.forget();
        let invite = bench.theirs("INVITE", 6);
        bench.receive(&invite);
        assert_eq!(
            (bench.heard(), bench.dialogs()),
            (vec!["request INVITE in dialog".to_owned()], (1, 0))
        );
    }
}

#[test]
fn what_would_be_refused_is_not_if_it_passes_through() {
    let mut full = Bench::with(
        Settings {
            max_dialogs: 0,
            ..Settings::default()
        },
        UDP,
    );
    let refusal = full.receive_undecided(&incoming("INVITE", "2", "", 1));
    assert_eq!(refusal, Some(crate::proto::Refusal::DialogsFull));
    let mut merged = Bench::new(UDP);
    merged.receive_undecided(&incoming("INVITE", "1", "", 1));
    let refusal = merged.receive_undecided(&incoming("INVITE", "2", "", 1));
    assert_eq!(refusal, Some(crate::proto::Refusal::Merged));
    for mut bench in [full, merged] {
        bench.decide_that_it_passes();
        bench.relay(&relayed("INVITE", "2", 1, 200)).expect("it passes");
        assert_eq!(
            (bench.sent_messages(), bench.dialogs()),
            (vec!["200".to_owned()], (0, 0))
        );
    }
}

#[test]
fn a_spiral_is_not_merged() {
    let mut bench = through();
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.role = Role::Us;
    let back = incoming("INVITE", "2", "", 1).replace("INVITE sip:b@", "INVITE sip:c@");
    bench.receive(&back);
    assert_eq!(
        (bench.heard(), bench.sent_messages()),
        (vec!["request INVITE".to_owned(); 2], vec![])
    );
    bench.respond(200).expect("sent");
    assert_eq!(
        (bench.sent_messages(), bench.dialogs()),
        (vec!["200".to_owned()], (1, 0))
    );
    // By two ways to us it is.
    bench.receive(&back.replace("z9hG4bK2", "z9hG4bK3"));
    assert_eq!(bench.sent_messages(), ["482"]);
}

#[test]
fn too_much_is_too_much_for_what_passes_through_too() {
    let mut bench = Bench::with(
        Settings {
            max_server_transactions: 1,
            ..Settings::default()
        },
        UDP,
    );
    bench.role = Role::Through;
    bench.receive(&incoming("OPTIONS", "1", "", 1));
    bench.receive(&incoming("OPTIONS", "2", "", 2));
    assert_eq!(bench.sent_messages(), ["503"]);
    assert_eq!(bench.shard.counters().refused_count, 1);
}

/// A bench whose application may forward.
fn forwards() -> Bench {
    Bench::with(
        Settings {
            forwards: true,
            ..Settings::default()
        },
        UDP,
    )
}

#[test]
fn a_dialog_that_is_not_known_may_be_one_of_others_where_requests_may_pass_through() {
    let mut bench = forwards();
    let refusal = bench.receive_undecided(&incoming("BYE", "1", "nobody", 1));
    assert_eq!(refusal, Some(crate::proto::Refusal::NoDialog));
    bench.decide_that_it_passes();
    bench.relay(&relayed("BYE", "1", 1, 200)).expect("it passes");
    assert_eq!(
        (bench.sent_messages(), bench.shard.counters().unknown),
        (vec!["200".to_owned()], 0)
    );

    for method in ["BYE", "INVITE", "INFO"] {
        let mut bench = forwards();
        bench.receive(&incoming(method, "1", "nobody", 1));
        assert_eq!(bench.sent_messages(), ["481"], "it is for us");
        assert_eq!(bench.shard.counters().unknown, 1);
        bench.until(100_000);
        bench.assert_empty();
    }
}

#[test]
fn the_ack_of_a_refusal_of_which_nothing_was_kept_goes_nowhere() {
    for role in [Role::Us, Role::Through] {
        let mut bench = forwards();
        bench.receive(&incoming("INVITE", "1", "", 1));
        let tag = bench.shard.tag(bench.key.expect("a request came"));
        let refusal = Response::new(StatusCode::UNAUTHORIZED);
        let key = bench.key.expect("a request came");
        let refused = bench.shard.respond_statelessly(bench.now, key, refusal);
        refused.expect("it is sent");
        bench.drain();
        bench.forget();
        bench.role = role;
        bench.receive(&incoming("ACK", "1", &tag, 1));
        assert!(bench.outputs.is_empty(), "{role:?}");
        bench.until(100_000);
        bench.assert_empty();
    }
}
