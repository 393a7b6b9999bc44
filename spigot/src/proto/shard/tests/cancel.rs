//! CANCEL, in both directions.

use super::*;

#[test]
fn a_cancel_is_answered_and_so_is_its_invite() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(180).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&incoming("CANCEL", "1", "", 1));
    let answers = bench.messages();
    let [(_, ok), (_, terminated)] = &answers[..] else {
        panic!("{answers:?}")
    };
    let (ok, terminated) = (as_response(ok.clone()), as_response(terminated.clone()));
    assert_eq!(
        (ok.status(), terminated.status()),
        (StatusCode::OK, StatusCode::REQUEST_TERMINATED)
    );
    assert_eq!(ok.headers().get(&HeaderName::CSEQ), Some("1 CANCEL"));
    assert_eq!(terminated.headers().get(&HeaderName::CSEQ), Some("1 INVITE"));
    assert_eq!((to_tag(&ok), to_tag(&terminated)), (tag.clone(), tag.clone()));
    assert_eq!(bench.told().last(), Some(&(0, "cancelled".to_owned())));
    assert!(matches!(bench.respond(200), Err(RespondError::Answered)));
    assert_eq!(bench.shard.dialogs(), 0);

    // Its own transaction absorbs it when it comes again.
    bench.receive(&incoming("CANCEL", "1", "", 1));
    assert_eq!((bench.sent(), bench.told()), (at(&[0], "200"), vec![]));
    bench.receive(&incoming("ACK", "1", &tag, 1));
    bench.until(100_000);
    assert_eq!(bench.told(), [(5_000, "finished".to_owned())]);
    bench.assert_empty();
}

#[test]
fn a_cancel_that_comes_too_late_has_no_effect() {
    for status in [200, 486] {
        let mut bench = Bench::new(UDP);
        bench.receive(&incoming("INVITE", "1", "", 1));
        bench.respond(status).expect("sent");
        bench.sent();
        bench.receive(&incoming("CANCEL", "1", "", 1));
        assert_eq!(bench.sent(), at(&[0], "200"));
        assert_eq!(bench.told(), at(&[0], "request INVITE"));
    }
}

#[test]
fn a_cancel_for_nothing_is_refused_without_trace() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("OPTIONS", "1", "", 1));
    bench.receive(&incoming("CANCEL", "1", "", 1));
    bench.receive(&incoming("CANCEL", "2", "nobody", 1));
    assert_eq!(bench.sent(), at(&[0, 0], "481"));
    assert_eq!(bench.shard.server_transactions(), 1);
}

const ROUTE: &str = "Route: <sip:p.example;lr>\r\n";

#[test]
fn our_cancel_waits_for_a_provisional_response() {
    let mut bench = Bench::new(UDP);
    let key = bench.request(&outgoing("INVITE", ROUTE));
    let invite = as_request(bench.message());
    bench.shard.cancel(bench.now, key);
    bench.until(400);
    assert_eq!(bench.sent(), []);
    bench.receive(&answer(&invite, 180, "far"));
    let cancel = as_request(bench.message());
    assert_eq!((cancel.method().as_str(), cancel.uri()), ("CANCEL", invite.uri()));
    for name in [
        HeaderName::VIA,
        HeaderName::FROM,
        HeaderName::TO,
        HeaderName::CALL_ID,
        HeaderName::ROUTE,
    ] {
        assert_eq!(cancel.headers().get(&name), invite.headers().get(&name), "{name}");
    }
    assert_eq!(cancel.headers().get(&HeaderName::CSEQ), Some("7 CANCEL"));
    // A second wish changes nothing.
    bench.shard.cancel(bench.now, key);
    bench.receive(&answer(&cancel, 200, "far"));
    bench.receive(&answer(&invite, 487, "far"));
    assert_eq!(bench.sent(), at(&[400], "ACK"));
    assert_eq!(bench.heard(), ["response 180", "response 487"]);
    bench.until(100_000);
    assert_eq!(bench.told(), [(32_400, "ended".to_owned())]);
    bench.assert_empty();
}

