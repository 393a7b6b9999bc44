//! TLS and WebSocket in memory: two sides, and every way in which octets may be cut.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use spigot_parser::Bytes;

use crate::flow::Transport;
use crate::transport::Origins;
use crate::transport::stream::close_reason::CloseReason;
use crate::transport::stream::codec::{Codec, CodecError, Decoded};
use crate::transport::stream::protocol::Protocol;
use crate::transport::tls::{Certificates, TlsConfig, Trust};

const MOST: usize = 65_535;

/// A server's TLS, and that of whoever trusts its authority.
pub(super) fn tls(names: &[&str]) -> TlsConfig {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let server = CertificateParams::new(names).unwrap();
    let server = server.signed_by(&key, &authority).unwrap();
    let certificates = Certificates::from_pem(server.pem(), key.serialize_pem()).unwrap();
    TlsConfig::new(certificates).trusting(Trust::from_pem(authority.pem()).unwrap())
}

pub(super) fn protocol(transport: Transport, tls: &TlsConfig, origins: Origins) -> Protocol {
    Protocol {
        transport,
        tls: transport.is_secure().then(|| tls.sides().unwrap()),
        websocket: matches!(transport, Transport::Ws | Transport::Wss).then(|| Arc::new(origins)),
        origin: None,
    }
}

/// Both sides of a connection.
struct Pair {
    client: Codec,
    server: Codec,
    /// What is on its way.
    to_client: Vec<u8>,
    to_server: Vec<u8>,
    heard_by_client: Decoded,
    heard_by_server: Decoded,
}

impl Pair {
    fn new(protocol: &Protocol, domain: &str) -> Pair {
        let peer = "192.0.2.1:5061".parse().unwrap();
        Pair {
            client: protocol.opening(peer, Some(domain), MOST).unwrap(),
            server: protocol.accepting(MOST).unwrap(),
            to_client: Vec::new(),
            to_server: Vec::new(),
            heard_by_client: Decoded::default(),
            heard_by_server: Decoded::default(),
        }
    }

    /// Delivers what is on its way, so many octets at a time, until nothing is.
    fn deliver(&mut self, step: usize) -> Result<(), CodecError> {
        loop {
            let to_server: Vec<u8> = self.to_server.drain(..step.min(self.to_server.len())).collect();
            let to_client: Vec<u8> = self.to_client.drain(..step.min(self.to_client.len())).collect();
            if to_server.is_empty() && to_client.is_empty() {
                return Ok(());
            }
            self.server
                .received(&to_server, &mut self.heard_by_server, &mut self.to_client)?;
            self.client
                .received(&to_client, &mut self.heard_by_client, &mut self.to_server)?;
        }
    }

    fn open(&mut self, step: usize) -> Result<(), CodecError> {
        self.client
            .received(&[], &mut Decoded::default(), &mut self.to_server)?;
        self.deliver(step)?;
        assert!(self.client.is_ready() && self.server.is_ready());
        Ok(())
    }
}

/// All that was decoded: of WebSocket messages, of TLS octets.
fn said(decoded: &Decoded) -> Vec<u8> {
    let messages: Vec<u8> = decoded.messages.concat();
    [decoded.octets.clone(), messages].concat()
}

#[test]
fn what_is_said_is_heard_however_it_is_cut() {
    let tls = tls(&["sip.example.com"]);
    for transport in [Transport::Tls, Transport::Ws, Transport::Wss] {
        let protocol = protocol(transport, &tls, Origins::any());
        for step in [1, 7, 1_000_000] {
            let mut pair = Pair::new(&protocol, "SIP.example.com");
            // An upgrade that comes octet by octet is an attack to the library that reads it.
            pair.open(if transport == Transport::Tls { step } else { 1_000 })
                .unwrap();
            let messages = ["OPTIONS sip:a SIP/2.0\r\n\r\n".to_owned(), "x".repeat(40_000)];
            for message in &messages {
                let message = Bytes::from(message.clone());
                pair.client.encode(&message, &mut pair.to_server).unwrap();
                pair.server.encode(&message, &mut pair.to_client).unwrap();
            }
            pair.deliver(step).unwrap();
            let expected = messages.concat().into_bytes();
            assert_eq!(said(&pair.heard_by_server), expected, "{transport} by {step}");
            assert_eq!(said(&pair.heard_by_client), expected, "{transport} by {step}");
            assert_eq!(
                pair.heard_by_server.messages.len(),
                if transport == Transport::Tls { 0 } else { 2 }
            );
            pair.client.end(CloseReason::Shutdown, &mut pair.to_server);
            pair.deliver(step).unwrap();
            assert!(pair.heard_by_server.ended, "{transport}");
        }
    }
}

