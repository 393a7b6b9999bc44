//! The resolver against a name server on the loopback, which is these few lines.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;

use super::*;

const A: u16 = 1;
const AAAA: u16 = 28;
const SRV: u16 = 33;
const NAPTR: u16 = 35;

const NO_ERROR: u8 = 0;
const SERVER_FAILURE: u8 = 2;
const NO_SUCH_NAME: u8 = 3;

/// The answers to a question: a code, and the data of each record.
type Answers = (u8, Vec<Vec<u8>>);

/// Answers what it was told to, with this TTL, and notes what it was asked.
struct NameServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl NameServer {
    async fn start(ttl: u32, answers: impl IntoIterator<Item = (&'static str, u16, Answers)>) -> NameServer {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let server = NameServer {
            address: socket.local_addr().expect("it is bound"),
            asked: Arc::default(),
        };
        let answers: HashMap<_, _> = answers
            .into_iter()
            .map(|(name, kind, answers)| ((name.to_owned(), kind), answers))
            .collect();
        let asked = server.asked.clone();
        tokio::spawn(async move {
            let mut query = [0; 512];
            while let Ok((length, peer)) = socket.recv_from(&mut query).await {
                let (name, kind, question) = read(&query[..length]);
                asked.lock().unwrap().push(format!("{name} {kind}"));
                let nothing = (NO_SUCH_NAME, Vec::new());
                let answers = answers
                    .get(&(name.to_ascii_lowercase(), kind))
                    .unwrap_or(&nothing);
                let _ = socket
                    .send_to(&reply(&query, question, kind, ttl, answers), peer)
                    .await;
            }
        });
        server
    }

    fn resolver(&self) -> Dns {
        Dns::servers([self.address]).expect("there is one")
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// The name and type of the question, and the octets that it is.
fn read(query: &[u8]) -> (String, u16, &[u8]) {
    let (mut labels, mut at) = (Vec::new(), 12);
    while query[at] != 0 {
        let length = usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..at + 1 + length]).into_owned());
        at += 1 + length;
    }
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    (labels.join("."), kind, &query[12..at + 5])
}

fn reply(query: &[u8], question: &[u8], kind: u16, ttl: u32, (code, records): &Answers) -> Vec<u8> {
    let mut reply = query[..2].to_vec();
    reply.extend([0x81, 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    reply.extend(question);
    for data in records {
        reply.extend([0xc0, 12]); // the name of the question
        reply.extend(kind.to_be_bytes());
        reply.extend([0, 1]);
        reply.extend(ttl.to_be_bytes());
        reply.extend((data.len() as u16).to_be_bytes());
        reply.extend(data);
    }
    reply
}

fn name(name: &str) -> Vec<u8> {
    let mut data = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        data.push(label.len() as u8);
        data.extend(label.as_bytes());
    }
    data.push(0);
    data
}

fn numbers(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn naptr(order: u16, preference: u16, texts: [&str; 3], replacement: &str) -> Vec<u8> {
    let mut data = numbers(&[order, preference]);
    for text in texts {
        data.push(text.len() as u8);
        data.extend(text.as_bytes());
    }
    [data, name(replacement)].concat()
}

fn srv(values: [u16; 3], target: &str) -> Vec<u8> {
    [numbers(&values), name(target)].concat()
}

#[tokio::test]
async fn records_are_read_as_they_are() {
    let server = NameServer::start(
        60,
        [
            (
                "example.com",
                NAPTR,
                (
                    NO_ERROR,
                    vec![naptr(50, 60, ["s", "SIP+D2T", ""], "_sip._tcp.example.com")],
                ),
            ),
            (
                "_sip._tcp.example.com",
                SRV,
                (
                    NO_ERROR,
                    vec![srv([1, 2, 5070], "a.example.com"), srv([0, 0, 0], ".")],
                ),
            ),
            (
                "a.example.com",
                A,
                (NO_ERROR, vec![vec![192, 0, 2, 1], vec![192, 0, 2, 2]]),
            ),
            (
                "a.example.com",
                AAAA,
                (NO_ERROR, vec![numbers(&[0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])]),
            ),
        ],
    )
    .await;
    let dns = server.resolver();

    let naptr = dns.naptr("example.com").await.unwrap();
    assert_eq!((naptr[0].order, naptr[0].preference), (50, 60));
    assert_eq!((&*naptr[0].flags, &*naptr[0].services), ("s", "SIP+D2T"));
    let mut srv = dns.srv(&naptr[0].replacement).await.unwrap();
    srv.sort_by_key(|srv| srv.priority);
    assert!(srv[0].is_refusal());
    assert_eq!((srv[1].priority, srv[1].weight, srv[1].port), (1, 2, 5070));
    let addresses = dns.addresses(&srv[1].target).await.unwrap();
    let addresses: Vec<_> = addresses.iter().map(IpAddr::to_string).collect();
    assert_eq!(addresses[0], "2001:db8::1");
    assert_eq!(addresses.len(), 3);
}

#[tokio::test]
async fn what_was_found_is_kept_for_as_long_as_it_is_valid() {
    for (ttl, again) in [(3_600, 0), (0, 1)] {
        let servers = (NO_ERROR, vec![srv([0, 0, 5060], "a.example.com")]);
        let server = NameServer::start(ttl, [("_sip._udp.example.com", SRV, servers)]).await;
        let dns = server.resolver();
        dns.srv("_sip._udp.example.com").await.unwrap();
        let first = server.asked();
        dns.clone().srv("_sip._udp.example.com").await.unwrap();
        assert_eq!(server.asked() - first, again, "ttl {ttl}");
    }
}

#[tokio::test]
async fn no_records_is_an_answer_and_a_failure_an_error() {
    let server = NameServer::start(
        60,
        [
            ("empty.example", NAPTR, (NO_ERROR, Vec::new())),
            ("broken.example", NAPTR, (SERVER_FAILURE, Vec::new())),
            ("broken.example", A, (SERVER_FAILURE, Vec::new())),
            ("broken.example", AAAA, (SERVER_FAILURE, Vec::new())),
        ],
    )
    .await;
    let dns = server.resolver();
    assert!(dns.naptr("empty.example").await.unwrap().is_empty());
    assert!(dns.naptr("nobody.example").await.unwrap().is_empty());
    assert!(dns.addresses("nobody.example").await.unwrap().is_empty());
    assert!(dns.naptr("broken.example").await.is_err());
    assert!(dns.addresses("broken.example").await.is_err());
    assert!(dns.srv("no name..at all").await.is_err());
}

#[test]
fn both_families_take_turns() {
    let addresses = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.3"].map(|ip| ip.parse().unwrap());
    let ordered: Vec<_> = in_turn(addresses.into_iter())
        .iter()
        .map(IpAddr::to_string)
        .collect();
    assert_eq!(ordered, ["2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"]);
}

#[test]
fn nobody_to_ask_is_an_error() {
    assert!(Dns::servers([]).is_err());
}
