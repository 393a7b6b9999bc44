//! Plugs see requests outside of dialogs. Those inside a dialog pass only the plugs that say so.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::header::Algorithm;
use spigot::plug::{
    self, AllowSources, DigestAuth, LimitBody, Next, Plug, RateLimit, RequestId, RequireTls, Timeout, Trace,
};
use spigot::{Extension, Reply, Request, Router, StatusCode, sip_router};
use tower::timeout::TimeoutLayer;

use super::{arrived, request};

/// What a request went by, beside it.
#[derive(Clone, Default)]
struct Passed(Arc<Mutex<Vec<&'static str>>>);

impl Passed {
    fn by(request: &Request, name: &'static str) {
        let passed: &Passed = request.extension().expect("the test puts it there");
        passed.0.lock().unwrap().push(name);
    }
}

struct Outside;

impl Plug for Outside {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        Passed::by(&request, "outside");
        next.run(request).await
    }
}

struct Everywhere;

impl Plug for Everywhere {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        Passed::by(&request, "everywhere");
        next.run(request).await
    }

    fn in_dialog(&self) -> bool {
        true
    }
}

struct OnRoute;

impl Plug for OnRoute {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        Passed::by(&request, "on route");
        next.run(request).await
    }
}

struct Phone;

#[sip_router(plugs(Outside, Everywhere))]
impl Phone {
    #[plug]
    async fn method(&self, request: Request, next: Next<'_>) -> Reply {
        Passed::by(&request, "method");
        next.run(request).await
    }

    #[plug(in_dialog)]
    async fn method_in_dialog(&self, request: Request, next: Next<'_>) -> Reply {
        Passed::by(&request, "method in dialog");
        next.run(request).await
    }

    #[plug(only(invite, bye), in_dialog)]
    async fn only_some(&self, request: Request, next: Next<'_>) -> Reply {
        Passed::by(&request, "only some");
        next.run(request).await
    }

    #[plug(in_dialog, except(invite, fallback))]
    async fn except_some(&self, request: Request, next: Next<'_>) -> Reply {
        Passed::by(&request, "except some");
        next.run(request).await
    }

    #[plug(only(invite))]
    async fn first_invites(&self, request: Request, next: Next<'_>) -> Reply {
        Passed::by(&request, "first invites");
        next.run(request).await
    }

    #[invite]
    async fn ring(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite(in_dialog)]
    #[through(OnRoute)]
    async fn renegotiate(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye]
    async fn hang_up(&self, passed: Extension<Passed>) -> StatusCode {
        passed.0.0.lock().unwrap().push("handler");
        StatusCode::OK
    }

    #[fallback]
    #[through(OnRoute)]
    async fn rest(&self) -> StatusCode {
        StatusCode::METHOD_NOT_ALLOWED
    }
}

/// What a request of that method goes by.
async fn way_of(router: &Router, method: &str, in_dialog: bool) -> (u16, Vec<&'static str>) {
    let passed = Passed::default();
    let request = arrived(request(method, "sip:bob@example.com"), in_dialog).with(passed.clone());
    let status = router.handle(request).await.status().expect("an answer");
    let passed = passed.0.lock().unwrap().clone();
    (status.as_u16(), passed)
}

#[tokio::test]
async fn plugs_see_requests_in_dialogs_only_where_they_say_so() {
    let router = Router::new(Phone);
    let way = async |method, in_dialog| way_of(&router, method, in_dialog).await;
    let first = [
        "outside",
        "everywhere",
        "method",
        "method in dialog",
        "only some",
        "first invites",
    ];
    assert_eq!(way("INVITE", false).await, (200, first.to_vec()));
    let again = ["everywhere", "method in dialog", "only some", "on route"];
    assert_eq!(
        way("INVITE", true).await,
        (200, again.to_vec()),
        "what the route itself names is on what the route takes"
    );
    let bye = [
        "everywhere",
        "method in dialog",
        "only some",
        "except some",
        "handler",
    ];
    assert_eq!(way("BYE", true).await, (200, bye.to_vec()));
}

#[tokio::test]
async fn a_fallback_takes_both_kinds_and_each_goes_its_way() {
    let router = Router::new(Phone);
    let outside = ["outside", "everywhere", "method", "method in dialog", "on route"];
    assert_eq!(way_of(&router, "PUBLISH", false).await, (405, outside.to_vec()));
    let inside = ["everywhere", "method in dialog", "on route"];
    assert_eq!(way_of(&router, "PUBLISH", true).await, (405, inside.to_vec()));
}

struct Bare;

#[sip_router(plugs(Outside, Everywhere))]
impl Bare {}

struct Guarded;

#[sip_router(plugs(Outside))]
impl Guarded {}

#[tokio::test]
async fn the_answer_of_the_library_to_a_request_in_a_dialog_passes_plugs_that_say_so() {
    let router = Router::new(Bare);
    let both = vec!["outside", "everywhere"];
    assert_eq!(way_of(&router, "PUBLISH", false).await, (405, both.clone()));
    // There is no such dialog, so this is no request inside one.
    assert_eq!(way_of(&router, "BYE", false).await, (481, both));
    assert_eq!(way_of(&router, "BYE", true).await, (200, vec!["everywhere"]));
    assert_eq!(way_of(&router, "INVITE", true).await, (488, vec!["everywhere"]));

    let router = Router::new(Guarded);
    assert_eq!(way_of(&router, "PUBLISH", false).await, (405, vec!["outside"]));
    assert_eq!(way_of(&router, "BYE", true).await, (200, vec![]));
}

#[test]
fn of_the_plugs_of_the_library_those_see_dialogs_that_only_look() {
    assert!(Trace::new().in_dialog());
    assert!(RequestId::new().in_dialog());

    let users = std::collections::HashMap::<String, String>::new();
    assert!(!DigestAuth::new("example.com", [Algorithm::MD5], users).in_dialog());
    assert!(!RateLimit::per_source(1).in_dialog());
    assert!(!AllowSources::new(["192.0.2.1"]).unwrap().in_dialog());
    assert!(!LimitBody::new(1).in_dialog());
    assert!(!RequireTls.in_dialog());
    assert!(!Timeout::new(Duration::from_secs(1)).in_dialog());
    assert!(!plug::layer(TimeoutLayer::new(Duration::from_secs(1))).in_dialog());
}

// Only what has made the plugs knows which of them say so.
const ROUTES: &str = "\
METHOD    REQUEST-URI  CONDITIONS  HANDLER      PLUGS
INVITE    *            -           ring         Outside, Everywhere, method, method_in_dialog, only_some, first_invites
INVITE    *            in dialog   renegotiate  (Outside), (Everywhere), method_in_dialog, only_some, OnRoute
BYE       *            -           hang_up      (Outside), (Everywhere), method_in_dialog, only_some, except_some
fallback  *            -           rest         Outside, Everywhere, method, method_in_dialog, OnRoute";

#[test]
fn the_table_shows_which_plugs_requests_in_dialogs_go_through() {
    assert_eq!(Phone::ROUTES.to_string(), ROUTES);
    let exact = ROUTES.replace("(Outside), (Everywhere)", "Everywhere");
    assert_eq!(Router::new(Phone).to_string(), exact);
    assert_eq!(Router::new(Phone).merge(Router::new(Bare)).to_string(), exact);
}
