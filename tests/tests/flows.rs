//! Flows that last: kept alive, found dead, and told of, on virtual time.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::testing::{Faults, TestServer};
use spigot::{
    BadFlowToken, Config, Flow, HeaderName, Method, Outbound, Request, RequestError, Spigot, StatusCode,
    Transport, sip_router,
};
use tokio::time::Instant;

#[derive(Clone, Default)]
struct Registrar {
    registered: Arc<Mutex<Option<Flow>>>,
    closed: Arc<Mutex<Vec<Flow>>>,
}

#[sip_router]
impl Registrar {
    #[register]
    async fn register(&self, request: Request) -> StatusCode {
        *self.registered.lock().unwrap() = Some(request.source().flow());
        StatusCode::OK
    }
}

impl Registrar {
    async fn start(&self) -> TestServer {
        let closed = self.closed.clone();
        let told = move |flow| closed.lock().unwrap().push(flow);
        TestServer::start_with(self.clone(), |config| config.on_closed(told)).await
    }

    fn flow(&self) -> Flow {
        self.registered.lock().unwrap().expect("somebody has registered")
    }

    fn closed(&self) -> Vec<Flow> {
        self.closed.lock().unwrap().clone()
    }
}

const BOTH: [Transport; 2] = [Transport::Udp, Transport::Tcp];

#[spigot::test]
async fn a_flow_lasts_as_long_as_the_peer_answers() {
    for transport in BOTH {
        let registrar = Registrar::default();
        let server = registrar.start().await;
        let alice = server.client_over(transport, "sip:alice@example.com").await;
        alice.register().send().await;
        let mut kept = server
            .spigot()
            .client()
            .keep_alive(registrar.flow(), Duration::from_secs(30));
        let clock = Instant::now();
        let failed = tokio::time::timeout(Duration::from_secs(3_600), kept.failed()).await;
        assert!(failed.is_err(), "{transport}: failed after {:?}", clock.elapsed());
        assert_eq!(registrar.closed(), []);

        // From now on nothing arrives in time.
        server
            .network()
            .set_faults(Faults::none().loss(1.0).delay(HOUR..HOUR * 2));
        let clock = Instant::now();
        kept.failed().await;
        // At most 30 s until it asks, and then RFC 5626 §4.4.1 has 10 s, RFC 5389 §7.2.1 39.5 s.
        let patience = match transport {
            Transport::Udp => 39.5,
            _ => 10.0,
        };
        let after = clock.elapsed().as_secs_f64();
        assert!(
            (patience..=patience + 30.0).contains(&after),
            "{transport}: {after}"
        );
        kept.failed().await; // as often as one likes
        if transport.is_reliable() {
            server.spigot().client().closed(registrar.flow()).await;
        }
        assert_eq!(registrar.closed(), [registrar.flow()]);
    }
}

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);

#[spigot::test]
async fn a_flow_whose_peer_refuses_to_give_a_sign_of_life_has_failed_at_once() {
    let registrar = Registrar::default();
    let server = registrar.start().await;
    let alice = server.client("sip:alice@example.com").await;
    alice.register().send().await;
    let client = server.spigot().client();
    let mut kept = client.keep_alive(registrar.flow(), Duration::from_secs(30));
    let clock = Instant::now();
    // Asked within 30 s, alice does not hear it.
    server.network().set_faults(Faults::none().loss(1.0));
    assert!(
        tokio::time::timeout(Duration::from_secs(31), kept.failed())
            .await
            .is_err()
    );
    server.network().set_faults(Faults::none());
    // A Binding error response: 400.
    let refusal = b"\x01\x11\0\x08\x21\x12\xa4\x42\0\0\0\0\0\0\0\0\0\0\0\0\0\x09\0\x04\0\0\x04\0";
    alice.send_raw(refusal).await;
    let failed = tokio::time::timeout(MINUTE, kept.failed()).await;
    assert!(failed.is_ok(), "taken for silence");
    assert_eq!(clock.elapsed().as_secs(), 31);
    assert_eq!(registrar.closed(), [registrar.flow()]);
}

