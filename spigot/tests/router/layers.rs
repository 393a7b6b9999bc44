//! Plugs that are put around a router at run time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::plug::{self, LimitBody, Next, Plug, RateLimit, RequestId, Trace};
use spigot::router::internals;
use spigot::{Extension, Method, Path, Reply, Request, Router, StatusCode, sip_router};
use tower::timeout::TimeoutLayer;

use super::{arrived, ask, ask_in_dialog, request, text};

/// The plugs that a request went by, beside it.
#[derive(Clone, Default)]
struct Way(Arc<Mutex<Vec<&'static str>>>);

/// Notes its name beside the request, and its name in the reply.
struct Named(&'static str);

impl Plug for Named {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        let way: &Way = request.extension().expect("the test puts it there");
        way.0.lock().unwrap().push(self.0);
        next.run(request).await
    }
}

struct Phone;

#[sip_router(plugs(Named("of the router")))]
impl Phone {
    #[plug]
    async fn method(&self, request: Request, next: Next<'_>) -> Reply {
        Named("method").call(request, next).await
    }

    #[message("sip:{number}@*")]
    #[through(Named("of the route"))]
    async fn text(&self, Path(number): Path<u8>) -> (StatusCode, String) {
        (StatusCode::OK, number.to_string())
    }

    #[invite(in_dialog)]
    async fn renegotiate(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye]
    async fn hang_up(&self) -> StatusCode {
        StatusCode::ACCEPTED
    }

    #[ack]
    async fn acked(&self) {}
}

struct Rooms;

#[sip_router]
impl Rooms {
    #[message]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }
}

async fn way_of(router: &Router, method: &str, uri: &str, in_dialog: bool) -> (u16, Vec<&'static str>) {
    let way = Way::default();
    let request = arrived(request(method, uri), in_dialog).with(way.clone());
    let status = router.handle(request).await.status().expect("an answer");
    let way = way.0.lock().unwrap().clone();
    (status.as_u16(), way)
}

#[tokio::test]
async fn the_layer_that_is_added_last_runs_first() {
    let router = Router::new(Phone).layer(Named("first")).layer(Named("second"));
    let routed = ["second", "first", "of the router", "method", "of the route"];
    assert_eq!(
        way_of(&router, "MESSAGE", "sip:7@x", false).await,
        (200, routed.to_vec())
    );
    let unrouted = ["second", "first", "of the router"];
    assert_eq!(
        way_of(&router, "MESSAGE", "sip:x@x", false).await,
        (404, unrouted.to_vec())
    );
    assert_eq!(
        way_of(&router, "PUBLISH", "sip:7@x", false).await,
        (405, unrouted.to_vec())
    );

    let bare = Router::new(Rooms).layer(Named("first")).layer(Named("second"));
    assert_eq!(
        way_of(&bare, "MESSAGE", "sip:7@x", false).await,
        (200, vec!["second", "first"])
    );
    assert_eq!(
        way_of(&bare, "PUBLISH", "sip:7@x", false).await,
        (405, vec!["second", "first"])
    );
}

#[tokio::test]
async fn a_layer_sees_requests_in_dialogs_where_it_is_asked_to() {
    let router = Router::new(Phone)
        .layer(plug::in_dialog(Named("both")))
        .layer(Named("outside"));
    let outside = ["outside", "both", "of the router", "method", "of the route"];
    assert_eq!(
        way_of(&router, "MESSAGE", "sip:7@x", false).await,
        (200, outside.to_vec())
    );
    assert_eq!(
        way_of(&router, "INVITE", "sip:7@x", true).await,
        (200, vec!["both"])
    );
    assert_eq!(way_of(&router, "BYE", "sip:7@x", true).await, (202, vec!["both"]));
    // What no route takes, inside a dialog and outside of one.
    assert_eq!(
        way_of(&router, "PUBLISH", "sip:7@x", true).await,
        (405, vec!["both"])
    );
    let lost = ["outside", "both", "of the router"];
    assert_eq!(
        way_of(&router, "BYE", "sip:7@x", false).await,
        (481, lost.to_vec())
    );

    let deaf = Router::new(Phone).layer(Named("outside"));
    assert_eq!(way_of(&deaf, "BYE", "sip:7@x", true).await, (202, vec![]));
    assert_eq!(way_of(&deaf, "INFO", "sip:7@x", true).await, (200, vec![]));
}

#[tokio::test]
async fn a_layer_is_around_what_is_in_the_router_and_not_around_what_is_added_later() {
    let rooms = || Router::new(Rooms).layer(Named("rooms"));
    let both = Router::new(Phone)
        .nest("sip:*@rooms", rooms())
        .layer(Named("all"));
    assert_eq!(
        way_of(&both, "MESSAGE", "sip:7@rooms", false).await,
        (200, vec!["all", "rooms"])
    );
    assert_eq!(way_of(&both, "MESSAGE", "sip:7@x", false).await.1[0], "all");
    let later = Router::new(Phone)
        .layer(Named("all"))
        .nest("sip:*@rooms", rooms());
    assert_eq!(
        way_of(&later, "MESSAGE", "sip:7@rooms", false).await,
        (200, vec!["rooms"])
    );
    assert_eq!(way_of(&later, "MESSAGE", "sip:7@x", false).await.1[0], "all");
    // Routers nested in nested ones.
    let deep = Router::new(Phone).nest("sip:*@rooms", Router::new(Phone).nest("sip:1*@*", rooms()));
    let deep = deep.layer(Named("all"));
    assert_eq!(
        way_of(&deep, "MESSAGE", "sip:12@rooms", false).await.1,
        ["all", "rooms"]
    );

    let merged = Router::new(Phone).merge(rooms());
    assert_eq!(
        way_of(&merged, "MESSAGE", "sip:x@x", false).await,
        (200, vec!["rooms"])
    );
    let around = merged.layer(Named("all"));
    assert_eq!(
        way_of(&around, "MESSAGE", "sip:x@x", false).await,
        (200, vec!["all", "rooms"])
    );
    let first = rooms().merge(Router::new(Phone));
    assert_eq!(
        way_of(&first, "PUBLISH", "sip:x@x", false).await,
        (405, vec!["rooms"])
    );
}

#[tokio::test]
async fn a_dialog_in_a_nested_router_stays_there_and_passes_the_layers_that_see_it() {
    let phone = Router::new(Rooms).nest("sip:*@phone", Router::new(Phone));
    let router = phone.layer(plug::in_dialog(Named("both")));
    let took = internals::router_of(&router, &arrived(request("INVITE", "sip:7@phone"), false));
    let way = Way::default();
    let bye = internals::inside_dialog_of(arrived(request("BYE", "sip:7@192.0.2.1"), false), took);
    let reply = router.handle(bye.with(way.clone())).await;
    assert_eq!(reply.status(), Some(StatusCode::ACCEPTED));
    assert_eq!(*way.0.lock().unwrap(), ["both"]);
}

#[test]
fn ack_and_cancel_pass_no_layer() {
    // The plug would panic: nothing is beside the request.
    let router = Router::new(Phone).layer(plug::in_dialog(Named("both")));
    let ack = internals::ack(&router, arrived(request("ACK", "sip:7@x"), true));
    let mut future = ack.expect("a route").future;
    let polled = future
        .as_mut()
        .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    assert!(polled.is_ready());
    assert!(router.to_string().ends_with("acked        -"), "{router}");
}

#[derive(Clone)]
struct Who(&'static str);

/// Puts something beside the request, or answers for it.
struct Guard;

impl Plug for Guard {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        tokio::task::yield_now().await;
        match *request.method() {
            Method::PUBLISH => StatusCode::FORBIDDEN.into(),
            _ => next.run(request.with(Who("a guest"))).await,
        }
    }
}

struct Desk;

#[sip_router]
impl Desk {
    #[message("sip:{name}@*")]
    async fn text(&self, Path(name): Path<String>, Extension(who): Extension<Who>) -> (StatusCode, String) {
        (StatusCode::OK, format!("{} for {name}", who.0))
    }

    #[publish]
    async fn never(&self) -> StatusCode {
        panic!("the layer answers")
    }

    #[refer]
    async fn waits(&self) -> StatusCode {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_layer_hands_its_request_on_or_answers_itself() {
    let router = Router::new(Desk)
        .layer(RequestId::new())
        .layer(Guard)
        .layer(Trace::new());
    let answer = ask(&router, request("MESSAGE", "sip:desk@x")).await;
    assert_eq!(text(&answer), "a guest for desk");
    assert_eq!(
        ask(&router, request("PUBLISH", "sip:desk@x")).await.status(),
        StatusCode::FORBIDDEN
    );
    // Without the layer nothing is beside the request.
    let bare = ask(&Router::new(Desk), request("MESSAGE", "sip:desk@x")).await;
    assert_eq!(bare.status(), StatusCode::SERVER_INTERNAL_ERROR);
}

#[tokio::test(start_paused = true)]
async fn a_layer_of_tower_is_one_by_a_plug() {
    let late = plug::layer(TimeoutLayer::new(Duration::from_secs(2)));
    let router = Router::new(Desk).layer(late.or(|_| StatusCode::SERVER_TIMEOUT.into()));
    assert_eq!(
        ask(&router, request("REFER", "sip:desk@x")).await.status(),
        StatusCode::SERVER_TIMEOUT
    );
    assert!(router.to_string().contains("layer(Timeout)"), "{router}");
}

/// Counts the requests of all routes that it is around.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicUsize>);

impl Plug for Counted {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        self.0.fetch_add(1, Ordering::Relaxed);
        next.run(request).await
    }
}

#[tokio::test]
async fn one_plug_is_around_all_routes_and_their_clones() {
    let counted = Counted::default();
    let router = Router::new(Rooms)
        .nest("sip:*@desk", Router::new(Rooms))
        .layer(counted.clone());
    for uri in ["sip:7@x", "sip:7@desk"] {
        assert_eq!(
            ask(&router.clone(), request("MESSAGE", uri)).await.status(),
            StatusCode::OK
        );
    }
    assert_eq!(
        ask_in_dialog(&router, request("PUBLISH", "sip:7@x"))
            .await
            .status()
            .as_u16(),
        405
    );
    assert_eq!(counted.0.load(Ordering::Relaxed), 2);
}

#[test]
fn the_table_shows_layers_in_the_order_in_which_they_run() {
    let router = Router::new(Phone)
        .nest("sip:*@rooms", Router::new(Rooms))
        .layer(plug::in_dialog(RateLimit::per_source(50)))
        .layer(LimitBody::new(4096))
        .layer(Trace::new());
    let table = "\
METHOD   REQUEST-URI     CONDITIONS  HANDLER      PLUGS
MESSAGE  sip:{number}@*  -           text         Trace, LimitBody, in_dialog(RateLimit), Named, method, Named
INVITE   *               in dialog   renegotiate  Trace, in_dialog(RateLimit)
BYE      *               -           hang_up      Trace, in_dialog(RateLimit)
ACK      *               -           acked        -

sip:*@rooms
METHOD   REQUEST-URI  CONDITIONS  HANDLER  PLUGS
MESSAGE  *            -           text     Trace, LimitBody, in_dialog(RateLimit)";
    assert_eq!(router.to_string(), table);
}

struct Throttled;

#[sip_router(plugs(plug::in_dialog(LimitBody::new(0))))]
impl Throttled {
    #[info]
    async fn info(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[tokio::test]
async fn a_plug_of_the_library_sees_dialogs_where_the_block_says_so() {
    let long = request("INFO", "sip:7@x")
        .with_body("text/plain", "hello")
        .unwrap();
    let answer = ask_in_dialog(&Router::new(Throttled), long).await;
    assert_eq!(answer.status(), StatusCode::REQUEST_ENTITY_TOO_LARGE);
    assert!(Throttled::ROUTES.to_string().ends_with("(in_dialog(LimitBody))"));
}
