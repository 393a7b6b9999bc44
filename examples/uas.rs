//! A user agent server: what a phone does without its owner.
//!
//! It answers REGISTER, OPTIONS and MESSAGE with 200, INVITE with 180 and then 200 and an SDP answer, BYE with
//! 200. The user part `ring` rings and is never picked up; `busy` is busy. There are no media behind it: its
//! SDP says so (`a=inactive`).
//!
//! ```text
//! cargo run --release --example uas -- --listen udp:127.0.0.1:5060 --answer-after 2s
//! ```

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use spigot::header::Accept;
use spigot::{
    Body, Config, Contacts, Header, Request, Response, Source, StatusCode, Transaction, sip_router,
};
use spigot_examples::{Listeners, parse_duration, serve};

struct Uas {
    answer_after: Duration,
}

#[sip_router]
impl Uas {
    /// Takes every binding for granted and tells it back, as a registrar does (RFC 3261 §10.3).
    #[register]
    async fn register(&self, contacts: Contacts) -> Response {
        let mut response = Response::new(StatusCode::OK);
        for contact in contacts.into_vec() {
            if !contact.is_any() {
                response.headers_mut().push_typed(&contact.with_expires(3600));
            }
        }
        response
    }

    #[message]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite("sip:busy@*", content_type = "application/sdp")]
    async fn busy(&self) -> StatusCode {
        StatusCode::BUSY_HERE
    }

    /// Rings until the caller gives up, or the library does (180 s).
    #[invite("sip:ring@*", content_type = "application/sdp")]
    async fn ring(&self, transaction: Transaction) -> StatusCode {
        if transaction.provisional(StatusCode::RINGING).is_ok() {
            transaction.cancelled().await;
        }
        StatusCode::REQUEST_TERMINATED
    }

    #[invite(content_type = "application/sdp")]
    async fn answer(
        &self,
        transaction: Transaction,
        request: Request,
        source: Source,
        accept: Option<Header<Accept>>,
    ) -> Result<(StatusCode, Body), StatusCode> {
        let accept = accept.map(|Header(accept)| accept);
        if accept.is_some_and(|accept| !accept.allows("application", "sdp")) {
            return Err(StatusCode::NOT_ACCEPTABLE);
        }
        let body = sdp::describe(request.body(), &source).ok_or(StatusCode::NOT_ACCEPTABLE_HERE)?;
        // A caller who has given up has its 487 already: whatever is returned then goes nowhere.
        let _ = transaction.provisional(StatusCode::RINGING);
        if !self.answer_after.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(self.answer_after) => {}
                () = transaction.cancelled() => {}
            }
        }
        Ok((StatusCode::OK, Body::new("application/sdp", body)))
    }

    /// A re-INVITE: hold, or a new offer.
    #[invite(in_dialog, content_type = "application/sdp")]
    async fn renegotiate(&self, request: Request, source: Source) -> Result<(StatusCode, Body), StatusCode> {
        let body = sdp::describe(request.body(), &source).ok_or(StatusCode::NOT_ACCEPTABLE_HERE)?;
        Ok((StatusCode::OK, Body::new("application/sdp", body)))
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// A user agent server: it answers what a phone answers.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    listeners: Listeners,
    /// How long a call rings before it is answered, as 1500ms or 2s
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0")]
    answer_after: Duration,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let uas = Uas {
        answer_after: options.answer_after,
    };
    serve(Config::new(uas).name("uas"), &options.listeners).await
}

/// Just enough of SDP for an agent that has no media.
mod sdp {
    use spigot::Source;

    /// The codecs it would speak: PCMU, PCMA, and DTMF as events.
    const FORMATS: [&str; 3] = ["0", "8", "101"];

