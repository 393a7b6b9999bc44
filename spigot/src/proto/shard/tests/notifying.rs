//! Subscriptions of the peer's ([RFC 6665 §4.2](https://www.rfc-editor.org/rfc/rfc6665#section-4.2)), and
//! transfers.

use super::*;

const DIALOG: &str = "Event: dialog\nExpires: 3600";
const ACTIVE: &str = "Event: dialog\nSubscription-State: active";
const TERMINATED: &str = "Event: dialog\nSubscription-State: terminated;reason=timeout";

impl Bench {
    /// The peer has subscribed outside of any dialog, and was answered 200.
    fn be_subscribed(lines: &str) -> Bench {
        let mut bench = Bench::new(UDP);
        bench.receive(&with(incoming("SUBSCRIBE", "1", "", 1), lines));
        bench.respond_with(200, "Expires: 3600").expect("sent");
        let ok = as_response(bench.message());
        bench.peer = Peer::calling(&ok);
        bench.dialog = Some(crate::proto::key::dialog_key(
            &SEED,
            "call@a.example",
            &to_tag(&ok),
            Some("from"),
        ));
        bench.forget();
        bench
    }

    /// A request of the peer's inside the dialog; the status of its answer, the core's or ours.
    fn take(&mut self, method: &str, cseq: u32, lines: &str) -> String {
        let request = with(self.theirs(method, cseq), lines);
        self.forget();
        self.receive(&request);
        if self.sent.is_empty() {
            self.respond(200).expect("it waits for its answer");
        }
        self.sent_messages().remove(0)
    }

    /// A NOTIFY of ours that is answered with that status.
    fn notify(&mut self, lines: &str, status: u16) {
        let notify = self.sends_inside("NOTIFY", lines);
        self.receive(&answer(&notify, status, ""));
        self.forget();
    }
}

#[test]
fn a_subscription_is_refreshed_in_its_dialog_and_ended_by_expires_0() {
    let mut bench = Bench::be_subscribed(DIALOG);
    bench.notify(ACTIVE, 200);
    bench.until(3_000_000);
    assert_eq!(bench.take("SUBSCRIBE", 2, DIALOG), "200");
    bench.until(6_000_000);
    assert_eq!(bench.dialogs(), (1, 0));
    assert_eq!(bench.take("SUBSCRIBE", 3, "Event: dialog\nExpires: 0"), "200");
    assert_eq!(bench.dialogs(), (1, 0), "the last NOTIFY is to be sent");
    bench.notify(TERMINATED, 200);
    assert_eq!(bench.dialogs(), (0, 1));
    assert_eq!(bench.take("SUBSCRIBE", 4, DIALOG), "481");
    bench.until(7_000_000);
    bench.assert_empty();
}

#[test]
fn a_subscription_that_nobody_refreshes_ends_by_time() {
    let mut bench = Bench::be_subscribed(DIALOG);
    bench.until(3_631_999);
    assert_eq!(bench.dialogs(), (1, 0));
    bench.until(3_632_000);
    assert_eq!(bench.dialogs(), (0, 1));
    bench.assert_empty();
}

#[test]
fn a_notify_of_ours_that_says_terminated_ends_it_whatever_is_answered() {
    for status in [200, 403, 481, 500] {
        let mut bench = Bench::be_subscribed(DIALOG);
        let notify = bench.sends_inside("NOTIFY", TERMINATED);
        assert_eq!(bench.dialogs(), (1, 0), "until the answer");
        bench.receive(&answer(&notify, status, ""));
        assert_eq!(bench.dialogs(), (0, 1), "{status}");
    }
}

#[test]
fn a_notify_that_is_answered_481_ends_it_and_others_do_not() {
    for (status, alive) in [
        (481, 0),
        (404, 0),
        (489, 0),
        (408, 0),
        (401, 1),
        (500, 1),
        (503, 1),
    ] {
        let mut bench = Bench::be_subscribed(DIALOG);
        bench.notify(ACTIVE, status);
        assert_eq!(bench.dialogs(), (alive, 1 - alive), "{status}");
    }
}

#[test]
fn a_fetch_ends_with_our_one_notify_or_by_time() {
    let mut bench = Bench::be_subscribed("Event: dialog\nExpires: 0");
    bench.notify(TERMINATED, 200);
    assert_eq!(bench.dialogs(), (0, 1));

    let mut bench = Bench::new(UDP);
    bench.receive(&with(
        incoming("SUBSCRIBE", "1", "", 1),
        "Event: dialog\nExpires: 0",
    ));
    bench.respond(200).expect("sent");
    bench.until(32_000);
    assert_eq!(bench.dialogs(), (0, 1));
}

