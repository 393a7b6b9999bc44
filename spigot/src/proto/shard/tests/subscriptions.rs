//! Subscriptions of ours ([RFC 6665 §4.1](https://www.rfc-editor.org/rfc/rfc6665#section-4.1)): the dialogs
//! that 2xx and NOTIFY make, and what ends them.

use super::*;

const PRESENCE: &str = "Event: presence";
const ACTIVE: &str = "Event: presence\nSubscription-State: active";
const TERMINATED: &str = "Event: presence\nSubscription-State: terminated;reason=noresource";

impl Bench {
    /// Subscribes outside of any dialog, for an hour.
    pub(super) fn subscribe(&mut self) -> Request {
        self.subscribe_for(3_600)
    }

    fn subscribe_for(&mut self, seconds: u32) -> Request {
        self.peer = Peer::called();
        self.request(&outgoing(
            "SUBSCRIBE",
            &format!("Event: presence\r\nExpires: {seconds}\r\n"),
        ));
        as_request(self.message())
    }

    /// The peer with that tag notifies; what it is answered by the core, or by us with 200.
    fn notified_by(&mut self, tag: &str, cseq: u32, lines: &str) -> String {
        let notify = with(self.theirs("NOTIFY", cseq), lines);
        let notify = notify.replace(&format!("tag={}", self.peer.tag()), &format!("tag={tag}"));
        self.sent.clear();
        self.receive(&notify);
        if self.sent.is_empty() {
            self.respond(200).expect("it waits for its answer");
        }
        self.sent_messages().remove(0)
    }

    pub(super) fn notified(&mut self, cseq: u32, lines: &str) -> String {
        let tag = self.peer.tag();
        self.notified_by(tag, cseq, lines)
    }

    /// A subscription that was granted for an hour, and notified of.
    fn subscribed() -> Bench {
        let mut bench = Bench::new(UDP);
        let subscribe = bench.subscribe();
        bench.receive(&with(answer(&subscribe, 200, "far"), "Expires: 3600"));
        assert_eq!(bench.notified(1, ACTIVE), "200");
        bench.forget();
        bench
    }
}

#[test]
fn a_subscription_is_refreshed_in_its_dialog_and_ended_by_expires_0() {
    let mut bench = Bench::subscribed();
    bench.until(1_800_000);
    let refresh = bench.sends_inside("SUBSCRIBE", "Event: presence\nExpires: 3600");
    assert_eq!(
        (value(&refresh, "CSeq"), refresh.uri().as_str()),
        ("8 SUBSCRIBE", "sip:a@192.0.2.9:5099")
    );
    bench.receive(&with(answer(&refresh, 200, ""), "Expires: 3600"));
    bench.until(5_400_000);
    assert_eq!(bench.dialogs(), (1, 0), "from then on another hour");
    let end = bench.sends_inside("SUBSCRIBE", "Event: presence\nExpires: 0");
    bench.receive(&with(answer(&end, 200, ""), "Expires: 0"));
    assert_eq!(bench.dialogs(), (1, 0), "the last NOTIFY is to come");
    assert_eq!(bench.notified(2, TERMINATED), "200");
    assert_eq!(bench.dialogs(), (0, 1));
    bench.until(5_600_000);
    bench.assert_empty();
}

#[test]
fn a_subscription_that_nobody_refreshes_ends_by_time() {
    let mut bench = Bench::subscribed();
    bench.until(3_631_999);
    assert_eq!(bench.dialogs(), (1, 0));
    bench.until(3_632_000);
    assert_eq!(bench.dialogs(), (0, 1), "64*T1 behind its end");
    assert_eq!(bench.sent_messages(), [] as [&str; 0]);
    bench.assert_empty();
}

#[test]
fn a_notify_that_shortens_it_is_followed() {
    let mut bench = Bench::subscribed();
    assert_eq!(bench.notified(2, &format!("{ACTIVE};expires=60")), "200");
    bench.until(91_999);
    assert_eq!(bench.dialogs(), (1, 0));
    bench.until(92_000);
    assert_eq!(bench.dialogs(), (0, 1));
}

