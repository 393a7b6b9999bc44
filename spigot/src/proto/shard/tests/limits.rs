//! Each bound, at it and one past it.

use super::*;

/// Requests that have nothing in common.
fn distinct(method: &str, branch: usize) -> String {
    incoming(method, &format!("{method}{branch}"), "", 1).replace("call@", &format!("call{branch}@"))
}

#[test]
fn one_transaction_too_many_is_refused_statelessly() {
    let mut bench = Bench::with(
        Settings {
            max_server_transactions: 2,
            ..Settings::default()
        },
        UDP,
    );
    for branch in 0..3 {
        bench.receive(&distinct("OPTIONS", branch));
    }
    assert_eq!(bench.told().len(), 2);
    let refusal = as_response(bench.message());
    assert_eq!(refusal.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refusal.headers().get(&HeaderName::RETRY_AFTER), Some("5"));
    assert_eq!(bench.shard.counters().refused_count, 1);
    // What is there already goes on.
    bench.receive(&distinct("OPTIONS", 0));
    assert_eq!(
        (bench.sent(), bench.shard.counters().retransmissions),
        (vec![], 1)
    );
    bench.respond(200).expect("sent");
    bench.until(32_000);
    bench.receive(&distinct("OPTIONS", 3));
    assert_eq!(bench.told().last(), Some(&(32_000, "request OPTIONS".to_owned())));
}

#[test]
fn ack_bye_and_cancel_are_never_refused() {
    let mut bench = Bench::with(
        Settings {
            max_server_transactions: 1,
            ..Settings::default()
        },
        UDP,
    );
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(200).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&incoming("ACK", "ack", &tag, 1));
    bench.receive(&incoming("CANCEL", "1", "", 1));
    bench.receive(&incoming("BYE", "2", &tag, 2));
    bench.receive(&incoming("INFO", "3", &tag, 3));
    let told: Vec<_> = bench.told().into_iter().map(|(_, what)| what).collect();
    assert_eq!(told, ["request INVITE", "ack", "request BYE in dialog"]);
    assert_eq!(bench.sent(), [(0, "200".to_owned()), (0, "503".to_owned())]);
}

#[test]
fn byes_do_not_get_around_the_bound() {
    let mut bench = Bench::with(
        Settings {
            max_server_transactions: 1,
            ..Settings::default()
        },
        UDP,
    );
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(200).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&incoming("ACK", "ack", &tag, 1));
    bench.receive(&incoming("BYE", "late", &tag, 0));
    assert_eq!(bench.sent(), at(&[0], "500"), "which does not count as waiting");
    bench.receive(&incoming("BYE", "2", &tag, 2));
    bench.receive(&incoming("BYE", "3", &tag, 3));
    assert_eq!(bench.sent(), at(&[0], "503"), "one waits already");
    bench.respond(401).expect("sent");
    bench.receive(&incoming("BYE", "4", &tag, 4));
    bench.respond(200).expect("sent");
    bench.receive(&incoming("BYE", "5", &tag, 5));
    bench.receive(&incoming("BYE", "6", "", 1));
    let sent: Vec<_> = bench.sent().into_iter().map(|(_, what)| what).collect();
    assert_eq!(sent, ["401", "200", "481", "481"]);
    assert_eq!((bench.shard.server_transactions(), bench.shard.dialogs()), (3, 0));
}

#[test]
fn too_many_octets_are_refused_and_are_free_again_in_the_end() {
    let mut bench = Bench::with(
        Settings {
            max_transaction_bytes: 3_000,
            ..Settings::default()
        },
        UDP,
    );
    let mut refused = 0;
    for branch in 0..10 {
        bench.receive(&distinct("OPTIONS", branch));
        refused = bench.shard.counters().refused_bytes;
        if refused == 0 && branch % 2 == 0 {
            bench.respond(200).expect("sent");
        }
    }
    assert!(refused > 5, "{refused}");
    let held = bench.shard.transaction_bytes();
    assert!((3_000..6_000).contains(&held), "{held}");
}

#[test]
fn one_dialog_too_many_is_refused_statelessly() {
    let mut bench = Bench::with(
        Settings {
            max_dialogs: 1,
            ..Settings::default()
        },
        UDP,
    );
    bench.receive(&distinct("INVITE", 0));
    bench.receive(&distinct("INVITE", 1));
    bench.receive(&distinct("OPTIONS", 2));
    assert_eq!(bench.sent(), at(&[0], "503"));
    assert_eq!(
        (bench.told().len(), bench.shard.counters().refused_dialogs),
        (2, 1)
    );
    assert_eq!((bench.shard.dialogs(), bench.shard.server_transactions()), (0, 2));
}

