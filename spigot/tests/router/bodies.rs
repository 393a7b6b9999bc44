//! Bodies of several parts (RFC 5621): which argument gets which part, and what is answered 415.

use std::num::ParseIntError;

use spigot::router::extract::{BadBody, BadSdp};
use spigot::sip::{Multipart, Part, Sdp, header::ContentType};
use spigot::{
    Agent, Body, Bytes, FromRequest, HeaderName, Request, Response, Router, StatusCode, TypedBody, sip_router,
};

use super::{ask, header, request, text};

const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

/// A legacy signal: a number in hexadecimal digits.
#[derive(Debug)]
struct Isup(u32);

impl TypedBody for Isup {
    const CONTENT_TYPE: &'static str = "application/ISUP";
    type Error = ParseIntError;

    fn parse(part: &Part) -> Result<Isup, ParseIntError> {
        u32::from_str_radix(&String::from_utf8_lossy(part.body()), 16).map(Isup)
    }
}

/// A document with a location, and the name by which the message refers to it.
struct Location(Option<String>);

impl TypedBody for Location {
    const CONTENT_TYPE: &'static str = "application/pidf+xml";
    type Error = std::convert::Infallible;

    fn parse(part: &Part) -> Result<Location, Self::Error> {
        Ok(Location(
            part.headers().get(&HeaderName::CONTENT_ID).map(str::to_owned),
        ))
    }
}

/// An extractor of the application's own, which may look at the body.
struct Mine;

impl<S: Agent, M> FromRequest<S, M> for Mine {
    type Rejection = StatusCode;

    async fn from_request(_: &Request, _: &S) -> Result<Self, StatusCode> {
        Ok(Mine)
    }
}

struct Gateway;

#[sip_router]
impl Gateway {
    #[invite]
    async fn call(&self, session: Sdp) -> (StatusCode, String) {
        (StatusCode::OK, session.media().len().to_string())
    }

    #[message]
    async fn both(
        &self,
        session: Option<Sdp>,
        (signal, location): (Option<Body<Isup>>, Option<Body<Location>>),
    ) -> (StatusCode, String) {
        let session = session.map(|session| session.media().len());
        let signal = signal.map(|Body(Isup(number))| number);
        let location = location.map(|Body(Location(name))| name);
        (StatusCode::OK, format!("{session:?} {signal:?} {location:?}"))
    }

    #[publish]
    async fn signal(&self, session: Sdp, Body(signal): Body<Isup>) -> (StatusCode, String) {
        (StatusCode::OK, format!("{} {}", session.media().len(), signal.0))
    }

    #[refer]
    async fn also_the_request(&self, _request: Request, session: Option<Sdp>) -> (StatusCode, String) {
        let session = session.map(|session| session.media().len());
        (StatusCode::OK, format!("{session:?}"))
    }

    #[method("MINE")]
    async fn also_mine(&self, _mine: Mine, session: Sdp) -> (StatusCode, String) {
        (StatusCode::OK, session.media().len().to_string())
    }

    #[method("WHY")]
    async fn why(
        &self,
        session: Result<Sdp, BadSdp>,
        signal: Result<Body<Isup>, BadBody>,
    ) -> (StatusCode, String) {
        let why = |error: Option<String>| error.unwrap_or_default();
        let (session, signal) = (
            session.err().map(|why| why.to_string()),
            signal.err().map(|why| why.to_string()),
        );
        (StatusCode::OK, format!("{}; {}", why(session), why(signal)))
    }
}

fn part(content_type: &str, body: &str) -> Part {
    Part::new(content_type, body.to_owned()).unwrap()
}

fn optional(part: Part) -> Part {
    part.with_header(HeaderName::CONTENT_DISPOSITION, "by-reference;handling=optional")
        .unwrap()
}

fn location() -> Part {
    part("application/pidf+xml", "<presence/>")
        .with_header(HeaderName::CONTENT_ID, "<a@example.com>")
        .unwrap()
}

