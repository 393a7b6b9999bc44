//! Patterns in which `{domain}` stands for the domains that the agent has.

use std::collections::HashSet;
use std::sync::Arc;

use spigot::plug::Trace;
use spigot::{Path, Router, StatusCode, sip_router};

use super::{ask, request, text};

type Answer = (StatusCode, String);

/// An agent that learns its domains from a configuration.
struct Pbx {
    domains: Vec<String>,
}

#[sip_router(domains = self.domains)]
impl Pbx {
    #[message("sip:{user}@{domain}")]
    async fn ours(&self, Path((user, domain)): Path<(String, String)>) -> Answer {
        (StatusCode::OK, format!("{user} of {domain}"))
    }

    #[message("sip:{room}@conference.{domain}")]
    async fn room(&self, Path(room): Path<u16>, Path(domain): Path<String>) -> Answer {
        (StatusCode::OK, format!("room {room} of {domain}"))
    }

    /// A proxy would send these on.
    #[message("sip:*@*")]
    async fn others(&self) -> Answer {
        (StatusCode::OK, "elsewhere".to_owned())
    }

    #[register("sip:{domain}")]
    async fn register(&self, Path(domain): Path<String>) -> Answer {
        (StatusCode::OK, domain)
    }
}

fn pbx(domains: &[&str]) -> Pbx {
    Pbx {
        domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
    }
}

async fn message(router: &Router, uri: &str) -> String {
    let answer = ask(router, request("MESSAGE", uri)).await;
    match answer.status() {
        StatusCode::OK => text(&answer).to_owned(),
        status => status.as_u16().to_string(),
    }
}

#[tokio::test]
async fn a_domain_of_the_agent_matches_and_any_other_falls_through() {
    let router = Router::new(pbx(&["example.com", "Example.org", "192.0.2.1", "[2001:db8::1]"]));
    for (uri, answer) in [
        ("sip:alice@example.com", "alice of example.com"),
        ("sip:alice@EXAMPLE.COM:5070;transport=tcp", "alice of EXAMPLE.COM"),
        ("sip:alice@example.org", "alice of example.org"),
        ("sip:alice@192.0.2.1", "alice of 192.0.2.1"),
        ("sip:alice@[2001:DB8:0::1]", "alice of [2001:DB8:0::1]"),
        ("sip:7@conference.example.org", "room 7 of example.org"),
        ("sip:lobby@conference.example.org", "elsewhere"),
        ("sip:7@conference.example.net", "elsewhere"),
        ("sip:alice@a.example.com", "elsewhere"),
        ("sip:alice@example.com.net", "elsewhere"),
        ("sip:alice@192.0.2.2", "elsewhere"),
        ("sips:alice@example.com", "404"),
    ] {
        assert_eq!(message(&router, uri).await, answer, "{uri}");
    }
    // There is no other route for a REGISTER.
    let register = |uri| request("REGISTER", uri);
    assert_eq!(
        text(&ask(&router, register("sip:example.org")).await),
        "example.org"
    );
    let elsewhere = ask(&router, register("sip:example.net")).await;
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_agent_of_no_domain_takes_nothing_by_it() {
    let router = Router::new(pbx(&[]));
    assert_eq!(message(&router, "sip:alice@example.com").await, "elsewhere");
    // One that is none is told at the start of an endpoint. Until then nothing is let in by the others.
    let router = Router::new(pbx(&["example.com", "sip:example.org"]));
    assert_eq!(message(&router, "sip:alice@example.com").await, "elsewhere");
}

struct Anywhere;

#[sip_router]
impl Anywhere {
    #[message("sip:{user}@{domain}")]
    async fn all(&self, Path((user, domain)): Path<(String, String)>) -> Answer {
        (StatusCode::OK, format!("{user} at {domain}"))
    }
}

#[tokio::test]
async fn without_domains_the_capture_takes_any_host() {
    let router = Router::new(Anywhere);
    for (uri, answer) in [
        ("sip:alice@example.com", "alice at example.com"),
        ("sip:alice@192.0.2.1", "alice at 192.0.2.1"),
        ("sip:alice@[2001:db8::1]", "alice at [2001:db8::1]"),
    ] {
        assert_eq!(message(&router, uri).await, answer);
    }
}

#[tokio::test]
async fn each_agent_of_a_composed_router_has_its_own_domains() {
    let one = || Router::new(pbx(&["example.com"]));
    let merged = one().merge(Router::new(Anywhere));
    assert_eq!(
        message(&merged, "sip:alice@example.com").await,
        "alice of example.com"
    );
    let merged = Router::new(Registrar(Arc::new(["example.net".to_owned()].into()))).merge(one());
    assert_eq!(message(&merged, "sip:alice@example.net").await, "example.net");
    assert_eq!(
        message(&merged, "sip:alice@example.com").await,
        "alice of example.com"
    );

    let nested = Router::new(Anywhere)
        .nest("sip:*@*.com", one())
        .layer(Trace::new());
    assert_eq!(
        message(&nested, "sip:alice@example.com").await,
        "alice of example.com"
    );
    assert_eq!(message(&nested, "sip:alice@other.com").await, "elsewhere");
    assert_eq!(
        message(&nested, "sip:alice@example.net").await,
        "alice at example.net"
    );
}

/// An agent that keeps its domains otherwise.
struct Registrar(Arc<HashSet<String>>);

impl Registrar {
    fn domains(&self) -> &HashSet<String> {
        &self.0
    }
}

#[sip_router(domains = self.domains())]
impl Registrar {
    #[message("sip:*@{domain}")]
    async fn text(&self, Path(domain): Path<String>) -> Answer {
        (StatusCode::OK, domain)
    }
}

struct Single {
    domain: String,
}

#[sip_router(domains = self.domain)]
impl Single {
    #[message("sip:*@{domain}")]
    async fn text(&self, Path(domain): Path<String>) -> Answer {
        (StatusCode::OK, domain)
    }
}

#[tokio::test]
async fn an_agent_of_one_domain_says_one_text() {
    let domain = "example.com".to_owned();
    let router = Router::new(Single { domain });
    assert_eq!(message(&router, "sip:alice@example.com").await, "example.com");
    assert_eq!(message(&router, "sip:alice@example.org").await, "404");
}

#[test]
fn the_table_shows_the_pattern_as_it_is_written() {
    assert!(
        Pbx::ROUTES
            .to_string()
            .contains("MESSAGE   sip:{user}@{domain}             -           ours")
    );
    assert_eq!(
        Router::new(pbx(&["example.com"])).to_string(),
        Pbx::ROUTES.to_string()
    );
}

struct Mailboxes {
    domains: Vec<String>,
}

#[sip_router(domains = self.domains)]
impl Mailboxes {
    #[message("sip:*@{domain}")]
    async fn any(&self) -> Answer {
        (StatusCode::OK, "ours".to_owned())
    }

    #[message("sip:{number}@voicemail.{domain}")]
    async fn voicemail(&self, Path(number): Path<u16>) -> Answer {
        (StatusCode::OK, format!("box {number}"))
    }
}

#[tokio::test]
async fn a_domain_that_no_argument_takes_is_limited_all_the_same() {
    let router = Router::new(Mailboxes {
        domains: vec!["example.com".to_owned()],
    });
    for (uri, answer) in [
        ("sip:alice@example.com", "ours"),
        ("sip:alice@example.org", "404"),
        ("sip:7@voicemail.example.com", "box 7"),
        ("sip:x@voicemail.example.com", "404"),
        ("sip:7@voicemail.example.org", "404"),
    ] {
        assert_eq!(message(&router, uri).await, answer, "{uri}");
    }
}