#[spigot::test]
async fn what_is_under_way_on_a_flow_of_datagrams_fails_with_it() {
    let registrar = Registrar::default();
    let server = registrar.start().await;
    let alice = server.client("sip:alice@example.com").await;
    alice.register().send().await;
    let client = server.spigot().client();
    let mut kept = client.keep_alive(registrar.flow(), Duration::from_secs(30));
    server.network().set_faults(Faults::none().loss(1.0));
    // It is found dead between 63.5 s and 69.5 s from now, and the request would be given up after 77 s.
    let asked = tokio::time::timeout(Duration::from_secs(45), kept.failed()).await;
    assert!(asked.is_err());
    let greeting = client.message("sip:alice@example.com");
    let greeting = greeting.on(registrar.flow()).send().await;
    assert!(matches!(greeting, Err(RequestError::FlowFailed)), "{greeting:?}");
    kept.failed().await;
}

#[spigot::test]
async fn nothing_is_kept_alive_by_an_endpoint_that_is_shut_down() {
    for transport in BOTH {
        let registrar = Registrar::default();
        let server = registrar.start().await;
        let alice = user_agent(&server, transport).await;
        let client = alice.client();
        let register = client.request(Method::REGISTER, at(transport));
        let mut register = register.start().await.unwrap();
        register.response().await.unwrap();
        let flow = register.flow();
        let mut kept = client.keep_alive(flow, HOUR);
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { client.closed(flow).await }
        });
        assert!(tokio::time::timeout(MINUTE, kept.failed()).await.is_err());
        alice.shutdown().await;
        let clock = Instant::now();
        kept.failed().await;
        waiting.await.unwrap();
        client.closed(flow).await;
        assert!(clock.elapsed() < MINUTE, "{transport}");
    }
}

#[spigot::test]
async fn a_connection_that_the_peer_closes_ends_what_keeps_it_alive() {
    let registrar = Registrar::default();
    let server = registrar.start().await;
    let alice = server.client_over(Transport::Tcp, "sip:alice@example.com").await;
    alice.register().send().await;
    let client = server.spigot().client();
    let mut kept = client.keep_alive(registrar.flow(), Duration::from_secs(30));
    drop(alice);
    kept.failed().await;
    assert_eq!(registrar.closed(), [registrar.flow()]);
    let greeting = client
        .message("sip:alice@example.com")
        .on(registrar.flow())
        .send();
    assert!(matches!(greeting.await, Err(RequestError::FlowFailed)));
}

/// A registrar that knows flows.
#[derive(Clone, Default)]
struct Edge {
    bound: Arc<Mutex<Option<Outbound>>>,
}

#[sip_router]
impl Edge {
    #[register]
    async fn register(&self, outbound: Option<Outbound>) -> (StatusCode, Option<Outbound>) {
        *self.bound.lock().unwrap() = outbound.clone();
        (StatusCode::OK, outbound)
    }

    #[invite]
    async fn invite(&self, request: Request) -> (StatusCode, String) {
        (
            StatusCode::OK,
            request
                .headers()
                .get(&HeaderName::CONTACT)
                .unwrap_or_default()
                .to_owned(),
        )
    }
}

const INSTANCE: &str = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

/// An endpoint that registers at the server of a test.
async fn user_agent(server: &TestServer, transport: Transport) -> Spigot {
    let address = SocketAddr::from(([198, 51, 100, 200], 5060));
    let config = Config::new(Edge::default()).name("alice");
    let config = match transport {
        Transport::Udp => config.bind(server.network().datagrams(address, "alice")),
        _ => config.bind(server.network().streams(address, "alice")),
    };
    Spigot::start(config).await.unwrap()
}

fn at(transport: Transport) -> String {
    format!("sip:192.0.2.1;transport={transport}")
}

