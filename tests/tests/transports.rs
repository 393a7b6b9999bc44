//! One suite of requests over every transport, on IPv4 and IPv6: every Via and Contact agrees with what
//! carries it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use spigot::header::{Contact, Via};
use spigot::plug::RequireTls;
use spigot::testing::{TestClient, Zone, authority, certificates};
use spigot::tls::{Certificates, TlsConfig, Trust};
use spigot::transport::{Origins, Proxies};
use spigot::{
    Config, Flow, HeaderName, ListenAddr, Method, Request, RequestError, Response, Source, Spigot,
    StatusCode, Transport, sip, sip_router,
};
use spigot_tests::{Draft, Stream, TRANSPORTS};

#[derive(Clone, Default)]
struct Phone {
    /// Who registers last.
    registered: Arc<Mutex<Option<Flow>>>,
}

#[sip_router]
impl Phone {
    #[register]
    async fn register(&self, request: Request) -> (StatusCode, String) {
        *self.registered.lock().unwrap() = Some(request.source().flow());
        (StatusCode::OK, seen(&request))
    }

    #[message(content_type = "text/plain")]
    async fn message(&self, text: String) -> (StatusCode, String) {
        (StatusCode::OK, text)
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[info]
    async fn info(&self, request: Request) -> (StatusCode, String) {
        (StatusCode::OK, seen(&request))
    }
}

/// What carried a request, its Via and its Contact.
fn seen(request: &Request) -> String {
    let via: Via = request.headers().typed().unwrap().unwrap();
    let contact = request.headers().get(&HeaderName::CONTACT).unwrap_or("none");
    format!("{} {} {contact}", request.source().transport, via.transport())
}

fn contact(response: &Response) -> sip::SipUri {
    let contact: Contact = response.headers().typed().unwrap().unwrap();
    contact.uri().unwrap().as_sip().unwrap().clone()
}

async fn suite(transport: Transport, ip: IpAddr) {
    let phone = Phone::default();
    let registered = phone.registered.clone();
    let config = Config::new(phone).tls(certificates(&["127.0.0.1", "::1", "sip.example.com"]));
    let told: Arc<Mutex<Vec<Flow>>> = Arc::default();
    let config = config.on_closed({
        let told = told.clone();
        move |flow| told.lock().unwrap().push(flow)
    });
    let spigot = Spigot::start(config.listen(transport, (ip, 0))).await.unwrap();
    let listener = spigot.listeners()[0];
    let alice = TestClient::connect_as(&listener.to_string(), "sip:alice@example.com").await;
    let token = transport.as_str();

    let answer = alice.register().send().await;
    let said = String::from_utf8(answer.body().to_vec()).unwrap();
    let expected_contact = match transport {
        Transport::Udp => format!("<sip:alice@{}>", alice.address()),
        _ => format!("<sip:alice@{};transport={transport}>", alice.address()),
    };
    assert_eq!(said, format!("{transport} {token} {expected_contact}"));
    let via: Via = answer.headers().typed().unwrap().unwrap();
    assert_eq!(via.transport(), token);
    let flow = registered.lock().unwrap().expect("alice has registered");

    let long = "x".repeat(20_000);
    for text in ["hello", "grüße", &long] {
        let echoed = alice.message("sip:bob@example.com", text).send().await;
        assert_eq!(echoed.status(), StatusCode::OK, "{transport}");
        assert_eq!(echoed.body(), text.as_bytes(), "{transport}");
    }
    let html = alice.request(Method::MESSAGE, "sip:bob@example.com");
    let refused = html.body("text/html", "<b>hello</b>").send().await;
    assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);

    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    assert_eq!(answer.status(), StatusCode::OK);
    let ours = contact(&answer);
    assert_eq!(ours.port(), Some(listener.address.port()));
    assert_eq!(ours.host().ip(), Some(ip));
    let named = ours.transport().unwrap_or("udp").to_owned();
    assert!(named.eq_ignore_ascii_case(token), "{named} over {transport}");
    let dialog = invite.dialog(&answer);
    let info = dialog.request(Method::INFO).send().await;
    assert_eq!(info.status(), StatusCode::OK);
    assert!(
        info.body()
            .starts_with(format!("{transport} {token} ").as_bytes()),
        "{:?}",
        info.body()
    );
    assert_eq!(dialog.bye().await.status(), StatusCode::OK);

    // And the other way: the server calls, at the client's own listener.
    let call = spigot.client().message("sip:alice@example.com");
    let call = call
        .body("text/plain", "and back")
        .to_address(transport, alice.address());
    let call = tokio::spawn(call.send());
    let received = alice.expect(Method::MESSAGE).await;
    assert_eq!(received.body(), "and back");
    received.reply(StatusCode::ACCEPTED);
    assert_eq!(call.await.unwrap().unwrap().status(), StatusCode::ACCEPTED);