#[test]
fn shutting_down_refuses_what_is_new_and_finishes_what_is_not() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.shard.refuse_new(true);
    bench.receive(&distinct("OPTIONS", 9));
    assert_eq!(bench.sent(), at(&[0], "503"));
    bench.receive(&incoming("CANCEL", "1", "", 1));
    assert_eq!(bench.sent(), [(0, "200".to_owned()), (0, "487".to_owned())]);
    assert_eq!(bench.shard.counters().refused_shutdown, 1);
    assert_eq!(bench.shard.unanswered(), 0);
    bench.shard.refuse_new(false);
    bench.receive(&distinct("OPTIONS", 9));
    assert_eq!(bench.told().last(), Some(&(0, "request OPTIONS".to_owned())));
}

#[test]
fn timers_of_no_length_do_not_hang() {
    let none = Duration::ZERO;
    let timers = crate::proto::Timers {
        t1: none,
        t2: none,
        t4: none,
    };
    let mut bench = Bench::with(
        Settings {
            timers,
            trying_after: none,
            ..Settings::default()
        },
        UDP,
    );
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.request(&outgoing("OPTIONS", ""));
    bench.until(1_000);
    bench.respond(486).expect("sent");
    bench.until(100_000);
    bench.assert_empty();
}

#[test]
fn timers_without_end_do_not_panic() {
    let never = Duration::MAX;
    let timers = crate::proto::Timers {
        t1: never,
        t2: never,
        t4: never,
    };
    let mut bench = Bench::with(
        Settings {
            timers,
            trying_after: never,
            ringing: never,
            ..Settings::default()
        },
        UDP,
    );
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(486).expect("sent");
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.messages().remove(1).1);
    bench.receive(&answer(&invite, 180, "far"));
    bench.until(100_000);
    assert_eq!(bench.sent(), []);
}

#[test]
fn one_invite_makes_so_many_dialogs_and_no_more() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    for branch in 0..13 {
        bench.receive(&answer(&invite, 180, &format!("far{branch}")));
    }
    assert_eq!(
        (bench.shard.dialogs(), bench.shard.counters().forks_dropped),
        (12, 1)
    );
    assert_eq!(bench.told().len(), 12);
}

#[test]
fn a_thousand_branches_that_answer_draw_no_more_than_twelve_byes() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    for branch in 0..1_000 {
        bench.receive(&answer(&invite, 200, &format!("far{branch}")));
    }
    let sent = bench.sent();
    let count = |what: &str| sent.iter().filter(|(_, sent)| sent == what).count();
    assert_eq!((count("ACK"), count("BYE")), (12, 11));
    assert_eq!(bench.shard.counters().forks_dropped, 988);
}

#[test]
fn a_2xx_past_twelve_branches_takes_the_place_of_one_that_rings_and_the_others_go_on() {
    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    for branch in 0..12 {
        bench.receive(&answer(&invite, 180, &format!("far{branch}")));
    }
    bench.forget();
    bench.receive(&answer(&invite, 180, "far12"));
    assert_eq!(
        (bench.heard(), bench.shard.counters().forks_dropped),
        (vec![], 1),
        "one more that rings is dropped"
    );
    for _ in 0..2 {
        bench.receive(&answer(&invite, 200, "far12"));
    }
    assert_eq!(
        (bench.sent_messages(), bench.heard()),
        (vec!["ACK".to_owned(); 2], vec!["response 200".to_owned()])
    );
    assert_eq!(
        (bench.dialogs(), bench.shard.counters().forks_dropped),
        ((12, 1), 1)
    );
    bench.receive(&answer(&invite, 200, "far11"));
    bench.receive(&answer(&invite, 200, "far11"));
    bench.receive(&answer(&invite, 200, "far3"));
    assert_eq!(
        (bench.sent_messages(), bench.heard()),
        (
            ["ACK", "BYE", "ACK", "ACK", "BYE"].map(str::to_owned).to_vec(),
            vec![]
        )
    );
    bench.until(200_000);
    assert_eq!(bench.dialogs(), (1, 12), "the one that the caller has");
    bench.assert_empty();
}

#[test]
fn branches_that_there_is_no_room_for_are_acknowledged_and_hung_up_on() {
    let mut bench = Bench::with(
        Settings {
            max_dialogs: 1,
            ..Settings::default()
        },
        UDP,
    );
    let invite = bench.call("");
    bench.receive(&answer(&invite, 200, "other"));
    let bye = as_request(bench.messages().pop().expect("a BYE").1);
    assert_eq!(
        (value(&bye, "CSeq"), value(&bye, "To").contains("other")),
        ("8 BYE", true)
    );
    assert_eq!(
        (bench.dialogs(), bench.shard.counters().refused_dialogs),
        ((1, 0), 1)
    );
    bench.receive(&answer(&bye, 200, ""));
    bench.until(200_000);
    assert_eq!(bench.dialogs(), (1, 0));
    bench.assert_empty();
}