#[spigot::test]
async fn a_user_agent_registers_a_flow_and_keeps_it_alive() {
    for (transport, seconds) in [(Transport::Udp, 25), (Transport::Tcp, 90)] {
        let edge = Edge::default();
        let server = TestServer::start(edge.clone()).await;
        let alice = user_agent(&server, transport).await;
        let register = alice.client().request(Method::REGISTER, at(transport));
        let mut register = register.register_flow(INSTANCE, 2).start().await.unwrap();
        let response = register.response().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers().get(&HeaderName::REQUIRE), Some("outbound"));
        let bound = edge.bound.lock().unwrap().clone().expect("a flow was registered");
        assert_eq!((bound.instance(), bound.reg_id()), (INSTANCE, 2));
        assert_eq!(bound.flow().peer(), register.flow().local());

        let mut kept = register.keep_alive(&response).expect("the registrar asks for it");
        assert_eq!(kept.interval(), Duration::from_secs(seconds));
        assert!(tokio::time::timeout(HOUR, kept.failed()).await.is_err());

        // The server finds its way by the token of the flow, which nobody else can make.
        let client = server.spigot().client();
        let token = client.flow_token(bound.flow());
        assert_eq!(client.flow_of(&token), Ok(bound.flow()));
        assert_eq!(alice.client().flow_of(&token), Err(BadFlowToken::Forged));
        assert_eq!(client.flow_of("alice"), Err(BadFlowToken::Forged));
        alice.shutdown().await;
        if transport.is_reliable() {
            client.closed(bound.flow()).await;
            assert_eq!(client.flow_of(&token), Err(BadFlowToken::Closed));
        }
    }
}

#[spigot::test]
async fn a_test_client_registers_a_flow_too() {
    let edge = Edge::default();
    let server = TestServer::start(edge.clone()).await;
    let alice = server.client_over(Transport::Tcp, "sip:alice@example.com").await;
    let response = alice.register().register_flow(INSTANCE, 1).send().await;
    assert_eq!(response.headers().get(&HeaderName::REQUIRE), Some("outbound"));
    let flow = edge
        .bound
        .lock()
        .unwrap()
        .clone()
        .expect("a flow was registered")
        .flow();
    // Answers to keepalives are not taken for keepalives, however many come.
    let client = server.spigot().client();
    let mut kept = client.keep_alive(flow, Duration::from_secs(30));
    assert!(tokio::time::timeout(HOUR, kept.failed()).await.is_err());
    let ladder = server.ladder().to_string();
    let (all, answered) = (
        ladder.matches("keepalive").count(),
        ladder.matches("keepalive answered").count(),
    );
    assert!(answered > 20, "{ladder}");
    assert_eq!(all, 2 * answered, "{ladder}");
}