#[test]
fn an_invite_that_nobody_has_answered_for_t1_fails_at_once_when_it_is_cancelled() {
    // Whatever comes late: a provisional response, a 2xx, a refusal, or nothing.
    for (late, sent) in [
        (&[100, 487][..], &["CANCEL", "ACK"][..]),
        (&[200], &["ACK", "BYE"]),
        (&[180, 200], &["CANCEL", "ACK", "BYE"]),
        (&[486], &["ACK"]),
        (&[], &[]),
    ] {
        let mut bench = Bench::new(TCP);
        let key = bench.request(&outgoing("INVITE", ""));
        let invite = as_request(bench.message());
        bench.until(1_000);
        bench.shard.cancel(bench.now, key);
        bench.drain();
        assert_eq!(bench.told(), at(&[1_000], "failed Cancelled"));
        bench.until(5_000);
        for &status in late {
            bench.receive(&answer(&invite, status, "far"));
        }
        assert_eq!(bench.sent_messages(), sent, "{late:?}");
        bench.until(300_000);
        assert_eq!(bench.shard.dialogs(), 0, "{late:?}");
        bench.assert_empty();
    }
}

#[test]
fn an_invite_that_is_cancelled_early_fails_when_nobody_answers_it_within_t1() {
    for transport in [UDP, TCP] {
        let mut bench = Bench::new(transport);
        let key = bench.request(&outgoing("INVITE", ""));
        bench.until(100);
        bench.shard.cancel(bench.now, key);
        bench.until(200);
        bench.shard.cancel(bench.now, key);
        bench.until(2_000);
        assert_eq!(bench.told(), at(&[500], "failed Cancelled"));
        bench.until(300_000);
        bench.assert_empty();
    }
}

#[test]
fn a_re_invite_that_nobody_has_answered_is_given_up_and_the_call_goes_on() {
    for mut bench in Bench::ends() {
        let key = bench.request_inside("INVITE", "").expect("it leaves");
        let invite = as_request(bench.message());
        bench.until(1_000);
        bench.shard.cancel(bench.now, key);
        bench.drain();
        assert_eq!(bench.heard(), ["failed Cancelled"]);
        let _repeated = bench.sent_messages();
        bench.receive(&answer(&invite, 200, ""));
        assert_eq!(
            (bench.sent_messages(), bench.dialogs()),
            (vec!["ACK".to_owned()], (1, 0))
        );
    }
}

#[test]
fn a_forwarded_invite_that_nobody_has_answered_is_its_proxys_to_wait_for() {
    let mut bench = Bench::new(UDP);
    bench.role = Role::Through;
    let key = bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.shard.cancel(bench.now, key);
    bench.drain();
    assert_eq!(bench.heard(), [] as [&str; 0]);
    bench.receive(&answer(&invite, 180, "far"));
    assert_eq!(bench.sent_messages(), ["CANCEL"]);
    bench.receive(&answer(&invite, 200, "far"));
    assert_eq!(bench.heard(), ["response 180", "response 200"]);
}

#[test]
fn a_cancelled_invite_that_nobody_answers_fails_in_the_end() {
    let mut bench = Bench::new(UDP);
    let key = bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 100, ""));
    bench.until(60_000);
    bench.shard.cancel(bench.now, key);
    bench.drain();
    assert_eq!(bench.told(), at(&[0], "response 100"));
    bench.until(200_000);
    assert!(bench.sent().iter().all(|(_, what)| what == "CANCEL"));
    assert_eq!(
        bench.told(),
        [
            (92_000, "failed CancelTimeout".to_owned()),
            (92_000, "ended".to_owned())
        ]
    );
    bench.assert_empty();
}

#[test]
fn only_an_invite_without_answer_is_cancelled() {
    let mut bench = Bench::new(UDP);
    let options = bench.request(&outgoing("OPTIONS", ""));
    let request = as_request(bench.message());
    bench.receive(&answer(&request, 100, ""));
    bench.shard.cancel(bench.now, options);
    let invite = bench.request(&outgoing("INVITE", ""));
    let request = as_request(bench.message());
    bench.receive(&answer(&request, 200, "far"));
    bench.shard.cancel(bench.now, invite);
    bench.drain();
    assert_eq!(bench.sent(), at(&[0], "ACK"));
}
