//! What the log says of a request: one tree of spans, and nothing that is secret.

use std::collections::HashMap;
use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use spigot::header::Algorithm;
use spigot::plug::{DigestAuth, Id, RequestId, Trace};
use spigot::testing::TestServer;
use spigot::{Extension, Method, Request, Router, Source, StatusCode, Transport, sip, sip_router};
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing::span::{self, Attributes};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

struct Pbx;

fn users() -> HashMap<String, String> {
    HashMap::from([("alice".to_owned(), "hunter2".to_owned())])
}

#[sip_router(plugs(
    Trace::new(),
    RequestId::new(),
    DigestAuth::new("example.com", [Algorithm::SHA_256], users())
))]
impl Pbx {
    #[message]
    async fn message(&self, Extension(id): Extension<Id>, text: String) -> StatusCode {
        tokio::task::yield_now().await;
        tracing::info!(length = text.len(), "a message; its id is {id}");
        StatusCode::ACCEPTED
    }
}

struct Traced;

#[sip_router(plugs(Trace::new()))]
impl Traced {
    #[message]
    async fn message(&self) -> StatusCode {
        tokio::task::yield_now().await;
        tracing::info_span!("look up").in_scope(|| tracing::info!("found"));
        StatusCode::ACCEPTED
    }
}

/// Lines that are kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Log;

    fn make_writer(&'w self) -> Log {
        self.clone()
    }
}

#[spigot::test]
async fn the_log_has_a_tree_of_each_request_and_no_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::NEW)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _log = tracing::subscriber::set_default(subscriber);

    let server = TestServer::start(Pbx).await;
    let alice = server.client("sip:alice@example.com").await;
    let message = alice
        .request(Method::MESSAGE, "sip:bob:s3cret@example.com")
        .to("sip:bob:s3cret@example.com")
        .body("text/plain", "the plan is in the drawer")
        .credentials("alice", "hunter2");
    let mut message = message.start().await;
    assert_eq!(message.response().await.status(), StatusCode::ACCEPTED);

    let text = log.text();
    let line = text
        .lines()
        .find(|line| line.contains("a message; its id is"))
        .unwrap_or_else(|| panic!("{text}"));
    let id = line
        .split("its id is ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    for part in [
        "request{agent=\"server\" method=\"MESSAGE\" user=\"bob\" host=\"example.com\"",
        "uri=",
        "cseq=\"2 MESSAGE\"",
        &format!("request_id=\"{id}\""),
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    let answered: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("spigot::router::plug::trace") && line.contains("answered"))
        .collect();
    assert_eq!(answered.len(), 2, "{text}");
    assert!(
        answered[0].contains("status=401") && answered[1].contains("status=202"),
        "{answered:?}"
    );

    let message = message.request();
    let authorization = message.headers().get(&spigot::HeaderName::AUTHORIZATION).unwrap();
    let response = authorization
        .split("response=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    for secret in ["hunter2", "s3cret", "drawer", response] {
        assert!(!text.contains(secret), "{secret} is in the log:\n{text}");
    }
}

/// Spans and events as a tree, of INFO and above: each stands two spaces to the right of the span that it is
/// in.
#[derive(Clone, Default)]
struct Tree(Log);

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Tree {
    fn on_new_span(&self, span: &Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let depth = context.span_scope(id).map_or(0, |scope| scope.count() - 1);
        self.write(depth, span.metadata().name());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let depth = context.event_scope(event).map_or(0, |scope| scope.count());
        let mut message = String::new();
        event.record(&mut |field: &Field, value: &dyn Debug| {
            if field.name() == "message" {
                message = format!("{value:?}");
            }
        });
        self.write(depth, &message);
    }
}

impl Tree {
    fn write(&self, depth: usize, line: &str) {
        writeln!(self.0.clone(), "{:1$}{line}", "", 2 * depth).unwrap();
    }
}

#[spigot::test]
async fn a_request_has_one_span_of_the_library() {
    let tree = Tree::default();
    let subscriber = tracing_subscriber::registry().with(tree.clone().with_filter(LevelFilter::INFO));
    let server = TestServer::start(Traced).await;
    let alice = server.client("sip:alice@example.com").await;
    let _log = tracing::subscriber::set_default(subscriber);

    let message = alice.message("sip:bob@example.com", "hello").send().await;

    assert_eq!(message.status(), StatusCode::ACCEPTED);
    assert_eq!(tree.0.text(), "request\n  look up\n    found\n  answered\n");
}

#[tokio::test]
async fn a_router_without_an_endpoint_has_a_span_of_its_own() {
    let tree = Tree::default();
    let subscriber = tracing_subscriber::registry().with(tree.clone().with_filter(LevelFilter::INFO));
    let _log = tracing::subscriber::set_default(subscriber);

    let text = "MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
                From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n\r\n";
    let message = sip::Request::parse(text).unwrap();
    let source = Source::new(
        Transport::Udp,
        ([192, 0, 2, 1], 5060).into(),
        ([192, 0, 2, 2], 5060).into(),
    );
    let request = Request::new(message, source);
    let reply = Router::new(Traced).handle(request).await;

    assert_eq!(reply.status(), Some(StatusCode::ACCEPTED));
    assert_eq!(tree.0.text(), "request\n  look up\n    found\n  answered\n");
}
