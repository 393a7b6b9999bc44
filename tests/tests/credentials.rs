//! The client answers challenges: of a server, of a proxy before it, inside a dialog, and no more often than
//! makes sense.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::header::{Algorithm, Authorization, Challenge, ProxyAuthorization, WwwAuthenticate};
use spigot::plug::{DigestAuth, Next, Plug};
use spigot::proto::digest::{Computed, Hash};
use spigot::testing::TestServer;
use spigot::{Client, HeaderName, Method, Reply, Request, StatusCode, Transport, sip_router};

/// A server with a proxy's plug before its own, which writes down the requests that come.
struct Guarded {
    proxy: Option<DigestAuth<HashMap<String, String>>>,
    own: DigestAuth<HashMap<String, String>>,
    seen: Arc<Mutex<Vec<String>>>,
}

fn users() -> HashMap<String, String> {
    HashMap::from([("alice".to_owned(), "secret".to_owned())])
}

impl Guarded {
    fn new(algorithms: &[Algorithm]) -> Guarded {
        Guarded {
            proxy: None,
            own: DigestAuth::new("example.com", algorithms.to_vec(), users()),
            seen: Arc::default(),
        }
    }

    fn write_down(&self, request: &Request) {
        let headers = request.headers();
        let credentials = [HeaderName::AUTHORIZATION, HeaderName::PROXY_AUTHORIZATION]
            .iter()
            .map(|name| headers.get_all(name).count())
            .sum::<usize>();
        let cseq = headers.get(&HeaderName::CSEQ).unwrap_or_default();
        self.seen.lock().unwrap().push(format!("{cseq} +{credentials}"));
    }
}

#[sip_router]
impl Guarded {
    #[plug(in_dialog)]
    async fn note(&self, request: Request, next: Next<'_>) -> Reply {
        self.write_down(&request);
        next.run(request).await
    }

    #[plug(in_dialog)]
    async fn at_the_proxy(&self, request: Request, next: Next<'_>) -> Reply {
        match &self.proxy {
            Some(proxy) => proxy.call(request, next).await,
            None => next.run(request).await,
        }
    }

    #[plug(in_dialog)]
    async fn at_the_server(&self, request: Request, next: Next<'_>) -> Reply {
        self.own.call(request, next).await
    }

    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[ack]
    async fn ack(&self, request: Request) {
        self.write_down(&request);
    }