#[test]
fn a_notify_that_says_terminated_ends_it() {
    let mut bench = Bench::subscribed();
    assert_eq!(bench.notified(2, TERMINATED), "200");
    assert_eq!(bench.dialogs(), (0, 1));
    assert_eq!(bench.notified(3, ACTIVE), "481");
}

#[test]
fn a_notify_that_we_answer_481_ends_it() {
    let mut bench = Bench::subscribed();
    let notify = with(bench.theirs("NOTIFY", 2), ACTIVE);
    bench.receive(&notify);
    bench.respond(481).expect("sent");
    assert_eq!(bench.dialogs(), (0, 1));
}

#[test]
fn the_200_and_a_notify_that_come_in_either_order_make_one_dialog() {
    for notify_first in [true, false] {
        let mut bench = Bench::new(UDP);
        let subscribe = bench.subscribe();
        if notify_first {
            assert_eq!(bench.notified(1, ACTIVE), "200");
        }
        let dialog = bench.dialog;
        bench.receive(&with(answer(&subscribe, 200, "far"), "Expires: 3600"));
        if notify_first {
            assert_eq!(bench.dialog, dialog);
        } else {
            assert_eq!(bench.notified(1, ACTIVE), "200");
        }
        assert_eq!(bench.dialogs(), (1, 0));
        bench.until(3_000_000);
        assert_eq!(bench.dialogs(), (1, 0));
    }
}

#[test]
fn a_notify_makes_the_dialog_whose_200_is_lost() {
    let mut bench = Bench::new(UDP);
    bench.subscribe();
    assert_eq!(bench.notified(1, &format!("{ACTIVE};expires=600")), "200");
    bench.until(100_000);
    assert_eq!(bench.dialogs(), (1, 0));
    bench.forget();
    let refresh = bench.sends_inside("SUBSCRIBE", PRESENCE);
    assert_eq!(
        (value(&refresh, "CSeq"), refresh.uri().as_str()),
        ("8 SUBSCRIBE", "sip:a@192.0.2.9:5099")
    );
}

#[test]
fn the_200_names_the_dialog_that_it_makes() {
    let mut bench = Bench::new(UDP);
    let subscribe = bench.subscribe();
    bench.receive(&answer(&subscribe, 202, "far"));
    let Some(Output::Response { dialog, .. }) = bench.outputs.last() else {
        panic!("{:?}", bench.outputs)
    };
    assert!(dialog.is_some_and(|dialog| bench.shard.knows_dialog(&dialog)));
}

#[test]
fn a_200_behind_the_notify_that_ended_its_subscription_makes_no_dialog_again() {
    let mut bench = Bench::new(UDP);
    let subscribe = bench.subscribe();
    assert_eq!(bench.notified(1, TERMINATED), "200");
    assert_eq!(bench.dialogs(), (0, 1));
    bench.receive(&with(answer(&subscribe, 200, "far"), "Expires: 3600"));
    assert_eq!(bench.notified(2, ACTIVE), "481");
    assert_eq!(bench.dialogs(), (0, 1));
    bench.until(100_000);
    bench.assert_empty();
}

#[test]
fn a_subscription_that_is_granted_and_never_notified_of_ends_with_timer_n() {
    for fetches in [true, false] {
        let mut bench = Bench::new(UDP);
        let subscribe = bench.subscribe_for(if fetches { 0 } else { 3_600 });
        bench.until(1_000);
        bench.receive(&answer(&subscribe, 200, "far"));
        bench.until(32_999);
        assert_eq!(bench.dialogs(), (1, 0));
        bench.until(33_000);
        assert_eq!(bench.dialogs(), (0, 1));
        bench.until(100_000);
        bench.assert_empty();
    }
}

#[test]
fn a_fetch_ends_with_its_one_notify() {
    let mut bench = Bench::new(UDP);
    let subscribe = bench.subscribe_for(0);
    bench.receive(&with(answer(&subscribe, 200, "far"), "Expires: 0"));
    assert_eq!(bench.notified(1, TERMINATED), "200");
    assert_eq!(bench.dialogs(), (0, 1));
}

