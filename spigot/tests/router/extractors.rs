//! What handlers take, and what is answered when it cannot be had.

use spigot::router::extract::BadHeader;
use spigot::sip::Sdp;
use spigot::{
    Agent, Bytes, Contacts, Extension, FromRequest, Header, HeaderName, Path, Request, Response, Router,
    Source, StatusCode, Transaction, Uri, header as headers, sip_router,
};

use super::{arrived, ask, header, request, text};

/// An extractor of the application's own, which waits.
struct Caller(String);

impl<S: Agent, M> FromRequest<S, M> for Caller {
    type Rejection = (StatusCode, &'static str);

    async fn from_request(request: &Request, _: &S) -> Result<Self, Self::Rejection> {
        tokio::task::yield_now().await;
        match request
            .headers()
            .get(&HeaderName::from_token("X-Caller").unwrap())
        {
            Some(name) => Ok(Caller(name.to_owned())),
            None => Err((StatusCode::FORBIDDEN, "who are you?")),
        }
    }
}

struct Desk;

#[sip_router]
impl Desk {
    #[register]
    async fn register(
        &self,
        Header(from): Header<headers::From>,
        expires: Option<Header<headers::Expires>>,
        Header(contact): Header<headers::Contact>,
    ) -> (StatusCode, String) {
        let expires = expires.map(|Header(expires)| expires.seconds());
        (
            StatusCode::OK,
            format!("{} {expires:?} {}", from.uri(), contact.uri().unwrap()),
        )
    }

    #[message]
    async fn text(&self, uri: Uri, body: Bytes, text: String, source: Source) -> (StatusCode, String) {
        (
            StatusCode::OK,
            format!("{uri} {} {text} {}", body.len(), source.peer),
        )
    }

    #[publish]
    async fn publish(&self, Caller(name): Caller) -> (StatusCode, String) {
        (StatusCode::OK, name)
    }

    #[invite]
    async fn ring(&self, _transaction: Transaction) -> StatusCode {
        StatusCode::OK
    }

    #[refer]
    async fn refer(&self, request: Request) -> (StatusCode, String) {
        (StatusCode::OK, format!("{:?}", request.extension::<u32>()))
    }
}

fn router() -> Router {
    Router::new(Desk)
}

fn register() -> spigot::sip::Request {
    request("REGISTER", "sip:example.com")
        .with_header(HeaderName::CONTACT, "<sip:a@192.0.2.9>")
        .unwrap()
}

#[tokio::test]
async fn headers_come_typed() {
    let response = ask(&router(), register()).await;
    assert_eq!(text(&response), "sip:alice@example.com None sip:a@192.0.2.9");
    let response = ask(
        &router(),
        register().with_header(HeaderName::EXPIRES, "60").unwrap(),
    )
    .await;
    assert_eq!(text(&response), "sip:alice@example.com Some(60) sip:a@192.0.2.9");
}

#[tokio::test]
async fn a_missing_header_is_400_with_a_warning_that_names_it() {
    let response = ask(&router(), request("REGISTER", "sip:example.com")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        header(&response, HeaderName::WARNING),
        Some("399 spigot \"Contact is missing\"")
    );
    let warning: headers::Warning = response.headers().typed().unwrap().unwrap();
    assert_eq!((warning.code(), warning.agent()), (399, "spigot"));
}

#[tokio::test]
async fn a_malformed_header_is_400_even_where_it_may_be_missing() {
    let response = ask(
        &router(),
        register().with_header(HeaderName::EXPIRES, "soon").unwrap(),
    )
    .await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let warning = header(&response, HeaderName::WARNING).unwrap();
    assert!(
        warning.starts_with("399 spigot \"Expires cannot be read"),
        "{warning}"
    );
}

#[tokio::test]
async fn uri_body_and_source_come_as_they_are() {
    let message = request("MESSAGE", "sip:b@example.com")
        .with_body("text/plain", "hällo")
        .unwrap();
    let response = ask(&router(), message).await;
    assert_eq!(text(&response), "sip:b@example.com 6 hällo 192.0.2.9:5060");
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_415() {
    let message = request("MESSAGE", "sip:b@example.com")
        .with_body("text/plain", &b"\xff"[..])
        .unwrap();
    let response = ask(&router(), message).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        header(&response, HeaderName::ACCEPT),
        Some("text/plain;charset=utf-8")
    );
}

#[tokio::test]
async fn an_extractor_of_ones_own_may_wait_and_refuse() {
    let response = ask(&router(), request("PUBLISH", "sip:example.com")).await;
    assert_eq!(
        (response.status(), text(&response)),
        (StatusCode::FORBIDDEN, "who are you?")
    );
    let publish = request("PUBLISH", "sip:example.com")
        .with_header("X-Caller", "alice")
        .unwrap();
    assert_eq!(text(&ask(&router(), publish).await), "alice");
}

#[tokio::test]
async fn without_a_transaction_there_is_none_to_take() {
    let response = ask(&router(), request("INVITE", "sip:b@example.com")).await;
    assert_eq!(response.status(), StatusCode::SERVER_INTERNAL_ERROR);
}

#[tokio::test]
async fn a_request_carries_what_was_put_there_last() {
    let before = arrived(request("REFER", "sip:b@example.com"), false);
    let with = before.clone().with("text").with(1_u32).with(2_u32);
    assert_eq!(before.extension::<u32>(), None);
    assert_eq!(with.extension::<&str>(), Some(&"text"));
    let response = router().handle(with).await.into_response().unwrap();
    assert_eq!(text(&response), "Some(2)");
}

#[derive(Clone, Debug)]
struct Badge(u32);

struct Counter;

#[sip_router]
impl Counter {
    #[register]
    async fn contacts(&self, contacts: Contacts) -> (StatusCode, String) {
        (
            StatusCode::OK,
            format!("{} {}", contacts.is_any(), contacts.len()),
        )
    }

