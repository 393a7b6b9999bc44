//! Refusals of which nothing is kept, and requests that are given up.

use super::*;

impl Bench {
    fn refuse(&mut self, status: u16) -> Result<(), RespondError> {
        let key = self.key.expect("a request came");
        let response = Response::new(StatusCode::from_u16(status).expect("a status"));
        let result = self.shard.respond_statelessly(self.now, key, response);
        self.drain();
        result
    }
}

#[test]
fn a_refusal_leaves_nothing_and_a_retransmission_is_a_new_request_with_the_same_tag() {
    for transport in [UDP, TCP] {
        let mut bench = Bench::new(transport);
        let mut tags = Vec::new();
        for _ in 0..2 {
            bench.receive(&incoming("REGISTER", "1", "", 1));
            bench.refuse(401).expect("sent");
            let response = as_response(bench.message());
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            tags.push(to_tag(&response));
            assert_eq!(
                bench.told(),
                [(0, "request REGISTER".to_owned()), (0, "finished".to_owned())]
            );
            bench.assert_empty();
        }
        assert_eq!(tags[0], tags[1]);
    }
}

#[test]
fn an_invite_is_refused_the_same_way_and_its_ack_is_absorbed() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.refuse(407).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    assert_eq!(bench.shard.server_transactions(), 0);
    bench.receive(&incoming("ACK", "1", &tag, 1));
    bench.until(100_000);
    assert_eq!(bench.sent(), []);
    assert_eq!(
        bench.told(),
        [(0, "request INVITE".to_owned()), (0, "finished".to_owned())]
    );
    bench.assert_empty();
}

#[test]
fn a_success_is_kept_all_the_same() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("REGISTER", "1", "", 1));
    bench.refuse(200).expect("sent");
    bench.receive(&incoming("REGISTER", "1", "", 1));
    assert_eq!(bench.sent().len(), 2, "the answer is repeated");
    assert_eq!(bench.told(), [(0, "request REGISTER".to_owned())]);
    assert!(matches!(bench.refuse(401), Err(RespondError::Answered)));
}

#[test]
fn what_is_abandoned_is_as_if_it_had_never_come() {
    for method in ["REGISTER", "INVITE"] {
        let mut bench = Bench::new(UDP);
        for _ in 0..2 {
            bench.receive(&incoming(method, "1", "", 1));
            let key = bench.key.expect("a request came");
            bench.shard.abandon(bench.now, key).expect("it is open");
            bench.drain();
            assert!(matches!(
                bench.shard.abandon(bench.now, key),
                Err(RespondError::Gone)
            ));
            assert!(matches!(bench.respond(200), Err(RespondError::Gone)));
            assert_eq!(
                bench.told(),
                [(0, format!("request {method}")), (0, "finished".to_owned())]
            );
        }
        bench.until(100_000);
        assert_eq!(bench.sent(), []);
        bench.assert_empty();
    }
}

#[test]
fn what_is_answered_cannot_be_abandoned() {
    let mut bench = Bench::new(UDP);
    bench.receive(&incoming("REGISTER", "1", "", 1));
    bench.respond(200).expect("sent");
    let key = bench.key.expect("a request came");
    assert!(matches!(
        bench.shard.abandon(bench.now, key),
        Err(RespondError::Answered)
    ));
}

#[test]
fn an_abandoned_bye_leaves_its_dialog_and_another_may_come() {
    let mut bench = Bench::new(TCP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.respond(200).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&incoming("ACK", "2", &tag, 1));
    bench.receive(&incoming("BYE", "3", &tag, 2));
    bench
        .shard
        .abandon(bench.now, bench.key.expect("a request came"))
        .expect("it is open");
    assert_eq!(bench.shard.dialogs(), 1);
    bench.receive(&incoming("BYE", "4", &tag, 3));
    bench.respond(200).expect("sent");
    assert_eq!(bench.shard.dialogs(), 0);
}

#[test]
fn an_invite_that_is_not_kept_leaves_no_clock_behind_for_its_expires() {
    use crate::proto::Timer;
    let mut bench = Bench::new(UDP);
    let clocks = |bench: &Bench| bench.shard.queues.count(Timer::RefuseExpired);
    for number in 0..1_000 {
        let invite = incoming("INVITE", &format!("invite{number}"), "", 1);
        let invite = invite.replace("call@", &format!("call{number}@"));
        bench.receive(&with(invite, "Expires: 179"));
        assert_eq!(clocks(&bench), 1);
        match number % 4 {
            0 => bench.refuse(401).expect("sent"),
            1 => bench.respond(486).expect("sent"),
            2 => bench.shard.pass_through(bench.key.expect("a request came")),
            _ => bench
                .shard
                .abandon(bench.now, bench.key.expect("a request came"))
                .expect("it is open"),
        }
        bench.drain();
        bench.forget();
        assert_eq!(clocks(&bench), 0);
    }
}

#[test]
fn what_was_noted_for_a_dialog_comes_with_its_requests() {
    let mut bench = Bench::new(TCP);
    bench.receive(&incoming("INVITE", "1", "", 1));
    bench.shard.label(bench.key.expect("a request came"), 7);
    bench.respond(200).expect("sent");
    let tag = to_tag(&as_response(bench.message()));
    bench.receive(&incoming("ACK", "2", &tag, 1));
    bench.receive(&incoming("INFO", "3", &tag, 2));
    bench.receive(&incoming("INVITE", "4", &tag, 3));
    bench.receive(&incoming("CANCEL", "4", &tag, 3));
    bench.receive(&incoming("OPTIONS", "5", "", 1));
    let labels: Vec<u32> = bench
        .outputs
        .iter()
        .filter_map(|output| match output {
            Output::Request { label, .. } | Output::Ack { label, .. } | Output::Cancelled { label, .. } => {
                Some(*label)
            }
            _ => None,
        })
        .collect();
    assert_eq!(labels, [0, 7, 7, 7, 7, 0]);
}
