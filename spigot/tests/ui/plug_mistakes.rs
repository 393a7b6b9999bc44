use spigot::plug::Next;
use spigot::{Reply, Request, StatusCode, sip_router};

struct Pbx;

#[sip_router(plug(Trace))]
impl Pbx {
    #[plug(only(registr, ack, invite))]
    async fn named_wrong(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(omly(register))]
    fn shaped_wrong(&self, request: Request) -> Reply {
        StatusCode::OK.into()
    }

    #[through(Nothing)]
    async fn no_route(&self) {}

    #[register]
    #[through]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }

    #[ack]
    #[through(Nothing)]
    async fn acked(&self) {}
}

fn main() {}
