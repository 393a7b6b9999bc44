//! Calls to an agent: what comes late, again, or by another way.

use std::net::SocketAddr;
use std::time::Duration;

use spigot::Transport;
use spigot::testing::TestServer;
use spigot_tests::{Answer, Draft, MemoryPeer};

use crate::case;
use crate::scripts::{SESSION, start};

/// A caller, and its INVITE.
struct Caller {
    server: TestServer,
    peer: MemoryPeer,
    invite: Draft,
}

impl Caller {
    /// Makes a caller of `user`, who sends nothing yet.
    async fn of(user: &str) -> Caller {
        let server = start().await;
        let address = SocketAddr::from(([198, 51, 100, 7], 5060));
        let peer = MemoryPeer::bind(server.network(), Transport::Udp, address).await;
        let uri = format!("sip:{user}@example.com");
        let invite = Draft::new("INVITE", &uri, "UDP", address).body("application/sdp", SESSION);
        Caller { server, peer, invite }
    }

    /// Returns a request of the same call with a branch of its own.
    fn request(&self, method: &str, cseq: u32, to: &str) -> Draft {
        let mut draft = Draft::new(method, "sip:bob@example.com", "UDP", self.peer.address());
        for name in ["From", "Call-ID"] {
            draft = draft.set(name, self.invite.value(name));
        }
        draft.set("To", to).set("CSeq", format!("{cseq} {method}"))
    }

    /// Returns a CANCEL or an ACK of the INVITE's transaction, which has its branch.
    fn of_the_invite(&self, method: &str, to: &str) -> Draft {
        let uri = self.invite.value("To").trim_matches(['<', '>']);
        let draft = self.request(method, 1, to).set("Via", self.invite.value("Via"));
        draft.start_line(format!("{method} {uri} SIP/2.0"))
    }

    fn cancel(&self) -> Draft {
        self.of_the_invite("CANCEL", self.invite.value("To"))
    }

    /// Returns the INVITE as it comes by another way.
    fn other_way(&self) -> Draft {
        let via = self.invite.value("Via").replace(";rport", "-other;rport");
        self.invite.clone().set("Via", via)
    }

    /// Sends a message, and returns the responses of the next 400 ms.
    async fn hear(&self, draft: &Draft) -> Vec<Answer> {
        let to = self.server.spigot().listeners()[0].address;
        self.peer.send(to, draft.octets()).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        let octets = self.peer.receive_all().into_iter();
        octets.map(|octets| Answer::read(octets, to)).collect()
    }

    /// Sends the INVITE, and returns the To of its final response.
    async fn final_to(&self) -> String {
        let answers = self.hear(&self.invite).await;
        let last = answers.last().expect("an answer");
        last.value("To").to_owned()
    }
}

/// Reports whether one of the responses has this status and is of this method.
fn has(answers: &[Answer], status: u16, method: &str) -> bool {
    let mut answers = answers.iter();
    answers.any(|answer| answer.status() == status && answer.value("CSeq").ends_with(method))
}

/// RFC 3261 §9.2, §17.2.2: a CANCEL has a transaction, which answers its retransmissions.
#[test]
fn a_cancel_that_comes_again_is_answered_again() {
    case("CANCEL again", async {
        let caller = Caller::of("ring").await;
        caller.hear(&caller.invite).await;
        let first = caller.hear(&caller.cancel()).await;
        let again = caller.hear(&caller.cancel()).await;
        assert!(has(&first, 200, "CANCEL") && has(&first, 487, "INVITE"));
        assert!(has(&again, 200, "CANCEL") && !has(&again, 481, "CANCEL"));
    });
}