    #[info]
    async fn info(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[spigot::test]
async fn a_challenge_is_answered_with_the_best_that_is_offered() {
    let algorithms = [Algorithm::SHA_512_256, Algorithm::SHA_256, Algorithm::MD5];
    for offered in [&algorithms[..], &algorithms[1..], &algorithms[2..]] {
        let agent = Guarded::new(offered);
        let seen = agent.seen.clone();
        let server = TestServer::start(agent).await;
        let alice = server.client("sip:alice@example.com").await;
        let mut register = alice.register().credentials("alice", "secret").start().await;
        assert_eq!(register.response().await.status(), StatusCode::OK);
        assert_eq!(*seen.lock().unwrap(), ["1 REGISTER +0", "2 REGISTER +1"]);
        let credentials: Authorization = register.request().headers().typed().unwrap().unwrap();
        assert_eq!(credentials.credentials().algorithm().as_ref(), offered.first());
    }
}

#[spigot::test]
async fn a_wrong_password_is_tried_once() {
    let agent = Guarded::new(&[Algorithm::SHA_256]);
    let seen = agent.seen.clone();
    let server = TestServer::start(agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let response = alice.register().credentials("alice", "guess").send().await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let none = alice.register().send().await;
    assert_eq!(none.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        *seen.lock().unwrap(),
        ["1 REGISTER +0", "2 REGISTER +1", "1 REGISTER +0"]
    );
}

#[spigot::test]
async fn proxy_and_server_each_get_their_credentials() {
    let mut agent = Guarded::new(&[Algorithm::MD5]);
    agent.proxy = Some(DigestAuth::new("proxy.example.com", [Algorithm::MD5], users()).proxy());
    let seen = agent.seen.clone();
    let server = TestServer::start(agent).await;
    let alice = server.client_over(Transport::Tcp, "sip:alice@example.com").await;
    let mut register = alice.register().credentials("alice", "secret").start().await;
    assert_eq!(register.response().await.status(), StatusCode::OK);
    assert_eq!(
        *seen.lock().unwrap(),
        ["1 REGISTER +0", "2 REGISTER +1", "3 REGISTER +2"]
    );
    let of_proxy: ProxyAuthorization = register.request().headers().typed().unwrap().unwrap();
    assert_eq!(of_proxy.credentials().nonce_count(), Some(2));
}

#[spigot::test]
async fn a_call_takes_its_credentials_along() {
    let agent = Guarded::new(&[Algorithm::SHA_256]);
    let seen = agent.seen.clone();
    let server = TestServer::start(agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let invite = alice.invite("sip:bob@example.com").credentials("alice", "secret");
    let mut invite = invite.start().await;
    let answer = invite.response().await;
    assert_eq!(answer.status(), StatusCode::OK);
    let dialog = invite.dialog(&answer);
    assert_eq!(dialog.request(Method::INFO).send().await.status(), StatusCode::OK);
    // By now the nonce is too old.
    tokio::time::sleep(Duration::from_secs(400)).await;
    assert_eq!(dialog.request(Method::INFO).send().await.status(), StatusCode::OK);
    assert_eq!(dialog.bye().await.status(), StatusCode::OK);
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "1 INVITE +0",
            "2 INVITE +1",
            "2 ACK +1",
            "3 INFO +1",
            "4 INFO +1",
            "5 INFO +1",
            "6 BYE +1"
        ]
    );
}

struct NeverContent(Mutex<usize>);

#[sip_router]
impl NeverContent {
    #[register]
    async fn register(&self) -> Reply {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        let challenge = Challenge::digest("example.com", &count.to_string()).unwrap();
        Reply::unauthorized(challenge.with_stale(true).unwrap())
    }

    #[options]
    async fn count(&self) -> (StatusCode, String) {
        (StatusCode::OK, self.0.lock().unwrap().to_string())
    }
}

#[spigot::test]
async fn a_server_that_finds_every_nonce_stale_is_left_alone() {
    let server = TestServer::start(NeverContent(Mutex::new(0))).await;
    let alice = server.client("sip:alice@example.com").await;
    let response = alice.register().credentials("alice", "secret").send().await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let count = alice.options("sip:example.com").send().await;
    assert_eq!(count.body(), "9");
}

/// Passes messages on to whoever asked last.
struct Relay {
    to: Mutex<Option<spigot::sip::Uri>>,
}

#[sip_router]
impl Relay {
    #[register]
    async fn register(&self, contacts: spigot::Contacts) -> StatusCode {
        let first = contacts.into_vec().into_iter().next();
        *self.to.lock().unwrap() = first.and_then(|contact| contact.uri().cloned());
        StatusCode::OK
    }

    #[message]
    async fn message(&self, client: Client, text: String) -> StatusCode {
        let to = self.to.lock().unwrap().clone();
        let Some(to) = to else {
            return StatusCode::NOT_FOUND;
        };
        match client.message(to).body("text/plain", text).send().await {
            Ok(response) => response.status(),
            Err(_) => StatusCode::BAD_GATEWAY,
        }
    }
}

#[spigot::test]
async fn a_handler_sends_requests_of_its_own() {
    let server = TestServer::start(Relay { to: Mutex::default() }).await;
    let alice = server.client("sip:alice@example.com").await;
    let bob = server.client("sip:bob@example.com").await;
    bob.register().send().await;
    let message = alice.message("sip:bob@example.com", "hello");
    let mut message = message.start().await;
    let received = bob.expect(Method::MESSAGE).await;
    assert_eq!(received.body(), "hello");
    received.reply(StatusCode::ACCEPTED);
    assert_eq!(message.response().await.status(), StatusCode::ACCEPTED);
}

/// Writes credentials of alice's by hand, as phones do, for the first challenge to her REGISTER. Returns the
/// status that they are answered with.
async fn registers_by_hand(server: &TestServer, write: impl Fn(&str, &str) -> String) -> StatusCode {
    let alice = server.client("sip:alice@example.com").await;
    let refused = alice.register().send().await;
    let challenge = refused
        .headers()
        .typed::<WwwAuthenticate>()
        .expect("it can be read");
    let challenge = Challenge::from(challenge.expect("a challenge"));
    let nonce = challenge.nonce().expect("a nonce").into_owned();
    let md5 = Algorithm::MD5;
    let computed = |qop| Computed {
        algorithm: &md5,
        nonce: &nonce,
        qop,
        cnonce: "ab12",
        method: "REGISTER",
        uri: "sip:example.com",
        body: b"",
    };
    let ha1 = Hash::Md5.ha1("alice", "example.com", "secret");
    let with_qop = computed(Some(("auth", "00000001", "ab12"))).response(&ha1);
    let without = computed(None).response(&ha1);
    let (with_qop, without) = with_qop.zip(without).expect("MD5 is known");
    let credentials = format!(
        "Digest username=\"alice\", realm=\"example.com\", nonce=\"{nonce}\", uri=\"sip:example.com\", {}",
        write(&with_qop, &without)
    );
    let register = alice.register().header("Authorization", credentials);
    register.send().await.status()
}

#[spigot::test]
async fn a_phone_may_quote_what_others_write_bare() {
    for quoted in [
        "algorithm=\"MD5\", cnonce=\"ab12\", qop=\"auth\", nc=\"00000001\"",
        "algorithm=MD5, cnonce=\"ab12\", qop=\"auth\", nc=00000001",
        "cnonce=\"ab12\", qop=auth, nc=\"00000001\"",
    ] {
        let server = TestServer::start(Guarded::new(&[Algorithm::MD5])).await;
        let answer = registers_by_hand(&server, |full, _| format!("response=\"{full}\", {quoted}"));
        assert_eq!(answer.await, StatusCode::OK, "{quoted}");
    }
}

#[spigot::test]
async fn a_phone_that_knows_no_qop_is_let_in_where_that_is_allowed() {
    for allowed in [true, false] {
        for more in ["", ", algorithm=MD5", ", algorithm=\"md5\", opaque=\"\""] {
            let mut agent = Guarded::new(&[Algorithm::MD5]);
            if allowed {
                agent.own = agent.own.allow_rfc2069();
            }
            let server = TestServer::start(agent).await;
            let answer = registers_by_hand(&server, |_, old| format!("response=\"{old}\"{more}"));
            let expected = if allowed {
                StatusCode::OK
            } else {
                StatusCode::UNAUTHORIZED
            };
            assert_eq!(answer.await, expected, "{more}");
        }
    }
}
