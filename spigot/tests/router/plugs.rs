//! Plugs: their order, which routes they are on, and that one may answer in the place of what comes after it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::plug::{
    self, AllowSources, Id, LimitBody, Next, Plug, RateLimit, RequestId, RequireTls, Timeout,
};
use spigot::router::internals;
use spigot::{
    Extension, Header, HeaderName, Method, Reply, Request, Router, Source, StatusCode, Transport,
    header as headers, sip_router,
};
use tower::limit::ConcurrencyLimitLayer;
use tower::timeout::TimeoutLayer;
use tower_service::Service;

use super::{arrived, ask, ask_in_dialog, header, request, text};

/// Writes down that a request came by, and that a reply went back.
#[derive(Clone)]
struct Note(&'static str, Arc<Mutex<Vec<String>>>);

impl Note {
    fn write(&self, what: &str) {
        self.1.lock().unwrap().push(format!("{what} {}", self.0));
    }
}

impl Plug for Note {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        self.write("to");
        let reply = next.run(request).await;
        self.write("from");
        reply
    }
}

/// Answers in the place of everything after it.
struct Closed;

impl Plug for Closed {
    async fn call(&self, _: Request, _: Next<'_>) -> Reply {
        StatusCode::SERVICE_UNAVAILABLE.into()
    }
}

/// Puts a number beside the request, one more each time.
struct Numbered(AtomicUsize);

impl Plug for Numbered {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        // A plug may wait.
        tokio::task::yield_now().await;
        next.run(request.with(number)).await
    }
}

static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn note(name: &'static str) -> impl Plug {
    struct Static(&'static str);
    impl Plug for Static {
        async fn call(&self, request: Request, next: Next<'_>) -> Reply {
            NOTES.lock().unwrap().push(format!("to {}", self.0));
            let reply = next.run(request).await;
            NOTES.lock().unwrap().push(format!("from {}", self.0));
            reply
        }
    }
    Static(name)
}

fn notes() -> Vec<String> {
    std::mem::take(&mut *NOTES.lock().unwrap())
}

struct Pbx;

#[sip_router(plugs(note("first"), note("second")))]
impl Pbx {
    #[plug]
    async fn every(&self, request: Request, next: Next<'_>) -> Reply {
        NOTES.lock().unwrap().push("every".to_owned());
        next.run(request).await
    }

    #[plug(only(register, method("PAUSE")))]
    async fn some(&self, request: Request, next: Next<'_>) -> Reply {
        NOTES.lock().unwrap().push("some".to_owned());
        next.run(request).await
    }

    #[plug(except(register))]
    async fn others(&self, request: Request, next: Next<'_>) -> Reply {
        NOTES.lock().unwrap().push("others".to_owned());
        next.run(request).await
    }

    #[register]
    #[through(note("own"))]
    #[through(note("and another"))]
    async fn register(&self) -> StatusCode {
        NOTES.lock().unwrap().push("handler".to_owned());
        StatusCode::OK
    }

    #[method("PAUSE")]
    async fn pause(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message]
    #[through(Closed)]
    async fn message(&self) -> StatusCode {
        unreachable!("a plug has halted the request")
    }

    #[ack]
    async fn acked(&self) {
        NOTES.lock().unwrap().push("acked".to_owned());
    }
}

// One test, because the notes are shared.
#[tokio::test]
async fn plugs_run_in_their_order_and_where_they_belong() {
    let router = Router::new(Pbx);
    let of = async |method: &str| {
        let response = ask(&router, request(method, "sip:bob@example.com")).await;
        (response.status(), notes())
    };
    let expected = [
        "to first",
        "to second",
        "every",
        "some",
        "to own",
        "to and another",
        "handler",
        "from and another",
        "from own",
        "from second",
        "from first",
    ];
    assert_eq!(
        of("REGISTER").await,
        (StatusCode::OK, expected.map(str::to_owned).to_vec())
    );

    let around = |between: &[&str]| {
        [
            &["to first", "to second"],
            between,
            &["from second", "from first"],
        ]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>()
    };
    assert_eq!(
        of("PAUSE").await,
        (StatusCode::OK, around(&["every", "some", "others"]))
    );
    assert_eq!(
        of("MESSAGE").await,
        (StatusCode::SERVICE_UNAVAILABLE, around(&["every", "others"]))
    );
    // What no route takes passes the plugs of the router alone.
    assert_eq!(of("PUBLISH").await, (StatusCode::METHOD_NOT_ALLOWED, around(&[])));
    let response = ask_in_dialog(&router, request("INFO", "sip:bob@example.com")).await;
    assert_eq!((response.status(), notes()), (StatusCode::OK, Vec::new()));

    // Nothing can be answered to ACK and CANCEL, and neither may be challenged.
    let acked = internals::ack(&router, arrived(request("ACK", "sip:bob@example.com"), true));
    assert_eq!(acked.expect("there is a route").future.await.status(), None);
    assert_eq!(notes(), ["acked"]);
    assert_eq!(of("CANCEL").await, (StatusCode::CALL_DOES_NOT_EXIST, Vec::new()));
}

struct Counting;

#[sip_router(plugs(Numbered(AtomicUsize::new(1))))]
impl Counting {
    #[plug]
    async fn doubled(&self, request: Request, next: Next<'_>) -> Reply {
        let number: usize = request.extension().copied().unwrap_or_default();
        let reply = next.run(request.with(number * 2)).await;
        reply.with(Header(headers::Expires::new(number as u32)))
    }

    #[message]
    async fn message(&self, request: Request) -> (StatusCode, String) {
        let number: Option<&usize> = request.extension();
        (StatusCode::OK, format!("{number:?}"))
    }
}

#[tokio::test]
async fn a_plug_is_made_once_and_hands_on_what_it_puts_beside_the_request() {
    let router = Router::new(Counting);
    for number in 1..4 {
        let response = ask(&router, request("MESSAGE", "sip:bob@example.com")).await;
        assert_eq!(text(&response), format!("Some({})", number * 2));
        assert_eq!(header(&response, HeaderName::EXPIRES), Some(&*number.to_string()));
    }
}

#[tokio::test]
async fn a_plug_may_be_a_value_that_the_application_holds() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = Note("it", seen.clone());
    let mut rest = Box::pin(async { Reply::from(StatusCode::OK) });
    let handed_on = spigot::plug::NextRequest::new();
    let next = Next::new(&handed_on, rest.as_mut());
    let reply = note.call(arrived(request("MESSAGE", "sip:a"), false), next).await;
    assert_eq!(reply.status(), Some(StatusCode::OK));
    assert_eq!(*seen.lock().unwrap(), ["to it", "from it"]);
    assert_eq!(
        handed_on.take().expect("nobody took it").method(),
        &Method::MESSAGE
    );
}