    /// The answer to an offer, or an offer where there is none; `None` when no stream can be accepted.
    ///
    /// RFC 3264 §6: as many `m=` lines as the offer has, in its order, port 0 for those refused.
    pub(super) fn describe(offer: &[u8], source: &Source) -> Option<String> {
        let family = if source.local.is_ipv6() { "IP6" } else { "IP4" };
        let address = source.local.ip();
        let session = format!(
            "v=0\r\no=spigot 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n"
        );
        if offer.is_empty() {
            return Some(format!(
                "{session}m=audio 9 RTP/AVP {}\r\na=inactive\r\n",
                FORMATS[..2].join(" ")
            ));
        }
        let offer = std::str::from_utf8(offer).ok()?;
        let mut accepted = false;
        let mut streams = String::new();
        for line in offer.lines().filter_map(|line| line.strip_prefix("m=")) {
            let mut words = line.split_whitespace();
            let (kind, port, profile) = (words.next()?, words.next()?, words.next()?);
            let formats: Vec<_> = words.collect();
            let common: Vec<_> = formats
                .iter()
                .copied()
                .filter(|format| FORMATS.contains(format))
                .collect();
            let speaks = common.iter().any(|format| *format != "101");
            if kind == "audio" && profile == "RTP/AVP" && port != "0" && speaks {
                accepted = true;
                streams += &format!("m=audio 9 RTP/AVP {}\r\n", common.join(" "));
                if common.contains(&"101") {
                    streams += "a=rtpmap:101 telephone-event/8000\r\n";
                }
                streams += "a=inactive\r\n";
            } else {
                streams += &format!("m={kind} 0 {profile} {}\r\n", formats.join(" "));
            }
        }
        accepted.then(|| session + &streams)
    }
}

#[cfg(test)]
mod tests {
    use spigot::testing::{TestClient, TestServer};
    use spigot::{Method, StatusCode};

    use super::Uas;

    const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n\
                         m=audio 40000 RTP/AVP 9 0 101\r\na=rtpmap:101 telephone-event/8000\r\n\
                         m=video 40002 RTP/AVP 96\r\n";

    async fn start(answer_after: u64) -> (TestServer, TestClient) {
        let answer_after = std::time::Duration::from_secs(answer_after);
        let server = TestServer::start(Uas { answer_after }).await;
        let alice = server.client("sip:alice@example.com").await;
        (server, alice)
    }

    #[spigot::test]
    async fn a_call_rings_is_answered_and_ends() {
        let (_server, alice) = start(3).await;
        let mut invite = alice
            .invite("sip:bob@example.com")
            .body("application/sdp", OFFER)
            .start()
            .await;
        invite.expect_provisional(StatusCode::RINGING).await;

        let answer = invite.response().await;

        assert_eq!(answer.status(), StatusCode::OK);
        let sdp = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(
            sdp.contains("m=audio 9 RTP/AVP 0 101") && sdp.contains("m=video 0 "),
            "{sdp}"
        );
        let dialog = invite.dialog(&answer);
        assert_eq!(dialog.bye().await.status(), StatusCode::OK);
        assert!(!dialog.is_up());
    }

    #[spigot::test]
    async fn nobody_picks_up_and_the_caller_gives_up() {
        let (_server, alice) = start(0).await;
        let mut invite = alice.invite("sip:ring@example.com").start().await;
        invite.expect_provisional(StatusCode::RINGING).await;

        invite.cancel();

        assert_eq!(invite.response().await.status(), StatusCode::REQUEST_TERMINATED);
    }

    #[spigot::test]
    async fn a_star_takes_all_away_and_nothing_else() {
        let (_server, alice) = start(0).await;
        for (expires, status) in [("60", StatusCode::BAD_REQUEST), ("0", StatusCode::OK)] {
            let register = alice.request(Method::REGISTER, "sip:example.com");
            let answer = register.header("Contact", "*").header("Expires", expires).send();
            assert_eq!(answer.await.status(), status, "{expires}");
        }
    }

    #[spigot::test]
    async fn what_it_cannot_do_it_says() {
        let (_server, alice) = start(0).await;
        let busy = alice.invite("sip:busy@example.com").send().await;
        assert_eq!(busy.status(), StatusCode::BUSY_HERE);
        let body = alice
            .invite("sip:bob@example.com")
            .body("text/plain", "hello")
            .send()
            .await;
        assert_eq!(body.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(
            body.headers().get(&spigot::HeaderName::ACCEPT),
            Some("application/sdp")
        );
        let codec = OFFER.replace("9 0 101", "9");
        let codec = alice
            .invite("sip:bob@example.com")
            .body("application/sdp", codec)
            .send()
            .await;
        assert_eq!(codec.status(), StatusCode::NOT_ACCEPTABLE_HERE);
        let answer = alice
            .invite("sip:bob@example.com")
            .header("Accept", "text/plain")
            .send()
            .await;
        assert_eq!(answer.status(), StatusCode::NOT_ACCEPTABLE);
        let options = alice.request(Method::OPTIONS, "sip:example.com").send().await;
        assert_eq!(options.status(), StatusCode::OK);
    }
}
