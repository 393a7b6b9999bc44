//! The router asked directly, with parsed requests and no network.

mod answers;
mod bodies;
mod composition;
mod dialogs;
mod domains;
mod extractors;
mod fallbacks;
mod layers;
mod matching;
mod plugs;
mod plugs_in_dialogs;
mod roles;
mod table;

use spigot::{HeaderName, Request, Response, Router, Source, Transport, sip};

/// A request as it comes from the wire.
fn request(method: &str, uri: &str) -> sip::Request {
    sip::Request::parse(format!(
        "{method} {uri} SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:alice@example.com>;tag=a\r\n\
         To: <sip:bob@example.com>\r\n\
         Call-ID: 1@192.0.2.9\r\n\
         CSeq: 1 {method}\r\n\
         Content-Length: 0\r\n\r\n"
    ))
    .unwrap()
}

fn source() -> Source {
    Source::new(
        Transport::Udp,
        "192.0.2.9:5060".parse().unwrap(),
        "192.0.2.1:5060".parse().unwrap(),
    )
}

fn arrived(message: sip::Request, in_dialog: bool) -> Request {
    let request = Request::new(message, source());
    if in_dialog {
        request.inside_dialog()
    } else {
        request
    }
}

/// The response to a request outside of any dialog.
async fn ask(router: &Router, message: sip::Request) -> Response {
    router
        .handle(arrived(message, false))
        .await
        .into_response()
        .unwrap()
}

/// The response to a request within a dialog.
async fn ask_in_dialog(router: &Router, message: sip::Request) -> Response {
    router
        .handle(arrived(message, true))
        .await
        .into_response()
        .unwrap()
}

fn header(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(&name)
}

fn text(response: &Response) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}