struct Guarded;

#[sip_router(plugs(AllowSources::new(["192.0.2.0/24"]).unwrap()))]
impl Guarded {
    #[publish]
    #[through(LimitBody::new(4))]
    async fn publish(&self) -> StatusCode {
        StatusCode::OK
    }

    #[register]
    #[through(RequireTls)]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message]
    #[through(RateLimit::per_identity(1))]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite]
    #[through(Timeout::new(Duration::from_secs(2)))]
    async fn invite(&self) -> StatusCode {
        std::future::pending().await
    }

    #[refer]
    #[through(Timeout::new(Duration::from_secs(2)))]
    async fn refer(&self) -> StatusCode {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn the_plugs_of_the_library_refuse_what_they_say() {
    let router = Router::new(Guarded);
    let publish = |body: &'static str| {
        request("PUBLISH", "sip:a@example.com")
            .with_body("text/plain", body)
            .unwrap()
    };
    assert_eq!(ask(&router, publish("1234")).await.status(), StatusCode::OK);
    assert_eq!(
        ask(&router, publish("12345")).await.status(),
        StatusCode::REQUEST_ENTITY_TOO_LARGE
    );

    let from = async |transport: Transport, peer: &str| {
        let source = Source::new(
            transport,
            peer.parse().unwrap(),
            "192.0.2.1:5061".parse().unwrap(),
        );
        let register = Request::new(request("REGISTER", "sip:example.com"), source);
        router.handle(register).await.status()
    };
    assert_eq!(from(Transport::Tls, "192.0.2.9:5061").await, Some(StatusCode::OK));
    assert_eq!(from(Transport::Wss, "192.0.2.9:5061").await, Some(StatusCode::OK));
    assert_eq!(
        from(Transport::Tcp, "192.0.2.9:5061").await,
        Some(StatusCode::FORBIDDEN)
    );
    assert_eq!(
        from(Transport::Tls, "192.0.3.9:5061").await,
        Some(StatusCode::FORBIDDEN)
    );

    let message = || request("MESSAGE", "sip:a@example.com");
    assert_eq!(ask(&router, message()).await.status(), StatusCode::OK);
    let response = ask(&router, message()).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&response, HeaderName::RETRY_AFTER), Some("1"));
    let mut other = message();
    other
        .headers_mut()
        .set(HeaderName::FROM, "<sip:carol@example.com>;tag=c")
        .unwrap();
    assert_eq!(ask(&router, other).await.status(), StatusCode::OK);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(ask(&router, message()).await.status(), StatusCode::OK);

    for (method, late) in [
        ("INVITE", StatusCode::REQUEST_TIMEOUT),
        ("REFER", StatusCode::SERVER_INTERNAL_ERROR),
    ] {
        let begun = tokio::time::Instant::now();
        assert_eq!(
            ask(&router, request(method, "sip:a@example.com")).await.status(),
            late
        );
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
    }
}

