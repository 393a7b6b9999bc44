//! What the log says of a request: one tree of spans, and nothing that is secret.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use spigot::header::Algorithm;
use spigot::plug::{DigestAuth, Id, RequestId, Trace};
use spigot::testing::TestServer;
use spigot::{Extension, Method, StatusCode, sip_router};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

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
        // The endpoint's span, and the plug's inside it.
        "request{agent=\"server\" method=\"MESSAGE\" user=\"bob\" host=\"example.com\"",
        "}:sip{method=\"MESSAGE\" uri=",
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

    let authorization = message
        .request()
        .headers()
        .get(&spigot::HeaderName::AUTHORIZATION)
        .unwrap();
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
