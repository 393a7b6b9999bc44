//! What stands below SIP, and is wrong: TLS and WebSocket as an attacker would speak them, over real sockets. Each connection is
//! closed and counted, and the server goes on.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use spigot::Transport;
use spigot_tests::{Draft, Running, Stream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

/// A WebSocket whose handshake is done, and which from now on sends what the test says.
async fn upgraded(server: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") {
        response.push(stream.read_u8().await.unwrap());
    }
    assert!(
        response.starts_with(b"HTTP/1.1 101 "),
        "{}",
        String::from_utf8_lossy(&response)
    );
    stream
}

/// A frame of a client: what says its kind and length, a mask of nothing, and the payload.
fn frame(head: &[u8], payload: &[u8]) -> Vec<u8> {
    [head, &[0; 4], payload].concat()
}

/// Sends it all, or as much as the server takes, and reads to the end: which comes because the server closes.
async fn until_closed(mut stream: TcpStream, octets: Vec<u8>) {
    let (mut reader, mut writer) = stream.split();
    let mut rest = Vec::new();
    let both = async {
        let sent = async {
            let _closed_early = writer.write_all(&octets).await;
        };
        let _reset = tokio::join!(sent, reader.read_to_end(&mut rest)).1;
    };
    let closed = tokio::time::timeout(std::time::Duration::from_secs(30), both).await;
    assert!(closed.is_ok(), "the server did not close");
}

/// How many connections the server has closed because their layers were broken.
fn broken(server: &Running) -> u64 {
    let counters = server.spigot().transport_counters();
    counters.iter().map(|each| each.closed_broken).sum()
}

/// The count is made just after the close.
async fn until_broken(server: &Running, count: u64) {
    let counted = async {
        while broken(server) < count {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(10), counted).await;
    assert!(in_time.is_ok(), "{} closed, not {count}", broken(server));
}

#[tokio::test]
async fn whoever_abuses_websocket_is_closed_and_counted() {
    let server = Running::start().await;
    let options = Draft::new("OPTIONS", "sip:example.com", "WS", "abuser.invalid");
    let octets = options.octets();
    let in_one_octet_fragments = octets.iter().enumerate().map(|(at, octet)| {
        let first = if at == 0 { 0x02 } else { 0x00 };
        frame(&[first, 0x81], &[*octet])
    });
    let endless = in_one_octet_fragments
        .cycle()
        .skip(1)
        .filter(|frame| frame[0] == 0);
    let abuses: [(&str, Vec<u8>); 7] = [
        (
            "a length of 2^63",
            frame(&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], b"x"),
        ),
        (
            "a length of 2^63 - 1",
            frame(
                &[0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                b"x",
            ),
        ),
        (
            "a message without end, in fragments of one octet",
            [
                frame(&[0x02, 0x81], b"x"),
                endless.take(100_000).flatten().collect(),
            ]
            .concat(),
        ),
        (
            "a control frame of 126 octets",
            frame(&[0x89, 0xfe, 0, 126], &[b'x'; 126]),
        ),
        ("a flood of pings", frame(&[0x89, 0x80], b"").repeat(10_000)),
        ("no mask", vec![0x82, 0x01, b'x']),
        ("a reserved bit", frame(&[0xc2, 0x81], b"x")),
    ];
    for (nth, (name, octets)) in (1..).zip(abuses) {
        until_closed(upgraded(server.address(Transport::Ws)).await, octets).await;
        until_broken(&server, nth).await;
        assert_eq!(broken(&server), nth, "{name}");
    }
    server.goes_on().await;
}

#[tokio::test]
async fn a_message_in_fragments_of_one_octet_is_a_message() {
    let server = Running::start().await;
    let mut stream = upgraded(server.address(Transport::Ws)).await;
    let octets = Draft::new("OPTIONS", "sip:example.com", "WS", "slow.invalid").octets();
    let last = octets.len() - 1;
    let frames: Vec<u8> = octets
        .iter()
        .enumerate()
        .flat_map(|(at, octet)| {
            let kind = u8::from(at == 0) * 2 + u8::from(at == last) * 0x80;
            frame(&[kind, 0x81], &[*octet])
        })
        .collect();
    stream.write_all(&frames).await.unwrap();
    let mut answer = [0; 16];
    stream.read_exact(&mut answer).await.unwrap();
    // Two octets of the frame, two of its length.
    assert_eq!(&answer[4..], b"SIP/2.0 200 ");
}

#[tokio::test]
async fn what_is_no_tls_is_closed_and_counted() {
    let server = Running::start().await;
    let plain = Draft::new("OPTIONS", "sip:example.com", "TLS", "plain.example.com").octets();
    let abuses: [(&str, Vec<u8>); 5] = [
        ("SIP without TLS", plain),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        (
            "a record that is too large",
            vec![0x16, 0x03, 0x01, 0xff, 0xff, 0x01, 0, 0, 0],
        ),
        (
            "a hello that is none",
            [&[0x16, 0x03, 0x01, 0, 8, 0x01, 0, 0, 4][..], &[0xff; 4]].concat(),
        ),
        ("data before the hello", vec![0x17, 0x03, 0x03, 0, 1, b'x']),
    ];
    let mut closed = 0;
    for transport in [Transport::Tls, Transport::Wss] {
        for (name, octets) in &abuses {
            let stream = TcpStream::connect(server.address(transport)).await.unwrap();
            until_closed(stream, octets.clone()).await;
            closed += 1;
            until_broken(&server, closed).await;
            assert_eq!(broken(&server), closed, "{name} over {transport}");
        }
    }
    server.goes_on().await;
}

#[tokio::test]
async fn a_hello_in_fragments_of_one_octet_is_a_hello() {
    let server = Running::start().await;
    let address = server.address(Transport::Tls);
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let local = stream.local_addr().unwrap();
    let mut stream = Stream::secured(Chopped(stream), local, address).await;
    let options = Draft::new("OPTIONS", "sip:example.com", "TLS", local);
    assert!(stream.send(options.octets()).await);
    assert_eq!(stream.receive().await.unwrap().status(), 200);
}

/// Writes one octet at a time.
struct Chopped(TcpStream);

impl AsyncRead for Chopped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl AsyncWrite for Chopped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let one = &octets[..octets.len().min(1)];
        Pin::new(&mut self.0).poll_write(cx, one)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
