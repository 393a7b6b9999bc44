//! What the library answers where no handler does, in its order.

use spigot::router::internals;
use spigot::{HeaderName, Router, StatusCode, sip_router};

use super::{arrived, ask, ask_in_dialog, header, request, text};

struct Pbx;

#[sip_router]
impl Pbx {
    #[invite("sip:{user}@example.com")]
    async fn ring(&self, spigot::Path(user): spigot::Path<u32>) -> (StatusCode, String) {
        (StatusCode::OK, user.to_string())
    }

    #[message("sip:*@example.com", content_type = "text/plain")]
    async fn text(&self) -> StatusCode {
        StatusCode::ACCEPTED
    }

    #[message("sip:*@example.com", content_type = "text/html")]
    async fn html(&self) -> StatusCode {
        StatusCode::OK
    }

    #[subscribe(event = "presence")]
    async fn watch(&self) -> StatusCode {
        StatusCode::OK
    }

    #[subscribe(event = "dialog")]
    async fn watch_dialog(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn router() -> Router {
    Router::new(Pbx)
}

const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, MESSAGE, SUBSCRIBE, OPTIONS";

#[tokio::test]
async fn an_ack_is_never_answered() {
    assert!(
        router()
            .handle(arrived(request("ACK", "sip:1@example.com"), false))
            .await
            .into_response()
            .is_none()
    );
    let ack = arrived(request("ACK", "sip:1@example.com"), true);
    assert!(internals::ack(&router(), ack).is_none());
}

#[tokio::test]
async fn a_cancel_without_transaction_is_481() {
    let response = ask(&router(), request("CANCEL", "sip:1@example.com")).await;
    assert_eq!(response.status(), StatusCode::CALL_DOES_NOT_EXIST);
}

#[tokio::test]
async fn what_needs_a_dialog_and_has_none_is_481() {
    for method in ["BYE", "INFO", "UPDATE", "PRACK", "NOTIFY"] {
        let response = ask(&router(), request(method, "sip:1@example.com")).await;
        assert_eq!(response.status(), StatusCode::CALL_DOES_NOT_EXIST, "{method}");
    }
}

#[tokio::test]
async fn an_unknown_method_is_501() {
    let response = ask(&router(), request("DANCE", "sip:1@example.com")).await;
    assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED);
    // Methods are compared with case (RFC 3261 §25.1).
    let response = ask(&router(), request("invite", "sip:1@example.com")).await;
    assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED);
}

#[tokio::test]
async fn a_known_method_without_route_is_405_with_allow() {
    let response = ask(&router(), request("PUBLISH", "mailto:1@example.com")).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header(&response, HeaderName::ALLOW), Some(ALLOW));
}

#[tokio::test]
async fn an_unknown_scheme_is_416() {
    let response = ask(&router(), request("INVITE", "mailto:1@example.com")).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_URI_SCHEME);
}

