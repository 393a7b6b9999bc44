//! What ends a dialog and what does not: failures (Table 2 of [RFC 5057 §5.1]), silence, the transport and
//! age.
//!
//! [RFC 5057 §5.1]: https://www.rfc-editor.org/rfc/rfc5057#section-5.1

use super::*;

/// Subscribes the peer, inside the call, to what we notify.
fn subscribe_peer(bench: &mut Bench) {
    let subscribe = with(bench.theirs("SUBSCRIBE", 2), "Event: dialog\nExpires: 3600");
    bench.receive(&subscribe);
    bench.respond(200).expect("sent");
    bench.forget();
}

/// A request of ours inside the call, with what its method wants.
fn sends(bench: &mut Bench, method: &str) -> Request {
    let lines = match method {
        "NOTIFY" => "Event: dialog\nSubscription-State: active",
        "SUBSCRIBE" => "Event: presence",
        "REFER" => "Refer-To: <sip:c@c.example>",
        _ => "",
    };
    bench.sends_inside(method, lines)
}

#[test]
fn a_failure_ends_what_table_2_of_rfc_5057_says() {
    // Which is left of a session and a subscription in one dialog.
    const BOTH: (bool, bool) = (true, true);
    const SESSION: (bool, bool) = (true, false);
    const SUBSCRIPTION: (bool, bool) = (false, true);
    const NOTHING: (bool, bool) = (false, false);
    let table = [
        (
            "INVITE",
            &[404, 410, 416, 482, 483, 484, 485, 502, 604][..],
            NOTHING,
        ),
        ("INFO", &[404, 482, 604], NOTHING),
        ("NOTIFY", &[404, 410, 502], NOTHING),
        ("INVITE", &[405, 480, 481, 501], SUBSCRIPTION),
        ("UPDATE", &[480, 481], SUBSCRIPTION),
        ("NOTIFY", &[405, 408, 480, 481, 489, 501], SESSION),
        ("BYE", &[400, 403, 480, 481, 500, 503, 603], SUBSCRIPTION),
        ("UPDATE", &[405, 501], BOTH),
        ("INFO", &[405, 408, 480, 481, 501], BOTH),
        ("MESSAGE", &[408, 481], BOTH),
        ("OPTIONS", &[408, 481, 501], BOTH),
        ("REFER", &[405, 408, 481, 603], BOTH),
        ("SUBSCRIBE", &[403, 481, 489, 500], BOTH),
        (
            "INVITE",
            &[400, 403, 486, 488, 491, 500, 503, 504, 600, 603, 606],
            BOTH,
        ),
        ("NOTIFY", &[400, 500, 503], BOTH),
    ];
    for (method, statuses, (session, subscription)) in table {
        for &status in statuses {
            for mut bench in Bench::ends() {
                subscribe_peer(&mut bench);
                let request = sends(&mut bench, method);
                bench.receive(&answer(&request, status, ""));
                let name = format!("{status} {method}");
                assert!(bench.heard().contains(&format!("response {status}")), "{name}");
                let alive = usize::from(session || subscription);
                assert_eq!(bench.dialogs(), (alive, 1 - alive), "{name}");
                bench.forget();
                let notify = bench.request_inside("NOTIFY", "Event: dialog\nSubscription-State: active");
                assert_eq!(notify.is_ok(), alive == 1, "{name}");
                bench.forget();
                assert_eq!(bench.hang_up(), session, "{name}");
                if session {
                    // With the session goes the dialog, if that was all.
                    let bye = as_request(bench.message());
                    bench.receive(&answer(&bye, 200, ""));
                    assert_eq!(bench.dialogs().0, usize::from(subscription), "{name}");
                }
            }
        }
    }
}

#[test]
fn a_408_inside_a_session_is_a_silence_and_leads_to_a_bye() {
    for method in ["INVITE", "UPDATE"] {
        for mut bench in Bench::ends() {
            let request = bench.sends_inside(method, "");
            bench.receive(&answer(&request, 408, ""));
            let sent_messages = bench.sent_messages();
            assert_eq!(sent_messages.last().map(String::as_str), Some("BYE"), "{method}");
            assert_eq!(bench.dialogs(), (1, 0), "until that is answered");
        }
    }
}