    #[message]
    async fn badge(&self, badge: Option<Extension<Badge>>) -> (StatusCode, String) {
        (
            StatusCode::OK,
            format!("{:?}", badge.map(|Extension(badge)| badge.0)),
        )
    }

    #[publish]
    async fn needs_a_badge(&self, Extension(badge): Extension<Badge>) -> (StatusCode, String) {
        (StatusCode::OK, badge.0.to_string())
    }

    #[invite]
    async fn offer(&self, offer: Option<Sdp>, late: Option<Transaction>) -> (StatusCode, String) {
        let media = offer.map(|offer| offer.media().len());
        (StatusCode::OK, format!("{media:?} {}", late.is_some()))
    }

    #[refer]
    async fn forgiving(
        &self,
        expires: Result<Header<headers::Expires>, BadHeader>,
        (uri, Header(from)): (Uri, Header<headers::From>),
    ) -> (StatusCode, String) {
        let expires = match expires {
            Ok(Header(expires)) => expires.to_string(),
            Err(why) => why.to_string(),
        };
        (StatusCode::OK, format!("{expires}, {uri}, {}", from.uri()))
    }

    #[store]
    async fn described(&self, _described: Sdp) -> StatusCode {
        StatusCode::OK
    }
}

async fn counted(message: spigot::sip::Request) -> Response {
    ask(&Router::new(Counter), message).await
}

fn warning(response: &Response) -> (StatusCode, &str) {
    (
        response.status(),
        header(response, HeaderName::WARNING).unwrap_or_default(),
    )
}

#[tokio::test]
async fn all_contacts_come_at_once() {
    let with = |value: &str| {
        request("REGISTER", "sip:example.com")
            .with_header(HeaderName::CONTACT, value)
            .unwrap()
    };
    assert_eq!(
        text(&counted(request("REGISTER", "sip:example.com")).await),
        "false 0"
    );
    assert_eq!(
        text(&counted(with("<sip:a@192.0.2.9>;q=0.5, <sip:b@192.0.2.9>")).await),
        "false 2"
    );
    let over = |value: &str| with("*").with_header(HeaderName::EXPIRES, value).unwrap();
    assert_eq!(text(&counted(over("0")).await), "true 1");
    let two = over("0")
        .with_header(HeaderName::CONTACT, "<sip:a@192.0.2.9>")
        .unwrap();
    assert_eq!(
        warning(&counted(two).await),
        (
            StatusCode::BAD_REQUEST,
            "399 spigot \"Contact is wrong: `*` stands alone\""
        )
    );
    for wrong in [
        with("*"),
        over("60"),
        over("00001"),
        over("soon"),
        over("-0"),
        over("4294967296"),
    ] {
        let response = counted(wrong).await;
        assert_eq!(
            warning(&response),
            (
                StatusCode::BAD_REQUEST,
                "399 spigot \"Contact is wrong: `*` needs `Expires: 0`\""
            )
        );
    }
    let (status, why) = (
        counted(with("<sip:")).await.status(),
        counted(with("<sip:")).await,
    );
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(warning(&why).1.starts_with("399 spigot \"Contact cannot be read"));
}

#[tokio::test]
async fn what_no_plug_put_there_is_500_unless_it_may_be_missing() {
    let router = Router::new(Counter);
    let message = || arrived(request("MESSAGE", "sip:a@example.com"), false);
    let of = async |request| router.handle(request).await.into_response().unwrap();
    assert_eq!(text(&of(message()).await), "None");
    assert_eq!(text(&of(message().with(Badge(7))).await), "Some(7)");
    let publish = || arrived(request("PUBLISH", "sip:a@example.com"), false);
    assert_eq!(of(publish()).await.status(), StatusCode::SERVER_INTERNAL_ERROR);
    assert_eq!(text(&of(publish().with(Badge(8))).await), "8");
}

#[tokio::test]
async fn a_session_description_comes_parsed_or_is_refused_as_it_should_be() {
    const SDP: &str =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    let invite = || request("INVITE", "sip:a@example.com");
    let with = |content_type: &str, body: String| invite().with_body(content_type, body).unwrap();
    assert_eq!(text(&counted(invite()).await), "None false");
    assert_eq!(
        text(&counted(with("application/sdp", SDP.to_owned())).await),
        "Some(1) false"
    );
    assert_eq!(
        text(&counted(with("Application/SDP; a=b", SDP.to_owned())).await),
        "Some(1) false"
    );

    let response = counted(with("text/plain", SDP.to_owned())).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(header(&response, HeaderName::ACCEPT), Some("application/sdp"));
    let (status, why) = {
        let response = counted(with("application/sdp", "v=0\r\nm\r\n".to_owned())).await;
        (response.status(), warning(&response).1.to_owned())
    };
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        why.starts_with("399 spigot \"session description at octet"),
        "{why}"
    );
    let many = format!("{SDP}{}", "m=audio 4000 RTP/AVP 0\r\n".repeat(64));
    let response = counted(with("application/sdp", many)).await;
    assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE_HERE);
    let response = counted(request("STORE", "sip:a@example.com")).await;
    assert_eq!(
        warning(&response),
        (
            StatusCode::BAD_REQUEST,
            "399 spigot \"the request has no session description\""
        )
    );
}