#[derive(Clone)]
struct Marked;

struct Layered;

#[sip_router]
impl Layered {
    #[message]
    #[through(plug::layer(TimeoutLayer::new(Duration::from_secs(1))).or(|_| StatusCode::SERVER_TIMEOUT.into()))]
    async fn message(&self, Extension(Marked): Extension<Marked>) -> StatusCode {
        StatusCode::OK
    }

    #[publish]
    #[through(plug::layer(TimeoutLayer::new(Duration::from_secs(1))).or(|_| StatusCode::SERVER_TIMEOUT.into()))]
    async fn publish(&self) -> StatusCode {
        std::future::pending().await
    }

    #[refer]
    #[through(plug::layer(ConcurrencyLimitLayer::new(2)))]
    async fn refer(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(1)).await;
        StatusCode::OK
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_of_tower_is_a_plug_and_a_router_is_a_service() {
    let mut router = Router::new(Layered);
    let message = arrived(request("MESSAGE", "sip:a@example.com"), false).with(Marked);
    let reply = Service::call(&mut router, message).await.unwrap();
    assert_eq!(
        reply.status(),
        Some(StatusCode::OK),
        "what is beside the request passes the layer"
    );
    let late = ask(&router, request("PUBLISH", "sip:a@example.com")).await;
    assert_eq!(late.status(), StatusCode::SERVER_TIMEOUT);

    // Two at once, so that three take as long as two.
    let begun = tokio::time::Instant::now();
    let refer = || ask(&router, request("REFER", "sip:a@example.com"));
    tokio::join!(refer(), refer(), refer());
    assert_eq!(begun.elapsed(), Duration::from_secs(2));
}

struct Named;

#[sip_router(plugs(RequestId::new()))]
impl Named {
    #[message]
    async fn message(&self, Extension(id): Extension<Id>) -> (StatusCode, String) {
        (StatusCode::OK, id.to_string())
    }

    #[publish]
    #[through(RequestId::in_header("X-Correlation-ID").unwrap().always_own())]
    async fn publish(&self, Extension(id): Extension<Id>) -> (StatusCode, String) {
        (StatusCode::OK, id.to_string())
    }
}

#[tokio::test]
async fn a_request_has_a_name_of_its_own_or_the_one_that_it_brings() {
    let router = Router::new(Named);
    let named = HeaderName::from_token("X-Request-ID").unwrap();
    let own = ask(&router, request("MESSAGE", "sip:a@example.com")).await;
    let other = ask(&router, request("MESSAGE", "sip:a@example.com")).await;
    assert_eq!(header(&own, named.clone()), Some(text(&own)));
    assert_eq!(text(&own).len(), 32);
    assert_ne!(text(&own), text(&other));

    for (brought, is_taken) in [
        ("7c1e-42.a_~", true),
        ("short", false),
        ("with space and more", false),
        (&*"x".repeat(129), false),
    ] {
        for (method, takes) in [("MESSAGE", true), ("PUBLISH", false)] {
            let request = request(method, "sip:a@example.com");
            let request = request
                .with_header("X-Request-ID", brought)
                .unwrap()
                .with_header("X-Correlation-ID", brought)
                .unwrap();
            let response = ask(&router, request).await;
            assert_eq!(
                text(&response) == brought,
                is_taken && takes,
                "{method} {brought}"
            );
        }
    }
}
