//! Whose the requests of a route are: those of this element's user agent, or a proxy's, which pass through.

use spigot::proto::Role;
use spigot::router::internals::{self, Dispatch};
use spigot::testing::TestServer;
use spigot::{
    Agent, FromRequest, Header, NoProxy, Path, Proxy, Reply, Request, Router, StatusCode, Uri,
    header as headers, sip_router,
};

use super::{arrived, ask, request};

/// An extractor of the application's own, which takes a `Proxy` and cannot say so.
struct Hidden;

impl<S: Agent, M: spigot::router::method::Proxied> FromRequest<S, M> for Hidden {
    type Rejection = NoProxy;

    async fn from_request(request: &Request, agent: &S) -> Result<Self, NoProxy> {
        <Proxy as FromRequest<S, M>>::from_request(request, agent).await?;
        Ok(Hidden)
    }
}

struct Edge;

#[sip_router]
impl Edge {
    #[invite("sip:{number}@gateway.example.com")]
    async fn numbers(&self, Path(_number): Path<u32>, _proxy: Proxy) -> StatusCode {
        StatusCode::OK
    }

    #[invite("sip:{name}@gateway.example.com")]
    async fn names(&self, Path(_name): Path<String>, _uri: Uri) -> StatusCode {
        StatusCode::NOT_FOUND
    }

    #[invite(in_dialog)]
    async fn again(&self, _proxy: Proxy) -> StatusCode {
        StatusCode::OK
    }

    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message]
    async fn in_a_tuple(&self, _both: (Uri, (Header<headers::From>, Proxy))) -> StatusCode {
        StatusCode::OK
    }

    #[refer]
    async fn in_a_result(&self, proxy: Result<Proxy, NoProxy>) -> StatusCode {
        match proxy {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::SERVER_TIMEOUT,
        }
    }

    #[publish]
    async fn in_both(&self, _both: (Result<(Proxy, Uri), Reply>,)) -> StatusCode {
        StatusCode::OK
    }

    #[subscribe]
    async fn hidden(&self, _hidden: Hidden) -> StatusCode {
        StatusCode::OK
    }

    #[method("SERVICE")]
    async fn service(&self, _proxy: Proxy) -> StatusCode {
        StatusCode::OK
    }

    #[ack]
    async fn acked(&self, _request: Request) {}

    #[cancel]
    async fn cancelled(&self) {}

    #[any("sip:*@any.example.com")]
    async fn any(&self, _proxy: Proxy) -> StatusCode {
        StatusCode::OK
    }
}

struct Rest;

#[sip_router(plugs(spigot::plug::Trace::new()))]
impl Rest {
    #[options]
    async fn options(&self) -> StatusCode {
        StatusCode::OK
    }

    #[fallback]
    async fn rest(&self, _uri: Uri, _proxy: Proxy) -> StatusCode {
        StatusCode::OK
    }
}

struct Phone;