    // On the flow of her registration, at an address that says nothing.
    let on_the_flow = || {
        let greeting = spigot.client().message("sip:alice@browser.invalid");
        greeting.body("text/plain", "welcome").on(flow).send()
    };
    let greeting = tokio::spawn(on_the_flow());
    let received = alice.expect(Method::MESSAGE).await;
    assert_eq!(received.body(), "welcome");
    received.reply(StatusCode::OK);
    assert_eq!(greeting.await.unwrap().unwrap().status(), StatusCode::OK);
    drop(alice);
    if transport.is_reliable() {
        spigot.client().closed(flow).await;
        assert!(told.lock().unwrap().contains(&flow), "{transport}");
        let gone = on_the_flow().await.unwrap_err();
        assert!(matches!(gone, RequestError::FlowFailed), "{transport}: {gone}");
    }
    spigot.shutdown().await;
}

#[tokio::test]
async fn every_transport_carries_the_same_over_ipv4() {
    for transport in TRANSPORTS {
        suite(transport, IpAddr::from([127, 0, 0, 1])).await;
    }
}

#[tokio::test]
async fn every_transport_carries_the_same_over_ipv6() {
    for transport in TRANSPORTS {
        suite(transport, IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])).await;
    }
}

#[tokio::test]
async fn a_listener_without_certificates_says_what_is_missing() {
    let config = Config::new(Phone::default()).listen(Transport::Tls, ([127, 0, 0, 1], 0));
    let error = Spigot::start(config).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot listen on tls without certificates: call `Config::tls`"
    );
}

#[tokio::test]
async fn a_public_address_stands_in_via_and_contact() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Ws] {
        let phone = Phone::default();
        let registered = phone.registered.clone();
        let listen = ListenAddr::from(([127, 0, 0, 1], 0)).public("sip.example.com:5070");
        let spigot = Spigot::start(Config::new(phone).listen(transport, listen))
            .await
            .unwrap();
        let alice = TestClient::connect_as(&spigot.listeners()[0].to_string(), "sip:alice@example.com").await;
        alice.register().send().await;
        let answer = alice.invite("sip:bob@example.com").send().await;
        let ours = contact(&answer);
        assert_eq!(
            (ours.host().as_str(), ours.port()),
            ("sip.example.com", Some(5070))
        );

        let flow = registered.lock().unwrap().expect("alice has registered");
        let greeting = spigot.client().message("sip:alice@example.com").on(flow).send();
        let greeting = tokio::spawn(greeting);
        let received = alice.expect(Method::MESSAGE).await;
        let via: Via = received.request().headers().typed().unwrap().unwrap();
        assert_eq!((via.host().as_str(), via.port()), ("sip.example.com", Some(5070)));
        let from = received.request().headers().get(&HeaderName::FROM).unwrap();
        assert!(from.contains("@sip.example.com"), "{from}");
        received.reply(StatusCode::OK);
        assert_eq!(greeting.await.unwrap().unwrap().status(), StatusCode::OK);
    }
    let listen = ListenAddr::from(([127, 0, 0, 1], 0)).public("sip:example.com");
    let config = Config::new(Phone::default()).listen(Transport::Udp, listen);
    let error = Spigot::start(config).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`sip:example.com` is no public address: expected `host` or `host:port`"
    );
}

#[tokio::test]
async fn each_listener_has_load_balancers_of_its_own_or_those_of_all() {
    let (ip, balancer) = ([127, 0, 0, 1], || Proxies::new(["127.0.0.1"]).unwrap());
    let at = || ListenAddr::from((ip, 0));
    let phone = Phone::default();
    let registered = phone.registered.clone();
    let config = Config::new(phone)
        .proxy_protocol(balancer())
        .listen(Transport::Tcp, at())
        .listen(Transport::Tcp, at().proxy_protocol(Proxies::none()))
        .listen(
            Transport::Tcp,
            at().proxy_protocol(Proxies::new(["192.0.2.1"]).unwrap()),
        )
        .listen(Transport::Udp, at().proxy_protocol(Proxies::none()));
    let spigot = Spigot::start(config).await.unwrap();
    for (number, is_proxied) in [(0, true), (1, false), (2, false)] {
        let mut stream = Stream::connect(spigot.listeners()[number].address).await;
        let header = match is_proxied {
            true => "PROXY TCP4 192.0.2.1 192.0.2.9 51234 5060\r\n",
            false => "",
        };
        let register = Draft::new("REGISTER", "sip:example.com", "TCP", stream.local());
        stream
            .send([header.as_bytes(), &register.octets()].concat())
            .await;
        assert_eq!(stream.receive().await.unwrap().status(), 200);
        let peer = registered.lock().unwrap().unwrap().peer();
        assert_eq!(peer == stream.local(), !is_proxied, "{number}: {peer}");
    }

    let config = Config::new(Phone::default()).listen(Transport::Udp, at().proxy_protocol(balancer()));
    let error = Spigot::start(config).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot listen on udp behind a PROXY protocol: it is there for connections"
    );
}