#[test]
fn a_re_invite_that_nobody_answers_leads_to_a_bye() {
    for mut bench in Bench::ends() {
        let dialog = bench.dialog.expect("a dialog");
        let invite = bench.sends_inside("INVITE", "");
        bench.until(32_000);
        assert_eq!(bench.heard()[0], "failed InviteTimeout");
        assert_eq!(bench.dialogs(), (1, 0), "it may be sent another way");
        bench.forget();
        bench.shard.unanswered_inside(bench.now, &dialog, &invite);
        bench.drain();
        assert_eq!(bench.sent_messages(), ["BYE"]);
        // > A UAC SHOULD also terminate a dialog if no response at all is received for the request
        bench.until(200_000);
        assert_eq!(bench.dialogs(), (0, 1));
        bench.assert_empty();
    }
}

#[test]
fn silence_ends_what_its_request_was_integral_to() {
    for (method, alive) in [("INFO", 2), ("OPTIONS", 2), ("NOTIFY", 1)] {
        for mut bench in Bench::ends() {
            subscribe_peer(&mut bench);
            let dialog = bench.dialog.expect("a dialog");
            let request = sends(&mut bench, method);
            bench.shard.unanswered_inside(bench.now, &dialog, &request);
            bench.drain();
            assert_eq!(
                (bench.sent_messages(), bench.dialogs()),
                (vec![], (1, 0)),
                "{method}"
            );
            assert!(bench.hang_up());
            let bye = as_request(bench.message());
            bench.receive(&answer(&bye, 200, ""));
            assert_eq!(bench.dialogs().0, alive - 1, "{method}");
        }
    }
}

#[test]
fn a_bye_ends_the_session_whatever_is_answered_to_it() {
    for status in [200, 202, 302, 401, 403, 404, 407, 408, 481, 487, 500, 503, 603] {
        for mut bench in Bench::ends() {
            assert!(bench.hang_up());
            let bye = as_request(bench.message());
            bench.receive(&answer(&bye, 100, ""));
            assert_eq!(bench.dialogs(), (1, 0), "until the final answer");
            bench.receive(&answer(&bye, status, ""));
            assert_eq!((bench.dialogs(), bench.heard()), ((0, 1), vec![]), "{status}");
            bench.until(100_000);
            bench.assert_empty();
        }
    }
}

#[test]
fn a_bye_ends_the_session_when_nobody_answers_it_or_it_cannot_leave() {
    for mut bench in Bench::ends() {
        assert!(bench.hang_up());
        bench.until(32_000);
        assert_eq!(
            (
                bench.dialogs(),
                bench.heard().contains(&"failed RequestTimeout".to_owned())
            ),
            ((0, 1), false)
        );
        bench.until(100_000);
        bench.assert_empty();
    }
    for mut bench in Bench::ends() {
        bench.holds = true;
        assert!(bench.hang_up());
        bench.give_up();
        assert_eq!(bench.dialogs(), (0, 1));
    }
    for mut bench in [Bench::caller(TCP), Bench::callee(TCP)] {
        bench.hang_up();
        bench.lose_flow();
        assert_eq!(
            bench.sent_messages(),
            ["BYE", "BYE"],
            "once more over a new connection"
        );
        bench.lose_flow();
        assert_eq!((bench.sent_messages(), bench.dialogs()), (vec![], (0, 1)));
    }
}

#[test]
fn a_failure_of_the_transport_ends_nothing_but_a_bye() {
    for method in ["INVITE", "UPDATE", "INFO", "NOTIFY", "SUBSCRIBE"] {
        for mut bench in Bench::ends() {
            subscribe_peer(&mut bench);
            sends(&mut bench, method);
            bench.lose_flow();
            assert_eq!(bench.heard(), ["failed transport", "ended"], "{method}");
            assert_eq!(
                (bench.sent_messages(), bench.dialogs()),
                (vec![], (1, 0)),
                "{method}"
            );
            let invite = bench.theirs("INVITE", 5);
            bench.receive(&invite);
            assert_eq!(
                bench.heard(),
                ["request INVITE in dialog"],
                "none of ours is under way"
            );
        }
    }
}