fn of(kind: &str, parts: impl IntoIterator<Item = Part>) -> Part {
    let multipart = Multipart::new(kind, parts).unwrap();
    Part::new(&multipart.content_type().to_string(), multipart.to_bytes()).unwrap()
}

/// A request with this body, and with what it says of the body.
fn with(method: &str, body: &Part) -> spigot::sip::Request {
    let content_type: ContentType = body.content_type().unwrap();
    let mut request = request(method, "sip:a@example.com")
        .with_body(&content_type.to_string(), body.body().clone())
        .unwrap();
    if let Some(disposition) = body.headers().get(&HeaderName::CONTENT_DISPOSITION) {
        request
            .headers_mut()
            .push(HeaderName::CONTENT_DISPOSITION, disposition)
            .unwrap();
    }
    request
}

async fn sent(method: &str, body: &Part) -> Response {
    ask(&Router::new(Gateway), with(method, body)).await
}

/// The text of a 200; or the status, and the Accept or Warning that tells why.
async fn answer(method: &str, body: &Part) -> String {
    let response = sent(method, body).await;
    if response.status() == StatusCode::OK {
        return text(&response).to_owned();
    }
    let why = header(&response, HeaderName::ACCEPT).or(header(&response, HeaderName::WARNING));
    format!("{} {}", response.status().as_u16(), why.unwrap_or_default())
}

#[tokio::test]
async fn a_session_description_is_found_in_a_multipart_body() {
    let sdp = || part("application/sdp", SDP);
    let mixed = |parts: Vec<Part>| of("multipart/mixed", parts);
    assert_eq!(answer("INVITE", &sdp()).await, "1");
    assert_eq!(answer("INVITE", &mixed(vec![sdp()])).await, "1");
    assert_eq!(
        answer("INVITE", &mixed(vec![sdp(), optional(location())])).await,
        "1"
    );
    assert_eq!(
        answer("INVITE", &mixed(vec![optional(location()), sdp()])).await,
        "1"
    );
    assert_eq!(
        answer("INVITE", &of("multipart/related", [sdp(), optional(location())])).await,
        "1"
    );
    let two = part("application/sdp", &format!("{SDP}m=audio 4002 RTP/AVP 8\r\n"));
    let choice = [sdp(), two, part("application/new", "x")];
    let choice = of("multipart/alternative", choice);
    assert_eq!(answer("INVITE", &choice).await, "2");
    assert_eq!(
        answer("INVITE", &mixed(vec![optional(location()), choice])).await,
        "2"
    );
    let deep = mixed(vec![mixed(vec![mixed(vec![sdp()])])]);
    assert_eq!(answer("INVITE", &deep).await, "1");
    assert!(
        answer("INVITE", &mixed(vec![deep]))
            .await
            .starts_with("400 399 spigot \"the multipart body cannot be read: expected no deeper")
    );
}

#[tokio::test]
async fn the_message_of_an_emergency_call_is_taken() {
    let body = format!(
        "--boundary1\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--boundary1\r\n\
         Content-Type: application/pidf+xml\r\nContent-ID: <target@example.com>\r\n\
         Content-Disposition: by-reference;handling=optional\r\n\r\n<?xml version=\"1.0\"?><presence/>\r\n--boundary1--\r\n"
    );
    let emergency = part("multipart/mixed; boundary=\"boundary1\"", &body);
    assert_eq!(answer("INVITE", &emergency).await, "1");
    assert_eq!(
        answer("MESSAGE", &emergency).await,
        "Some(1) None Some(Some(\"<target@example.com>\"))"
    );
}

#[tokio::test]
async fn a_description_for_another_purpose_is_not_that_of_the_session() {
    let early = part("application/sdp", "v=1")
        .with_header(HeaderName::CONTENT_DISPOSITION, "early-session")
        .unwrap();
    let session = part("application/sdp", SDP)
        .with_header(HeaderName::CONTENT_DISPOSITION, "Session;handling=required")
        .unwrap();
    assert_eq!(
        answer("INVITE", &of("multipart/mixed", [early.clone(), session])).await,
        "1"
    );
    assert_eq!(
        answer("INVITE", &of("multipart/mixed", [early])).await,
        "400 399 spigot \"the request has no session description\""
    );
}

