//! Digest as old devices and servers do it.

use std::collections::HashMap;
use std::net::SocketAddr;

use spigot::header::{Algorithm, Contact};
use spigot::plug::{DigestAuth, Next, Plug};
use spigot::sip::Bytes;
use spigot::testing::TestServer;
use spigot::{Contacts, Header, HeaderName, Method, Reply, Request, StatusCode, Transport, sip_router};
use spigot_tests::{Answer, Draft, MemoryPeer};

use crate::case;
use crate::scripts::{PEER, call, picked_up_at, start};

/// A registrar that asks for a password.
struct Registrar {
    auth: DigestAuth<HashMap<String, String>>,
}

#[sip_router]
impl Registrar {
    #[plug]
    async fn authenticate(&self, request: Request, next: Next<'_>) -> Reply {
        self.auth.call(request, next).await
    }

    #[register]
    async fn register(&self, contacts: Contacts) -> (StatusCode, Vec<Header<Contact>>) {
        (
            StatusCode::OK,
            contacts.into_vec().into_iter().map(Header).collect(),
        )
    }
}

fn digest_of(request: &spigot::sip::Request) -> Option<String> {
    let credentials = request.headers().get(&HeaderName::AUTHORIZATION);
    credentials.map(str::to_owned)
}

fn peer_address() -> SocketAddr {
    PEER.parse().expect("an address")
}

/// Sends a REGISTER of a peer to the registrar, and returns the answer.
async fn register(server: &TestServer, peer: &MemoryPeer, credentials: Option<&str>) -> Answer {
    let to = server.spigot().listeners()[0].address;
    let draft = Draft::new("REGISTER", "sip:example.com", "UDP", peer.address());
    let draft = draft.set("To", "<sip:alice@example.com>");
    let draft = credentials
        .iter()
        .fold(draft, |draft, value| draft.add("Authorization", *value));
    peer.send(to, draft.octets()).await;
    let octets: Bytes = peer.receive().await.expect("an answer");
    Answer::read(octets, to)
}

/// Registers as a peer whose credentials for the registrar's challenge `rewrite` has changed.
///
/// The right credentials are made by a client that gets the challenge, changed by `offer`, from another peer.
async fn registered(offer: impl Fn(&str) -> String, rewrite: impl Fn(&str) -> String) -> u16 {
    let users = HashMap::from([("alice".to_owned(), "secret".to_owned())]);
    let auth = DigestAuth::new("example.com", vec![Algorithm::MD5], users);
    let server = TestServer::start(Registrar { auth }).await;
    let device = SocketAddr::from(([198, 51, 100, 7], 5060));
    let device = MemoryPeer::bind(server.network(), Transport::Udp, device).await;
    let challenge = offer(register(&server, &device, None).await.value("WWW-Authenticate"));
    let relay = MemoryPeer::scripted(server.network(), Transport::Udp, peer_address(), move |request| {
        let answer = match digest_of(request) {
            Some(_) => Draft::answering(request, "200 OK"),
            None => Draft::answering(request, "401 Unauthorized").add("WWW-Authenticate", &challenge),
        };
        vec![answer.octets()]
    })
    .await;
    let client = server.spigot().client();
    let request = client.request(Method::REGISTER, "sip:example.com");
    let request = request.to_address(Transport::Udp, relay.address());
    let answer = request.credentials("alice", "secret").send().await;
    assert_eq!(answer.map(|answer| answer.status()).ok(), Some(StatusCode::OK));
    let requests = relay.requests(&Method::REGISTER);
    let credentials = requests.iter().find_map(digest_of).expect("credentials");
    register(&server, &device, Some(&rewrite(&credentials)))
        .await
        .status()
}

/// Puts the value of a parameter in quotes.
fn quoted(credentials: &str, name: &str) -> String {
    let start = credentials.find(&format!(" {name}=")).expect("the parameter") + name.len() + 2;
    let end = credentials[start..]
        .find(',')
        .map_or(credentials.len(), |end| start + end);
    format!(
        "{}\"{}\"{}",
        &credentials[..start],
        &credentials[start..end],
        &credentials[end..]
    )
}