#[test]
fn each_fork_that_notifies_is_a_dialog_up_to_twelve() {
    let mut bench = Bench::new(UDP);
    let subscribe = bench.subscribe();
    for fork in 0..12 {
        assert_eq!(bench.notified_by(&format!("fork{fork}"), 1, ACTIVE), "200");
    }
    assert_eq!(bench.notified_by("fork12", 1, ACTIVE), "481");
    bench.receive(&answer(&subscribe, 200, "fork13"));
    assert_eq!(bench.dialogs(), (12, 0));
    assert_eq!(bench.shard.counters().forks_dropped, 2);
    assert_eq!(
        bench.notified_by("fork3", 2, ACTIVE),
        "200",
        "those that are there go on"
    );
}

#[test]
fn a_fork_that_notifies_behind_timer_n_is_answered_481() {
    let mut bench = Bench::new(UDP);
    let subscribe = bench.subscribe();
    bench.receive(&answer(&subscribe, 200, "far"));
    bench.until(31_999);
    assert_eq!(bench.notified_by("early", 1, ACTIVE), "200");
    bench.until(32_000);
    assert_eq!(bench.notified_by("late", 1, ACTIVE), "481");
}

#[test]
fn a_notify_of_what_was_not_asked_for_is_answered_481() {
    let mut bench = Bench::subscribed();
    let state = "Subscription-State: active";
    for event in ["dialog", "presence;id=1", "presence.winfo"] {
        assert_eq!(
            bench.notified(5, &format!("Event: {event}\n{state}")),
            "481",
            "{event}"
        );
        let other = format!("Event: {event}\n{state}");
        assert_eq!(bench.notified_by("other", 5, &other), "481", "{event}");
    }
    assert_eq!(bench.notified(5, state), "481", "of nothing");
    let stranger = with(bench.theirs("NOTIFY", 1), ACTIVE).replace("mine@", "another@");
    bench.receive(&stranger);
    assert_eq!(bench.sent_messages(), ["481"]);
    assert_eq!(bench.dialogs(), (1, 0));
}

#[test]
fn a_subscription_that_is_refused_is_none() {
    for status in [302, 403, 408, 481, 489, 500, 603] {
        let mut bench = Bench::new(UDP);
        let subscribe = bench.subscribe();
        bench.receive(&answer(&subscribe, status, "far"));
        assert_eq!(bench.notified(1, ACTIVE), "481", "{status}");
        assert_eq!(bench.dialogs(), (0, 0));
        bench.until(100_000);
        bench.assert_empty();
    }
}

#[test]
fn a_refresh_that_fails_ends_it_where_the_peer_has_lost_it() {
    for (status, alive) in [
        (481, 0),
        (404, 0),
        (489, 0),
        (423, 1),
        (401, 1),
        (500, 1),
        (503, 1),
    ] {
        let mut bench = Bench::subscribed();
        let refresh = bench.sends_inside("SUBSCRIBE", PRESENCE);
        bench.receive(&answer(&refresh, status, ""));
        assert_eq!(bench.dialogs(), (alive, 1 - alive), "{status}");
    }
    let mut bench = Bench::subscribed();
    let dialog = bench.dialog.expect("a dialog");
    let refresh = bench.sends_inside("SUBSCRIBE", PRESENCE);
    bench.shard.unanswered_inside(bench.now, &dialog, &refresh);
    bench.drain();
    assert_eq!(
        (bench.dialogs(), bench.sent_messages()),
        ((0, 1), vec![]),
        "nobody answers"
    );
}

#[test]
fn a_subscription_in_a_call_ends_without_it() {
    for mut bench in Bench::ends() {
        let subscribe = bench.sends_inside("SUBSCRIBE", PRESENCE);
        // Its NOTIFY may come first here, too.
        assert_eq!(bench.notified(5, ACTIVE), "200");
        bench.receive(&answer(&subscribe, 200, ""));
        assert_eq!(bench.notified(6, TERMINATED), "200");
        assert_eq!(bench.dialogs(), (1, 0));
        assert!(bench.hang_up());
    }
}

