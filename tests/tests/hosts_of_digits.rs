//! Domains of digits, as surveillance cameras have them (GB/T 28181), empty values in URIs, and NUL between
//! the messages of a stream.

use spigot::{Config, RequestError, Spigot, StatusCode, Transport, Unreachable, sip_router};
use spigot_tests::{Draft, Far, Running, Stream, TRANSPORTS};

struct Quiet;

#[sip_router]
impl Quiet {}

#[tokio::test]
async fn a_host_of_digits_is_answered_and_goes_back_as_it_came() {
    let server = Running::start().await;
    for uri in [
        "sip:34020000002000000001@3402000000",
        "sip:34020000001320000001@34020000",
        "sip:101@019f9ae299f5",
        "sip:101@sip_proxy_1;transport=udp",
        "sip:101@3402000000:5060;app-imei=;x=",
    ] {
        for transport in TRANSPORTS {
            let mut peer = server.peer(transport).await;
            let register = peer.draft("REGISTER", uri).set("From", format!("<{uri}>;tag=1"));
            let answer = peer.ask(&register).await;
            assert_eq!(answer.status(), 200, "{uri} over {transport}");
            assert_eq!(answer.value("From"), format!("<{uri}>;tag=1"));
        }
    }
    server.goes_on().await;
}

#[tokio::test]
async fn a_request_to_a_host_of_digits_fails_unless_it_is_said_where_it_goes() {
    let far = Far::start([127, 0, 0, 1].into()).await;
    let (_, address) = far.addresses()[0];
    let config = Config::new(Quiet).listen(Transport::Udp, ([127, 0, 0, 1], 0));
    let spigot = Spigot::start(config).await.expect("an endpoint");
    // 2130706433 is 127.0.0.1 to systems that read an IPv4 address as one number.
    for host in ["3402000000", "2130706433", "0x7f000001"] {
        let uri = format!("sip:34020000001320000001@{host}:{}", address.port());
        let error = spigot.client().options(&*uri).send().await.expect_err(&uri);
        assert!(
            matches!(&error, RequestError::Unreachable(Unreachable::Resolve { host: named, .. }) if named == host),
            "{error}"
        );
        assert!(format!("{error:?}").contains(host), "{error:?}");
        let to = spigot.client().options(&*uri).to_address(Transport::Udp, address);
        assert_eq!(to.send().await.expect("an answer").status(), StatusCode::OK);
        let route = format!("<sip:{address};lr>");
        let routed = spigot.client().options(&*uri).header("Route", &route);
        assert_eq!(routed.send().await.expect("an answer").status(), StatusCode::OK);
    }
    assert_eq!(far.received(), 6);
}

#[tokio::test]
async fn nul_between_messages_on_a_stream_is_passed_over() {
    let server = Running::start().await;
    for transport in [Transport::Tcp, Transport::Tls] {
        let address = server.address(transport);
        let mut stream = match transport {
            Transport::Tls => Stream::connect_tls(address).await,
            _ => Stream::connect(address).await,
        };
        for between in ["\r\n\0", "\0", "\0\0\r\n\0\r\n", "\r\n\r\n\0"] {
            let via = transport.as_str();
            let options = Draft::new("OPTIONS", "sip:example.com", via, stream.local());
            assert!(
                stream
                    .send([between.as_bytes(), &options.octets()].concat())
                    .await
            );
            let answer = stream.receive().await.expect("an answer");
            assert_eq!(
                answer.value("Call-ID"),
                options.value("Call-ID"),
                "{between:?} over {transport}"
            );
        }
        // However many there are, they are nothing.
        assert!(stream.send(vec![0; 200_000]).await);
        let options = Draft::new("OPTIONS", "sip:example.com", transport.as_str(), stream.local());
        assert!(stream.send(options.octets()).await);
        assert_eq!(stream.receive().await.expect("an answer").status(), 200);
    }
    server.goes_on().await;
}