#[test]
fn a_subscription_that_we_refuse_is_none() {
    for status in [403, 489, 500] {
        let mut bench = Bench::new(UDP);
        bench.receive(&with(incoming("SUBSCRIBE", "1", "", 1), DIALOG));
        bench.respond(status).expect("sent");
        assert_eq!(bench.dialogs(), (0, 0));
        bench.until(100_000);
        bench.assert_empty();
    }
    // A refresh that we answer 481 is the end; another refusal is none.
    for (status, alive) in [(481, 0), (500, 1)] {
        let mut bench = Bench::be_subscribed(DIALOG);
        let refresh = with(bench.theirs("SUBSCRIBE", 2), DIALOG);
        bench.receive(&refresh);
        bench.respond(status).expect("sent");
        assert_eq!(bench.dialogs(), (alive, 1 - alive), "{status}");
    }
}

#[test]
fn a_subscription_without_an_event_makes_no_dialog() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("SUBSCRIBE", "1", "", 1));
    bench.respond(200).expect("sent");
    assert_eq!(bench.dialogs(), (0, 0));
}

#[test]
fn in_a_dialog_of_a_subscription_only_what_belongs_to_it_is_taken() {
    let mut bench = Bench::be_subscribed(DIALOG);
    for method in ["INVITE", "UPDATE", "PRACK", "BYE"] {
        assert_eq!(bench.take(method, 2, ""), "481", "{method}");
    }
    assert_eq!(
        bench.take("SUBSCRIBE", 2, "Event: presence"),
        "481",
        "another package"
    );
    assert_eq!(bench.take("OPTIONS", 2, ""), "200");
    assert_eq!(bench.dialogs(), (1, 0));
    for method in ["INVITE", "UPDATE", "BYE"] {
        assert_eq!(
            bench.request_inside(method, ""),
            Err(RequestRefused::DialogEnded),
            "{method}"
        );
    }
}

#[test]
fn a_subscription_in_a_call_ends_without_it() {
    for mut bench in Bench::ends() {
        assert_eq!(bench.take("SUBSCRIBE", 2, DIALOG), "200");
        bench.notify(ACTIVE, 481);
        assert_eq!(bench.dialogs(), (1, 0));
        assert!(bench.hang_up());
        let bye = as_request(bench.message());
        bench.receive(&answer(&bye, 200, ""));
        assert_eq!(bench.dialogs(), (0, 1));
    }
}

#[test]
fn what_we_notify_of_a_transfer_goes_through_after_the_bye() {
    const TRYING: &str = "Event: refer\nSubscription-State: active;expires=60";
    const DONE: &str = "Event: refer\nSubscription-State: terminated;reason=noresource";
    for mut bench in Bench::ends() {
        assert_eq!(bench.take("REFER", 2, "Refer-To: <sip:c@c.example>"), "200");
        bench.notify(TRYING, 200);
        assert_eq!(bench.take("BYE", 3, ""), "200");
        assert_eq!(bench.dialogs(), (1, 0));
        bench.notify(TRYING, 200);
        assert_eq!(bench.take("INVITE", 4, ""), "481", "the session is over");
        assert_eq!(
            bench.request_inside("INVITE", ""),
            Err(RequestRefused::DialogEnded)
        );
        bench.notify(DONE, 200);
        assert_eq!(bench.dialogs(), (0, 1));
    }
}

#[test]
fn what_the_peer_notifies_of_a_transfer_is_taken_after_the_bye() {
    for we_hang_up in [true, false] {
        for mut bench in Bench::ends() {
            let refer = bench.sends_inside("REFER", "Refer-To: <sip:c@c.example>");
            bench.receive(&answer(&refer, 202, ""));
            bench.forget();
            if we_hang_up {
                assert!(bench.hang_up());
                let bye = as_request(bench.message());
                bench.receive(&answer(&bye, 200, ""));
            } else {
                assert_eq!(bench.take("BYE", 2, ""), "200");
            }
            assert_eq!(bench.dialogs(), (1, 0));
            assert_eq!(
                bench.take("NOTIFY", 3, "Event: refer\nSubscription-State: active"),
                "200"
            );
            assert_eq!(bench.take("INVITE", 4, ""), "481", "the session is over");
            assert_eq!(
                bench.take("NOTIFY", 5, "Event: refer\nSubscription-State: terminated"),
                "200"
            );
            assert_eq!(bench.dialogs(), (0, 1));
            bench.until(100_000);
            bench.assert_empty();
        }
    }
}

#[test]
fn a_transfer_that_nobody_tells_of_ends_after_three_minutes() {
    for mut bench in Bench::ends() {
        let refer = bench.sends_inside("REFER", "Refer-To: <sip:c@c.example>");
        bench.receive(&answer(&refer, 202, ""));
        assert_eq!(bench.take("BYE", 2, ""), "200");
        bench.until(211_999);
        assert_eq!(bench.dialogs(), (1, 0));
        bench.until(212_000);
        assert_eq!(bench.dialogs(), (0, 1));
    }
}

