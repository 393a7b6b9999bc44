//! What handlers return becomes a response.

use std::time::Duration;

use spigot::sip::Sdp;
use spigot::{
    Body, Bytes, Header, HeaderName, IntoReply, Reply, Request, Response, Router, StatusCode,
    header as headers, sip_router,
};

use super::{ask, header, request, text};

struct Busy;

impl<M> IntoReply<M> for Busy {
    fn into_reply(self) -> Reply {
        StatusCode::BUSY_HERE.into()
    }
}

struct Answers;

#[sip_router]
impl Answers {
    #[message("sip:status@*")]
    async fn status(&self) -> StatusCode {
        StatusCode::ACCEPTED
    }

    #[message("sip:text@*")]
    async fn text(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "text")
    }

    #[message("sip:octets@*")]
    async fn octets(&self) -> (StatusCode, Bytes) {
        (StatusCode::OK, Bytes::from_static(b"\0"))
    }

    #[message("sip:session@*")]
    async fn session(&self, session: Sdp) -> (StatusCode, Sdp) {
        (StatusCode::OK, session)
    }

    #[message("sip:both@*")]
    async fn both(&self) -> (StatusCode, Header<headers::Expires>, Body) {
        (
            StatusCode::OK,
            Header(headers::Expires::new(60)),
            Body::new("application/sdp", "v=0\r\n"),
        )
    }

    #[message("sip:response@*")]
    async fn response(&self) -> Response {
        Response::new(StatusCode::GONE)
    }

    #[message("sip:named@*")]
    async fn named(&self) -> Reply {
        Reply::interval_too_brief(Duration::from_secs(60)).with("longer, please")
    }

    #[message("sip:own@*")]
    async fn own(&self) -> Result<StatusCode, Busy> {
        Err(Busy)
    }

    #[message("sip:opaque@*")]
    async fn opaque(&self, request: Request) -> impl IntoReply<spigot::router::method::message> {
        (StatusCode::OK, request.method().to_string())
    }

    #[message("sip:provisional@*")]
    async fn provisional(&self) -> StatusCode {
        StatusCode::RINGING
    }

    #[message("sip:again@*")]
    async fn again(&self) -> Reply {
        Reply::interval_too_brief(Duration::from_secs(60))
            .with(Header(headers::MinExpires::new(90)))
            .with(Header("<sip:a@192.0.2.7>".parse::<headers::Contact>().unwrap()))
            .with(Header("<sip:b@192.0.2.7>".parse::<headers::Contact>().unwrap()))
    }

    #[message("sip:unwritable@*")]
    async fn unwritable(&self) -> (StatusCode, Body) {
        (StatusCode::OK, Body::new("text/plain\r\nEvil: 1", "x"))
    }
}

async fn answer(user: &str) -> Response {
    ask(
        &Router::new(Answers),
        request("MESSAGE", &format!("sip:{user}@example.com")),
    )
    .await
}

#[tokio::test]
async fn a_status_alone() {
    assert_eq!(answer("status").await.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn bodies_bring_their_type() {
    let response = answer("text").await;
    assert_eq!(text(&response), "text");
    assert_eq!(
        header(&response, HeaderName::CONTENT_TYPE),
        Some("text/plain;charset=utf-8")
    );
    let response = answer("octets").await;
    assert_eq!(
        header(&response, HeaderName::CONTENT_TYPE),
        Some("application/octet-stream")
    );
}

#[tokio::test]
async fn a_session_description_is_a_body() {
    let offer =
        "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    let mut request = request("MESSAGE", "sip:session@example.com");
    request.set_body("application/sdp", offer).unwrap();
    let response = ask(&Router::new(Answers), request).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        header(&response, HeaderName::CONTENT_TYPE),
        Some("application/sdp")
    );
    assert_eq!(text(&response), offer);
}

#[tokio::test]
async fn a_header_and_a_body() {
    let response = answer("both").await;
    assert_eq!(header(&response, HeaderName::EXPIRES), Some("60"));
    assert_eq!(
        header(&response, HeaderName::CONTENT_TYPE),
        Some("application/sdp")
    );
    assert_eq!(text(&response), "v=0\r\n");
}

#[tokio::test]
async fn responses_replies_results_and_errors_of_ones_own() {
    assert_eq!(answer("response").await.status(), StatusCode::GONE);
    assert_eq!(answer("own").await.status(), StatusCode::BUSY_HERE);
    assert_eq!(text(&answer("opaque").await), "MESSAGE");
    let named = answer("named").await;
    assert_eq!(named.status(), StatusCode::INTERVAL_TOO_BRIEF);
    assert_eq!(header(&named, HeaderName::MIN_EXPIRES), Some("60"));
    assert_eq!(text(&named), "longer, please");
}

#[tokio::test]
async fn what_may_stand_once_takes_the_place_of_what_is_there() {
    let again = answer("again").await;
    let all = |name| again.headers().get_all(&name).collect::<Vec<_>>();
    assert_eq!(all(HeaderName::MIN_EXPIRES), ["90"]);
    assert_eq!(
        all(HeaderName::CONTACT),
        ["<sip:a@192.0.2.7>", "<sip:b@192.0.2.7>"]
    );
}

#[tokio::test]
async fn mistakes_of_the_application_are_500() {
    for user in ["provisional", "unwritable"] {
        assert_eq!(
            answer(user).await.status(),
            StatusCode::SERVER_INTERNAL_ERROR,
            "{user}"
        );
    }
}