#[test]
fn a_call_that_there_is_no_room_for_is_hung_up_on_and_fails() {
    for (acknowledge, rings) in [(true, false), (true, true), (false, false), (false, true)] {
        let mut bench = Bench::with(
            Settings {
                max_dialogs: 1,
                ..Settings::default()
            },
            UDP,
        );
        bench.receive(&incoming("INVITE", "1", "", 1));
        bench.respond(200).expect("sent");
        let tag = to_tag(&as_response(bench.message()));
        bench.receive(&incoming("ACK", "ack", &tag, 1));
        bench.acknowledge = acknowledge;
        let key = bench.request(&outgoing("INVITE", ""));
        let invite = as_request(bench.message());
        bench.forget();
        if rings {
            bench.receive(&answer(&invite, 180, "far"));
            assert_eq!(bench.heard(), ["response 180"]);
        }
        for expected in [&["7 ACK", "8 BYE"][..], &["7 ACK"]] {
            bench.receive(&answer(&invite, 200, "far"));
            let sent: Vec<Request> = bench
                .messages()
                .into_iter()
                .map(|(_, message)| as_request(message))
                .collect();
            let numbers: Vec<&str> = sent.iter().map(|request| value(request, "CSeq")).collect();
            assert_eq!(numbers, expected);
            if let Some(bye) = sent.get(1) {
                bench.receive(&answer(bye, 200, ""));
            }
        }
        assert_eq!(bench.heard(), ["failed DialogEnded"]);
        bench.shard.abandon_call(bench.now, key);
        bench.receive(&answer(&invite, 200, "other"));
        assert_eq!(bench.sent_messages(), ["ACK", "BYE"], "the call has failed");
        bench.until(200_000);
        assert_eq!(
            bench
                .heard()
                .iter()
                .filter(|what| *what != "finished")
                .collect::<Vec<_>>(),
            ["ended"]
        );
        assert_eq!(
            (bench.dialogs(), bench.shard.counters().refused_dialogs),
            ((1, 0), 2)
        );
        bench.assert_empty();
    }
}

#[test]
fn a_2xx_finds_the_room_that_its_180_did_not() {
    for acknowledge in [true, false] {
        let mut bench = Bench::with(
            Settings {
                max_dialogs: 1,
                ..Settings::default()
            },
            UDP,
        );
        bench.receive(&incoming("INVITE", "1", "", 1));
        bench.acknowledge = acknowledge;
        bench.request(&outgoing("INVITE", ""));
        let invite = as_request(bench.message());
        bench.receive(&answer(&invite, 180, "far"));
        assert_eq!(bench.shard.dialogs(), 0);
        bench.respond(486).expect("sent");
        bench.forget();
        bench.receive(&answer(&invite, 200, "far"));
        assert_eq!(bench.heard(), ["response 200"]);
        assert_eq!(bench.dialogs(), (1, 0));
        assert!(bench.hang_up());
        assert_eq!(bench.sent_messages(), ["ACK", "BYE"]);
    }
}

#[test]
fn what_the_core_owes_is_never_one_client_transaction_too_many() {
    let mut bench = Bench::with(
        Settings {
            max_client_transactions: 1,
            ..Settings::default()
        },
        UDP,
    );
    bench.login = Some(Login::new("alice", "secret"));
    let key = bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    let nonce = "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"";
    bench.receive(&with(answer(&invite, 401, "proxy"), nonce));
    let again = as_request(bench.messages().pop().expect("with credentials").1);
    bench.receive(&answer(&again, 180, "one"));
    bench.receive(&answer(&again, 200, "one"));
    bench.receive(&answer(&again, 200, "two"));
    assert_eq!(bench.sent_messages(), ["ACK", "ACK", "BYE"]);
    bench.shard.abandon_call(bench.now, key);
    assert_eq!(bench.request_inside("INFO", ""), Err(RequestRefused::Full));
}

#[test]
fn one_client_transaction_too_many_does_not_leave() {
    let mut bench = Bench::with(
        Settings {
            max_client_transactions: 1,
            ..Settings::default()
        },
        UDP,
    );
    bench.request(&outgoing("OPTIONS", ""));
    let one_more = Request::parse(outgoing("OPTIONS", "")).expect("a request");
    assert_eq!(bench.try_request(one_more), Err(RequestRefused::Full));
    assert_eq!(bench.sent().len(), 1);
    assert_eq!(bench.shard.counters().client_transactions_full, 1);
}
