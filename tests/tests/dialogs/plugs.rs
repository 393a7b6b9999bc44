//! Which plugs a request inside a dialog passes.

use std::sync::{Arc, Mutex};

use spigot::plug::Next;
use spigot::testing::TestServer;
use spigot::{Method, Reply, Request, StatusCode, sip_router};

/// Writes down what each plug sees.
#[derive(Clone, Default)]
struct Desk {
    outside: Arc<Mutex<Vec<String>>>,
    everywhere: Arc<Mutex<Vec<String>>>,
}

#[sip_router]
impl Desk {
    #[plug]
    async fn at_the_door(&self, request: Request, next: Next<'_>) -> Reply {
        self.outside.lock().unwrap().push(request.method().to_string());
        next.run(request).await
    }

    #[plug(in_dialog)]
    async fn in_each_room(&self, request: Request, next: Next<'_>) -> Reply {
        self.everywhere.lock().unwrap().push(request.method().to_string());
        next.run(request).await
    }

    #[options]
    async fn options(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[any(in_dialog)]
    async fn inside(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[spigot::test]
async fn a_plug_sees_a_call_that_is_up_only_if_it_says_so() {
    let desk = Desk::default();
    let server = TestServer::start(desk.clone()).await;
    let alice = server.client("sip:alice@example.com").await;
    alice.options("sip:bob@example.com").send().await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    for method in [Method::INVITE, Method::INFO, Method::OPTIONS, Method::BYE] {
        assert_eq!(dialog.request(method).send().await.status(), StatusCode::OK);
    }
    assert_eq!(*desk.outside.lock().unwrap(), ["OPTIONS", "INVITE"]);
    let everywhere = desk.everywhere.lock().unwrap();
    let answered: Vec<_> = everywhere.iter().filter(|method| *method != "ACK").collect();
    assert_eq!(
        answered,
        ["OPTIONS", "INVITE", "INVITE", "INFO", "OPTIONS", "BYE"]
    );
}