#[tokio::test]
async fn a_result_says_why_and_a_tuple_is_several() {
    let refer = |expires: &str| {
        request("REFER", "sip:a@example.com")
            .with_header(HeaderName::EXPIRES, expires)
            .unwrap()
    };
    let answer = counted(refer("60")).await;
    assert_eq!(text(&answer), "60, sip:a@example.com, sip:alice@example.com");
    let answer = counted(refer("soon")).await;
    assert!(
        text(&answer).starts_with("Expires cannot be read: expected"),
        "{}",
        text(&answer)
    );
    let answer = counted(request("REFER", "sip:a@example.com")).await;
    assert!(text(&answer).starts_with("Expires is missing, "));
}

struct Curious;

/// A tuple has sixteen extractors at most.
type Sixteen = (
    Uri,
    Uri,
    Uri,
    Uri,
    Uri,
    Uri,
    Uri,
    Uri,
    Uri,
    Uri,
    Uri,
    Uri,
    Uri,
    Uri,
    Uri,
    Source,
);

#[sip_router]
impl Curious {
    /// Nine arguments: Clippy, which runs over this file, says nothing of it.
    #[message("sip:{user}@{host}")]
    async fn everything(
        &self,
        Path(user): Path<String>,
        Path(host): Path<String>,
        Header(to): Header<headers::To>,
        Header(from): Header<headers::From>,
        request: Request,
        uri: Uri,
        source: Source,
        body: Bytes,
        expires: Option<Header<headers::Expires>>,
    ) -> (StatusCode, String) {
        let texts = [user, host, to.uri().to_string(), from.uri().to_string()].join(" ");
        let rest = (
            request.method(),
            uri.scheme(),
            source.transport,
            body.len(),
            expires.is_some(),
        );
        (StatusCode::OK, format!("{texts} {rest:?}"))
    }

    #[refer]
    async fn all(&self, many: Sixteen) -> (StatusCode, String) {
        (StatusCode::OK, format!("{} {}", many.0, many.15.transport))
    }
}

#[tokio::test]
async fn a_handler_has_as_many_arguments_as_it_wants() {
    let router = Router::new(Curious);
    let answer = ask(&router, request("MESSAGE", "sip:bob@example.com")).await;
    let expected =
        "bob example.com sip:bob@example.com sip:alice@example.com (MESSAGE, \"sip\", Udp, 0, false)";
    assert_eq!(text(&answer), expected);
    let answer = ask(&router, request("REFER", "sip:bob@example.com")).await;
    assert_eq!(text(&answer), "sip:bob@example.com udp");
}
