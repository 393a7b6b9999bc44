//! What handlers take, and what is answered when it cannot be had.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use spigot::router::{Exchange, TransactionError};
use spigot::{
    Agent, Bytes, FromRequest, Header, HeaderName, Request, Response, Router, Source, StatusCode,
    Transaction, Uri, header as headers, sip_router,
};

use super::{arrived, ask, header, request, source, text};

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
    async fn ring(&self, transaction: Transaction) -> Result<StatusCode, StatusCode> {
        transaction
            .provisional(StatusCode::RINGING)
            .await
            .map_err(|_| StatusCode::SERVER_INTERNAL_ERROR)?;
        let refused = transaction.provisional(StatusCode::OK).await;
        assert_eq!(refused, Err(TransactionError::NotProvisional(StatusCode::OK)));
        Ok(StatusCode::OK)
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

#[derive(Default)]
struct Recorded(Mutex<Vec<StatusCode>>);

impl Exchange for Recorded {
    fn provisional(&self, response: Response) -> Result<(), TransactionError> {
        self.0.lock().unwrap().push(response.status());
        Ok(())
    }

    fn cancelled(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }

    fn is_cancelled(&self) -> bool {
        false
    }

    fn key(&self) -> String {
        "key".to_owned()
    }
}

#[tokio::test]
async fn a_transaction_sends_provisional_replies() {
    let recorded = Arc::new(Recorded::default());
    let transaction = Transaction::new(recorded.clone());
    let message = Arc::new(request("INVITE", "sip:b@example.com"));
    let invite = Request::new(message, source(), Some(transaction), false);
    let reply = router().handle(invite).reply().await;
    assert_eq!(reply.status(), Some(StatusCode::OK));
    assert_eq!(*recorded.0.lock().unwrap(), [StatusCode::RINGING]);
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
    let response = router().handle(with).reply().await.into_response().unwrap();
    assert_eq!(text(&response), "Some(2)");
}