#[sip_router(plugs(spigot::plug::Trace::new()))]
impl Phone {
    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn role_of(router: &Router, method: &str, uri: &str, in_dialog: bool) -> Role {
    internals::dispatch(router, arrived(request(method, uri), in_dialog)).role()
}

fn role(method: &str, uri: &str) -> Role {
    role_of(&Router::new(Edge), method, uri, false)
}

#[test]
fn a_route_that_takes_a_proxy_makes_its_requests_pass_through() {
    assert_eq!(role("INVITE", "sip:123@gateway.example.com"), Role::Through);
    assert_eq!(role("SERVICE", "sip:123@gateway.example.com"), Role::Through);
    assert_eq!(role("OPTIONS", "sip:123@any.example.com"), Role::Through);
    assert_eq!(role("DANCE", "sip:123@any.example.com"), Role::Through);
    let again = role_of(&Router::new(Edge), "INVITE", "sip:123@192.0.2.1", true);
    assert_eq!(again, Role::Through);
}

#[test]
fn all_other_routes_are_of_the_user_agent() {
    assert_eq!(role("INVITE", "sip:bob@gateway.example.com"), Role::Us);
    assert_eq!(role("REGISTER", "sip:example.com"), Role::Us);
}

#[test]
fn what_contains_a_proxy_is_one() {
    assert_eq!(role("MESSAGE", "sip:bob@example.com"), Role::Through);
    assert_eq!(role("REFER", "sip:bob@example.com"), Role::Through);
    assert_eq!(role("PUBLISH", "sip:bob@example.com"), Role::Through);
}

#[test]
fn a_fallback_may_be_a_proxy() {
    let router = Router::new(Rest);
    assert_eq!(role_of(&router, "OPTIONS", "sip:example.com", false), Role::Us);
    assert_eq!(
        role_of(&router, "INVITE", "sip:bob@example.com", false),
        Role::Through
    );
    assert_eq!(
        role_of(&router, "REFER", "sip:bob@example.com", true),
        Role::Through
    );
}

#[test]
fn what_the_library_answers_is_of_the_user_agent() {
    assert_eq!(role("BYE", "sip:bob@example.com"), Role::Us);
    assert_eq!(role("INVITE", "sip:bob@elsewhere.example.com"), Role::Us);
    let router = Router::new(Phone);
    let behind_a_plug =
        internals::dispatch(&router, arrived(request("INVITE", "sip:bob@example.com"), false));
    assert!(matches!(&behind_a_plug, Dispatch::Handler(_)));
    assert_eq!(behind_a_plug.role(), Role::Us);
}

#[test]
fn nested_and_merged_routes_keep_their_roles() {
    let router = Router::new(Phone)
        .merge(Router::new(Edge))
        .nest("sip:*@nested.example.com", Router::new(Rest));
    let of = |method, uri| role_of(&router, method, uri, false);
    assert_eq!(of("REGISTER", "sip:example.com"), Role::Us);
    assert_eq!(of("INVITE", "sip:123@gateway.example.com"), Role::Through);
    assert_eq!(of("REGISTER", "sip:nested.example.com"), Role::Us);
    assert_eq!(of("REGISTER", "sip:bob@nested.example.com"), Role::Through);
}

#[test]
fn the_router_says_the_role_of_ack_and_cancel_routes_too() {
    let router = Router::new(Edge);
    let ack = arrived(request("ACK", "sip:123@192.0.2.1"), true);
    assert_eq!(
        internals::ack(&router, ack).expect("there is a route").role,
        Role::Us
    );
    let cancel = arrived(request("CANCEL", "sip:123@gateway.example.com"), false);
    let cancelled = internals::cancelled(&router, cancel).expect("there is a route");
    assert_eq!(cancelled.role, Role::Us);
}

#[tokio::test]
async fn without_an_endpoint_there_is_no_proxy() {
    let router = Router::new(Edge);
    let response = ask(&router, request("INVITE", "sip:123@gateway.example.com")).await;
    assert_eq!(response.status(), StatusCode::SERVER_INTERNAL_ERROR);
    let response = ask(&router, request("REFER", "sip:bob@example.com")).await;
    assert_eq!(response.status(), StatusCode::SERVER_TIMEOUT);
}

#[spigot::test]
async fn a_handler_is_given_the_proxy_and_an_extractor_that_does_not_say_so_is_not() {
    let server = TestServer::start(Edge).await;
    let alice = server.client("sip:alice@example.com").await;
    let invited = alice.invite("sip:123@gateway.example.com").send().await;
    assert_eq!(invited.status(), StatusCode::OK);
    let refused = alice
        .request(spigot::Method::SUBSCRIBE, "sip:bob@example.com")
        .send()
        .await;
    assert_eq!(refused.status(), StatusCode::SERVER_INTERNAL_ERROR);
}

/// Asks for what carries a Route of this element's own.
fn passing(router: &Router, method: &str, uri: &str) -> Dispatch {
    let request = internals::passing_through(arrived(request(method, uri), false));
    internals::dispatch(router, request)
}

struct Relay;

#[sip_router]
impl Relay {
    #[invite("sip:*@example.com")]
    async fn ours(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self, _proxy: Proxy) -> StatusCode {
        StatusCode::OK
    }

    #[any]
    async fn rest(&self, _proxy: Proxy) -> StatusCode {
        StatusCode::OK
    }
}

#[tokio::test]
async fn what_carries_a_route_of_ours_goes_to_a_proxy_and_to_no_user_agent() {
    let router = Router::new(Relay);
    assert_eq!(role_of(&router, "INVITE", "sip:bob@example.com", false), Role::Us);
    for method in ["INVITE", "BYE", "INFO", "UPDATE", "DANCE"] {
        let dispatch = passing(&router, method, "sip:bob@example.com");
        assert_eq!(dispatch.role(), Role::Through, "{method}");
    }
    let fallback = passing(&Router::new(Rest), "BYE", "sip:bob@example.com");
    assert_eq!(fallback.role(), Role::Through);

    let status = passing(&Router::new(Phone), "BYE", "sip:bob@example.com")
        .reply()
        .await
        .status();
    assert_eq!(
        status,
        Some(StatusCode::CALL_DOES_NOT_EXIST),
        "no route is a proxy's"
    );
    let status = passing(&Router::new(Phone), "REGISTER", "sip:example.com")
        .reply()
        .await
        .status();
    assert_eq!(
        status,
        Some(StatusCode::METHOD_NOT_ALLOWED),
        "nor does the user agent's take it"
    );
}

#[tokio::test]
async fn a_proxy_is_asked_for_proxy_require_and_a_user_agent_for_require() {
    let (phone, relay) = (Router::new(Phone), Router::new(Relay).supported(&["known"]));
    let status = async |router: &Router, method: &str, header: spigot::HeaderName, tags: &str| {
        let mut message = request(method, "sip:example.com");
        message.headers_mut().push(header, tags).unwrap();
        ask(router, message).await.status()
    };
    let (require, proxy_require) = (spigot::HeaderName::REQUIRE, spigot::HeaderName::PROXY_REQUIRE);
    let bad_extension = StatusCode::BAD_EXTENSION;
    assert_eq!(
        status(&phone, "REGISTER", require.clone(), "foo").await,
        bad_extension
    );
    assert_eq!(
        status(&phone, "REGISTER", proxy_require.clone(), "foo").await,
        StatusCode::OK
    );
    assert_ne!(status(&relay, "MESSAGE", require, "foo").await, bad_extension);
    assert_eq!(
        status(&relay, "MESSAGE", proxy_require.clone(), "foo").await,
        bad_extension
    );
    assert_ne!(
        status(&relay, "MESSAGE", proxy_require, "known").await,
        bad_extension
    );
}
