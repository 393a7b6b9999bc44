//! The phonebox on every transport, and on a network in memory.

use spigot::testing::{TestClient, TestServer, certificates};
use spigot::{HeaderName, Method, Spigot, Transport};

use super::bindings::{BINDINGS, USERS};
use super::*;

const ALL: [Transport; 5] = [
    Transport::Udp,
    Transport::Tcp,
    Transport::Tls,
    Transport::Ws,
    Transport::Wss,
];

async fn phone(server: &TestServer, user: &str) -> TestClient {
    let phone = server.client(&format!("sip:{user}@phonebox.example")).await;
    assert_eq!(phone.register().send().await.status(), StatusCode::OK);
    phone
}

#[spigot::test(real_time)]
async fn a_phone_of_each_transport_writes_to_one_of_each() {
    let config = PhoneBox::config().tls(certificates(&["127.0.0.1"]));
    let config = ALL.into_iter().fold(config, |config, transport| {
        config.listen(transport, ([127, 0, 0, 1], 0))
    });
    let spigot = Spigot::start(config).await.unwrap();
    let mut phones = Vec::new();
    for listener in spigot.listeners() {
        let uri = format!("sip:{}@phonebox.example", listener.transport);
        let phone = TestClient::connect_as(&listener.to_string(), &uri).await;
        assert_eq!(phone.register().send().await.status(), StatusCode::OK);
        phones.push((phone, uri));
    }
    for (from, from_uri) in &phones {
        for (to, to_uri) in &phones {
            let mut sent = from.message(to_uri, "hello").start().await;
            let received = to.expect(Method::MESSAGE).await;
            assert_eq!(received.body(), "hello", "{from_uri} to {to_uri}");
            let by: header::From = received.headers().typed().unwrap().unwrap();
            assert_eq!(by.uri().to_string(), *from_uri);
            received.reply(StatusCode::OK);
            assert_eq!(sent.response().await.status(), StatusCode::OK);
        }
    }
    // A phone that hangs up is forgotten.
    let (tcp, tcp_uri) = phones.remove(1);
    drop(tcp);
    let (udp, _) = &phones[0];
    let forgotten = async {
        let ask = || udp.request(Method::REGISTER, "sip:phonebox.example").to(&tcp_uri);
        while ask().send().await.headers().contains(&HeaderName::CONTACT) {}
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), forgotten).await;
    assert!(in_time.is_ok(), "its binding is still there");
    spigot.shutdown().await;
}

#[spigot::test]
async fn nobody_is_there_before_and_after() {
    let server = TestServer::start(PhoneBox::default()).await;
    let alice = phone(&server, "alice").await;
    let bob = server.client("sip:bob@phonebox.example").await;
    let to_bob = || alice.message("sip:bob@phonebox.example", "hello").send();
    assert_eq!(to_bob().await.status(), StatusCode::TEMPORARILY_UNAVAILABLE);
    bob.register().send().await;
    let (answer, ()) = tokio::join!(to_bob(), async {
        bob.expect(Method::MESSAGE).await.reply(StatusCode::BUSY_HERE);
    });
    assert_eq!(answer.status(), StatusCode::BUSY_HERE, "as the phone says");
    let gone = bob.register().header("Expires", "0").send().await;
    assert_eq!(gone.headers().get(&HeaderName::CONTACT), None);
    assert_eq!(to_bob().await.status(), StatusCode::TEMPORARILY_UNAVAILABLE);
}

#[spigot::test]
async fn a_message_rings_all_phones_and_one_is_enough() {
    let server = TestServer::start(PhoneBox::default()).await;
    let alice = phone(&server, "alice").await;
    let (desk, mobile) = (phone(&server, "bob").await, phone(&server, "bob").await);
    let mut sent = alice.message("sip:bob@phonebox.example", "hello").start().await;
    let at_desk = desk.expect(Method::MESSAGE).await;
    mobile.expect(Method::MESSAGE).await.reply(StatusCode::OK);
    assert_eq!(sent.response().await.status(), StatusCode::OK);
    at_desk.reply(StatusCode::OK);
}

#[spigot::test]
async fn a_registration_ends_by_itself() {
    let server = TestServer::start(PhoneBox::default()).await;
    let alice = phone(&server, "alice").await;
    let bob = server.client("sip:bob@phonebox.example").await;
    let bound = bob.register().header("Expires", "60").send().await;
    let contact: Contact = bound.headers().typed().unwrap().unwrap();
    assert_eq!(contact.expires(), Some(60));
    tokio::time::sleep(Duration::from_secs(61)).await;
    let answer = alice.message("sip:bob@phonebox.example", "hello").send().await;
    assert_eq!(answer.status(), StatusCode::TEMPORARILY_UNAVAILABLE);
}

#[spigot::test]
async fn a_phone_that_went_without_a_word_is_not_waited_for() {
    let server = TestServer::start(PhoneBox::default()).await;
    let alice = phone(&server, "alice").await;
    drop(phone(&server, "bob").await);
    let answer = alice.message("sip:bob@phonebox.example", "hello").send().await;
    assert_eq!(answer.status(), StatusCode::TEMPORARILY_UNAVAILABLE);
}

/// A place with `count` phones of one user.
fn contacts(count: usize) -> Vec<Contact> {
    let uris = (0..count).map(|number| format!("sip:bob@192.0.2.1:{}", 1024 + number));
    uris.map(|uri| Contact::new(uri.parse().unwrap())).collect()
}

#[spigot::test]
async fn there_are_so_many_phones_and_no_more() {
    let somewhere = ([192, 0, 2, 1], 5060).into();
    let flow = Source::new(Transport::Udp, somewhere, somewhere).flow();
    let bindings = Bindings::default();
    let bind = |user: &str, contacts: &[Contact], expires| {
        bindings
            .register(user, contacts, expires, flow)
            .map(|bound| bound.len())
    };
    assert_eq!(bind("bob", &contacts(BINDINGS), None), Ok(BINDINGS));
    assert_eq!(
        bind("bob", &contacts(BINDINGS), None),
        Ok(BINDINGS),
        "the same again"
    );
    assert_eq!(bind("bob", &contacts(BINDINGS + 1), None), Err(Full));
    assert_eq!(bind("bob", &[Contact::Any], Some(0)), Ok(0));
    for user in 0..USERS {
        assert_eq!(bind(&user.to_string(), &contacts(1), Some(60)), Ok(1));
    }
    assert_eq!(bind("bob", &contacts(1), None), Err(Full));
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(
        bind("bob", &contacts(1), None),
        Ok(1),
        "those of the others have ended"
    );
}
