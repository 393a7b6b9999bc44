//! Routers that are made of what a configuration says, behind an endpoint: layers and domains.

use std::collections::HashMap;

use spigot::header::Algorithm;
use spigot::plug::{self, DigestAuth, Next, Plug, User};
use spigot::testing::TestServer;
use spigot::{
    Config, Error, Extension, HeaderName, Method, Path, Reply, Request, Router, Spigot, StatusCode,
    Transport, sip_router,
};

struct Office {
    domains: Vec<String>,
}

impl Office {
    fn of(domains: &[&str]) -> Office {
        Office {
            domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
        }
    }
}

#[sip_router(domains = self.domains)]
impl Office {
    #[invite("sip:{user}@{domain}")]
    async fn ring(&self, Path((user, domain)): Path<(String, String)>) -> (StatusCode, String) {
        (StatusCode::OK, format!("{user} of {domain}"))
    }

    #[bye]
    async fn hang_up(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message("sip:*@conference.{domain}")]
    async fn text(&self, Path(domain): Path<String>, user: Option<Extension<User>>) -> (StatusCode, String) {
        let name = user.map_or("nobody".to_owned(), |user| user.0.name().to_owned());
        (StatusCode::OK, format!("{name} at {domain}"))
    }
}

fn auth() -> DigestAuth<HashMap<String, String>> {
    let users = HashMap::from([("alice".to_owned(), "secret".to_owned())]);
    DigestAuth::new("example.com", [Algorithm::MD5], users)
}

/// Says in each answer that it was passed.
struct Signed;

impl Plug for Signed {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        let reply = next.run(request).await;
        reply.with(spigot::Header(spigot::header::Server::new("signed").unwrap()))
    }
}

#[spigot::test]
async fn a_layer_challenges_calls_and_does_not_cut_them() {
    let server = TestServer::start(Router::new(Office::of(&["example.com"])).layer(auth())).await;
    let alice = server.client("sip:alice@example.com").await;
    let stranger = alice.invite("sip:bob@example.com").send().await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);

    let invite = alice.invite("sip:bob@example.com").credentials("alice", "secret");
    let mut invite = invite.start().await;
    let answer = invite.response().await;
    assert_eq!(answer.body(), "bob of example.com");
    // A BYE without credentials, which a challenge would leave unanswered.
    assert_eq!(invite.dialog(&answer).bye().await.status(), StatusCode::OK);

    // What the layer puts beside the request reaches the handler.
    let text = alice
        .message("sip:room@conference.example.com", "?")
        .credentials("alice", "secret");
    assert_eq!(text.send().await.body(), "alice at example.com");
    // The library's own answers are behind the layer, too.
    let elsewhere = alice.invite("sip:bob@example.net").send().await;
    assert_eq!(elsewhere.status(), StatusCode::UNAUTHORIZED);
}

#[spigot::test]
async fn a_layer_around_nested_routers_sees_their_dialogs_where_it_is_asked_to() {
    let router = Router::new(Office::of(&[]))
        .nest("sip:*@example.org", Router::new(Office::of(&["example.org"])))
        .layer(plug::in_dialog(Signed));
    let server = TestServer::start(router).await;
    let alice = server.client("sip:alice@example.com").await;
    let signed = |response: &spigot::Response| response.headers().get(&HeaderName::SERVER) == Some("signed");

    let mut invite = alice.invite("sip:bob@example.org").start().await;
    let answer = invite.response().await;
    assert!(signed(&answer) && answer.body() == "bob of example.org");
    let dialog = invite.dialog(&answer);
    let info = dialog.request(Method::INFO).send().await;
    assert!(
        signed(&info) && info.status() == StatusCode::OK,
        "the library's answer"
    );
    assert!(signed(&dialog.bye().await));
    let nobody = alice.invite("sip:bob@example.com").send().await;
    assert!(signed(&nobody) && nobody.status() == StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_domain_that_is_none_is_told_at_the_start() {
    for (wrong, router) in [
        (
            "sip:example.org",
            Router::new(Office::of(&["example.com", "sip:example.org"])),
        ),
        ("", Router::new(Office::of(&[""])).layer(Signed)),
        (
            "example.org:5060",
            Router::new(Office::of(&[])).nest("*", Router::new(Office::of(&["example.org:5060"]))),
        ),
        (
            "a b",
            Router::new(Office::of(&[])).merge(Router::new(Office::of(&["a b"]))),
        ),
    ] {
        let config = Config::new(router).listen(Transport::Udp, "127.0.0.1:0");
        let error = Spigot::start(config).await.unwrap_err();
        assert!(matches!(&error, Error::Domain(text) if text == wrong), "{error}");
        assert!(
            error
                .to_string()
                .contains("expected a host, such as `example.com`"),
            "{error}"
        );
    }
}
