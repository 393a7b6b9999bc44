//! The ACK of a 2xx to an INVITE of ours: the core's and the caller's own.

use super::*;

const SDP: &str = "v=0\r\n";

impl Bench {
    /// An INVITE of ours whose 2xx the caller acknowledges, answered 200 by the peer.
    fn call_to_acknowledge(&mut self) -> Request {
        self.acknowledge = false;
        self.call("")
    }

    /// The caller acknowledges, with a body.
    fn acknowledges_with(&mut self, body: Option<&str>) -> bool {
        let dialog = self.dialog.expect("a dialog");
        let body = body.map(|body| ("application/sdp", body.to_owned().into()));
        let is_acknowledged = self.shard.acknowledge(&dialog, body);
        self.drain();
        is_acknowledged
    }
}

#[test]
fn an_ack_with_a_body_is_sent_when_the_caller_says_and_again_when_the_200_comes_again() {
    let mut bench = Bench::new(UDP);
    let invite = bench.call_to_acknowledge();
    bench.receive(&answer(&invite, 200, "far"));
    assert_eq!(bench.sent_messages(), [] as [&str; 0], "it is the caller's");
    assert!(bench.acknowledges_with(Some(SDP)));
    let ack = as_request(bench.message());
    assert_eq!(
        (value(&ack, "CSeq"), value(&ack, "Content-Type")),
        ("7 ACK", "application/sdp")
    );
    assert_eq!(ack.body().as_ref(), SDP.as_bytes());
    bench.until(500);
    bench.receive(&answer(&invite, 200, "far"));
    assert_eq!(as_request(bench.message()).to_bytes(), ack.to_bytes());
    assert!(bench.acknowledges_with(None), "it is sent_messages again");
    assert_eq!(as_request(bench.message()).to_bytes(), ack.to_bytes());
    assert_eq!(bench.heard(), [] as [&str; 0]);
    bench.until(100_000);
    assert!(!bench.acknowledges_with(None), "its INVITE is over");
    bench.assert_empty();
}

#[test]
fn there_is_nothing_to_acknowledge_before_the_200_and_in_no_dialog() {
    let mut bench = Bench::new(UDP);
    bench.acknowledge = false;
    bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 180, "far"));
    assert!(!bench.acknowledges_with(Some(SDP)));
    bench.dialog = Some(DialogKey([0; 16]));
    assert!(!bench.acknowledges_with(Some(SDP)));
    let mut callee = Bench::callee(UDP);
    assert!(!callee.acknowledges_with(Some(SDP)));
    assert_eq!((bench.sent_messages(), callee.sent_messages()), (vec![], vec![]));
}

#[test]
fn a_200_that_comes_again_while_its_ack_is_held_back_draws_no_other() {
    let mut bench = Bench::new(UDP);
    let invite = bench.call_to_acknowledge();
    bench.holds = true;
    assert!(bench.acknowledges_with(Some(SDP)));
    bench.receive(&answer(&invite, 200, "far"));
    assert_eq!(bench.held.len(), 1);
    bench.release();
    let ack = as_request(bench.message());
    bench.receive(&answer(&invite, 200, "far"));
    assert_eq!(as_request(bench.message()).to_bytes(), ack.to_bytes());
    assert_eq!(ack.body().as_ref(), SDP.as_bytes());
}

#[test]
fn an_ack_that_could_not_leave_is_tried_again_with_its_body() {
    let mut bench = Bench::new(UDP);
    let invite = bench.call_to_acknowledge();
    bench.holds = true;
    assert!(bench.acknowledges_with(Some(SDP)));
    bench.give_up();
    assert_eq!(bench.dialogs(), (1, 0), "that ends nothing");
    bench.holds = false;
    bench.receive(&answer(&invite, 200, "far"));
    let ack = as_request(bench.message());
    assert_eq!(
        (value(&ack, "CSeq"), ack.body().as_ref()),
        ("7 ACK", SDP.as_bytes())
    );
}

#[test]
fn the_ack_of_a_re_invite_has_its_number_and_its_body() {
    for mut bench in Bench::ends() {
        bench.acknowledge = false;
        let invite = bench.sends_inside("INVITE", "");
        bench.receive(&answer(&invite, 200, ""));
        assert!(bench.acknowledges_with(Some(SDP)));
        let ack = as_request(bench.message());
        let (invite, acked) = (value(&invite, "CSeq"), value(&ack, "CSeq"));
        assert_eq!(invite.replace("INVITE", "ACK"), acked);
        assert_eq!(ack.body().as_ref(), SDP.as_bytes());
    }
}

