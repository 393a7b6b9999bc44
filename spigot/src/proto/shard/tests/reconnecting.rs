//! Requests inside a dialog whose connection is gone when they leave.

use super::*;

fn ends() -> [Bench; 2] {
    [Bench::caller(TCP), Bench::callee(TCP)]
}

#[test]
fn a_request_on_a_connection_that_has_just_closed_is_sent_once_more() {
    for method in ["INFO", "INVITE", "BYE"] {
        for mut bench in ends() {
            bench.holds = true;
            let key = bench.request_inside(method, "").expect("it leaves");
            let first = as_request(bench.message());
            bench.lose_flow();
            assert_eq!(bench.heard(), ["ended"], "that it failed is not told");
            assert_eq!(bench.held[0].replaces(), Some(key));
            bench.flow = other_connection();
            let flow = bench.flow;
            let unsent = bench.held.remove(0);
            bench.shard.send(bench.now, unsent, flow, "192.0.2.1:5060");
            bench.drain();
            let again = as_request(bench.message());
            let number = |request: &Request| {
                let cseq = value(request, "CSeq")
                    .split_once(' ')
                    .expect("a CSeq")
                    .0
                    .to_owned();
                cseq.parse::<u32>().expect("a number")
            };
            assert_eq!(number(&again), number(&first) + 1, "{method}");
            assert_ne!(value(&again, "Via"), value(&first, "Via"));
            assert_eq!(again.headers().get_all(&HeaderName::VIA).count(), 1);
            bench.receive(&answer(&again, 200, ""));
            assert_eq!(bench.heard()[0], "response 200", "{method}");
        }
    }
}

#[test]
fn it_is_sent_once_more_and_not_twice() {
    for mut bench in ends() {
        bench.sends_inside("INFO", "");
        bench.lose_flow();
        assert_eq!(
            (bench.sent_messages(), bench.heard()),
            (vec!["INFO".to_owned()], vec!["ended".to_owned()])
        );
        bench.lose_flow();
        assert_eq!(
            (bench.sent_messages(), bench.heard().len()),
            (vec![], 2),
            "failed, ended"
        );
        assert_eq!(bench.dialogs(), (1, 0));
    }
}

#[test]
fn a_request_to_which_something_was_answered_is_not_sent_again() {
    for method in ["INFO", "INVITE"] {
        for mut bench in ends() {
            let request = bench.sends_inside(method, "");
            bench.receive(&answer(&request, 100, ""));
            bench.forget();
            bench.lose_flow();
            assert_eq!(
                (bench.sent_messages(), bench.heard()[0].as_str()),
                (vec![], "failed transport"),
                "{method}"
            );
        }
    }
}

#[test]
fn datagrams_and_requests_outside_of_dialogs_fail_at_once() {
    let mut bench = Bench::new(TCP);
    bench.request(&outgoing("OPTIONS", ""));
    let mut datagram = Bench::caller(UDP);
    datagram.sends_inside("INFO", "");
    for bench in [&mut bench, &mut datagram] {
        bench.forget();
        bench.lose_flow();
        assert_eq!(
            (bench.sent_messages(), bench.heard()[0].as_str()),
            (vec![], "failed transport")
        );
    }
}

#[test]
fn what_finds_no_new_connection_ends_nothing_but_a_bye() {
    for (method, alive) in [("INFO", 1), ("INVITE", 1), ("UPDATE", 1), ("BYE", 0)] {
        for mut bench in ends() {
            bench.holds = true;
            bench.sends_inside(method, "");
            bench.lose_flow();
            bench.give_up();
            assert_eq!(
                (bench.sent_messages(), bench.dialogs()),
                (vec![], (alive, 1 - alive)),
                "{method}"
            );
        }
    }
}

#[test]
fn a_subscription_that_could_not_be_asked_for_is_none() {
    for mut bench in ends() {
        bench.holds = true;
        bench.sends_inside("SUBSCRIBE", "Event: dialog");
        bench.lose_flow();
        bench.give_up();
        assert!(bench.hang_up());
        bench.release();
        let bye = as_request(bench.message());
        bench.receive(&answer(&bye, 200, ""));
        assert_eq!(bench.dialogs(), (0, 1));
    }
}