#[tokio::test]
async fn an_origin_that_no_page_has_is_refused_at_the_start() {
    let with = |origin: &str| {
        let config = Config::new(Phone::default()).origins(Origins::only([origin]));
        config.listen(Transport::Ws, ([127, 0, 0, 1], 0))
    };
    let error = Spigot::start(with("phone.example.com")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot listen on ws:127.0.0.1:0: `phone.example.com` is no origin of a page: expected a scheme, a host and, where \
         the URI of the page has one, a port, as `https://phone.example.com`"
    );
    assert!(Spigot::start(with("https://phone.example.com")).await.is_ok());
}

#[tokio::test]
async fn a_call_to_a_sips_uri_stays_secured() {
    for (transport, parameter) in [(Transport::Tls, None), (Transport::Wss, Some("ws"))] {
        let config = Config::new(Phone::default()).tls(certificates(&["127.0.0.1"]));
        let config = config.listen(transport, ([127, 0, 0, 1], 0));
        let spigot = Spigot::start(config).await.unwrap();
        let alice =
            TestClient::connect_as(&spigot.listeners()[0].to_string(), "sips:alice@example.com").await;
        let mut invite = alice.invite("sips:bob@example.com").start().await;
        let answer = invite.response().await;
        let ours = contact(&answer);
        assert!(ours.is_secure(), "{ours}");
        assert_eq!(ours.transport(), parameter);
        let request = invite.request();
        let theirs = request.headers().get(&HeaderName::CONTACT).unwrap();
        assert!(theirs.starts_with("<sips:alice@127.0.0.1:"), "{theirs}");
        assert_eq!(invite.dialog(&answer).bye().await.status(), StatusCode::OK);
    }
}

/// Whom it lets call depends on who has proved to be there.
struct Trunk;

#[sip_router(plugs(RequireTls))]
impl Trunk {
    #[message]
    async fn message(&self, source: Source) -> (StatusCode, String) {
        let domains: Vec<&str> = source.identity().iter().flat_map(|it| it.domains()).collect();
        (StatusCode::OK, domains.join(" "))
    }
}

#[tokio::test]
async fn whoever_has_no_certificate_is_not_let_in_and_whoever_has_one_is_known_by_it() {
    let trust = Trust::from_pem(authority()).unwrap();
    let config = |names: &[&str]| certificates(names).require_clients(trust.clone());
    let trunk = Config::new(Trunk).tls(config(&["trunk.example.com", "sip.example.com", "127.0.0.1"]));
    let trunk = [Transport::Tls, Transport::Wss, Transport::Tcp]
        .into_iter()
        .fold(trunk, |trunk, transport| {
            trunk.listen(transport, ([127, 0, 0, 1], 0))
        });
    let trunk = Spigot::start(trunk).await.unwrap();
    let carrier = Config::new(Phone::default()).tls(config(&["carrier.example.com", "127.0.0.1"]));
    let carrier = TRANSPORTS.into_iter().fold(carrier, |carrier, transport| {
        carrier.listen(transport, ([127, 0, 0, 1], 0))
    });
    let carrier = Spigot::start(carrier).await.unwrap();

    for listener in trunk.listeners() {
        let message = carrier.client().message("sip:bob@trunk.example.com");
        let message = message
            .body("text/plain", "x")
            .to_address(listener.transport, listener.address);
        let answer = message.send().await.unwrap();
        match listener.transport {
            // RequireTls.
            Transport::Tcp => assert_eq!(answer.status(), StatusCode::FORBIDDEN),
            _ => assert_eq!(answer.body(), "carrier.example.com", "{listener}"),
        }
    }
    // Nobody without one.
    let mut bare = Stream::connect_tls(trunk.listeners()[0].address).await;
    bare.send(Draft::new("OPTIONS", "sip:example.com", "TLS", bare.local()).octets())
        .await;
    assert!(bare.receive().await.is_none(), "let in without a certificate");
}