#[test]
fn a_message_that_has_begun_is_known_to_have_begun() {
    let tls = tls(&["sip.example.com"]);
    for transport in [Transport::Tls, Transport::Ws, Transport::Wss] {
        let mut pair = Pair::new(&protocol(transport, &tls, Origins::any()), "sip.example.com");
        pair.open(1_000).unwrap();
        for _ in 0..2 {
            let message = Bytes::from_static(b"OPTIONS sip:a SIP/2.0\r\n\r\n");
            pair.client.encode(&message, &mut pair.to_server).unwrap();
            let wire = std::mem::take(&mut pair.to_server);
            for (place, octet) in wire.iter().enumerate() {
                let mut decoded = Decoded::default();
                pair.server
                    .received(&[*octet], &mut decoded, &mut pair.to_client)
                    .unwrap();
                assert_eq!(
                    decoded.partial,
                    place + 1 < wire.len(),
                    "{transport}, octet {place}"
                );
            }
        }
    }
    let mut pair = Pair::new(&protocol(Transport::Ws, &tls, Origins::any()), "sip.example.com");
    pair.open(1_000).unwrap();
    let mut decoded = Decoded::default();
    let ping = frame(0x89, &[0x84], b"ping");
    pair.server
        .received(&ping, &mut decoded, &mut pair.to_client)
        .unwrap();
    assert!(!decoded.partial, "a ping is whole");
}

#[test]
fn a_server_of_another_name_is_not_spoken_to() {
    for (names, is_right) in [
        (&["sip.example.com"][..], true),
        (&["*.example.com"], false),
        (&["example.com", "other.example"], false),
    ] {
        let tls = tls(names);
        let protocol = protocol(Transport::Tls, &tls, Origins::any());
        let outcome = Pair::new(&protocol, "sip.example.com").open(1_000);
        assert_eq!(outcome.is_ok(), is_right, "{names:?}: {outcome:?}");
    }
    let strangers = protocol(Transport::Tls, &tls(&["sip.example.com"]), Origins::any());
    let ours = protocol(Transport::Tls, &tls(&["sip.example.com"]), Origins::any());
    let mut pair = Pair::new(&ours, "sip.example.com");
    pair.server = strangers.accepting(MOST).unwrap();
    assert!(pair.open(1_000).is_err(), "of an authority that is not trusted");
}

/// What a server answers to that text; whether it goes on.
fn answer(origins: Origins, request: &str) -> (bool, String) {
    let protocol = protocol(Transport::Ws, &tls(&["sip.example.com"]), origins);
    let mut server = protocol.accepting(MOST).unwrap();
    let mut wire = Vec::new();
    let outcome = server.received(request.as_bytes(), &mut Decoded::default(), &mut wire);
    (outcome.is_ok(), String::from_utf8_lossy(&wire).into_owned())
}

#[test]
fn an_upgrade_needs_the_subprotocol_and_an_origin_that_may() {
    let upgrade = |protocol: &str, origin: &str| {
        format!(
            "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{protocol}{origin}\r\n"
        )
    };
    let page = "Origin: https://phone.example.com\r\n";
    let only = || Origins::only(["https://phone.example.com"]);
    for (protocol, origin, status) in [
        ("Sec-WebSocket-Protocol: sip\r\n", page, "101"),
        ("Sec-WebSocket-Protocol: chat, SIP\r\n", page, "101"),
        ("Sec-WebSocket-Protocol: sip\r\n", "", "101"),
        ("", page, "400"),
        ("Sec-WebSocket-Protocol: chat\r\n", page, "400"),
        (
            "Sec-WebSocket-Protocol: sip\r\n",
            "Origin: https://evil.example\r\n",
            "403",
        ),
    ] {
        let (goes_on, answer) = answer(only(), &upgrade(protocol, origin));
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{protocol}{origin}: {answer}"
        );
        assert_eq!(goes_on, status == "101", "{answer}");
        assert_eq!(
            answer
                .to_ascii_lowercase()
                .contains("sec-websocket-protocol: sip\r\n"),
            status == "101",
            "{answer}"
        );
    }
}

#[test]
fn what_is_no_upgrade_is_told_so_in_a_sentence() {
    let page = "GET / HTTP/1.1\r\nHost: example.com\r\nAccept: text/html\r\n\r\n";
    let old = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
               Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for (request, status) in [
        (page, "426 Upgrade Required"),
        (old, "426 Upgrade Required"),
        ("POST / HTTP/1.1\r\nHost: example.com\r\n\r\n", "400 Bad Request"),
        ("OPTIONS sip:a SIP/2.0\r\n\r\n", "400 Bad Request"),
        ("\u{16}\u{3}\u{1}x\r\n\r\n", "400 Bad Request"),
    ] {
        let (goes_on, answer) = answer(Origins::any(), request);
        assert!(!goes_on, "{request}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{head}");
        let head = head.to_ascii_lowercase();
        assert!(
            head.contains(&format!("\r\ncontent-length: {}", body.len())),
            "{head}"
        );
        assert_eq!(
            head.contains("\r\nupgrade: websocket\r\n"),
            status.starts_with("426"),
            "{head}"
        );
        assert!(body.contains("WebSocket") && body.ends_with(".\r\n"), "{body}");
    }
}