/// RFC 7616 §3.4 has algorithm, qop and nc bare. Quoted, they can be read in one way only.
#[test]
fn algorithm_qop_and_nc_in_quotes() {
    case("quoted digest parameters", async {
        let quoted = |credentials: &str| {
            let names = ["algorithm", "qop", "nc"].into_iter();
            names.fold(credentials.to_owned(), |credentials, name| {
                quoted(&credentials, name)
            })
        };
        assert_eq!(registered(str::to_owned, quoted).await, 200);
    });
}

/// RFC 3261 §22.4 item 8: qop is optional to receive, and a client that was offered it must send it.
#[test]
fn right_credentials_without_qop() {
    case("credentials without qop", async {
        let without_qop = |challenge: &str| {
            let parts = challenge.split(", ").filter(|part| !part.starts_with("qop="));
            parts.collect::<Vec<_>>().join(", ")
        };
        let status = registered(without_qop, str::to_owned).await;
        assert!([200, 401].contains(&status), "{status}");
    });
}

/// RFC 3261 §22.2, RFC 8760 §2.4: the topmost challenge that the client supports.
#[test]
fn an_unknown_algorithm_before_a_known_one() {
    case("two challenges", async {
        let server = start().await;
        let peer = MemoryPeer::scripted(server.network(), Transport::Udp, peer_address(), |request| {
            let unknown = "Digest realm=\"e\", nonce=\"abc\", algorithm=SHA3-999, qop=\"auth\"";
            let known =
                "Digest realm=\"e\", nonce=\"abc\", opaque=\"QUI=\", algorithm=MD5, qop=\"auth, auth-int\"";
            let answer = match digest_of(request) {
                Some(_) => Draft::answering(request, "200 OK"),
                None => Draft::answering(request, "401 Unauthorized")
                    .add("WWW-Authenticate", unknown)
                    .add("WWW-Authenticate", known),
            };
            vec![answer.octets()]
        })
        .await;
        let request = server
            .spigot()
            .client()
            .request(Method::REGISTER, "sip:192.0.2.10");
        let answer = request
            .credentials("alice", "secret")
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let requests = peer.requests(&Method::REGISTER);
        let credentials = requests.iter().find_map(digest_of).expect("credentials");
        assert!(
            credentials.contains("algorithm=MD5") && credentials.contains("qop=auth,"),
            "{credentials}"
        );
    });
}

/// RFC 3261 §22.2, RFC 7616 §3.3: by the letter a 407 without stale says that the password is wrong. Yet the
/// nonce is another one than that which the BYE had beforehand, so that one more try ends the call.
#[test]
fn a_bye_with_an_old_nonce_goes_again() {
    case("BYE with an old nonce", async {
        let server = start().await;
        let peer = MemoryPeer::scripted(server.network(), Transport::Udp, peer_address(), |request| {
            let nonce = match *request.method() {
                Method::INVITE => "N1",
                Method::BYE => "N2",
                _ => return Vec::new(),
            };
            let credentials = request.headers().get(&HeaderName::PROXY_AUTHORIZATION);
            let challenge = format!("Digest realm=\"box.example.com\", nonce=\"{nonce}\"");
            let right = credentials.is_some_and(|it| it.contains(&format!("nonce=\"{nonce}\"")));
            let answer = match (right, nonce) {
                (true, "N1") => picked_up_at(request, "<sip:bob@192.0.2.10>"),
                (true, _) => Draft::answering(request, "200 OK"),
                (false, _) => Draft::answering(request, "407 Proxy Authentication Required")
                    .add("Proxy-Authenticate", challenge),
            };
            vec![answer.octets()]
        })
        .await;
        let call = call(&server, "sip:bob@192.0.2.10", 0).await;
        assert_eq!(
            (call.answer, call.bye),
            (Some(StatusCode::OK), Some(StatusCode::OK))
        );
        assert_eq!(peer.requests(&Method::BYE).len(), 2);
    });
}