#[test]
fn the_end_of_a_dialog_is_told_once_whatever_ends_it() {
    fn refuse(bench: &mut Bench) {
        let invite = bench.sends_inside("INVITE", "");
        bench.receive(&answer(&invite, 481, ""));
        bench.receive(&answer(&invite, 481, ""));
    }
    fn hang_up(bench: &mut Bench) {
        bench.hang_up();
        let bye = as_request(bench.message());
        for _ in 0..2 {
            bench.receive(&answer(&bye, 200, ""));
        }
    }
    fn be_hung_up_on(bench: &mut Bench) {
        for cseq in [5, 6] {
            let bye = bench.theirs("BYE", cseq);
            bench.receive(&bye);
            let _ = bench.respond(200);
        }
    }
    fn cross(bench: &mut Bench) {
        bench.hang_up();
        let ours = as_request(bench.message());
        be_hung_up_on(bench);
        bench.receive(&answer(&ours, 481, ""));
    }
    fn grow_old(bench: &mut Bench) {
        bench.until(44_000_000);
    }
    fn fail_twice(bench: &mut Bench) {
        let (info, update) = (bench.sends_inside("INFO", ""), bench.sends_inside("UPDATE", ""));
        bench.receive(&answer(&info, 404, ""));
        bench.receive(&answer(&update, 481, ""));
    }
    for end in [refuse, hang_up, be_hung_up_on, cross, grow_old, fail_twice] {
        for mut bench in Bench::ends() {
            let dialog = bench.dialog.expect("a dialog");
            end(&mut bench);
            bench.until(50_000_000);
            assert_eq!(bench.ended, [dialog]);
            bench.assert_empty();
        }
    }
}

#[test]
fn calls_whose_peers_went_away_end_after_twelve_hours_and_make_room() {
    const HOURS: u64 = 3_600_000;
    let mut bench = Bench::with(
        Settings {
            max_dialogs: 8,
            ..Settings::default()
        },
        UDP,
    );
    let call = |number: usize| {
        incoming("INVITE", &format!("call{number}"), "", 1).replace("call@", &format!("call{number}@"))
    };
    for number in 0..8 {
        bench.receive(&call(number));
        bench.respond(200).expect("sent");
        let tag = to_tag(&as_response(bench.message()));
        let ack = incoming("ACK", "ack", &tag, 1).replace("call@", &format!("call{number}@"));
        bench.receive(&ack);
    }
    bench.receive(&call(8));
    assert_eq!(bench.sent_messages(), ["503"]);
    bench.until(12 * HOURS - 1);
    assert_eq!((bench.sent_messages(), bench.dialogs()), (vec![], (8, 0)));
    bench.until(12 * HOURS);
    assert_eq!(bench.sent_messages(), ["BYE"; 8]);
    bench.until(12 * HOURS + 32_000);
    assert_eq!(
        (bench.dialogs(), bench.shard.counters().dialogs_too_old),
        ((0, 8), 8)
    );
    bench.until(12 * HOURS + 100_000);
    bench.assert_empty();
    bench.forget();
    bench.receive(&call(9));
    assert_eq!(bench.heard(), ["request INVITE"]);
}

#[test]
fn a_dialog_that_is_too_old_ends_with_its_subscriptions() {
    for mut bench in Bench::ends() {
        bench.until(43_000_000);
        subscribe_peer(&mut bench);
        bench.until(43_200_000);
        assert_eq!(bench.sent_messages(), ["BYE"]);
        bench.until(43_300_000);
        assert_eq!(bench.dialogs(), (0, 1));
        bench.assert_empty();
    }
}

#[test]
fn the_clocks_of_calls_that_are_over_do_not_pile_up() {
    use crate::proto::Timer;
    let mut bench = Bench::new(TCP);
    for number in 0..1_000 {
        let theirs = |method: &str, tag: &str, cseq| {
            incoming(method, &format!("{method}{number}"), tag, cseq)
                .replace("call@", &format!("call{number}@"))
        };
        bench.receive(&theirs("INVITE", "", 1));
        bench.respond(200).expect("sent");
        let tag = to_tag(&as_response(bench.message()));
        bench.receive(&theirs("ACK", &tag, 1));
        bench.receive(&theirs("BYE", &tag, 2));
        bench.respond(200).expect("sent");
        bench.forget();
    }
    assert_eq!(bench.dialogs(), (0, 1_000));
    let clocks = bench.shard.queues.count(Timer::EndDialog);
    assert!(clocks <= 70, "{clocks}");
}