#[test]
fn two_transfers_in_one_dialog_are_told_apart_by_their_numbers() {
    for mut bench in Bench::ends() {
        let numbers: Vec<String> = (0..2)
            .map(|_| {
                let refer = bench.sends_inside("REFER", "Refer-To: <sip:c@c.example>");
                bench.receive(&answer(&refer, 202, ""));
                bench.forget();
                value(&refer, "CSeq").trim_end_matches(" REFER").to_owned()
            })
            .collect();
        assert_eq!(bench.take("BYE", 2, ""), "200");
        let ended = |number| format!("Event: refer;id={number}\nSubscription-State: terminated");
        assert_eq!(bench.take("NOTIFY", 3, &ended(&numbers[1])), "200");
        assert_eq!(bench.take("NOTIFY", 4, &ended(&numbers[1])), "481");
        assert_eq!(bench.dialogs(), (1, 0));
        assert_eq!(bench.take("NOTIFY", 5, &ended(&numbers[0])), "200");
        assert_eq!(bench.dialogs(), (0, 1));
    }
}

#[test]
fn a_challenged_transfer_is_known_by_the_number_that_it_is_sent_again_with() {
    let mut bench = Bench::new(UDP);
    bench.login = Some(Login::new("alice", "secret"));
    bench.call("");
    let refer = bench.sends_inside("REFER", "Refer-To: <sip:c@c.example>");
    let nonce = "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"";
    bench.receive(&with(answer(&refer, 401, ""), nonce));
    let again = as_request(bench.message());
    assert_eq!(
        (value(&refer, "CSeq"), value(&again, "CSeq")),
        ("8 REFER", "9 REFER")
    );
    bench.receive(&answer(&again, 202, ""));
    assert_eq!(bench.take("BYE", 1, ""), "200");
    let ended = |number| format!("Event: refer;id={number}\nSubscription-State: terminated");
    assert_eq!(bench.take("NOTIFY", 2, &ended(8)), "481");
    assert_eq!(bench.take("NOTIFY", 3, &ended(9)), "200");
    assert_eq!(bench.dialogs(), (0, 1));
}

#[test]
fn a_transfer_outside_of_a_dialog_makes_one_at_either_end() {
    let mut bench = Bench::new(UDP);
    bench.receive(&with(
        incoming("REFER", "1", "", 1),
        "Refer-To: <sip:c@c.example>",
    ));
    bench.respond(202).expect("sent");
    let ok = as_response(bench.message());
    bench.dialog = Some(crate::proto::key::dialog_key(
        &SEED,
        "call@a.example",
        &to_tag(&ok),
        Some("from"),
    ));
    bench.notify("Event: refer\nSubscription-State: terminated", 200);
    assert_eq!(bench.dialogs(), (0, 1));

    let mut bench = Bench::new(UDP);
    bench.request(&outgoing("REFER", "Refer-To: <sip:c@c.example>\r\n"));
    let refer = as_request(bench.message());
    bench.peer = Peer::called();
    assert_eq!(
        bench.take("NOTIFY", 1, "Event: refer\nSubscription-State: active"),
        "200"
    );
    bench.receive(&answer(&refer, 202, "far"));
    assert_eq!(
        bench.take("NOTIFY", 2, "Event: refer\nSubscription-State: terminated"),
        "200"
    );
    assert_eq!(bench.dialogs(), (0, 1));
}

#[test]
fn a_dialog_has_eight_usages_and_one_more_is_refused_500() {
    for mut bench in Bench::ends() {
        // The session is one.
        for cseq in 2..9 {
            assert_eq!(
                bench.take("SUBSCRIBE", cseq, &format!("Event: dialog;id={cseq}")),
                "200"
            );
        }
        assert_eq!(bench.take("SUBSCRIBE", 9, "Event: dialog;id=9"), "500");
        assert_eq!(bench.take("REFER", 10, "Refer-To: <sip:c@c.example>"), "500");
        assert_eq!(
            bench.take("SUBSCRIBE", 11, "Event: dialog;id=4"),
            "200",
            "a refresh needs no room"
        );
        bench.notify("Event: dialog;id=4\nSubscription-State: terminated", 200);
        assert_eq!(bench.take("SUBSCRIBE", 12, "Event: dialog;id=9"), "200");
        assert_eq!(bench.dialogs(), (1, 0));
    }
}

#[test]
fn one_dialog_too_many_is_refused_for_whatever_would_make_it() {
    for method in ["INVITE", "SUBSCRIBE", "REFER"] {
        let mut bench = Bench::with(
            Settings {
                max_dialogs: 1,
                ..Settings::default()
            },
            UDP,
        );
        bench.be_called("");
        let other = incoming(method, "other", "", 1).replace("call@", "other@");
        bench.receive(&with(other, DIALOG));
        assert_eq!(
            (bench.sent_messages(), bench.heard()),
            (vec!["503".to_owned()], vec![]),
            "{method}"
        );
        assert_eq!(bench.shard.counters().refused_dialogs, 1);
    }
}