#[tokio::test]
async fn a_required_part_that_no_argument_takes_is_415() {
    let sdp = || part("application/sdp", SDP);
    let isup = || part("application/isup", "1f");
    let sip_i = of("multipart/mixed", [sdp(), isup()]);
    assert_eq!(answer("INVITE", &sip_i).await, "415 application/sdp");
    let marked = isup()
        .with_header(HeaderName::CONTENT_DISPOSITION, "signal;handling=required")
        .unwrap();
    assert_eq!(
        answer("INVITE", &of("multipart/mixed", [marked, sdp()])).await,
        "415 application/sdp"
    );
    assert_eq!(
        answer("INVITE", &of("multipart/mixed", [sdp(), optional(isup())])).await,
        "1"
    );
    assert_eq!(answer("INVITE", &isup()).await, "415 application/sdp");
    assert_eq!(
        answer("MESSAGE", &of("multipart/mixed", [sdp(), part("text/html", "x")])).await,
        "415 application/sdp, application/ISUP, application/pidf+xml"
    );
    let inner = of("multipart/mixed", [part("text/html", "x")]);
    assert_eq!(
        answer("INVITE", &of("multipart/mixed", [sdp(), inner.clone()])).await,
        "415 application/sdp"
    );
    assert_eq!(
        answer("INVITE", &of("multipart/mixed", [sdp(), optional(inner)])).await,
        "1"
    );
}

#[tokio::test]
async fn each_part_goes_to_the_argument_of_its_type() {
    let sdp = || part("application/sdp", SDP);
    let isup = || part("application/isup;version=itu-t92+", "1f");
    assert_eq!(
        answer("PUBLISH", &of("multipart/mixed", [sdp(), isup()])).await,
        "1 31"
    );
    assert_eq!(
        answer("PUBLISH", &of("multipart/mixed", [isup(), sdp()])).await,
        "1 31"
    );
    assert_eq!(
        answer("MESSAGE", &of("multipart/mixed", [isup(), location()])).await,
        "None Some(31) Some(Some(\"<a@example.com>\"))"
    );
    for (one, expected) in [
        (sdp(), "Some(1) None None"),
        (isup(), "None Some(31) None"),
        (location(), "None None Some(None)"),
    ] {
        assert_eq!(answer("MESSAGE", &one).await, expected);
    }
    let nothing = ask(&Router::new(Gateway), request("MESSAGE", "sip:a@example.com")).await;
    assert_eq!(text(&nothing), "None None None");
    assert_eq!(
        answer("PUBLISH", &sdp()).await,
        "400 399 spigot \"the request has no `application/ISUP`\""
    );
    assert_eq!(
        answer(
            "PUBLISH",
            &of("multipart/mixed", [sdp(), part("application/isup", "x")])
        )
        .await,
        "400 399 spigot \"the `application/ISUP` cannot be read: invalid digit found in string\""
    );
    let two = of("multipart/mixed", [sdp(), isup(), part("application/isup", "20")]);
    assert_eq!(answer("PUBLISH", &two).await, "1 31");
}

#[tokio::test]
async fn a_multipart_body_that_cannot_be_split_is_400() {
    let broken = part("multipart/mixed;boundary=b", "--b\r\n\r\nx\r\n");
    for method in ["INVITE", "MESSAGE", "PUBLISH", "REFER", "MINE"] {
        let answer = answer(method, &broken).await;
        let why = "the multipart body cannot be read: expected the closing boundary";
        assert_eq!(answer, format!("400 399 spigot \"{why}\""), "{method}");
    }
    let sdp = part("application/sdp", SDP);
    assert_eq!(
        answer("INVITE", &of("multipart/mixed", [optional(broken), sdp])).await,
        "1"
    );
}

