//! The torture messages of RFC 4475 and RFC 5118 against a running `uas`, over UDP and TCP.
//!
//! After each of them, whatever the answer, an OPTIONS is still answered 200.

use std::net::SocketAddr;

use spigot_tests::{Answer, Datagrams, Draft, Example, Stream, Torture, loopback};

/// Messages that are not answered as the manifest says, and why. One that is, fails the test: then its line
/// goes.
const EXPECTED_FAILURES: &[(&str, &str)] = &[];

fn expected_failure(file: &str) -> Option<&'static str> {
    let entry = EXPECTED_FAILURES.iter().find(|(name, _)| *name == file);
    entry.map(|(_, reason)| *reason)
}

/// Collects what went otherwise than the manifest, or than the list above, says.
#[derive(Default)]
struct Verdicts {
    wrong: Vec<String>,
}

impl Verdicts {
    fn judge(&mut self, message: &Torture, answer: Option<u16>, right: bool) {
        let answer = answer.map_or_else(|| "silence".to_owned(), |status| status.to_string());
        match (right, expected_failure(&message.file)) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(_)) => self.wrong.push(format!(
                "{}: {answer}, as expected: take it off the list of expected failures",
                message.file
            )),
            (false, None) => {
                let line = format!("{}: expected {}, got {answer}", message.file, message.uas);
                self.wrong.push(line);
            }
        }
    }

    fn finish(self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}

/// The final answer to what was sent before `options`, once `options` is answered.
async fn answers_until(socket: &Datagrams, options: &Draft, request: bool) -> Option<Answer> {
    let (mut answer, mut provisional, mut going_on) = (None, false, false);
    // Datagrams of the loopback keep their order, and the server answers in order what it answers at once:
    // silence is an answer to OPTIONS with nothing before it. A 1xx promises that more will come.
    while !going_on || (provisional && answer.is_none() && request) {
        let next = socket.receive().await;
        if next.value("Call-ID") == options.value("Call-ID") {
            assert_eq!(next.status(), 200, "OPTIONS afterwards");
            going_on = true;
        } else if next.response.status().is_final() {
            answer.get_or_insert(next);
        } else {
            provisional = true;
        }
    }
    answer
}

async fn end(uas: Example) {
    let stderr = uas.stderr();
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[tokio::test]
async fn each_is_answered_over_udp_as_the_manifest_says() {
    let mut verdicts = Verdicts::default();
    for message in Torture::all() {
        // One server each: several of the messages share Call-ID and branch, and would be retransmissions.
        let uas = Example::start("uas", &["udp:127.0.0.1:0"]).await;
        // RFC 3261 §18.2.2: without rport the answer goes to the port of sent-by, so that is where to listen.
        let local = SocketAddr::new(loopback(), message.sent_by_port());
        let socket = Datagrams::at(local, uas.address("udp")).await;
        socket.send(&message.octets).await;
        let options = Draft::new("OPTIONS", "sip:example.com", "UDP", local);
        socket.send(options.octets()).await;
        let request = !message.octets.starts_with(b"SIP/");
        let answer = answers_until(&socket, &options, request)
            .await
            .map(|answer| answer.status());
        verdicts.judge(&message, answer, message.uas.takes(answer));
        end(uas).await;
    }
    verdicts.finish();
}

#[tokio::test]
async fn each_is_answered_over_tcp_as_the_manifest_says_or_the_connection_is_closed() {
    let mut verdicts = Verdicts::default();
    for message in Torture::all() {
        let uas = Example::start("uas", &["tcp:127.0.0.1:0"]).await;
        let server = uas.address("tcp");
        let mut stream = Stream::connect(server).await;
        stream.send(&message.octets).await;
        let options = Draft::new("OPTIONS", "sip:example.com", "TCP", stream.local());
        stream.send(options.octets()).await;
        let frames = message.frames();
        if !frames {
            // The server may wait for the rest, for 20 s; that there will be none it learns at once.
            stream.finish().await;
        }
        let (mut answer, mut provisional, mut going_on) = (None, false, false);
        while !going_on || (provisional && answer.is_none()) {
            let Some(next) = stream.receive().await else { break };
            if next.value("Call-ID") == options.value("Call-ID") {
                assert_eq!(next.status(), 200, "{}: OPTIONS afterwards", message.file);
                going_on = true;
            } else if next.response.status().is_final() {
                answer.get_or_insert(next.status());
            } else {
                provisional = true;
            }
        }
        // What a stream cannot frame is refused, or never whole, whatever the manifest says of a datagram.
        let right = message.uas.takes(answer) || (!frames && matches!(answer, None | Some(400)));
        let cut_off = !going_on && answer.is_none() && frames && message.parser == "accept";
        verdicts.judge(&message, answer, right && !cut_off);
        goes_on(server).await;
        end(uas).await;
    }
    verdicts.finish();
}

#[tokio::test]
async fn one_server_survives_them_all() {
    let uas = Example::start("uas", &["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]).await;
    let (udp, tcp) = (uas.address("udp"), uas.address("tcp"));
    let local = loopback();
    let socket = Datagrams::at(SocketAddr::new(local, 5060), udp).await;
    for _ in 0..3 {
        for message in Torture::all() {
            socket.send(&message.octets).await;
            let options = Draft::new("OPTIONS", "sip:example.com", "UDP", socket.local());
            socket.send(options.octets()).await;
            answers_until(&socket, &options, false).await;
            let mut stream = Stream::connect(tcp).await;
            stream.send(&message.octets).await;
        }
        goes_on(tcp).await;
    }
    end(uas).await;
}

async fn goes_on(server: SocketAddr) {
    let mut stream = Stream::connect(server).await;
    let options = Draft::new("OPTIONS", "sip:example.com", "TCP", stream.local());
    assert!(stream.send(options.octets()).await);
    assert_eq!(
        stream.receive().await.expect("an answer to OPTIONS").status(),
        200
    );
}
