//! Refusals of which nothing is kept.

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