#[tokio::test]
async fn an_argument_that_takes_the_whole_body_takes_all_its_parts() {
    let both = of(
        "multipart/mixed",
        [part("application/sdp", SDP), part("text/html", "x")],
    );
    assert_eq!(answer("REFER", &both).await, "Some(1)");
    assert_eq!(answer("MINE", &both).await, "1");
    assert_eq!(
        answer("REFER", &part("text/html", "x")).await,
        "415 application/sdp"
    );
    assert_eq!(answer("REFER", &optional(part("text/html", "x"))).await, "None");
}

#[tokio::test]
async fn a_handler_that_asks_why_gets_the_reason() {
    let sdp = part("application/sdp", SDP);
    let both = of("multipart/mixed", [sdp.clone(), part("text/html", "x")]);
    let accept = "application/sdp, application/ISUP";
    assert_eq!(
        answer("WHY", &both).await,
        format!("the body has to be `{accept}`; the body has to be `{accept}`")
    );
    assert_eq!(
        answer("WHY", &sdp).await,
        "; the request has no `application/ISUP`"
    );
}

#[tokio::test]
async fn accept_lists_what_arguments_take() {
    let options = ask(&Router::new(Gateway), request("OPTIONS", "sip:a@example.com")).await;
    assert_eq!(
        header(&options, HeaderName::ACCEPT),
        Some("application/sdp, application/ISUP, application/pidf+xml")
    );
}

struct Routes;

#[sip_router]
impl Routes {
    #[invite(content_type = "application/sdp")]
    async fn described(&self, session: Sdp) -> (StatusCode, String) {
        (StatusCode::OK, format!("sdp {}", session.media().len()))
    }

    #[invite]
    async fn anything(&self, body: Bytes) -> (StatusCode, String) {
        (StatusCode::OK, format!("octets {}", body.len()))
    }

    #[message(content_type = "text/plain")]
    async fn text(&self, text: String) -> (StatusCode, String) {
        (StatusCode::OK, text)
    }

    #[publish(content_type = "application/pidf+xml")]
    async fn presence(&self) -> StatusCode {
        StatusCode::ACCEPTED
    }

    #[refer(content_type = "application/isup")]
    async fn signal(&self, _request: Request, Body(signal): Body<Isup>) -> (StatusCode, String) {
        (StatusCode::OK, signal.0.to_string())
    }
}

#[tokio::test]
async fn a_route_of_a_content_type_takes_a_multipart_body_with_such_a_part() {
    let routed = async |method: &str, body: &Part| {
        let response = ask(&Router::new(Routes), with(method, body)).await;
        match header(&response, HeaderName::ACCEPT) {
            Some(accept) => format!("{} {accept}", response.status().as_u16()),
            None => format!("{} {}", response.status().as_u16(), text(&response)),
        }
    };
    let sdp = part("application/sdp", SDP);
    let mixed = |parts: Vec<Part>| of("Multipart/Mixed", parts);
    assert_eq!(
        routed("INVITE", &mixed(vec![sdp.clone(), optional(location())])).await,
        "200 sdp 1"
    );
    assert_eq!(
        routed("INVITE", &mixed(vec![sdp.clone(), location()])).await,
        "415 application/sdp"
    );
    let other = mixed(vec![location()]);
    assert_eq!(
        routed("INVITE", &other).await,
        format!("200 octets {}", other.body().len())
    );
    // Whoever takes the body as it is would get octets of another type.
    assert_eq!(
        routed("MESSAGE", &mixed(vec![part("text/plain", "hello")])).await,
        "415 text/plain"
    );
    // Without an argument for it, the part is what the route says, and the rest is refused.
    assert_eq!(
        routed("PUBLISH", &mixed(vec![location(), optional(sdp.clone())])).await,
        "202 "
    );
    assert_eq!(
        routed("PUBLISH", &mixed(vec![location(), sdp.clone()])).await,
        "415 application/pidf+xml"
    );
    assert_eq!(
        routed("PUBLISH", &mixed(vec![sdp.clone()])).await,
        "415 application/pidf+xml"
    );
    assert_eq!(
        routed("REFER", &mixed(vec![sdp, part("application/isup", "1f")])).await,
        "200 31"
    );
}