#[test]
fn whoever_ends_a_websocket_says_why() {
    let protocol = protocol(Transport::Ws, &tls(&["sip.example.com"]), Origins::any());
    for (reason, code) in [
        (CloseReason::Shutdown, 1001_u16),
        (CloseReason::Broken, 1002),
        (CloseReason::Unframed, 1009),
        (CloseReason::Peer, 1000),
    ] {
        let mut pair = Pair::new(&protocol, "sip.example.com");
        pair.open(1_000).unwrap();
        pair.server.end(reason, &mut pair.to_client);
        let frame = [&[0x88, 2][..], &code.to_be_bytes()].concat();
        assert_eq!(pair.to_client, frame, "{reason:?}");
        pair.deliver(1_000).unwrap();
        assert!(
            pair.heard_by_client.ended && pair.heard_by_server.ended,
            "{reason:?}"
        );
    }
}

/// A frame of a client's, masked with zeros.
fn frame(first: u8, length: &[u8], payload: &[u8]) -> Vec<u8> {
    [&[first][..], length, &[0; 4], payload].concat()
}

#[test]
fn whoever_abuses_websocket_is_cut_off() {
    let mut protocol = protocol(Transport::Ws, &tls(&["sip.example.com"]), Origins::any());
    protocol.tls = None;
    let abuses: [(&str, u16, Vec<Vec<u8>>); 8] = [
        (
            "a length of 2^63",
            1009,
            vec![frame(0x82, &[0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], b"x")],
        ),
        (
            "a message that is too large even for an answer",
            1009,
            vec![frame(0x82, &[0xff, 0, 0, 0, 0, 0, 2, 0, 0], &[b'x'; 131_072])],
        ),
        (
            "a message in fragments of one octet",
            1009,
            std::iter::once(frame(0x02, &[0x81], b"x"))
                .chain(std::iter::repeat_n(frame(0x00, &[0x81], b"x"), 40_000))
                .collect(),
        ),
        (
            "a control frame that is too large",
            1002,
            vec![frame(0x89, &[0xfe, 0, 126], &[b'x'; 126])],
        ),
        (
            "pings and nothing else",
            1002,
            vec![frame(0x89, &[0x80], b""); 100],
        ),
        ("no mask", 1002, vec![vec![0x82, 0x01, b'x']]),
        ("text that is none", 1007, vec![frame(0x81, &[0x82], b"\xc3\x28")]),
        (
            "text that is none, in parts",
            1007,
            vec![frame(0x01, &[0x81], b"\xff"), frame(0x80, &[0x81], b"x")],
        ),
    ];
    for (name, code, frames) in abuses {
        let mut pair = Pair::new(&protocol, "sip.example.com");
        pair.open(1_000).unwrap();
        let broken = frames.iter().any(|frame| {
            let outcome = pair
                .server
                .received(frame, &mut pair.heard_by_server, &mut pair.to_client);
            outcome.is_err()
        });
        assert!(broken, "{name}");
        pair.to_client.clear();
        pair.server.end(CloseReason::Broken, &mut pair.to_client);
        let close = [&[0x88, 2][..], &code.to_be_bytes()].concat();
        assert!(pair.to_client.starts_with(&close), "{name}: {:?}", pair.to_client);
        assert!(pair.heard_by_server.messages.is_empty(), "{name}");
    }
    // What is unusual and right.
    let mut pair = Pair::new(&protocol, "sip.example.com");
    pair.open(1_000).unwrap();
    for _ in 0..1_000 {
        let octets = [
            frame(0x02, &[0x82], b"OP"),
            frame(0x89, &[0x81], b"p"),
            frame(0x80, &[0x86], b"TIONS "),
        ]
        .concat();
        pair.server
            .received(&octets, &mut pair.heard_by_server, &mut pair.to_client)
            .unwrap();
    }
    assert_eq!(pair.heard_by_server.messages.len(), 1_000);
    assert_eq!(pair.heard_by_server.messages[0], "OPTIONS ");
    assert_eq!(pair.heard_by_server.pings, 1_000);
}

#[test]
fn plain_text_on_a_tls_port_is_told_so() {
    let protocol = protocol(Transport::Tls, &tls(&["sip.example.com"]), Origins::any());
    let mut server = protocol.accepting(MOST).unwrap();
    let mut wire = Vec::new();
    let outcome = server.received(
        b"OPTIONS sip:a SIP/2.0\r\n\r\n",
        &mut Decoded::default(),
        &mut wire,
    );
    assert!(outcome.is_err());
    assert_eq!(wire.first(), Some(&21), "an alert goes back");
}