#[tokio::test]
async fn what_no_pattern_matches_is_404() {
    let response = ask(&router(), request("INVITE", "sip:1@example.org")).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_capture_that_does_not_parse_is_404_even_with_a_require() {
    let invite = request("INVITE", "sip:alice@example.com")
        .with_header(HeaderName::REQUIRE, "x")
        .unwrap();
    assert_eq!(ask(&router(), invite).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_unknown_require_is_420_with_unsupported() {
    let router = router().supported(&["100rel"]);
    let invite = || {
        request("INVITE", "sip:1@example.com")
            .with_header(HeaderName::REQUIRE, "100rel, x")
            .unwrap()
    };
    let response = ask(&router, invite()).await;
    assert_eq!(response.status(), StatusCode::BAD_EXTENSION);
    assert_eq!(header(&response, HeaderName::UNSUPPORTED), Some("x"));

    let twice = invite().with_header(HeaderName::REQUIRE, "Y").unwrap();
    assert_eq!(
        header(&ask(&router, twice).await, HeaderName::UNSUPPORTED),
        Some("x, Y")
    );

    let supported = request("INVITE", "sip:1@example.com")
        .with_header(HeaderName::REQUIRE, "100rel")
        .unwrap();
    assert_eq!(ask(&router, supported).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_no_route_takes_is_415_with_accept() {
    let with = |content_type| {
        request("MESSAGE", "sip:1@example.com")
            .with_body(content_type, "x")
            .unwrap()
    };
    let response = ask(&router(), with("application/sdp")).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        header(&response, HeaderName::ACCEPT),
        Some("text/plain, text/html")
    );

    assert_eq!(
        ask(&router(), with("Text/Plain;charset=utf-8")).await.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(ask(&router(), with("text/html")).await.status(), StatusCode::OK);
    // No body, nothing to refuse.
    let empty = request("MESSAGE", "sip:1@example.com");
    assert_eq!(ask(&router(), empty).await.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn an_unknown_event_is_489_with_allow_events() {
    let with = |event: &str| {
        request("SUBSCRIBE", "sip:1@example.com")
            .with_header(HeaderName::EVENT, event)
            .unwrap()
    };
    let response = ask(&router(), with("reg")).await;
    assert_eq!(response.status(), StatusCode::BAD_EVENT);
    assert_eq!(
        header(&response, HeaderName::ALLOW_EVENTS),
        Some("presence, dialog")
    );
    assert_eq!(
        ask(&router(), with("presence;id=7")).await.status(),
        StatusCode::OK
    );
    let none = ask(&router(), request("SUBSCRIBE", "sip:1@example.com")).await;
    assert_eq!(none.status(), StatusCode::BAD_EVENT);
}

#[tokio::test]
async fn options_are_answered_from_the_table() {
    let response = ask(
        &router().supported(&["timer", "100rel"]),
        request("OPTIONS", "sip:example.com"),
    )
    .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, HeaderName::ALLOW), Some(ALLOW));
    assert_eq!(
        header(&response, HeaderName::ACCEPT),
        Some("application/sdp, text/plain, text/html")
    );
    assert_eq!(header(&response, HeaderName::SUPPORTED), Some("timer, 100rel"));
    assert_eq!(
        header(&response, HeaderName::ALLOW_EVENTS),
        Some("presence, dialog")
    );

    let bare = ask(&router(), request("OPTIONS", "sip:example.com")).await;
    assert_eq!(header(&bare, HeaderName::SUPPORTED), Some(""));
}

#[tokio::test]
async fn options_too_are_refused_a_scheme_or_an_extension() {
    let response = ask(&router(), request("OPTIONS", "mailto:1@example.com")).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_URI_SCHEME);
    let options = request("OPTIONS", "sip:example.com")
        .with_header(HeaderName::REQUIRE, "x")
        .unwrap();
    assert_eq!(ask(&router(), options).await.status(), StatusCode::BAD_EXTENSION);
}

struct Polite;

#[sip_router]
impl Polite {
    #[invite("sip:known@*")]
    async fn known(&self) -> StatusCode {
        StatusCode::OK
    }

    #[fallback]
    async fn rest(&self) -> StatusCode {
        StatusCode::GONE
    }
}

#[tokio::test]
async fn a_fallback_stands_in_for_404_405_and_501_only() {
    let router = Router::new(Polite);
    for (method, uri) in [
        ("INVITE", "sip:other@x"),
        ("PUBLISH", "sip:known@x"),
        ("DANCE", "sip:known@x"),
    ] {
        assert_eq!(
            ask(&router, request(method, uri)).await.status(),
            StatusCode::GONE,
            "{method} {uri}"
        );
    }
    assert_eq!(
        ask(&router, request("INVITE", "sip:known@x")).await.status(),
        StatusCode::OK
    );
    assert_eq!(
        ask(&router, request("OPTIONS", "sip:x")).await.status(),
        StatusCode::OK
    );
    assert_eq!(
        ask(&router, request("BYE", "sip:x")).await.status(),
        StatusCode::CALL_DOES_NOT_EXIST
    );
    let foreign = ask(&router, request("INVITE", "mailto:a@x")).await;
    assert_eq!(foreign.status(), StatusCode::UNSUPPORTED_URI_SCHEME);
}

struct Keypad;

#[sip_router]
impl Keypad {
    #[info(package = "dtmf")]
    async fn digit(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "digit")
    }

    #[info(package = "x-clock")]
    async fn clock(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "clock")
    }
}

#[tokio::test]
async fn an_unknown_info_package_is_469_with_recv_info() {
    let router = Router::new(Keypad);
    let info = |package: &str| {
        request("INFO", "sip:1@example.com")
            .with_header(HeaderName::INFO_PACKAGE, package)
            .unwrap()
    };
    for (package, answer) in [("DTMF;a=b", "digit"), ("x-clock", "clock")] {
        assert_eq!(text(&ask_in_dialog(&router, info(package)).await), answer);
    }
    let response = ask_in_dialog(&router, info("weather")).await;
    assert_eq!(response.status(), StatusCode::BAD_INFO_PACKAGE);
    assert_eq!(header(&response, HeaderName::RECV_INFO), Some("dtmf, x-clock"));
    let legacy = ask_in_dialog(&router, request("INFO", "sip:1@example.com")).await;
    assert_eq!(legacy.status(), StatusCode::OK);
    assert!(Keypad::ROUTES.to_string().contains("package dtmf"));
}

struct Hosts;

#[sip_router]
impl Hosts {
    #[message("sip:a@*", content_type = "text/plain")]
    async fn plain(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message("sip:b@*", content_type = "text/html")]
    async fn html(&self) -> StatusCode {
        StatusCode::OK
    }

    #[subscribe("sip:a@*", event = "presence")]
    async fn presence(&self) -> StatusCode {
        StatusCode::OK
    }

    #[subscribe("sip:b@*", event = "dialog")]
    async fn dialog(&self) -> StatusCode {
        StatusCode::OK
    }

    #[any("sip:*@elsewhere.example.com")]
    async fn elsewhere(&self) -> StatusCode {
        StatusCode::ACCEPTED
    }
}

#[tokio::test]
async fn what_is_asked_for_in_place_of_what_came_is_taken_at_that_uri() {
    let router = Router::new(Hosts);
    let image = request("MESSAGE", "sip:a@example.com")
        .with_body("image/png", "x")
        .unwrap();
    let response = ask(&router, image).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(header(&response, HeaderName::ACCEPT), Some("text/plain"));
    let event = request("SUBSCRIBE", "sip:b@example.com")
        .with_header(HeaderName::EVENT, "presence")
        .unwrap();
    let response = ask(&router, event).await;
    assert_eq!(response.status(), StatusCode::BAD_EVENT);
    assert_eq!(header(&response, HeaderName::ALLOW_EVENTS), Some("dialog"));
}

#[tokio::test]
async fn any_for_one_host_leaves_the_others_as_they_are() {
    let router = Router::new(Hosts);
    for (method, uri, status) in [
        ("OPTIONS", "sip:elsewhere.example.com", StatusCode::OK),
        ("OPTIONS", "sip:x@elsewhere.example.com", StatusCode::ACCEPTED),
        ("OPTIONS", "sip:example.com", StatusCode::OK),
        ("PUBLISH", "sip:x@example.com", StatusCode::METHOD_NOT_ALLOWED),
        ("DANCE", "sip:x@example.com", StatusCode::NOT_IMPLEMENTED),
        ("MESSAGE", "sip:x@example.com", StatusCode::NOT_FOUND),
        ("MESSAGE", "sip:x@elsewhere.example.com", StatusCode::ACCEPTED),
    ] {
        let response = ask(&router, request(method, uri)).await;
        assert_eq!(response.status(), status, "{method} {uri}");
    }
}

struct Both;

#[sip_router]
impl Both {
    #[info(package = "dtmf")]
    async fn digit(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "package")
    }

    #[info]
    async fn legacy(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "legacy")
    }
}

#[tokio::test]
async fn a_route_without_a_package_beside_one_with_takes_what_has_none() {
    let router = Router::new(Both);
    let plain = request("INFO", "sip:1@example.com");
    assert_eq!(text(&ask_in_dialog(&router, plain.clone()).await), "legacy");
    let with = |package: &str| {
        plain
            .clone()
            .with_header(HeaderName::INFO_PACKAGE, package)
            .unwrap()
    };
    assert_eq!(text(&ask_in_dialog(&router, with("dtmf")).await), "package");
    let other = ask_in_dialog(&router, with("weather")).await;
    assert_eq!(other.status(), StatusCode::BAD_INFO_PACKAGE);
    assert_eq!(header(&other, HeaderName::RECV_INFO), Some("dtmf"));
}
