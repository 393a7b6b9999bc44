use spigot::plug::Next;
use spigot::{Reply, StatusCode, sip, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    // The message, and not the request around it.
    #[plug]
    async fn other_request(&self, request: sip::Request, next: Next<'_>) -> Reply {
        let _ = (request, next);
        StatusCode::OK.into()
    }

    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
