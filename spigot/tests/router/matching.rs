//! Which route takes a request.

use spigot::router::internals;
use spigot::{Method, Path, Request, Router, StatusCode, sip_router};

use super::{ask, request, text};

struct DialPlan;

#[sip_router]
impl DialPlan {
    #[invite("sip:{room}@conference.{domain}")]
    async fn join(&self, Path((domain, room)): Path<(String, u16)>) -> (StatusCode, String) {
        (StatusCode::OK, format!("join {room} at {domain}"))
    }

    #[invite("sip:{name}@conference.*")]
    async fn named(&self, name: Path<String>) -> (StatusCode, String) {
        (StatusCode::OK, format!("named {}", name.0))
    }

    #[invite("tel:{number}")]
    async fn dial(&self, Path(number): Path<String>) -> (StatusCode, String) {
        (StatusCode::OK, format!("dial {number}"))
    }

    #[invite("urn:service:sos")]
    async fn emergency(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "emergency")
    }

    #[invite("*")]
    async fn rest(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "rest")
    }

    #[method("PAUSE")]
    async fn pause(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "pause")
    }

    #[any("sip:*@any.example")]
    async fn any(&self, request: Request) -> (StatusCode, String) {
        (StatusCode::OK, format!("any {}", request.method()))
    }
}

async fn asked(method: &str, uri: &str) -> String {
    text(&ask(&Router::new(DialPlan), request(method, uri)).await).to_owned()
}

#[tokio::test]
async fn routes_are_tried_in_the_order_written() {
    assert_eq!(
        asked("INVITE", "sip:7@conference.example.com").await,
        "join 7 at example.com"
    );
    assert_eq!(
        asked("INVITE", "sip:seven@conference.example.com").await,
        "named seven"
    );
    assert_eq!(
        asked("INVITE", "sip:70000@conference.example.com").await,
        "named 70000"
    );
    assert_eq!(asked("INVITE", "sip:seven@example.com").await, "rest");
}

#[tokio::test]
async fn schemes_that_patterns_name_are_taken() {
    assert_eq!(
        asked("INVITE", "tel:+358-555-1234567").await,
        "dial +3585551234567"
    );
    assert_eq!(asked("INVITE", "urn:service:sos").await, "emergency");
}

#[tokio::test]
async fn any_takes_every_method() {
    for method in ["MESSAGE", "OPTIONS", "REGISTER", "DANCE"] {
        assert_eq!(asked(method, "sip:a@any.example").await, format!("any {method}"));
    }
    // A route of the method's own was written before.
    assert_eq!(asked("PAUSE", "sip:a@any.example").await, "pause");
}

#[tokio::test]
async fn any_takes_neither_ack_nor_cancel() {
    let router = Router::new(DialPlan);
    for method in [Method::ACK, Method::CANCEL] {
        let message = super::arrived(request(method.as_str(), "sip:a@any.example"), false);
        assert!(internals::ack(&router, message.clone()).is_none());
        assert!(internals::cancelled(&router, message).is_none());
    }
}

#[tokio::test]
async fn a_method_that_a_route_names_is_known() {
    let router = Router::new(DialPlan);
    assert_eq!(text(&ask(&router, request("PAUSE", "sip:x")).await), "pause");
    let response = ask(&router, request("DANCE", "sip:x")).await;
    assert_eq!(
        response.status(),
        StatusCode::NOT_IMPLEMENTED,
        "any takes the method at another URI, which says nothing here"
    );
}

struct Everywhere;

/// A number, however it is written.
#[derive(Debug)]
struct Digits(u64);

impl std::str::FromStr for Digits {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Digits, Self::Err> {
        Ok(Digits(text.trim_start_matches('+').replace('-', "").parse()?))
    }
}

#[sip_router]
impl Everywhere {
    #[message("sips:{user}@{host}:{port};box={number}")]
    async fn secure(
        &self,
        Path((user, host, port, number)): Path<(String, String, u16, u8)>,
    ) -> (StatusCode, String) {
        (StatusCode::OK, format!("sips {user} {host} {port} {number}"))
    }

    #[message("sip:{user}@{host}:{port};box={number}")]
    async fn plain(
        &self,
        Path((number, port, user, host)): Path<(u8, u16, String, String)>,
    ) -> (StatusCode, String) {
        (StatusCode::OK, format!("sip {user} {host} {port} {number}"))
    }

    #[message("sip:*@*;lang={lang}")]
    async fn language(&self, Path(lang): Path<String>) -> (StatusCode, String) {
        (StatusCode::OK, format!("in {lang}"))
    }

    #[message("sip:desk-*@192.0.2.{last}")]
    async fn desk(&self, Path(last): Path<u8>) -> (StatusCode, String) {
        (StatusCode::OK, format!("desk {last}"))
    }

    #[message("tel:{number};phone-context={context}")]
    async fn local(&self, Path((number, context)): Path<(Digits, String)>) -> (StatusCode, String) {
        (StatusCode::OK, format!("{} at {context}", number.0))
    }

    #[message("tel:{number}")]
    async fn global(&self, Path(number): Path<Digits>) -> (StatusCode, String) {
        (StatusCode::OK, format!("{}", number.0))
    }
}

#[tokio::test]
async fn captures_stand_in_every_part_of_every_scheme() {
    let router = Router::new(Everywhere);
    for (uri, answer) in [
        (
            "sips:alice@example.com:5061;box=7",
            "sips alice example.com 5061 7",
        ),
        (
            "sip:alice@example.com:5060;user=phone;BOX=7",
            "sip alice example.com 5060 7",
        ),
        (
            "sip:alice@[2001:db8::1]:5060;box=7",
            "sip alice [2001:db8::1] 5060 7",
        ),
        // A port of another kind, a number too large: the next route.
        ("sip:alice@example.com;lang=fi;box=7", "in fi"),
        ("sip:alice@example.com:5060;box=256;lang=sv", "in sv"),
        ("sip:desk-4@192.0.2.9", "desk 9"),
        ("tel:+358-555-1234567", "3585551234567"),
        ("tel:7042;phone-context=example.com", "7042 at example.com"),
    ] {
        assert_eq!(
            text(&ask(&router, request("MESSAGE", uri)).await),
            answer,
            "{uri}"
        );
    }
    for nowhere in [
        "sip:alice@example.com",
        "sip:desk-4@192.0.2.300",
        "sips:alice@example.com;lang=fi",
    ] {
        let response = ask(&router, request("MESSAGE", nowhere)).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{nowhere}");
    }
}
