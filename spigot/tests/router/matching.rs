//! Which route takes a request.

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
        assert!(router.ack(message.clone()).is_none());
        assert!(router.cancelled(message).is_none());
    }
}

#[tokio::test]
async fn a_method_that_a_route_names_is_known() {
    let router = Router::new(DialPlan);
    assert_eq!(text(&ask(&router, request("PAUSE", "sip:x")).await), "pause");
    let response = ask(&router, request("DANCE", "sip:x")).await;
    assert_eq!(
        response.status(),
        StatusCode::NOT_FOUND,
        "any takes the method, but not this URI"
    );
}
