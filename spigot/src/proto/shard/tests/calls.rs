//! Calls that are up, at either end.

use super::*;

impl Bench {
    /// One end of a call that is up: ours, which the peer has answered.
    pub(super) fn caller(transport: Transport) -> Self {
        let mut bench = Bench::new(transport);
        bench.call("");
        bench
    }

    /// One end of a call that is up: the peer's, which was answered and acknowledged.
    pub(super) fn callee(transport: Transport) -> Self {
        let mut bench = Bench::new(transport);
        bench.be_called("");
        bench
    }

    /// Both ends of a call that is up.
    pub(super) fn ends() -> [Bench; 2] {
        [Bench::caller(UDP), Bench::callee(UDP)]
    }

    /// Calls the peer, who answers with these lines in its 200. Gives the INVITE.
    pub(super) fn call(&mut self, lines: &str) -> Request {
        self.request(&outgoing("INVITE", ""));
        let invite = as_request(self.message());
        self.peer = Peer::called();
        self.receive(&with(answer(&invite, 200, "far"), lines));
        self.forget();
        invite
    }

    /// The peer calls with these lines in its INVITE, is answered and acknowledges.
    pub(super) fn be_called(&mut self, lines: &str) {
        self.receive(&with(incoming("INVITE", "invite", "", 1), lines));
        self.respond(200).expect("sent");
        self.peer = Peer::calling(&as_response(self.message()));
        let ack = self.theirs("ACK", 1);
        self.receive(&ack);
        self.forget();
    }

    /// A request of the peer's inside the call.
    pub(super) fn theirs(&mut self, method: &str, cseq: u32) -> String {
        self.peer.request(method, cseq)
    }

    /// A request inside that dialog, as it was sent.
    pub(super) fn sends_inside(&mut self, method: &str, line: &str) -> Request {
        self.request_inside(method, line).expect("it leaves");
        as_request(self.message())
    }

    /// Hangs up on that dialog.
    pub(super) fn hang_up(&mut self) -> bool {
        let dialog = self.dialog.expect("a dialog");
        let has_hung_up = self.shard.hang_up(self.now, &dialog);
        self.drain();
        has_hung_up
    }
}