#[test]
fn a_caller_that_hangs_up_without_having_acknowledged_does_so_first() {
    let mut bench = Bench::new(UDP);
    bench.call_to_acknowledge();
    assert!(bench.hang_up());
    assert_eq!(bench.sent_messages(), ["ACK", "BYE"]);
    // And one that has does not do so twice.
    let mut bench = Bench::new(UDP);
    bench.call_to_acknowledge();
    assert!(bench.acknowledges_with(Some(SDP)));
    assert!(bench.hang_up());
    assert_eq!(bench.sent_messages(), ["ACK", "BYE"]);
}

#[test]
fn a_call_whose_peer_hangs_up_before_the_caller_has_acknowledged_is_acknowledged_all_the_same() {
    let mut bench = Bench::new(UDP);
    let invite = bench.call_to_acknowledge();
    let bye = bench.theirs("BYE", 1);
    bench.receive(&bye);
    bench.respond(200).expect("an answer");
    assert_eq!(bench.sent_messages(), ["200", "ACK"]);
    bench.receive(&answer(&invite, 200, "far"));
    assert_eq!(bench.sent_messages(), ["ACK"], "the 200 came again");
    // And one that has is not acknowledged twice.
    let mut bench = Bench::new(UDP);
    bench.call_to_acknowledge();
    assert!(bench.acknowledges_with(Some(SDP)));
    let bye = bench.theirs("BYE", 1);
    bench.receive(&bye);
    bench.respond(200).expect("an answer");
    assert_eq!(bench.sent_messages(), ["ACK", "200"]);
}

#[test]
fn other_branches_are_acknowledged_by_the_core_all_the_same() {
    let mut bench = Bench::new(UDP);
    let invite = bench.call_to_acknowledge();
    let first = bench.dialog;
    bench.receive(&answer(&invite, 200, "other"));
    assert_eq!(bench.sent_messages(), ["ACK", "BYE"]);
    assert_eq!(bench.heard(), [] as [&str; 0]);
    bench.dialog = first;
    assert!(bench.acknowledges_with(Some(SDP)));
    assert_eq!(bench.sent_messages(), ["ACK"]);
}

impl Bench {
    fn abandon_call(&mut self, key: ClientKey) {
        self.shard.abandon_call(self.now, key);
        self.drain();
    }
}

#[test]
fn who_goes_before_the_answer_cancels_or_hangs_up_on_what_comes_all_the_same() {
    let mut bench = Bench::new(UDP);
    let key = bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.abandon_call(key);
    assert_eq!(
        bench.sent_messages(),
        [] as [&str; 0],
        "a CANCEL waits for a provisional response"
    );
    bench.receive(&answer(&invite, 180, "far"));
    assert_eq!(bench.sent_messages(), ["CANCEL"]);
    bench.receive(&answer(&invite, 200, "far"));
    assert_eq!(bench.sent_messages(), ["ACK", "BYE"]);
    assert_eq!(bench.heard(), ["response 180"]);
}

#[test]
fn who_goes_after_the_answer_hangs_up() {
    let mut bench = Bench::new(UDP);
    let key = bench.request(&outgoing("INVITE", ""));
    let invite = as_request(bench.message());
    bench.receive(&answer(&invite, 200, "far"));
    bench.forget();
    bench.abandon_call(key);
    assert_eq!(bench.sent_messages(), ["ACK", "BYE"]);
}

#[test]
fn who_gives_up_a_re_invite_leaves_the_call_as_it_is() {
    for mut bench in Bench::ends() {
        let key = bench.request_inside("INVITE", "").expect("it leaves");
        let invite = as_request(bench.message());
        bench.receive(&answer(&invite, 100, ""));
        bench.abandon_call(key);
        assert_eq!(bench.sent_messages(), ["CANCEL"]);
        bench.receive(&answer(&invite, 200, ""));
        assert_eq!(bench.sent_messages(), ["ACK"], "the CANCEL came too late");
        assert_eq!(bench.dialogs(), (1, 0));
    }
}
