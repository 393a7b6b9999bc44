//! The routes as a table, and what they cost.

use spigot::{IntoRouter, Path, Router, StatusCode, sip_router};

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

#[test]
fn a_router_is_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    shared(&Router::new(Pbx));
}
