//! Benchmarks of reading and writing five messages: `cargo bench -p spigot-parser`.
//!
//! There are five levels. `frame` finds the lines of a message without copying it. `parse` builds a message
//! with its Request-URI. `route` reads what a server needs to find the transaction and a proxy the next hop.
//! `typed` parses every header that has a type. `write` turns a parsed message back into octets. `varied`
//! alternates 256 messages of one kind with different branches, tags, names and lengths, so that the
//! processor cannot learn one by heart.

use std::hint::black_box;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use spigot_parser::{Bytes, HeaderName, Headers, Message, RawLines, RawMessage, header};

const MESSAGES: &[(&str, &[u8])] = &[
    ("options", include_bytes!("messages/options.sip")),
    ("register", include_bytes!("messages/register.sip")),
    ("invite", include_bytes!("messages/invite.sip")),
    ("200ok", include_bytes!("messages/200ok.sip")),
    ("invite60", include_bytes!("messages/invite60.sip")),
];

fn frame(datagram: &Bytes) -> usize {
    let mut lines = RawLines::new();
    let raw = RawMessage::parse(datagram, &mut lines).expect("the message is right");
    black_box(&raw).headers().len()
}

fn parse(datagram: &Bytes) -> Message {
    Message::parse(datagram.clone()).expect("the message is right")
}

/// Reads Request-URI, top Via, tags, Call-ID, CSeq, hops and the first Contact.
fn route(datagram: &Bytes) -> Message {
    let message = parse(datagram);
    let headers = message.headers();
    if let Message::Request(request) = &message {
        black_box((request.method(), request.uri().host(), request.uri().user()));
        black_box(headers.typed::<header::MaxForwards>().ok());
    }
    let via = headers.typed::<header::Via>().ok().flatten();
    black_box(
        via.as_ref()
            .map(|via| (via.host(), via.port(), via.branch(), via.params().count())),
    );
    let from = headers.typed::<header::From>().ok().flatten();
    black_box(from.as_ref().and_then(header::From::tag));
    let to = headers.typed::<header::To>().ok().flatten();
    black_box(to.as_ref().and_then(header::To::tag));
    black_box(headers.get(&HeaderName::CALL_ID));
    black_box(headers.typed::<header::CSeq>().ok());
    black_box(headers.typed::<header::Contact>().ok());
    message
}

/// Parses all values of the given header types, and counts them.
macro_rules! values {
    ($headers:expr, $($type:ident)*) => {{
        let headers: &Headers = $headers;
        let mut count = 0;
        $(if headers.contains(&<header::$type as header::TypedHeader>::NAME) {
            for value in headers.all::<header::$type>() {
                black_box(value.expect(stringify!($type)));
                count += 1;
            }
        })*
        count
    }};
}

fn typed(datagram: &Bytes) -> usize {
    let message = parse(datagram);
    values!(message.headers(),
        Accept AcceptContact AlertInfo Allow AllowEvents Authorization CSeq CallId CallInfo Contact ContentLength
        ContentType Date Diversion Expires From HistoryInfo MaxForwards MinSe Organization PAccessNetworkInfo
        PAssertedIdentity PCalledPartyId PChargingFunctionAddresses PChargingVector PEarlyMedia PPreferredIdentity
        PVisitedNetworkId Path Priority Privacy Reason RecordRoute Require Route Server SessionExpires Subject Supported
        To UserAgent Via)
}

/// Returns copies of the message with random letters after some words.
fn varied(message: &[u8]) -> Vec<Bytes> {
    const AFTER: &[&[u8]] = &[
        b"branch=z9hG4bK",
        b";tag=",
        b"Call-ID: ",
        b"sip:",
        b"User-Agent: ",
        b"icid-value=",
        b"nonce=\"",
        b"Subject: ",
    ];
    let head = message
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .expect("there is a head");
    let mut state = 7u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut one = || {
        let (mut out, mut at) = (Vec::with_capacity(message.len() + 256), 0);
        while at < head {
            match AFTER.iter().find(|word| message[at..].starts_with(word)) {
                Some(word) => {
                    out.extend_from_slice(word);
                    at += word.len();
                    for _ in 0..random() % 13 {
                        out.push(b'a' + (random() % 26) as u8);
                    }
                }
                None => {
                    out.push(message[at]);
                    at += 1;
                }
            }
        }
        out.extend_from_slice(&message[head..]);
        Bytes::from(out)
    };
    (0..256).map(|_| one()).collect()
}

fn level<T>(
    group: &mut BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    datagrams: &[Bytes],
    read: impl Fn(&Bytes) -> T,
) {
    let mut next = datagrams.iter().cycle();
    group.bench_function(name, |bencher| {
        bencher.iter(|| read(black_box(next.next().expect("a cycle has no end"))));
    });
}

fn messages(criterion: &mut Criterion) {
    for (name, message) in MESSAGES {
        let fixed = [Bytes::from(message.to_vec())];
        let varied = varied(message);
        let read = parse(&fixed[0]);
        assert_eq!(
            read.to_bytes(),
            fixed[0],
            "what nobody touched is written as it came"
        );
        let mut group = criterion.benchmark_group(*name);
        group.throughput(Throughput::Bytes(message.len() as u64));
        level(&mut group, "frame", &fixed, frame);
        level(&mut group, "frame, varied", &varied, frame);
        level(&mut group, "parse", &fixed, parse);
        level(&mut group, "parse, varied", &varied, parse);
        level(&mut group, "route", &fixed, route);
        level(&mut group, "route, varied", &varied, route);
        level(&mut group, "typed", &fixed, typed);
        level(&mut group, "typed, varied", &varied, typed);
        group.bench_function("write", |bencher| bencher.iter(|| black_box(&read).to_bytes()));
        group.finish();
    }
}

criterion_group!(benches, messages);
criterion_main!(benches);
