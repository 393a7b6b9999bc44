//! Routers made of routers: which of them a request goes to, and what each answers.

use spigot::plug::{Next, Plug};
use spigot::router::internals;
use spigot::sip::Pattern;
use spigot::{Header, HeaderName, Method, Reply, Request, Router, StatusCode, header as headers, sip_router};

use super::{arrived, ask, ask_in_dialog, header, request, text};

/// Says in each answer whose plug it passed.
struct Signed(&'static str);

impl Plug for Signed {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        let reply = next.run(request).await;
        reply.with(Header(headers::Server::new(self.0).unwrap()))
    }
}

struct Pbx;

#[sip_router(plugs(Signed("pbx")))]
impl Pbx {
    #[invite]
    async fn ring(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "pbx")
    }

    #[invite(in_dialog)]
    async fn renegotiate(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "pbx again")
    }

    #[message]
    async fn text(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "pbx text")
    }
}

struct Conference(&'static str);

#[sip_router(plugs(Signed("conference")))]
impl Conference {
    #[invite("sip:{room}@*")]
    async fn join(&self, spigot::Path(room): spigot::Path<u16>) -> (StatusCode, String) {
        (StatusCode::OK, format!("{} {room}", self.0))
    }

    #[invite(in_dialog)]
    async fn renegotiate(&self) -> (StatusCode, String) {
        (StatusCode::OK, format!("{} again", self.0))
    }

    #[fallback]
    async fn nothing_else(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }
}

struct Registrar;

#[sip_router(plugs(Signed("registrar")))]
impl Registrar {
    #[register]
    async fn register(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "registrar")
    }

    #[message("sip:registrar@*")]
    async fn never(&self) -> StatusCode {
        StatusCode::DECLINE
    }
}

async fn server(router: &Router, method: &str, uri: &str) -> (StatusCode, Option<String>) {
    let response = ask(router, request(method, uri)).await;
    (
        response.status(),
        header(&response, HeaderName::SERVER).map(str::to_owned),
    )
}

#[tokio::test]
async fn a_nested_host_is_answered_by_its_own_router_alone() {
    let router = Router::new(Pbx).nest(
        "sip:*@conference.example.com",
        Router::new(Conference("conference")),
    );
    let said = |response: &spigot::Response| text(response).to_owned();
    let inside = ask(&router, request("INVITE", "sip:7@conference.example.com")).await;
    assert_eq!(said(&inside), "conference 7");
    assert_eq!(header(&inside, HeaderName::SERVER), Some("conference"));
    let outside = ask(&router, request("INVITE", "sip:7@example.com")).await;
    assert_eq!(said(&outside), "pbx");
    assert_eq!(header(&outside, HeaderName::SERVER), Some("pbx"));

    let conference = Some("conference".to_owned());
    assert_eq!(
        server(&router, "MESSAGE", "sip:7@conference.example.com").await,
        (StatusCode::FORBIDDEN, conference.clone()),
        "its fallback, though the first router has a route"
    );
    assert_eq!(
        server(&router, "OPTIONS", "sip:7@conference.example.com").await,
        (StatusCode::OK, conference)
    );
    let options = ask(&router, request("OPTIONS", "sip:7@conference.example.com")).await;
    assert_eq!(
        header(&options, HeaderName::ALLOW),
        Some("INVITE, ACK, CANCEL, BYE, OPTIONS")
    );
}

#[tokio::test]
async fn routers_nest_in_nested_ones_and_the_first_that_matches_decides() {
    let inner = Router::new(Conference("outer")).nest("sip:1*@*", Router::new(Conference("inner")));
    let router = Router::new(Pbx).nest("sip:*@conference.example.com", inner).nest(
        Pattern::parse("sip:*@*.example.com").unwrap(),
        Router::new(Conference("any")),
    );
    for (uri, answer) in [
        ("sip:12@conference.example.com", "inner 12"),
        ("sip:21@conference.example.com", "outer 21"),
        ("sip:12@else.example.com", "any 12"),
        ("sip:12@example.com", "pbx"),
    ] {
        assert_eq!(text(&ask(&router, request("INVITE", uri)).await), answer, "{uri}");
    }
    assert_eq!(
        router
            .to_string()
            .lines()
            .filter(|line| line.starts_with("sip:"))
            .collect::<Vec<_>>(),
        [
            "sip:*@conference.example.com and sip:1*@*",
            "sip:*@conference.example.com",
            "sip:*@*.example.com"
        ]
    );
}

#[tokio::test]
async fn a_request_in_a_dialog_goes_where_the_dialog_was_opened() {
    let router = Router::new(Pbx).nest("sip:*@conference.example.com", Router::new(Conference("room")));
    let invite = arrived(request("INVITE", "sip:7@conference.example.com"), false);
    let took = internals::router_of(&router, &invite);

    // Its Request-URI is our Contact.
    let again = arrived(request("INVITE", "sip:7@192.0.2.1"), false);
    let again = internals::inside_dialog_of(again, took);
    let response = router.handle(again).await.into_response().unwrap();
    assert_eq!(text(&response), "room again");
    let elsewhere = ask_in_dialog(&router, request("INVITE", "sip:7@conference.example.com")).await;
    assert_eq!(text(&elsewhere), "pbx again");
}

#[tokio::test]
async fn merged_routes_are_one_table_and_keep_their_plugs() {
    let registrar = Router::new(Registrar)
        .supported(&["path", "outbound"])
        .nest("sip:*@conference.example.com", Router::new(Conference("room")));
    let router = Router::new(Pbx)
        .supported(&["outbound", "timer"])
        .merge(registrar);
    assert_eq!(
        router.allow(),
        "INVITE, ACK, CANCEL, BYE, MESSAGE, REGISTER, OPTIONS"
    );
    let options = ask(&router, request("OPTIONS", "sip:example.com")).await;
    assert_eq!(
        header(&options, HeaderName::SUPPORTED),
        Some("outbound, timer, path")
    );

    let pbx = |status| (status, Some("pbx".to_owned()));
    assert_eq!(
        server(&router, "REGISTER", "sip:example.com").await,
        (StatusCode::OK, Some("registrar".to_owned()))
    );
    assert_eq!(
        server(&router, "INVITE", "sip:a@example.com").await,
        pbx(StatusCode::OK)
    );
    assert_eq!(
        server(&router, "MESSAGE", "sip:registrar@example.com").await,
        pbx(StatusCode::OK),
        "the routes of the first router come first"
    );
    assert_eq!(
        server(&router, "PUBLISH", "sip:a@example.com").await,
        pbx(StatusCode::METHOD_NOT_ALLOWED),
        "what no route takes passes the plugs of the first router"
    );
    let room = ask(&router, request("INVITE", "sip:7@conference.example.com")).await;
    assert_eq!(text(&room), "room 7");
}

#[test]
#[should_panic(expected = "\"sip:{room@*\" is no pattern")]
fn a_text_that_is_no_pattern_is_named() {
    let _ = Router::new(Pbx).nest("sip:{room@*", Router::new(Registrar));
}

#[test]
fn requests_outside_of_dialogs_have_their_router_by_the_uri() {
    let router = Router::new(Pbx).nest("sip:*@conference.example.com", Router::new(Conference("room")));
    let of =
        |method: Method, uri| internals::router_of(&router, &arrived(request(method.as_str(), uri), false));
    let room = of(Method::MESSAGE, "sip:7@conference.example.com");
    assert_eq!(of(Method::INVITE, "sip:8@CONFERENCE.example.com"), room);
    assert_ne!(of(Method::INVITE, "sip:8@example.com"), room);
}