#[spigot::test]
async fn what_is_no_registration_of_a_flow_is_an_ordinary_one() {
    let edge = Edge::default();
    let server = TestServer::start(edge.clone()).await;
    let alice = server.client("sip:alice@example.com").await;
    let contact = format!("<sip:alice@198.51.100.1>;reg-id=1;+sip.instance=\"<{INSTANCE}>\"");
    let other = "<sip:alice@198.51.100.2>";
    let (gone, gone_flow) = (format!("{other};expires=0"), format!("{contact};expires=0"));
    let brief = format!("{other};expires=60");
    let via = "SIP/2.0/UDP proxy.example.com;branch=z9hG4bK1";
    type Lines<'l> = &'l [(&'l str, &'l str)];
    let table: [(Lines<'_>, StatusCode, bool); 11] = [
        (
            &[("Contact", &contact), ("Supported", "outbound")],
            StatusCode::OK,
            true,
        ),
        (&[("Contact", &contact)], StatusCode::OK, false),
        (
            &[("Contact", other), ("Supported", "outbound")],
            StatusCode::OK,
            false,
        ),
        (
            &[
                ("Contact", &contact),
                ("Contact", other),
                ("Supported", "outbound"),
            ],
            StatusCode::BAD_REQUEST,
            false,
        ),
        // Those that are removed do not count.
        (
            &[
                ("Contact", &contact),
                ("Contact", &gone),
                ("Supported", "outbound"),
            ],
            StatusCode::OK,
            true,
        ),
        (
            &[
                ("Contact", &gone_flow),
                ("Contact", other),
                ("Supported", "outbound"),
            ],
            StatusCode::OK,
            true,
        ),
        (
            &[
                ("Contact", &contact),
                ("Contact", other),
                ("Expires", "0"),
                ("Supported", "outbound"),
            ],
            StatusCode::OK,
            true,
        ),
        (
            &[
                ("Contact", &contact),
                ("Contact", &brief),
                ("Expires", "0"),
                ("Supported", "outbound"),
            ],
            StatusCode::OK,
            true,
        ),
        (
            &[("Contact", &contact), ("Supported", "outbound"), ("Via", via)],
            StatusCode::FIRST_HOP_LACKS_OUTBOUND_SUPPORT,
            false,
        ),
        (
            &[
                ("Contact", &contact),
                ("Supported", "outbound"),
                ("Via", via),
                ("Path", "<sip:edge.example.com;lr>"),
            ],
            StatusCode::FIRST_HOP_LACKS_OUTBOUND_SUPPORT,
            false,
        ),
        (
            &[
                ("Contact", &contact),
                ("Supported", "path, outbound"),
                ("Via", via),
                ("Path", "<sip:token@edge.example.com;lr;ob>"),
            ],
            StatusCode::OK,
            true,
        ),
    ];
    for (number, (headers, status, bound)) in table.into_iter().enumerate() {
        *edge.bound.lock().unwrap() = None;
        // Raw, since a client writes no Via of others.
        let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let lines: String = lines.collect();
        alice
            .send_raw(format!(
                "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK0{number}\r\n{lines}\
                 From: <sip:alice@example.com>;tag=a\r\nTo: <sip:alice@example.com>\r\nCall-ID: {number}@example.com\r\n\
                 CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
                alice.address()
            ))
            .await;
        let response = alice.expect_response().await;
        assert_eq!(response.status(), status, "{headers:?}");
        assert_eq!(edge.bound.lock().unwrap().is_some(), bound, "{headers:?}");
        assert_eq!(
            response.headers().get(&HeaderName::REQUIRE),
            bound.then_some("outbound"),
            "{headers:?}"
        );
        // RFC 5626 §6 lets only a registrar with a direct flow say it; otherwise the edge proxy does.
        let direct = !headers.iter().any(|(name, _)| *name == "Via");
        assert_eq!(
            response.headers().contains(&HeaderName::FLOW_TIMER),
            bound && direct,
            "{headers:?}"
        );
    }
}

#[spigot::test]
async fn keep_is_offered_in_the_via_and_ob_in_the_contact() {
    let server = TestServer::start(Edge::default()).await;
    let alice = user_agent(&server, Transport::Udp).await;
    let invite = || alice.client().invite(at(Transport::Udp));
    let mut offered = invite().keep().outbound().start().await.unwrap();
    let response = offered.response().await.unwrap();
    assert_eq!(response.body(), "<sip:alice@198.51.100.200:5060;ob>");
    let kept = offered.keep_alive(&response).expect("the server takes the offer");
    assert_eq!(kept.interval(), Duration::from_secs(25));

    let mut plain = invite().start().await.unwrap();
    let response = plain.response().await.unwrap();
    assert_eq!(response.body(), "<sip:alice@198.51.100.200:5060>");
    assert!(plain.keep_alive(&response).is_none());
}

/// An INVITE of the server's with an offer to keep the flow alive, answered by alice with these responses:
/// status, value of the `keep` in the Via, tag. Gives what is kept alive by each, in seconds.
async fn asked_by(responses: &[(&str, &str, &str)]) -> Vec<Option<u64>> {
    let server = TestServer::start(Registrar::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    let client = server.spigot().client();
    let invite = client
        .invite("sip:alice@example.com")
        .to_address(Transport::Udp, alice.address());
    let mut invite = invite.keep().start().await.unwrap();
    let ring = alice.expect(Method::INVITE).await;
    let mut asked = Vec::new();
    for (status, value, tag) in responses {
        let header = |name| ring.headers().get(&name).unwrap_or_default();
        let via = header(HeaderName::VIA).replace(";keep", &format!(";keep{value}"));
        let tag = if tag.is_empty() {
            String::new()
        } else {
            format!(";tag={tag}")
        };
        alice
            .send_raw(format!(
                "SIP/2.0 {status}\r\nVia: {via}\r\nFrom: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
                 Contact: <sip:alice@{}>\r\nContent-Length: 0\r\n\r\n",
                header(HeaderName::FROM),
                header(HeaderName::TO),
                header(HeaderName::CALL_ID),
                header(HeaderName::CSEQ),
                alice.address()
            ))
            .await;
        let response = match status.starts_with('1') {
            true => invite.provisional().await.unwrap(),
            false => invite.response().await.unwrap(),
        };
        let kept = invite.keep_alive(&response);
        asked.push(kept.map(|kept| kept.interval().as_secs()));
    }
    asked
}

#[spigot::test]
async fn a_provisional_response_asks_for_signs_of_life_for_its_dialog() {
    // RFC 6223 §4.3: one response is enough, for the dialog on which it comes.
    let (early, ok) = ("183 Session Progress", "200 OK");
    let fork = [(early, "=40", "a"), ("180 Ringing", "", "b")];
    let to = |last| [fork[0], fork[1], last];
    assert_eq!(asked_by(&to((ok, "", "a"))).await, [Some(40), None, Some(40)]);
    assert_eq!(asked_by(&to((ok, "", "b"))).await, [Some(40), None, None]);
    assert_eq!(asked_by(&to((ok, "=25", "b"))).await, [Some(40), None, Some(25)]);
    assert_eq!(
        asked_by(&to(("486 Busy Here", "=40", "a"))).await,
        [Some(40), None, None]
    );
    let zero = [(early, "=0", "a"), (ok, "", "a")];
    assert_eq!(asked_by(&zero).await, [Some(29), Some(29)]);
    let trying = [("100 Trying", "=40", ""), (ok, "", "a")];
    assert_eq!(asked_by(&trying).await, [None, None]);
}

#[spigot::test]
async fn each_early_dialog_that_there_may_be_is_remembered() {
    let tags: Vec<String> = (0..12).map(|fork| format!("fork{fork}")).collect();
    let rings = tags
        .iter()
        .map(|tag| ("183 Session Progress", "=40", tag.as_str()));
    let asked = asked_by(&rings.collect::<Vec<_>>()).await;
    assert_eq!(asked, [Some(40); 12]);
}

#[spigot::test]
async fn an_instance_is_a_urn() {
    let server = TestServer::start(Edge::default()).await;
    let client = server.spigot().client();
    for text in [
        "",
        "alice",
        "sip:alice@example.com",
        "urn:uuid",
        "a>\";reg-id=9;x=\"<b",
        "urn:uuid:a\"b",
    ] {
        let register = client
            .request(Method::REGISTER, at(Transport::Udp))
            .register_flow(text, 1);
        let error = register.send().await.expect_err(text).to_string();
        let expected =
            "the request cannot be built: Contact cannot be set: expected a URN as its `+sip.instance`";
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[spigot::test]
async fn nobody_looks_for_a_browser_by_its_name() {
    let server = TestServer::start(Edge::default()).await;
    let error = server
        .spigot()
        .client()
        .options("sip:alice@df7jal23ls0d.invalid")
        .send()
        .await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("a browser is reached on its flow alone"),
        "{error}"
    );
}
