//! The routes as a table, and what they cost.

use spigot::plug::{self, LimitBody, Next, RateLimit, Trace};
use spigot::{IntoRouter, Path, Reply, Request, Router, StatusCode, sip_router};
use tower::limit::ConcurrencyLimitLayer;

struct Pbx;

#[sip_router]
impl Pbx {
    #[invite("sip:{room}@conference.*")]
    async fn join(&self, Path(room): Path<String>) -> StatusCode {
        let _ = room;
        StatusCode::OK
    }

    #[invite(in_dialog, content_type = "application/sdp")]
    async fn renegotiate(&self) -> StatusCode {
        StatusCode::OK
    }

    #[subscribe(event = "presence")]
    async fn watch(&self) -> StatusCode {
        StatusCode::OK
    }

    #[any]
    async fn rest(&self) -> StatusCode {
        StatusCode::OK
    }

    #[fallback]
    async fn nothing(&self) -> StatusCode {
        StatusCode::NOT_FOUND
    }
}

const TABLE: &str = "\
METHOD     REQUEST-URI              CONDITIONS                       HANDLER
INVITE     sip:{room}@conference.*  -                                join
INVITE     *                        in dialog, body application/sdp  renegotiate
SUBSCRIBE  *                        event presence                   watch
any        *                        -                                rest
fallback   *                        -                                nothing";

#[test]
fn routes_and_routers_print_as_a_table() {
    assert_eq!(Pbx::ROUTES.to_string(), TABLE);
    assert_eq!(Router::new(Pbx).to_string(), TABLE);
    assert_eq!(Router::new(Pbx).into_router().to_string(), TABLE);
    let handlers: Vec<_> = Pbx::ROUTES.iter().map(|route| route.handler()).collect();
    assert_eq!(handlers, ["join", "renegotiate", "watch", "rest", "nothing"]);
}

struct Guarded;

#[sip_router(plugs(Trace::new(), RateLimit::per_source(50)))]
impl Guarded {
    #[plug(only(register, message))]
    async fn authenticate(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[cfg(any())]
    #[plug]
    async fn not_compiled(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message]
    #[through(LimitBody::new(4096), plug::layer(ConcurrencyLimitLayer::new(8)))]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }

    #[options]
    async fn health(&self) -> StatusCode {
        StatusCode::OK
    }

    #[ack]
    async fn acked(&self) {}
}

const GUARDED: &str = "\
METHOD    REQUEST-URI  CONDITIONS  HANDLER   PLUGS
REGISTER  *            -           register  Trace, RateLimit, authenticate
MESSAGE   *            -           text      Trace, RateLimit, authenticate, LimitBody, layer(ConcurrencyLimitLayer)
OPTIONS   *            -           health    Trace, RateLimit
ACK       *            -           acked     -";

#[test]
fn the_table_shows_the_plugs_that_each_route_goes_through() {
    assert_eq!(Guarded::ROUTES.to_string(), GUARDED);
    assert_eq!(Guarded::ROUTES[0].plugs(), ["Trace", "RateLimit", "authenticate"]);
    assert!(Pbx::ROUTES[0].plugs().is_empty());
}

#[test]
fn plugs_of_merged_routers_stay_with_their_routes() {
    let table = Router::new(Pbx).merge(Router::new(Guarded)).to_string();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].ends_with("HANDLER      PLUGS"));
    assert!(lines[1].ends_with("join         -"));
    assert!(lines[6].ends_with("register     Trace, RateLimit, authenticate"));
}

#[test]
fn a_router_is_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    shared(&Router::new(Pbx));
}
