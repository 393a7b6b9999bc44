//! How large things are: a dialog in memory, and what is passed by value.

use super::*;

const USUAL: &str = "Record-Route: <sip:edge1.example.com:5060;transport=tcp;lr;token=3f9c21>\n\
    Record-Route: <sip:core-7.example.com;lr=on;ftag=from>\nUser-Agent: Phone 7.1\n\
    Supported: replaces, timer, 100rel, outbound\n\
    Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO";

/// Header values as they are in the field.
fn usual(text: String) -> String {
    text.replace("From: <", "From: \"Alice Liddell-Pleasance\" <")
        .replace("call@a.example", "3848276298220188511-a7f3@atlanta.example.com")
        .replace("mine@a.example", "3848276298220188511-a7f3@atlanta.example.com")
        .replace("tag=from", "tag=9fxced76sl-1928301774")
        .replace("tag=ours", "tag=9fxced76sl-1928301774")
        .replace("Contact: <sip:", "Contact: <sip:+4930123456789;ob=")
}

#[test]
fn an_idle_dialog_takes_two_kibibytes_at_most_at_either_end() {
    let mut callee = Bench::new(UDP);
    callee.receive(&usual(with(incoming("INVITE", "1", "", 1), USUAL)));
    callee.respond(200).expect("sent");
    let tag = to_tag(&as_response(callee.message()));
    callee.receive(&usual(incoming("ACK", "ack", &tag, 1)));

    let mut caller = Bench::new(UDP);
    caller.login = Some(Login::new("alice", "a quite long password"));
    caller.request(&usual(outgoing("INVITE", "")));
    let invite = as_request(caller.message());
    let nonce = "Proxy-Authenticate: Digest realm=\"atlanta.example.com\", qop=\"auth\", algorithm=SHA-256, \
        nonce=\"84f1c1ae6cbe5ua9c8e88dfa3ecm3459\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    caller.receive(&with(answer(&invite, 407, "proxy"), nonce));
    let invite = as_request(caller.messages().pop().expect("it is sent again").1);
    caller.receive(&usual(with(answer(&invite, 200, "8321234356-f00d"), USUAL)));

    for mut bench in [caller, callee] {
        bench.until(100_000);
        assert_eq!(bench.dialogs(), (1, 0));
        assert_eq!(
            (
                bench.shard.client_transactions(),
                bench.shard.server_transactions()
            ),
            (0, 0)
        );
        // Its place in the queue that ends it in the end, which may be twice as long as there are dialogs.
        let clock = 2 * size_of::<(Instant, [u8; 16])>();
        let size = bench.shard.dialogs.size() + clock;
        assert!(size <= 2_048, "{size}");
    }
}

#[test]
fn what_is_passed_by_value_is_no_larger_than_it_was() {
    use crate::proto::Dialog;
    use crate::proto::shard::dialogs::DialogRecord;
    let sizes = [
        ("Output", size_of::<Output>(), 168),
        ("Incoming", size_of::<Incoming>(), 464),
        ("Unsent", size_of::<Unsent>(), 328),
        ("Outgoing", size_of::<Outgoing<'_>>(), 320),
        ("DialogRecord", size_of::<DialogRecord>(), 360),
        ("Dialog", size_of::<Dialog>(), 64),
        ("Flow", size_of::<Flow>(), 80),
    ];
    for (name, size, most) in sizes {
        assert!(size <= most, "{name} has {size} octets");
    }
}