/// RFC 3261 §9.1, §9.2: it matches no transaction.
#[test]
fn a_cancel_with_another_branch_is_refused_and_the_call_rings_on() {
    case("CANCEL with another branch", async {
        let caller = Caller::of("ring").await;
        caller.hear(&caller.invite).await;
        let other = caller.request("CANCEL", 1, caller.invite.value("To"));
        let other = caller.hear(&other).await;
        assert!(has(&other, 481, "CANCEL") && !has(&other, 487, "INVITE"));
        let right = caller.hear(&caller.cancel()).await;
        assert!(has(&right, 200, "CANCEL") && has(&right, 487, "INVITE"));
    });
}

/// RFC 3261 §9.2, §15.1.2: the CANCEL has no effect on the call.
#[test]
fn a_cancel_after_the_200_leaves_the_call_to_its_bye() {
    case("CANCEL after the 200", async {
        let caller = Caller::of("bob").await;
        let to = caller.final_to().await;
        let late = caller.hear(&caller.cancel()).await;
        assert!(has(&late, 200, "CANCEL") || has(&late, 481, "CANCEL"));
        assert!(!has(&late, 487, "INVITE"));
        let bye = caller.hear(&caller.request("BYE", 2, &to)).await;
        assert!(has(&bye, 200, "BYE"));
    });
}

/// RFC 3261 §12.2.2: a request out of order is refused with 500.
#[test]
fn a_re_invite_with_a_lower_number_is_refused() {
    case("re-INVITE with a lower CSeq", async {
        let caller = Caller::of("bob").await;
        let to = caller.final_to().await;
        caller.hear(&caller.request("ACK", 1, &to)).await;
        caller.hear(&caller.request("INFO", 9, &to)).await;
        let lower = caller.request("INVITE", 5, &to);
        assert!(has(&caller.hear(&lower).await, 500, "INVITE"));
        caller
            .hear(
                &lower
                    .start_line("ACK sip:bob@example.com SIP/2.0")
                    .set("CSeq", "5 ACK"),
            )
            .await;
        let bye = caller.hear(&caller.request("BYE", 10, &to)).await;
        assert!(has(&bye, 200, "BYE"));
    });
}

/// RFC 3261 §8.2.2.2: 482 is for ongoing transactions; the first has its final answer and its ACK.
#[test]
fn a_hunt_group_that_tries_again_is_answered_again() {
    case("hunt group", async {
        let caller = Caller::of("busy").await;
        let to = caller.final_to().await;
        caller.hear(&caller.of_the_invite("ACK", &to)).await;
        let again = caller.hear(&caller.other_way()).await;
        assert!(has(&again, 486, "INVITE"));
    });
}

/// RFC 3261 §8.2.2.2: 482 while the first one rings.
#[test]
fn a_request_that_comes_by_another_way_is_merged() {
    case("merged request", async {
        let caller = Caller::of("ring").await;
        caller.hear(&caller.invite).await;
        let merged = caller.hear(&caller.other_way()).await;
        assert!(has(&merged, 482, "INVITE") && !has(&merged, 180, "INVITE"));
        let cancelled = caller.hear(&caller.cancel()).await;
        assert!(has(&cancelled, 487, "INVITE"));
    });
}

/// RFC 3261 §12.1.1, §12.2.2: a tag that is missing is null, in the INVITE and in what follows.
#[test]
fn a_caller_without_a_tag_has_a_dialog() {
    case("own: no From tag", async {
        let mut caller = Caller::of("bob").await;
        caller.invite = caller.invite.set("From", "<sip:alice@example.com>");
        let to = caller.final_to().await;
        caller.hear(&caller.request("ACK", 1, &to)).await;
        tokio::time::sleep(Duration::from_secs(8)).await;
        assert!(caller.peer.receive_all().is_empty(), "the 200 was acknowledged");
        let change = caller
            .request("INVITE", 2, &to)
            .add("Contact", "<sip:alice@198.51.100.7>");
        assert!(has(&caller.hear(&change).await, 200, "INVITE"));
        caller.hear(&caller.request("ACK", 2, &to)).await;
        let bye = caller.hear(&caller.request("BYE", 3, &to)).await;
        assert!(has(&bye, 200, "BYE"));
    });
}