#[tokio::test]
async fn whoever_is_only_asked_for_a_certificate_may_have_none() {
    let trust = Trust::from_pem(authority()).unwrap();
    let asking = certificates(&["sip.example.com", "127.0.0.1"]).ask_clients(trust);
    let trunk = Config::new(Trunk)
        .tls(asking)
        .listen(Transport::Tls, ([127, 0, 0, 1], 0));
    let trunk = Spigot::start(trunk).await.unwrap();
    let address = trunk.listeners()[0].address;

    let mut bare = Stream::connect_tls(address).await;
    let message = Draft::new("MESSAGE", "sip:bob@example.com", "TLS", bare.local());
    assert!(bare.send(message.body("text/plain", "x").octets()).await);
    let answer = bare.receive().await.expect("let in");
    assert_eq!(
        (answer.status(), answer.response.body().as_ref()),
        (200, &b""[..])
    );

    let carrier = Config::new(Phone::default()).tls(certificates(&["carrier.example.com"]));
    let carrier = Spigot::start(carrier.listen(Transport::Tls, ([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let message = carrier
        .client()
        .message("sip:bob@trunk.example.com")
        .body("text/plain", "x");
    let answer = message.to_address(Transport::Tls, address).send().await.unwrap();
    assert_eq!(answer.body(), "carrier.example.com");
}

#[tokio::test]
async fn a_peer_with_a_certificate_is_called_back_on_its_own_connection() {
    let trust = Trust::from_pem(authority()).unwrap();
    let config = |name: &str, phone: Phone| {
        let tls = certificates(&[name, "127.0.0.1"]).require_clients(trust.clone());
        let config = Config::new(phone).tls(tls);
        config.listen(Transport::Tls, ([127, 0, 0, 1], 0))
    };
    let zone = Zone::new().address("b.example.com", [127, 0, 0, 1]);
    let a = config("a.example.com", Phone::default()).resolver(zone);
    let a = Spigot::start(a).await.unwrap();
    let b = Spigot::start(config("b.example.com", Phone::default()))
        .await
        .unwrap();

    let options = b.client().options("sip:a.example.com");
    let options = options.to_address(Transport::Tls, a.listeners()[0].address);
    assert_eq!(options.send().await.unwrap().status(), StatusCode::OK);
    // RFC 5923 §8.2: to the address of its Via, and the domain of its certificate.
    let port = b.listeners()[0].address.port();
    for (domain, opened) in [("b.example.com", 0), ("127.0.0.1", 1)] {
        let message = a.client().message(format!("sips:alice@{domain}:{port}"));
        let answer = message.body("text/plain", "and back").send().await.unwrap();
        assert_eq!(answer.body(), "and back");
        assert_eq!(a.transport_counters()[0].connected, opened, "{domain}");
    }
}

/// An authority that nobody trusts yet.
fn stranger() -> rcgen::CertifiedIssuer<'static, rcgen::KeyPair> {
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    rcgen::CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().unwrap()).unwrap()
}

#[tokio::test]
async fn a_test_client_shows_a_certificate_and_trusts_whom_it_is_told_to() {
    let issuer = stranger();
    let trust = Trust::from_pem(issuer.pem()).unwrap();
    let signed = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let certificates = Certificates::from_pem(certificate.pem(), key.serialize_pem()).unwrap();
        TlsConfig::new(certificates).trusting(trust.clone())
    };
    let trunk = Config::new(Trunk).tls(signed("trunk.example.com").require_clients(trust.clone()));
    let trunk = trunk.listen(Transport::Tls, ([127, 0, 0, 1], 0));
    let trunk = trunk.listen(Transport::Wss, ([127, 0, 0, 1], 0));
    let trunk = Spigot::start(trunk).await.unwrap();
    for listener in trunk.listeners() {
        let target = listener.to_string();
        let alice = TestClient::connect_with(&target, |config| {
            config
                .aor("sip:alice@carrier.example.com")
                .domain("trunk.example.com")
                .tls(signed("carrier.example.com"))
        })
        .await;
        let answer = alice.message("sip:bob@trunk.example.com", "x").send().await;
        assert_eq!(answer.body(), "carrier.example.com", "{target}");
        // What is sent raw goes the same way.
        let name = listener.transport.to_string().to_uppercase();
        let options = Draft::new("OPTIONS", "sip:bob@trunk.example.com", &name, alice.address());
        alice.send_raw(options.octets()).await;
        alice.expect_status(StatusCode::OK).await;
    }
}

#[tokio::test]
async fn a_test_client_is_the_page_of_a_browser() {
    let config = Config::new(Phone::default()).tls(certificates(&["127.0.0.1"]));
    let config = config.origins(Origins::only(["https://phone.example.com"]));
    let config = config.listen(Transport::Ws, ([127, 0, 0, 1], 0));
    let config = config.listen(Transport::Wss, ([127, 0, 0, 1], 0));
    let phone = Spigot::start(config).await.unwrap();
    for listener in phone.listeners() {
        for (origin, may) in [
            ("https://phone.example.com", true),
            ("https://evil.example", false),
            ("https://phone.example.com\r\nX: y", false),
        ] {
            let alice = TestClient::connect_with(&listener.to_string(), |config| config.origin(origin)).await;
            let asked = tokio::spawn(async move { alice.register().send().await.status() }).await;
            assert_eq!(asked.is_ok(), may, "{listener}: {origin}: {asked:?}");
        }
    }
}