#[test]
fn a_subscription_in_a_call_outlives_it() {
    for mut bench in Bench::ends() {
        let subscribe = bench.sends_inside("SUBSCRIBE", PRESENCE);
        bench.receive(&answer(&subscribe, 200, ""));
        bench.forget();
        let bye = bench.theirs("BYE", 5);
        bench.receive(&bye);
        bench.respond(200).expect("sent");
        assert_eq!(bench.dialogs(), (1, 0));
        assert_eq!(bench.notified(6, ACTIVE), "200");
        assert_eq!(
            bench.notified(7, "Event: dialog\nSubscription-State: active"),
            "481"
        );
        assert_eq!(bench.notified(8, TERMINATED), "200");
        assert_eq!(bench.dialogs(), (0, 1));
    }
}

#[test]
fn a_subscription_in_a_call_that_is_refused_is_none() {
    for status in [403, 481, 489, 500] {
        for mut bench in Bench::ends() {
            let subscribe = bench.sends_inside("SUBSCRIBE", PRESENCE);
            bench.receive(&answer(&subscribe, status, ""));
            bench.forget();
            assert!(bench.hang_up());
            let bye = as_request(bench.message());
            bench.receive(&answer(&bye, 200, ""));
            assert_eq!(bench.dialogs(), (0, 1), "{status}");
        }
    }
}

#[test]
fn two_packages_and_two_ids_in_one_dialog_are_told_apart() {
    let mut bench = Bench::subscribed();
    for event in ["presence;id=2", "dialog"] {
        let subscribe = bench.sends_inside("SUBSCRIBE", &format!("Event: {event}"));
        bench.receive(&answer(&subscribe, 200, ""));
        bench.forget();
    }
    for (cseq, event) in [(2, "presence;id=2"), (4, "presence"), (6, "dialog")] {
        assert_eq!(bench.dialogs(), (1, 0));
        let lines = |state| format!("Event: {event}\nSubscription-State: {state}");
        assert_eq!(bench.notified(cseq, &lines("terminated")), "200", "{event}");
        let expected = if event == "dialog" { (0, 1) } else { (1, 0) };
        assert_eq!(bench.dialogs(), expected);
        assert_eq!(bench.notified(cseq + 1, &lines("active")), "481", "{event}");
    }
}

#[test]
fn one_usage_more_of_ours_than_a_dialog_may_have_does_not_leave() {
    for mut bench in Bench::ends() {
        for number in 1..8 {
            bench.sends_inside("SUBSCRIBE", &format!("Event: presence;id={number}"));
        }
        assert_eq!(
            bench.request_inside("SUBSCRIBE", PRESENCE),
            Err(RequestRefused::Full)
        );
        assert_eq!(
            bench.request_inside("REFER", "Refer-To: <sip:c@c.example>"),
            Err(RequestRefused::Full)
        );
        assert!(
            bench.request_inside("SUBSCRIBE", "Event: presence;id=3").is_ok(),
            "a refresh needs no room"
        );
    }
}

#[test]
fn where_there_is_no_room_a_subscription_makes_no_dialog() {
    let mut bench = Bench::with(
        Settings {
            max_dialogs: 1,
            ..Settings::default()
        },
        UDP,
    );
    bench.call("");
    bench.request(&outgoing("SUBSCRIBE", "Event: presence\r\n").replace("tag=ours", "tag=others"));
    let subscribe = as_request(bench.message());
    let notify = with(bench.theirs("NOTIFY", 1), ACTIVE).replace("tag=ours", "tag=others");
    bench.receive(&notify);
    assert_eq!(bench.sent_messages(), ["481"]);
    bench.receive(&answer(&subscribe, 200, "far"));
    assert_eq!(
        (bench.dialogs(), bench.shard.counters().refused_dialogs),
        ((1, 0), 2)
    );
}
